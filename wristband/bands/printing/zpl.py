"""Bands for Zebra's and compatible wristband and label printers: the whole of a band as one graphic in ZPL II."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from wristband.bands.printing import strip
from wristband.bands.printing.band import BandPrint
from wristband.bands.printing.forms import FORMS
from wristband.bands.printing.pixel_surface import DotSurface
from wristband.bands.printing.typesetting import Type
from wristband.bands.rules import BandForm

DOTS_PER_MM = {203: 8.0, 300: 300 / 25.4}
"""By the resolution that such a printer is sold under."""

MOST_COPIES = 9999

# Zebra's run lengths: letters for 1 to 19, small ones for twenties up to 400; they stand before what is repeated.
_ONES, _TWENTIES = "GHIJKLMNOPQRSTUVWXY", "ghijklmnopqrstuvwxyz"
_RUN = re.compile(r"(.)\1*")


def band_zpl(band: BandPrint, form: BandForm, *, dpi: int = 203, copies: int = 1, font_path: Path | None = None) -> str:
    """One band as a ZPL document, ASCII only; send it to the printer as it is.

    Text is part of the graphic: no printer has to have a Chinese font. The narrower side lies across the print head. A
    wristband is printed on one side, its check code on the end that is covered; other forms as they are cut and folded.
    `dpi` is 203 or 300. BadValue `print.symbol_too_small` where half a millimetre a module does not fit in whole dots;
    otherwise refuses as `pdf.band_pdf` does. ValueError for another resolution or number of copies.
    """
    if dpi not in DOTS_PER_MM or not 1 <= copies <= MOST_COPIES:
        raise ValueError("a resolution of 203 or 300 dpi, and 1 to 9999 copies")
    return document(dots(band, form, dpi=dpi, font_path=font_path), copies=copies)


def dots(band: BandPrint, form: BandForm, *, dpi: int = 203, font_path: Path | None = None) -> NDArray[np.bool_]:
    """What the printer burns: rows of dots, True is black, in the direction in which the material runs."""
    single = form is BandForm.WRISTBAND
    width, height = (strip.WIDTH_MM, strip.HEIGHT_MM) if single else FORMS[form].size
    surface = DotSurface(Type(font_path), width, height, DOTS_PER_MM[dpi])
    if single:
        strip.on_one_side(surface, band)
    else:
        FORMS[form].draw(surface, band)
    black = np.asarray(surface.image.convert("L")) < 128
    return np.rot90(black) if width > height else black


def document(black: NDArray[np.bool_], *, copies: int = 1) -> str:
    """Rows of dots as a ZPL document that prints them on a label of just their size."""
    height, width = black.shape
    rows = np.packbits(black, axis=1)
    total = rows.size
    return (
        f"^XA\n^PW{width}\n^LL{height}\n^LH0,0\n"
        f"^FO0,0^GFA,{total},{total},{rows.shape[1]},{_compressed(rows)}^FS\n"
        f"^PQ{copies}\n^XZ\n"
    )


def _compressed(rows: NDArray[np.uint8]) -> str:
    """Rows as Zebra's compressed hexadecimal: runs of a digit, the rest of a row, and rows like the one before."""
    said, before = [], ""
    for row in rows:
        text = row.tobytes().hex().upper()
        said.append(":" if text == before else _row(text))
        before = text
    return "".join(said)


def _row(text: str) -> str:
    said = []
    for run in _RUN.finditer(text):
        digit, count = run[1], len(run[0])
        # A comma fills the rest of a row with white, an exclamation mark with black.
        if run.end() == len(text) and digit in "0F":
            said.append("," if digit == "0" else "!")
        else:
            said.append(digit if count == 1 else _length(count) + digit)
    return "".join(said)


def _length(count: int) -> str:
    said = "z" * (count // 400)
    twenties, ones = divmod(count % 400, 20)
    return said + (_TWENTIES[twenties - 1] if twenties else "") + (_ONES[ones - 1] if ones else "")
