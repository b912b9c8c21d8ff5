"""Bands as a PDF at true size, sheet after sheet: print it without scaling."""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import BinaryIO

from wristband.bands.artwork.drawing import BLACK
from wristband.bands.printing.band import BandPrint, Symbol
from wristband.bands.printing.forms import FORMS
from wristband.bands.printing.pdf_file import POINTS_PER_MM, PdfFile, named
from wristband.bands.printing.pdf_surface import PdfSurface, Piece
from wristband.bands.printing.surface import MARKS_MM
from wristband.bands.printing.typesetting import Type
from wristband.bands.printing.words import WORDS, Language
from wristband.bands.rules import BandForm

__all__ = ["PdfOptions", "Press", "Sheets", "band_pdf", "draw_piece", "symbol_pdf", "write_pdf"]

A4_MM = (210.0, 297.0)
LANDSCAPE_MM = (A4_MM[1], A4_MM[0])
_GAP_MM = 11.0
_EDGE_MM = 6.0
_RULER_MM = 50.0
_FOOT_MM = 7.0


@dataclass(frozen=True, slots=True)
class Sheets:
    """How a form lies on its pages. `copies`: a page is filled with one band, as one cuts and irons on several."""

    page: tuple[float, float]
    piece: tuple[float, float]
    copies: bool = False

    @classmethod
    def of(cls, form: BandForm) -> Sheets:
        """The pages of a form: A4, lying where the piece is wider than it is."""
        piece = FORMS[form].size
        return cls(LANDSCAPE_MM if piece[0] > A4_MM[0] else A4_MM, piece, copies=form is BandForm.LABEL)

    @property
    def places(self) -> list[tuple[float, float]]:
        """Top left corners row by row, the block of pieces centred on the page, crop marks between them."""
        across, down = (_along(page, side) for page, side in zip(self.page, self.piece, strict=True))
        return [(x, y) for y in down for x in across]


def _along(page: float, side: float) -> list[float]:
    """Where pieces begin along one edge of a page."""
    count, step = int((page - 2 * _EDGE_MM + _GAP_MM) // (side + _GAP_MM)), side + _GAP_MM
    first = (page - count * step + _GAP_MM) / 2
    return [first + i * step for i in range(count)]


@dataclass(frozen=True, slots=True)
class PdfOptions:
    """`font_path`: a font with Chinese in it, Noto Sans CJK where not given. `coloured_stock`: the colour is left to
    the material. `mirrored`: each piece is turned about, for film that is ironed on face down."""

    font_path: Path | None = None
    coloured_stock: bool = False
    mirrored: bool = False


_USUAL = PdfOptions()


def band_pdf(
    bands: Sequence[BandPrint],
    form: BandForm,
    *,
    font_path: Path | None = None,
    coloured_stock: bool = False,
    mirrored: bool = False,
) -> bytes:
    """A4 pages with these bands in one form, in order, fonts embedded; options as in `PdfOptions`.

    A page holds as many bands as it has room for; of labels each band fills its page. The same bands give the same
    bytes. Unavailable `print.no_font`; BadValue `print.no_glyph`, `print.symbol_too_small`; ValueError for no bands.
    """
    out = io.BytesIO()
    write_pdf(bands, form, out, PdfOptions(font_path, coloured_stock, mirrored))
    return out.getvalue()


def write_pdf(bands: Iterable[BandPrint], form: BandForm, out: BinaryIO, options: PdfOptions = _USUAL) -> int:
    """The same into a file, page by page, in memory that does not grow with the bands; returns their number.

    A file whose writing was interrupted is no PDF: write it beside, then rename it.
    """
    press = None
    for band in bands:
        press = press or Press(out, form, options, made=band.issued, language=band.language)
        press.add(draw_piece(band, form, options))
    if press is None:
        raise ValueError("a sheet without bands")
    press.close()
    return press.count


def symbol_pdf(symbol: Symbol, size_mm: float) -> bytes:
    """A page that is nothing but the symbol with its quiet zone, `size_mm` square. No font is needed."""
    out, surface = io.BytesIO(), PdfSurface(Type())
    surface.area(0, 0, size_mm, size_mm, symbol.ground)
    surface.symbol(0, 0, size_mm, symbol)
    file = PdfFile(out)
    number = _kept(file, surface.piece(), (size_mm, size_mm))
    file.page((size_mm, size_mm), _placed(number, 0, 0, size_mm).encode(), {f"X{number}": number})
    file.close()
    return out.getvalue()


def draw_piece(band: BandPrint, form: BandForm, options: PdfOptions = _USUAL) -> Piece:
    """One band's drawing, which any process can make and a `Press` in another lays on its sheets."""
    surface = PdfSurface(Type(options.font_path), coloured_stock=options.coloured_stock)
    FORMS[form].draw(surface, band)
    return surface.piece()


class Press:
    """Lays pieces on the pages of a file in the order in which they come."""

    def __init__(self, out: BinaryIO, form: BandForm, options: PdfOptions, *, made: date, language: Language) -> None:
        self._file = PdfFile(out, made=made)
        self._sheets, self._options = Sheets.of(form), options
        self.count = 0
        self._waiting: list[int] = []
        self._foot = _kept(self._file, _foot(self._sheets.page, language, options), self._sheets.page)

    def add(self, piece: Piece) -> None:
        """The next piece."""
        self.count += 1
        number, room = _kept(self._file, piece, self._sheets.piece), len(self._sheets.places)
        self._waiting += [number] * (room if self._sheets.copies else 1)
        if len(self._waiting) == room:
            self._end_page()

    def close(self) -> None:
        """The last page, and the end of the file."""
        if self._waiting:
            self._end_page()
        self._file.close()

    def _end_page(self) -> None:
        page, (width, _) = self._sheets.page, self._sheets.piece
        said = [_placed(self._foot, 0.0, 0.0, page[1])]
        for number, (x, y) in zip(self._waiting, self._sheets.places, strict=False):
            mirrored = self._options.mirrored
            said.append(_placed(number, x + width if mirrored else x, y, page[1], mirrored=mirrored))
        names = {f"X{number}": number for number in (self._foot, *self._waiting)}
        self._file.page(page, "\n".join(said).encode(), names)
        self._waiting = []


def _kept(file: PdfFile, piece: Piece, size: tuple[float, float]) -> int:
    """A piece as an object of a file, which pages name as often as they like."""
    pictures = {
        f"P{i}": file.add(picture.entries, picture.data, packed=picture.packed)
        for i, picture in enumerate(piece.pictures)
    }
    faces = {f"F{i}": file.font(face) for i, face in enumerate(piece.faces)}
    box = f"{-MARKS_MM - 1:g} {-MARKS_MM - 1:g} {size[0] + MARKS_MM + 1:g} {size[1] + MARKS_MM + 1:g}"
    resources = f"<< {named('XObject', pictures)}{named('Font', faces)}>>"
    return file.add(f"/Type /XObject /Subtype /Form /BBox [{box}] /Resources {resources}", piece.content)


def _placed(number: int, x: float, y: float, page_height: float, *, mirrored: bool = False) -> str:
    """The operators that lay an object of millimetres, downwards, on a page of points, upwards."""
    k = POINTS_PER_MM
    across = -k if mirrored else k
    return f"q {across:.6f} 0 0 {-k:.6f} {x * k:.4f} {(page_height - y) * k:.4f} cm /X{number} Do Q"


def _foot(page: tuple[float, float], language: Language, options: PdfOptions) -> Piece:
    """What stands below the pieces: how to print, and a line to hold a ruler to."""
    surface, y = PdfSurface(Type(options.font_path)), page[1] - _FOOT_MM
    end = page[0] - _EDGE_MM - 6.0
    begin = end - _RULER_MM
    surface.text(begin - 2.0, y, WORDS[language].ruler, height=1.8, width=begin - 8.0, align="right", colour=BLACK)
    surface.rule(begin, y, end, y, width=0.15)
    for x in (begin, end):
        surface.rule(x, y - 1.5, x, y + 0.5, width=0.15)
    return surface.piece()
