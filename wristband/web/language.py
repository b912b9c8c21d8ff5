"""Which language a page speaks: what the address asks for, then the browser, then Simplified Chinese."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from flask import Flask, current_app, g, request
from werkzeug.datastructures import LanguageAccept

from wristband.language import LANGUAGES, SOURCE, catalogue, say


def current() -> str:
    """BCP 47 tag of this request's language."""
    if "language" not in g:
        g.language = spoken(request.args.get("lang"), request.accept_languages)
    return str(g.language)


def spoken(asked: str | None, accepted: LanguageAccept) -> str:
    """BCP 47 tag of the language for who asks for this one by name, or whose browser takes these."""
    return asked if asked in LANGUAGES else _of_browser(accepted)


def chosen() -> str:
    """The query by which a language that was chosen goes along in links; one the browser asks for comes by itself."""
    return f"?lang={current()}" if "lang" in request.args else ""


def _of_browser(accepted: LanguageAccept) -> str:
    """The first language the browser asks for that we speak any kind of: zh-TW is answered in Chinese, not English."""
    for tag, quality in accepted:
        ours = next((ours for ours in LANGUAGES if _primary(ours) == _primary(tag)), None)
        if ours and quality > 0:
            return ours
    return SOURCE


def _primary(tag: str) -> str:
    return tag.replace("_", "-").partition("-")[0].lower()


def gettext(text: str, **facts: Any) -> str:
    """`text` in this request's language."""
    return say(current(), text, facts)


def language_links() -> list[tuple[str, str, str, bool]]:
    """For the language switch: tag, own name, address of this page in it, whether it is the current one.

    The answer to a form may stand at an address that only takes forms: then the page above it is linked.
    """
    path = request.path.rpartition("/")[0] if _only_takes_forms() else ""
    says = g.get("address_says", {})
    return [
        (tag, name, f"{path}?{urlencode({**says, 'lang': tag})}", tag == current()) for tag, name in LANGUAGES.items()
    ]


def _only_takes_forms() -> bool:
    if request.method != "POST" or request.url_rule is None:
        return False
    addresses = current_app.create_url_adapter(request)
    return addresses is not None and not addresses.test(method="GET")


def attach(app: Flask) -> None:
    app.jinja_env.add_extension("jinja2.ext.i18n")
    app.jinja_env.install_gettext_callables(  # type: ignore[attr-defined]
        lambda text: catalogue(current()).gettext(text),
        lambda one, many, n: catalogue(current()).ngettext(one, many, n),
        newstyle=True,
    )
