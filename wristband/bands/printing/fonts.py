"""The fonts of printed bands: found, cut to the characters that are printed, measured, and outlined."""

from __future__ import annotations

import atexit
import gc
import hashlib
import io
import os
import shutil
import string
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, fields
from functools import cache, cached_property, lru_cache
from pathlib import Path
from struct import error as StructError  # noqa: N812 - a class, whatever its module calls it

from fontTools import subset  # type: ignore[import-untyped]
from fontTools.pens.svgPathPen import SVGPathPen  # type: ignore[import-untyped]
from fontTools.ttLib import TTCollection, TTFont, TTLibError  # type: ignore[import-untyped]

from wristband.bands.printing.words import DISCREET, WORDS
from wristband.errors import Unavailable

_USUAL = (
    Path("/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc"),
    Path("/usr/share/fonts/noto-cjk/NotoSansCJK-Regular.ttc"),
    Path("/usr/share/fonts/google-noto-cjk/NotoSansCJK-Regular.ttc"),
)
_FOLDERS = (Path("/usr/share/fonts"), Path("/usr/local/share/fonts"), Path.home() / ".local/share/fonts")
_COLLECTIONS = (".ttc", ".otc")
_KINDS = (".ttf", ".otf", *_COLLECTIONS)
# Files that are likelier than others to have a rare Chinese character are looked into first.
_LIKELY = ("cjk", "han", "hana", "ming", "song", "wqy", "droid", "unifont")
_NOT_PLAIN = ("bold", "black", "light", "thin", "italic", "oblique", "serif", "mono")
_MAY_NOT_BE_EMBEDDED = 0x0002
_FAULTY = (TTLibError, OSError, StructError, KeyError, AssertionError)


@dataclass(frozen=True)
class Typeface:
    """One font, cut to some characters. The same in every process: there the cut is made anew when it is needed."""

    source: Path
    characters: str

    def __reduce__(self) -> tuple[type[Typeface], tuple[Path, str]]:
        """What another process is told: not the file, which goes with this one."""
        return Typeface, (self.source, self.characters)

    @property
    def path(self) -> Path:
        """The cut font's file, which stays until this process ends."""
        return _cut(self.source, self.characters)

    @cached_property
    def _font(self) -> TTFont:
        return TTFont(io.BytesIO(self.path.read_bytes()), lazy=True)

    @cached_property
    def _glyphs(self) -> dict[int, str]:
        return dict(self._font.getBestCmap())

    @cached_property
    def _numbers(self) -> dict[str, int]:
        """A glyph's number in a PDF: its character identifier where the font has those, else its place."""
        if self.by_identifier:
            return {name: int(name.removeprefix("cid")) if name != ".notdef" else 0 for name in self._order}
        return {name: place for place, name in enumerate(self._order)}

    @cached_property
    def _order(self) -> list[str]:
        return list(self._font.getGlyphOrder())

    @cached_property
    def is_cff(self) -> bool:
        """Whether its outlines are PostScript's (CFF) rather than TrueType's."""
        return "CFF " in self._font

    @cached_property
    def by_identifier(self) -> bool:
        """Whether glyphs go by character identifiers, as in Adobe's and Google's Chinese fonts."""
        return self.is_cff and hasattr(self._font["CFF "].cff.topDictIndex[0], "ROS")

    def holds(self, character: str) -> bool:
        """Whether it can draw a character."""
        return ord(character) in self._glyphs

    def number(self, character: str) -> int:
        """The glyph's number in a PDF; KeyError for a character it does not hold."""
        return self._numbers[self._glyphs[ord(character)]]

    @lru_cache(maxsize=4096)  # noqa: B019 - typefaces live as long as the process
    def advance(self, character: str) -> float:
        """How far a character moves on, in type sizes."""
        return float(self._font["hmtx"][self._glyphs[ord(character)]][0] / self._font["head"].unitsPerEm)

    @lru_cache(maxsize=4096)  # noqa: B019
    def outline(self, character: str) -> str:
        """A character as an SVG path in font units, upwards positive."""
        pen = SVGPathPen(self._font.getGlyphSet())
        self._font.getGlyphSet()[self._glyphs[ord(character)]].draw(pen)
        return str(pen.getCommands())

    @property
    def units(self) -> int:
        """Font units to a type size."""
        return int(self._font["head"].unitsPerEm)

    @property
    def name(self) -> str:
        """Its PostScript name, after six letters that tell this cut from others of the same font."""
        digest = hashlib.sha256(f"{self.source} {self.characters}".encode()).digest()
        tag = "".join(string.ascii_uppercase[octet % 26] for octet in digest[:6])
        return f"{tag}+{self._font['name'].getDebugName(6) or 'Band'}".replace(" ", "")

    def numbered(self) -> Iterator[tuple[int, str, float]]:
        """Every character: its number in a PDF, itself, its advance."""
        for code in sorted(self._glyphs, key=lambda code: self.number(chr(code))):
            yield self.number(chr(code)), chr(code), self.advance(chr(code))

    def metrics(self) -> tuple[float, float, tuple[int, int, int, int]]:
        """Ascent, descent and bounding box in thousandths of the type size, for a PDF's descriptor."""
        scale = 1000 / self.units
        head, across = self._font["head"], self._font["hhea"]
        box = (head.xMin, head.yMin, head.xMax, head.yMax)
        left, bottom, right, top = (round(edge * scale) for edge in box)
        return across.ascent * scale, across.descent * scale, (left, bottom, right, top)

    def program(self) -> bytes:
        """What a PDF embeds: the outlines alone where glyphs go by identifier, else the whole file."""
        return bytes(self._font.reader["CFF "]) if self.by_identifier else self.path.read_bytes()


def find_font(font_path: Path | None) -> Path:
    """The font to embed: the one given, or the first of the usual places, or any that has all words of a band.

    Unavailable `print.no_font` when there is none.
    """
    for path in (font_path,) if font_path else _USUAL:
        if path.is_file():
            return path
    if font_path is None:
        needed = frozenset(map(ord, usual_characters()))
        for path in installed():
            if needed <= coverage(path):
                return path
    raise Unavailable("print.no_font")


def weights(font_path: Path | None) -> tuple[Typeface, Typeface]:
    """Regular and bold with the characters that bands have; a regular without a bold beside it serves as both.

    Unavailable `print.no_font` when there is none, or the one given is no font.
    """
    regular = find_font(font_path)
    bold = regular.with_name(regular.name.replace("Regular", "Bold"))
    faces = (regular, bold if bold.is_file() else regular)
    try:
        found = tuple(Typeface(path, usual_characters()) for path in faces)
        for face in found:
            face.path  # noqa: B018 - cut now, while a file that is no font can still be told from a fault of ours
    except _FAULTY as fault:
        raise Unavailable("print.no_font") from fault
    return found[0], found[1]


@cache
def installed() -> tuple[Path, ...]:
    """Every font file of this machine, likely ones first, in an order that does not change."""
    return tuple(sorted({path for folder in _FOLDERS for path in _in(folder)}, key=_unlikely))


def _unlikely(path: Path) -> tuple[bool, bool, str]:
    """The order in which fonts are tried: Chinese ones first, plain weights first."""
    name = path.name.lower()
    return not any(part in name for part in _LIKELY), any(part in name for part in _NOT_PLAIN), str(path)


def others(font_path: Path | None) -> Iterator[Path]:
    """Where a character is looked for that a document's font, cut to the usual ones, has not.

    First in that font itself, then in those beside it, then in every other.
    """
    own = find_font(font_path)
    yield own
    yield from sorted(_in(own.parent))
    yield from installed()


def _in(folder: Path) -> Iterator[Path]:
    """Font files in a folder and below."""
    if folder.is_dir():
        yield from (path for path in folder.rglob("*") if path.suffix.lower() in _KINDS and path.is_file())


@cache
def coverage(path: Path) -> frozenset[int]:
    """The characters that a font file draws and lets be embedded; none for one that cannot be read."""
    with suppress(*_FAULTY), path.open("rb") as file, TTFont(file, fontNumber=_face_number(path), lazy=True) as font:
        # Pictures of characters, as colour emoji are, and outlines that vary cannot be embedded as they are.
        drawn = "CFF " in font or "glyf" in font
        if drawn and not ("OS/2" in font and font["OS/2"].fsType & _MAY_NOT_BE_EMBEDDED):
            return frozenset(font.getBestCmap() or ())
    return frozenset()


@cache
def _face_number(path: Path) -> int:
    """Of a collection the face for simplified Chinese, else the first; -1 for a file of one face."""
    if path.suffix.lower() not in _COLLECTIONS:
        return -1
    with path.open("rb") as file, TTCollection(file, lazy=True) as faces:
        names = [str(face["name"].getDebugName(1)) for face in faces]
    return next((i for i, name in enumerate(names) if {"SC", "CN"} & set(name.split())), 0)


@cache
def _folder() -> Path:
    made_by, folder = os.getpid(), Path(tempfile.mkdtemp(prefix="wristband-fonts-"))
    # A child that was forked off leaves what its parent still reads.
    atexit.register(lambda: shutil.rmtree(folder, ignore_errors=True) if os.getpid() == made_by else None)
    return folder


@cache
def _cut(source: Path, characters: str) -> Path:
    """A font file with nothing but these characters: reading the whole of Noto takes a second a document."""
    number = _face_number(source)
    with source.open("rb") as file, TTFont(file, fontNumber=number, lazy=True, recalcTimestamp=False) as font:
        options = subset.Options(layout_features=[], hinting=False, notdef_outline=True, recalc_timestamp=False)
        cutter = subset.Subsetter(options)
        cutter.populate(text=characters)
        cutter.subset(font)
        # Under a name of its own: a file that is being read elsewhere must not change under the reader.
        handle, made = tempfile.mkstemp(suffix=".otf", dir=_folder())
        with os.fdopen(handle, "wb") as cut:
            font.save(cut)
    del font, cutter
    gc.collect()  # twenty megabytes of outlines refer to each other, and would wait for the next font's
    return Path(made)


@cache
def usual_characters() -> str:
    """Every character of a band's words, and whatever a host or a code may have."""
    said = {
        getattr(words, field.name) for each in (WORDS, DISCREET) for words in each.values() for field in fields(words)
    }
    return "".join(sorted(set(string.printable.strip() + " ·").union(*said)))
