"""The fonts of printed bands, cut once a process to the few hundred characters that bands have."""

from __future__ import annotations

import atexit
import string
import tempfile
from dataclasses import fields
from functools import cache
from pathlib import Path

from fontTools import subset  # type: ignore[import-untyped]
from fontTools.ttLib import TTFont  # type: ignore[import-untyped]

from wristband.bands.printing.words import WORDS
from wristband.errors import Unavailable

_USUAL = (
    Path("/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc"),
    Path("/usr/share/fonts/noto-cjk/NotoSansCJK-Regular.ttc"),
    Path("/usr/share/fonts/google-noto-cjk/NotoSansCJK-Regular.ttc"),
)
# In Noto's collections the faces come JP, KR, SC, TC, HK; a file of one face is taken as it is.
_SIMPLIFIED = 2


def find_font(font_path: Path | None) -> Path:
    """The font to embed: the one given, or the first of the usual places. Unavailable `print.no_font` when none."""
    for path in (font_path,) if font_path else _USUAL:
        if path.is_file():
            return path
    raise Unavailable("print.no_font")


def weights(font_path: Path | None) -> tuple[Path, Path]:
    """Regular and bold, cut and ready to embed; a regular without a bold beside it serves as both."""
    regular = find_font(font_path)
    bold = regular.with_name(regular.name.replace("Regular", "Bold"))
    return _cut(regular), _cut(bold if bold.is_file() else regular)


@cache
def _folder() -> Path:
    folder = tempfile.TemporaryDirectory(prefix="wristband-fonts-")
    atexit.register(folder.cleanup)
    return Path(folder.name)


@cache
def _cut(path: Path) -> Path:
    """A font file with nothing but a band's characters: reading the whole of Noto takes a second a document."""
    number = _SIMPLIFIED if path.suffix.lower() in (".ttc", ".otc") else -1
    with TTFont(path, fontNumber=number, lazy=True, recalcTimestamp=False) as font:
        options = subset.Options(layout_features=[], hinting=False, notdef_outline=True, recalc_timestamp=False)
        cutter = subset.Subsetter(options)
        cutter.populate(text=_characters())
        cutter.subset(font)
        cut = _folder() / f"{path.stem}{number}.otf"
        font.save(cut)
    return cut


def _characters() -> str:
    spoken = (str(getattr(words, field.name)) for words in WORDS.values() for field in fields(words))
    return string.printable.strip() + " " + "".join(spoken)
