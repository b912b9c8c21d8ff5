"""The key tag: 34 mm by 66 mm with a hole for the ring, front and back side by side, folded between them."""

from __future__ import annotations

from wristband.bands.printing.band import BandPrint, symbol_mm
from wristband.bands.printing.surface import Surface

WIDTH_MM, HEIGHT_MM = 34.0, 66.0

_SYMBOL_MM = 30.0
_HOLE_MM = 2.5
_MARGIN_MM = 2.5
_ROOM_MM = WIDTH_MM - 2 * _MARGIN_MM


def outside(surface: Surface, band: BandPrint) -> None:
    """The front."""
    words, ink, middle = band.words, band.ink, WIDTH_MM / 2
    size = symbol_mm(band.design, _SYMBOL_MM)
    surface.ring(middle, 5.3, _HOLE_MM)
    surface.symbol((WIDTH_MM - size) / 2, 8.3, size, band.symbol)
    if words.lost:
        surface.text(middle, 43.0, words.lost, height=3.4, width=_ROOM_MM, bold=True, align="centre", colour=ink)
        surface.text(middle, 48.0, words.scan, height=3.2, width=_ROOM_MM, bold=True, align="centre", colour=ink)
        surface.text(middle, 53.2, words.emergency, height=3.6, width=_ROOM_MM, bold=True, align="centre", colour=ink)
    else:
        surface.text(middle, 44.0, words.scan, height=3.0, width=_ROOM_MM, align="centre", colour=ink)
        surface.text(middle, 50.5, words.emergency, height=3.0, width=_ROOM_MM, align="centre", colour=ink)
    surface.text(
        middle, 57.6, band.number, height=2.6, width=_ROOM_MM, bold=not band.discreet, align="centre", colour=ink
    )
    surface.paragraph(middle, 60.9, band.typed, height=1.6, width=_ROOM_MM, lines=2, align="centre", colour=ink)


def inside(surface: Surface, band: BandPrint) -> None:
    """The back."""
    words, ink, middle = band.words, band.ink, WIDTH_MM / 2
    surface.ring(middle, 5.3, _HOLE_MM)
    surface.text(middle, 16.5, words.inside, height=3.4, width=_ROOM_MM, bold=True, align="centre", colour=ink)
    if band.check_code is not None:
        code = band.check_code.shown
        surface.text(middle, 24.5, words.check_code, height=2.6, width=_ROOM_MM, align="centre", colour=ink)
        surface.text(middle, 31.0, code, height=4.4, width=_ROOM_MM, bold=True, align="centre", colour=ink)
        surface.paragraph(
            middle, 37.5, words.check_code_use, height=2.0, width=_ROOM_MM, lines=4, align="centre", colour=ink
        )
    surface.text(middle, 54.0, band.month, height=1.9, width=_ROOM_MM, align="centre", colour=ink)
    surface.text(middle, 58.0, words.renew, height=1.9, width=_ROOM_MM, align="centre", colour=ink)
    surface.text(middle, 62.0, band.issuer, height=1.9, width=_ROOM_MM, align="centre", colour=ink)
