"""The wallet card: 85.6 mm by 54 mm, front and back side by side, folded between them."""

from __future__ import annotations

from wristband.bands.artwork.drawing import QUIET_MODULES, module_mm
from wristband.bands.printing.band import BandPrint, symbol_mm
from wristband.bands.printing.surface import Surface

WIDTH_MM, HEIGHT_MM = 85.6, 54.0

# Larger than on the wrist, since there is room; every module is then nearly a millimetre.
SYMBOL_MM = 34.0
_FACE_MM = 16.0
_MARGIN_MM = 4.0


def outside(surface: Surface, band: BandPrint) -> None:
    """The front."""
    size = symbol_mm(band.design, SYMBOL_MM)
    # The quiet zone is part of the symbol: it may stand closer to the edge than words do.
    surface.symbol(1.5, 1.5, size, band.symbol)
    column, room = size + 3.0, WIDTH_MM - size - 3.0 - _MARGIN_MM
    top = 1.5 + QUIET_MODULES * module_mm(band.design, size)
    if band.words.lost:
        _loud(surface, band, column, top, room)
    else:
        surface.text(column, top + 9.0, band.words.scan, height=3.8, width=room, colour=band.ink)
        surface.text(column, top + 17.0, band.words.emergency, height=3.8, width=room, colour=band.ink)
    _foot(surface, band)


def _loud(surface: Surface, band: BandPrint, column: float, top: float, room: float) -> None:
    words, ink = band.words, band.ink
    if band.face is not None:
        surface.photograph(column, top, _FACE_MM, band)
        beside = column + _FACE_MM + 3.0
        width = room - _FACE_MM - 3.0
        surface.text(beside, top + 10.0, words.emergency, height=4.4, width=width, bold=True, colour=ink)
    else:
        surface.text(column, top + 10.0, words.emergency, height=6.4, width=room, bold=True, colour=ink)
    surface.text(column, 28.6, words.lost, height=4.6, width=room, bold=True, colour=ink)
    surface.text(column, 34.8, words.scan, height=3.9, width=room, bold=True, colour=ink)


def _foot(surface: Surface, band: BandPrint) -> None:
    ink, room = band.ink, WIDTH_MM - 2 * _MARGIN_MM
    surface.text(_MARGIN_MM, 44.2, band.number, height=3.6, width=room - 22, bold=not band.discreet, colour=ink)
    surface.text(_MARGIN_MM, 50.0, band.typed, height=2.1, width=room, colour=ink)
    surface.text(WIDTH_MM - _MARGIN_MM, 44.2, band.month, height=2.1, width=20, align="right", colour=ink)


def inside(surface: Surface, band: BandPrint) -> None:
    """The back."""
    words, ink = band.words, band.ink
    middle, room = WIDTH_MM / 2, WIDTH_MM - 2 * _MARGIN_MM
    surface.text(middle, 10.5, words.inside, height=4.2, width=room, bold=True, align="centre", colour=ink)
    if band.check_code is not None:
        code = band.check_code.shown
        surface.text(middle, 20.5, words.check_code, height=3.2, width=room, align="centre", colour=ink)
        surface.text(middle, 29.0, code, height=6.0, width=room, bold=True, align="centre", colour=ink)
        surface.text(middle, 37.0, words.check_code_use, height=2.3, width=room, align="centre", colour=ink)
    surface.text(middle, 44.5, words.renew, height=2.1, width=room, align="centre", colour=ink)
    surface.text(middle, 49.5, band.issuer, height=2.1, width=room, align="centre", colour=ink)
