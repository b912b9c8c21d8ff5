"""Bands as a PDF at true size: print it without scaling."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from wristband.bands.printing import card, strip
from wristband.bands.printing.sheet import BandPrint, Sheet
from wristband.bands.rules import BandForm

__all__ = ["BandPrint", "band_pdf"]

A4_MM = (210.0, 297.0)
_GAP_MM = 11.0


@dataclass(frozen=True, slots=True)
class _Pattern:
    """How a form lies on its page: page and piece in mm, and what draws one piece at a place."""

    page: tuple[float, float]
    piece: tuple[float, float]
    draw: Callable[[Sheet, BandPrint, float, float], None]

    @property
    def pieces_a_page(self) -> int:
        """As many as fit below each other with room for crop marks between them."""
        return int((self.page[1] - _GAP_MM) // (self.piece[1] + _GAP_MM))

    def places(self) -> list[tuple[float, float]]:
        """Top left corners, the block of pieces centred on the page."""
        count, step = self.pieces_a_page, self.piece[1] + _GAP_MM
        top = (self.page[1] - count * step + _GAP_MM) / 2
        return [((self.page[0] - self.piece[0]) / 2, top + i * step) for i in range(count)]


_PATTERNS: dict[BandForm, _Pattern] = {
    BandForm.WRISTBAND: _Pattern((A4_MM[1], A4_MM[0]), (strip.WIDTH_MM, strip.FOLDED_MM), strip.draw),
    BandForm.CARD: _Pattern(A4_MM, (card.FOLDED_MM, card.HEIGHT_MM), card.draw),
}


def band_pdf(
    bands: Sequence[BandPrint], form: BandForm, *, font_path: Path | None = None, coloured_stock: bool = False
) -> bytes:
    """A4 pages with these bands in one form, in order, fonts embedded.

    `font_path` is a font with Chinese in it, Noto Sans CJK where not given; `coloured_stock` leaves the yellow to the
    material. The same bands give the same bytes. Unavailable `print.no_font` when there is no font; ValueError for an
    empty sheet.
    """
    if not bands:
        raise ValueError("a sheet without bands")
    pattern = _PATTERNS[form]
    sheet = Sheet(pattern.page, font_path=font_path, made=bands[0].issued, coloured_stock=coloured_stock)
    places = pattern.places()
    for i, band in enumerate(bands):
        if i % len(places) == 0:
            sheet.add_page()
        pattern.draw(sheet, band, *places[i % len(places)])
    return sheet.finished()
