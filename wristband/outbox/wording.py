"""The words of a message: texts of templates/messages/<language>/ filled with facts, fit for SMS."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping
from functools import cache

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from wristband.language import SOURCE
from wristband.places import templates_folder

LONGEST_BODY = 500
"""Characters; a gateway that takes less is not worth having, one that takes more is not worth paying."""
LONGEST_FACT = 60
"""Characters of one fact: a long station name shortens itself, not the words around it."""

# GSM 03.38, the alphabet of one septet a character; its second table costs two.
_GSM_ONE = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§"
    "¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_GSM_TWO = frozenset("\f^{}\\[~]|€")
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


def sms_parts(text: str) -> int:
    """How many SMS the text is paid as: 160 septets or 70 UTF-16 units alone, 153 or 67 a part when joined."""
    if all(character in _GSM_ONE or character in _GSM_TWO for character in text):
        return _parts((2 if character in _GSM_TWO else 1 for character in text), alone=160, joined=153)
    return _parts((len(character.encode("utf-16-le")) // 2 for character in text), alone=70, joined=67)


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


def _parts(widths: Iterable[int], *, alone: int, joined: int) -> int:
    sizes = list(widths)
    if sum(sizes) <= alone:
        return 1
    parts, used = 1, 0
    for size in sizes:  # a character of two units is never split between parts
        if used + size > joined:
            parts, used = parts + 1, 0
        used += size
    return parts
