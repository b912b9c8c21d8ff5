"""The wristband strip: 25 mm by 279 mm outside, the same again inside, folded along its length."""

from __future__ import annotations

from wristband.bands.artwork.drawing import SIZE_MM
from wristband.bands.printing.sheet import BandPrint, Sheet
from wristband.bands.printing.words import WORDS, host_of

WIDTH_MM, HEIGHT_MM = 279.0, 25.0
FOLDED_MM = 2 * HEIGHT_MM

# Words stand close to the symbol: on a wrist one sees about seven centimetres at a time.
_TEXT_MM = 62.0
_GAP_MM = 2.0


def draw(sheet: Sheet, band: BandPrint, x: float, y: float) -> None:
    """Outside above the fold, inside below it and upside down, so that it reads upright when folded back."""
    sheet.background(x, y, WIDTH_MM, FOLDED_MM)
    _outside(sheet, band, x, y)
    with sheet.turned(x + WIDTH_MM / 2, y + 1.5 * HEIGHT_MM):
        _inside(sheet, band, x, y + HEIGHT_MM)
    words = WORDS[band.language]
    sheet.dashes(x, y + HEIGHT_MM, x + WIDTH_MM, y + HEIGHT_MM)
    sheet.text(x + 4, y + HEIGHT_MM - 0.8, words.fold, height=1.5, width=40)
    sheet.crop_marks(x, y, WIDTH_MM, FOLDED_MM)


def _outside(sheet: Sheet, band: BandPrint, x: float, y: float) -> None:
    words, host = WORDS[band.language], host_of(band.design.address)
    left = x + (WIDTH_MM - SIZE_MM) / 2
    sheet.symbol(left, y + (HEIGHT_MM - SIZE_MM) / 2, SIZE_MM, band)
    before, after = left - _GAP_MM, left + SIZE_MM + _GAP_MM
    sheet.text(before, y + 10.8, words.lost, height=6.2, width=_TEXT_MM, bold=True, align="right")
    sheet.text(before, y + 19.6, words.scan, height=5.0, width=_TEXT_MM, bold=True, align="right")
    sheet.text(after, y + 9.6, words.emergency, height=5.6, width=_TEXT_MM, bold=True)
    number = words.number.format(code=band.code.shown)
    sheet.text(after, y + 16.0, number, height=3.6, width=_TEXT_MM, bold=True)
    sheet.text(after, y + 20.6, words.typed.format(host=host), height=2.2, width=_TEXT_MM)
    sheet.text(x + WIDTH_MM - 6, y + 20.6, words.month(band.issued), height=2.2, width=40, align="right")


def _inside(sheet: Sheet, band: BandPrint, x: float, y: float) -> None:
    words, middle = WORDS[band.language], x + WIDTH_MM / 2
    sheet.text(middle - 52, y + 11.2, words.inside, height=4.2, width=30, bold=True, align="right")
    if band.check_code is not None:
        said = f"{words.check_code} {band.check_code.shown}"
        sheet.text(middle, y + 11.2, said, height=5.6, width=92, bold=True, align="centre")
        sheet.text(middle, y + 18.4, words.check_code_use, height=2.6, width=96, align="centre")
    sheet.text(middle + 52, y + 11.2, words.month(band.issued), height=2.6, width=50)
    sheet.text(middle + 52, y + 15.6, words.renew, height=2.6, width=50)
