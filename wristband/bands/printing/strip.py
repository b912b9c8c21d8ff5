"""The wristband strip: 25 mm by 279 mm outside, the same again inside, folded along its length."""

from __future__ import annotations

from wristband.bands.artwork.drawing import SIZE_MM
from wristband.bands.printing.band import BandPrint, symbol_mm
from wristband.bands.printing.surface import Surface

WIDTH_MM, HEIGHT_MM = 279.0, 25.0
MOST_SYMBOL_MM = 24.5
"""The widest symbol that a strip has room for; a wristband printer's always is, for dots as large as can be."""
TAIL_MM = 62.0
"""Of a strip that is printed on one side, the end that the other end covers once the band is closed."""

# Words stand close to the symbol: on a wrist one sees about seven centimetres at a time.
_TEXT_MM = 62.0
_GAP_MM = 2.0


def outside(surface: Surface, band: BandPrint) -> None:
    """What shows on the wrist."""
    _face(surface, band, WIDTH_MM, symbol_mm(band.design, SIZE_MM, MOST_SYMBOL_MM))
    words_end = WIDTH_MM - 6
    surface.text(words_end, 20.6, band.month, height=2.2, width=40, align="right", colour=band.ink)


def _face(surface: Surface, band: BandPrint, width: float, size: float) -> None:
    """Symbol and words about the middle of a width."""
    words, ink, left = band.words, band.ink, (width - size) / 2
    surface.symbol(left, (HEIGHT_MM - size) / 2, size, band.symbol)
    before, after = left - _GAP_MM, left + size + _GAP_MM
    if words.lost:
        surface.text(before, 10.8, words.lost, height=6.2, width=_TEXT_MM, bold=True, align="right", colour=ink)
        surface.text(before, 19.6, words.scan, height=5.0, width=_TEXT_MM, bold=True, align="right", colour=ink)
        surface.text(after, 9.6, words.emergency, height=5.6, width=_TEXT_MM, bold=True, colour=ink)
    else:
        surface.text(before, 14.2, words.scan, height=3.4, width=_TEXT_MM, align="right", colour=ink)
        surface.text(after, 9.6, words.emergency, height=3.4, width=_TEXT_MM, colour=ink)
    surface.text(after, 16.0, band.number, height=3.6, width=_TEXT_MM, bold=not band.discreet, colour=ink)
    surface.text(after, 20.6, band.typed, height=2.2, width=_TEXT_MM, colour=ink)


def inside(surface: Surface, band: BandPrint) -> None:
    """What lies on the skin."""
    words, ink, middle = band.words, band.ink, WIDTH_MM / 2
    surface.text(middle - 52, 11.2, words.inside, height=4.2, width=30, bold=True, align="right", colour=ink)
    if band.check_code is not None:
        said = f"{words.check_code} {band.check_code.shown}"
        surface.text(middle, 11.2, said, height=5.6, width=92, bold=True, align="centre", colour=ink)
        surface.text(middle, 18.4, words.check_code_use, height=2.6, width=96, align="centre", colour=ink)
    surface.text(middle + 52, 8.0, band.month, height=2.6, width=80, colour=ink)
    surface.text(middle + 52, 13.0, words.renew, height=2.6, width=80, colour=ink)
    surface.text(middle + 52, 18.0, band.issuer, height=2.6, width=80, colour=ink)
    surface.text(4, HEIGHT_MM - 1.6, words.fold, height=1.5, width=40, colour=ink)


def on_one_side(surface: Surface, band: BandPrint) -> None:
    """The strip of a wristband printer, which has no inside: the check code stands on the end that is covered."""
    words, ink, worn = band.words, band.ink, WIDTH_MM - TAIL_MM
    _face(surface, band, worn, MOST_SYMBOL_MM)
    surface.dashes(worn, 1.5, worn, HEIGHT_MM - 1.5)
    left, room = worn + 4, TAIL_MM - 8
    surface.text(left, 5.0, f"{words.inside} · {words.overlap}", height=2.0, width=room, colour=ink)
    if band.check_code is not None:
        said = f"{words.check_code} {band.check_code.shown}"
        surface.text(left, 11.6, said, height=4.2, width=room, bold=True, colour=ink)
        surface.paragraph(left, 14.8, words.check_code_use, height=1.9, width=room, lines=2, colour=ink)
    surface.text(left, 20.6, f"{band.month} · {words.renew}", height=1.9, width=room, colour=ink)
    surface.text(left, 23.6, band.issuer, height=1.9, width=room, colour=ink)
