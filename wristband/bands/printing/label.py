"""The iron-on label: 88 mm by 33 mm for the outside of a garment, a narrow strip below it for the inside."""

from __future__ import annotations

from wristband.bands.printing.band import BandPrint, symbol_mm
from wristband.bands.printing.surface import Surface

WIDTH_MM, HEIGHT_MM = 88.0, 33.0
INSIDE_MM = 11.0

_SYMBOL_MM = 30.0
_FACE_MM = 15.0
_MARGIN_MM = 3.0


def outside(surface: Surface, band: BandPrint) -> None:
    """What shows on the garment."""
    words, ink, size = band.words, band.ink, symbol_mm(band.design, _SYMBOL_MM)
    surface.symbol(1.5, 1.5, size, band.symbol)
    column = size + 2.5
    room = WIDTH_MM - column - _MARGIN_MM
    if words.lost:
        if band.face is not None:
            surface.photograph(WIDTH_MM - _MARGIN_MM - _FACE_MM, _MARGIN_MM, _FACE_MM, band)
            beside = room - _FACE_MM - 2.0
        else:
            beside = room
        surface.text(column, 7.8, words.lost, height=4.4, width=beside, bold=True, colour=ink)
        surface.text(column, 13.6, words.scan, height=4.0, width=beside, bold=True, colour=ink)
        surface.text(column, 19.0, words.emergency, height=4.2, width=beside, bold=True, colour=ink)
    else:
        surface.text(column, 9.0, words.scan, height=3.4, width=room, colour=ink)
        surface.text(column, 16.0, words.emergency, height=3.4, width=room, colour=ink)
    surface.text(column, 25.2, band.number, height=3.0, width=room, bold=not band.discreet, colour=ink)
    surface.paragraph(column, 29.2, band.typed, height=1.7, width=room, lines=1, colour=ink)


def inside(surface: Surface, band: BandPrint) -> None:
    """The strip for the inside of the garment."""
    words, ink, room = band.words, band.ink, WIDTH_MM - 2 * _MARGIN_MM
    surface.text(_MARGIN_MM, 5.2, words.inside, height=2.8, width=18, bold=True, colour=ink)
    surface.text(WIDTH_MM - _MARGIN_MM, 5.2, band.month, height=2.0, width=26, align="right", colour=ink)
    if band.check_code is not None:
        said = f"{words.check_code} {band.check_code.shown}"
        surface.text(WIDTH_MM / 2 - 4, 5.2, said, height=3.0, width=40, bold=True, align="centre", colour=ink)
    surface.text(_MARGIN_MM, 9.0, words.cut, height=1.7, width=room / 2 - 1, colour=ink)
    surface.text(WIDTH_MM - _MARGIN_MM, 9.0, band.issuer, height=1.7, width=room / 2 - 1, align="right", colour=ink)
