"""The shoe label: 54 mm by 26 mm, sewn to the tongue or hung over a lace, its inside folded behind it."""

from __future__ import annotations

from wristband.bands.printing.band import BandPrint, symbol_mm
from wristband.bands.printing.surface import Surface

WIDTH_MM, HEIGHT_MM = 54.0, 26.0

_SYMBOL_MM = 23.0
_MOST_SYMBOL_MM = 24.5
_MARGIN_MM = 2.5


def outside(surface: Surface, band: BandPrint) -> None:
    """What shows on the shoe."""
    words, ink, size = band.words, band.ink, symbol_mm(band.design, _SYMBOL_MM, _MOST_SYMBOL_MM)
    surface.symbol(1.0, (HEIGHT_MM - size) / 2, size, band.symbol)
    column = 1.0 + size + 1.0
    room = WIDTH_MM - column - _MARGIN_MM
    if words.lost:
        surface.text(column, 5.8, words.lost, height=3.0, width=room, bold=True, colour=ink)
        surface.text(column, 10.0, words.scan, height=2.8, width=room, bold=True, colour=ink)
        surface.text(column, 14.8, words.emergency, height=3.2, width=room, bold=True, colour=ink)
    else:
        surface.text(column, 7.4, words.scan, height=2.6, width=room, colour=ink)
        surface.text(column, 13.0, words.emergency, height=2.6, width=room, colour=ink)
    surface.text(column, 18.6, band.number, height=2.3, width=room, bold=not band.discreet, colour=ink)
    surface.paragraph(column, 21.8, band.typed, height=1.4, width=room, lines=2, colour=ink)


def inside(surface: Surface, band: BandPrint) -> None:
    """What is folded behind it."""
    words, ink = band.words, band.ink
    middle, room = WIDTH_MM / 2, WIDTH_MM - 2 * _MARGIN_MM
    if band.check_code is not None:
        said = f"{words.inside} · {words.check_code}"
        surface.text(middle, 5.0, said, height=2.4, width=room, align="centre", colour=ink)
        code = band.check_code.shown
        surface.text(middle, 11.2, code, height=4.4, width=room, bold=True, align="centre", colour=ink)
        surface.paragraph(
            middle, 14.8, words.check_code_use, height=1.6, width=room, lines=2, align="centre", colour=ink
        )
    else:
        surface.text(middle, 9.0, words.inside, height=2.4, width=room, align="centre", colour=ink)
    surface.text(
        middle, 20.6, f"{band.month} {band.issuer}".strip(), height=1.6, width=room, align="centre", colour=ink
    )
    surface.text(middle, 22.9, words.renew, height=1.3, width=room, align="centre", colour=ink)
    surface.text(_MARGIN_MM, HEIGHT_MM - 1.2, words.fold, height=1.0, width=20, colour=ink)
