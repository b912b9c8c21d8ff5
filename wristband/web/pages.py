"""What every page knows: who runs this, where it is, how to sign its forms."""

from __future__ import annotations

from flask import Flask, current_app, g
from flask_wtf.csrf import generate_csrf

from wristband.bands.rules import END_WORDS, FORM_WORDS
from wristband.config import Settings
from wristband.incidents.rules import DISPOSITION_WORDS
from wristband.web.language import chosen, current, language_links
from wristband.web.sections import section_of, sections_of


def settings() -> Settings:
    """This process's settings."""
    return current_app.extensions["settings"]  # type: ignore[no-any-return]


def attach(app: Flask) -> None:
    ours: Settings = app.extensions["settings"]
    app.jinja_env.globals.update(
        organisation=ours.organisation,
        organisation_phone=ours.organisation_phone,
        filing=ours.filing,
        demonstration=ours.demonstration,
        report_sms=ours.report_sms,
        second_factor=ours.second_factor,
        has_map=bool(ours.map_tiles),
        doors=ours.doors,
        language_links=language_links,
        sections_of=sections_of,
        section_of=section_of,
        csrf_token=generate_csrf,
        disposition_words=DISPOSITION_WORDS,
        end_words=END_WORDS,
        form_words=FORM_WORDS,
    )

    @app.context_processor
    def _of_this_request() -> dict[str, object]:
        return {"language": current(), "chosen": chosen(), "account": g.get("account")}
