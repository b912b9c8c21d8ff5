"""Catalogues: Simplified Chinese is the source text; every other language translates it.

Catalogues are the field's .po files, read at start: nothing compiled is kept or committed.
"""

from __future__ import annotations

import gettext
import io
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

FOLDER = Path(__file__).parent / "translations"
SOURCE = "zh-CN"
# BCP 47 tag -> the language's own name, in the order offered.
LANGUAGES = {"zh-CN": "简体中文", "en": "English"}


@cache
def catalogue(language: str) -> gettext.NullTranslations:
    """The catalogue of a language of LANGUAGES; the source language's is empty."""
    path = FOLDER / language / "messages.po"
    if language == SOURCE:
        return gettext.NullTranslations()
    with path.open("rb") as file:
        messages = read_po(file, locale=language.replace("-", "_"))
    compiled = io.BytesIO()
    write_mo(compiled, messages)
    compiled.seek(0)
    return gettext.GNUTranslations(compiled)


def say(language: str, text: str, facts: Mapping[str, Any] | None = None) -> str:
    """`text` in a language, its `%(name)s` placeholders filled from `facts`."""
    translated = catalogue(language).gettext(text)
    return translated % dict(facts) if facts else translated
