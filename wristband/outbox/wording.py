"""The words of a message: texts of templates/messages/<language>/ filled with facts, fit for SMS."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from functools import cache

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from wristband.language import SOURCE
from wristband.places import templates_folder

LONGEST_BODY = 500
"""Characters; a gateway that takes less is not worth having, one that takes more is not worth paying."""
LONGEST_FACT = 60
"""Characters of one fact: a long station name shortens itself, not the words around it."""

# Controls, direction marks and other invisible characters, lone surrogates, line and paragraph separators.
_UNWANTED = ("Cc", "Cf", "Cs", "Zl", "Zp")


def render(wording: str, language: str, facts: Mapping[str, str]) -> str:
    """The body of a message: one line, at most LONGEST_BODY characters, no control or direction character.

    Each fact is cleaned and cut to LONGEST_FACT characters first. A language without this wording falls back to
    Simplified Chinese. Raises jinja2.TemplateNotFound for an unknown wording, jinja2.UndefinedError for a missing fact.
    """
    names = [f"{folder}/{wording}.txt" for folder in dict.fromkeys((language, SOURCE))]
    clean = {name: _cut(_one_line(fact), LONGEST_FACT) for name, fact in facts.items()}
    return _cut(_one_line(_texts().select_template(names).render(clean)), LONGEST_BODY)


@cache
def _texts() -> Environment:
    # Plain text for phones: HTML escapes would be read out as they stand.
    loader = FileSystemLoader(templates_folder() / "messages")
    return Environment(loader=loader, undefined=StrictUndefined, autoescape=False)  # noqa: S701


def _one_line(text: str) -> str:
    visible = "".join(" " if unicodedata.category(character) in _UNWANTED else character for character in text)
    return " ".join(unicodedata.normalize("NFC", visible).split())


def _cut(text: str, longest: int) -> str:
    return text if len(text) <= longest else text[: longest - 1] + "…"
