"""The wallet card: 85.6 mm by 54 mm, front and back side by side, folded between them."""

from __future__ import annotations

from wristband.bands.artwork.drawing import QUIET_MODULES, module_mm
from wristband.bands.printing.sheet import BandPrint, Sheet
from wristband.bands.printing.words import WORDS, host_of

WIDTH_MM, HEIGHT_MM = 85.6, 54.0
FOLDED_MM = 2 * WIDTH_MM

# Larger than on the wrist, since there is room; every module is then nearly a millimetre.
SYMBOL_MM = 34.0
_FACE_MM = 16.0
_MARGIN_MM = 4.0


def draw(sheet: Sheet, band: BandPrint, x: float, y: float) -> None:
    """Front at the left, back at the right."""
    sheet.background(x, y, FOLDED_MM, HEIGHT_MM)
    _front(sheet, band, x, y)
    _back(sheet, band, x + WIDTH_MM, y)
    sheet.dashes(x + WIDTH_MM, y, x + WIDTH_MM, y + HEIGHT_MM)
    sheet.crop_marks(x, y, FOLDED_MM, HEIGHT_MM)


def _front(sheet: Sheet, band: BandPrint, x: float, y: float) -> None:
    words = WORDS[band.language]
    # The quiet zone is part of the symbol: it may stand closer to the edge than words do.
    sheet.symbol(x + 1.5, y + 1.5, SYMBOL_MM, band)
    column, room = x + SYMBOL_MM + 3.0, WIDTH_MM - SYMBOL_MM - 3.0 - _MARGIN_MM
    top = y + 1.5 + QUIET_MODULES * module_mm(band.design, SYMBOL_MM)
    if band.face is not None:
        sheet.photograph(column, top, _FACE_MM, band.face)
        beside = column + _FACE_MM + 3.0
        sheet.text(beside, top + 10.0, words.emergency, height=4.4, width=room - _FACE_MM - 3.0, bold=True)
    else:
        sheet.text(column, top + 10.0, words.emergency, height=6.4, width=room, bold=True)
    sheet.text(column, y + 28.6, words.lost, height=4.6, width=room, bold=True)
    sheet.text(column, y + 34.8, words.scan, height=3.9, width=room, bold=True)
    _foot(sheet, band, x, y)


def _foot(sheet: Sheet, band: BandPrint, x: float, y: float) -> None:
    words, host = WORDS[band.language], host_of(band.design.address)
    room = WIDTH_MM - 2 * _MARGIN_MM
    number = words.number.format(code=band.code.shown)
    sheet.text(x + _MARGIN_MM, y + 44.2, number, height=3.6, width=room, bold=True)
    sheet.text(x + _MARGIN_MM, y + 50.0, words.typed.format(host=host), height=2.1, width=room - 22)
    sheet.text(x + WIDTH_MM - _MARGIN_MM, y + 50.0, words.month(band.issued), height=2.1, width=20, align="right")


def _back(sheet: Sheet, band: BandPrint, x: float, y: float) -> None:
    words = WORDS[band.language]
    middle, room = x + WIDTH_MM / 2, WIDTH_MM - 2 * _MARGIN_MM
    sheet.text(middle, y + 12.0, words.inside, height=4.2, width=room, bold=True, align="centre")
    if band.check_code is not None:
        sheet.text(middle, y + 23.0, words.check_code, height=3.2, width=room, align="centre")
        sheet.text(middle, y + 31.5, band.check_code.shown, height=6.0, width=room, bold=True, align="centre")
        sheet.text(middle, y + 40.0, words.check_code_use, height=2.3, width=room, align="centre")
    sheet.text(middle, y + 49.0, words.renew, height=2.1, width=room, align="centre")
