"""Lines of text: which font draws each character, how wide a line is, where it breaks."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path

from wristband.bands.printing import fonts
from wristband.bands.printing.fonts import Typeface
from wristband.errors import BadValue

MM_PER_POINT = 25.4 / 72

CAP_HEIGHT = 0.76
"""A Latin or Chinese capital stands about this much of the type size above its baseline."""

# Ask for another drawing of the character before them; without one in the font they mean nothing.
_SELECTORS = (range(0xFE00, 0xFE10), range(0xE0100, 0xE01F0))
_SHRINK = 0.96
# What ends with a blank, or with a Chinese mark, stays together on a line.
_PIECE = re.compile(r"[^ ，。、？：]+[ ，。、？：]*|[ ，。、？：]+")
# Where a piece that is too long for a line may be broken: in a host, and between Chinese characters.
_JOINTS = re.compile(r"(?<=[./-])|(?<=[^\x00-\x7f])(?![，。、？：])")


@dataclass(frozen=True)
class Line:
    """Text in one line: runs of characters by the typeface that draws them."""

    runs: tuple[tuple[Typeface, str], ...]

    @cached_property
    def advance(self) -> float:
        """Its width in type sizes."""
        return sum(face.advance(character) for face, text in self.runs for character in text)


@dataclass(frozen=True)
class Type:
    """The typefaces of a document, found when the first text is set; `font_path` as in `fonts.find_font`."""

    font_path: Path | None = None

    @cached_property
    def weights(self) -> tuple[Typeface, Typeface]:
        """Regular and bold. Unavailable `print.no_font`."""
        return fonts.weights(self.font_path)

    def line(self, text: str, *, bold: bool = False) -> Line:
        """The text in the document's font; what that has not, in another that is installed.

        Unavailable `print.no_font`. BadValue `print.no_glyph` when no font here has a character, or when it would have
        to be joined to others or written from the right: a box or a broken word would say something else.
        """
        return _set(self, text, bold)

    def _helper(self, characters: frozenset[str]) -> dict[str, Typeface]:
        """For each rare character a typeface that has it, as few of them as come by trying one after another."""
        left = set(characters)
        found: dict[str, Typeface] = {}
        for path in fonts.others(self.font_path):
            if not left:
                break
            has = "".join(sorted(character for character in left if ord(character) in fonts.coverage(path)))
            if has:
                found |= dict.fromkeys(has, Typeface(path, has))
                left -= set(has)
        if left:
            raise BadValue("print.no_glyph", characters="".join(sorted(left)))
        return found


@lru_cache(maxsize=1 << 12)
def _set(type_: Type, text: str, bold: bool) -> Line:
    face = type_.weights[bold]
    shown = [each for each in unicodedata.normalize("NFC", text) if face.holds(each) or not _is_selector(each)]
    rare = frozenset(each for each in shown if not face.holds(each))
    joined = "".join(sorted(each for each in rare if _is_joined(each)))
    if joined:
        raise BadValue("print.no_glyph", characters=joined)
    helper = type_._helper(rare) if rare else {}
    runs: list[tuple[Typeface, str]] = []
    for character in shown:
        drawn_by = helper.get(character, face)
        if runs and runs[-1][0] is drawn_by:
            runs[-1] = (drawn_by, runs[-1][1] + character)
        else:
            runs.append((drawn_by, character))
    return Line(tuple(runs))


def _is_selector(character: str) -> bool:
    return any(ord(character) in each for each in _SELECTORS)


def _is_joined(character: str) -> bool:
    """Whether a character is written from the right, or changes the shape or place of its neighbours."""
    name = unicodedata.name(character, "")
    return (
        unicodedata.bidirectional(character) in ("R", "AL", "AN")
        or unicodedata.category(character) in ("Mn", "Mc", "Me", "Cc", "Cf", "Cs")
        or name.startswith(("MONGOLIAN", "TIBETAN", "DEVANAGARI", "THAI", "PHAGS-PA"))
    )


def broken(type_: Type, text: str, *, height: float, width: float, lines: int) -> tuple[float, list[Line]]:
    """The text in at most `lines` lines of `width` mm: the height of its capitals, and the lines.

    Set smaller than `height` where it does not fit. Broken after blanks and Chinese marks; what is too long for a
    line, such as a host, after its dots and slashes, or between Chinese characters.
    """
    while True:
        size = height / CAP_HEIGHT
        rows, room = [""], 0.0
        for piece in _pieces(type_, text, width / size):
            if rows[-1] and room + type_.line(piece.rstrip()).advance * size > width:
                rows, room = [*rows, ""], 0.0
            rows[-1] += piece
            room += type_.line(piece).advance * size
        made = [type_.line(row.strip()) for row in rows]
        if len(made) <= lines and all(row.advance * size <= width for row in made):
            return height, made
        height *= _SHRINK


def _pieces(type_: Type, text: str, room: float) -> Iterator[str]:
    """What stays together on a line of so many type sizes."""
    for piece in _PIECE.findall(text.strip()):
        if type_.line(piece.strip()).advance > room:
            yield from (part for part in _JOINTS.split(piece) if part)
        else:
            yield piece
