"""Why an officer looks: what a form offers, and what was chosen in it."""

from __future__ import annotations

from collections.abc import Mapping

from wristband.incidents.rules import REASON_WORDS, Reason
from wristband.web.language import gettext


def reason_of(form: Mapping[str, str]) -> Reason | None:
    """The reason chosen in a form; None where none was."""
    chosen = form.get("reason", "")
    return Reason(chosen) if chosen in set(Reason) else None


def reasons_shown() -> list[tuple[str, str]]:
    """The reasons in words, to choose from; none is chosen beforehand."""
    return [("", gettext("请选择")), *((reason.value, gettext(words)) for reason, words in REASON_WORDS.items())]
