"""A band's symbol as a page shows or prints it."""

from __future__ import annotations

import io

from markupsafe import Markup
from PIL import Image

from wristband.bands.artwork import drawing
from wristband.bands.artwork.design import design
from wristband.bands.artwork.portrait import prepare
from wristband.bands.printing.band import BandPrint
from wristband.bands.printing.page_surface import page_element
from wristband.bands.rules import BandForm
from wristband.bands.tokens import TOKEN_LENGTH
from wristband.web.language import gettext


def symbol_svg(band: BandPrint, size_mm: float) -> Markup:
    """The symbol in the band's own colours, `size_mm` wide with its quiet zone."""
    symbol = band.symbol
    svg = drawing.svg(
        symbol.shown,
        symbol.portrait,
        size_mm=size_mm,
        ink=symbol.ink,
        paper=symbol.ground,
        title=gettext("手环二维码"),
    )
    return Markup(svg)  # noqa: S704  drawn by us, no text of anybody's in it


def sheet_svg(band: BandPrint, form: BandForm) -> Markup:
    """The whole piece, outside and inside, with lines to cut and fold, at true size for the browser's own print."""
    drawn = page_element(band, form, symbol_title=gettext("手环二维码"))
    return Markup(drawn)  # noqa: S704  drawn by us, its texts escaped


def preview_svg(face_jpeg: bytes, address: str) -> str:
    """The symbol that a face would make, wristband size; its token is signed by nobody, so no band is opened by it."""
    with Image.open(io.BytesIO(face_jpeg), formats=["JPEG"]) as face:
        tone = prepare(face)
    drawn = design(address, lambda serial: serial.ljust(TOKEN_LENGTH, "0"), tone, seed=0)
    return drawing.svg(drawn, tone, paper=drawing.YELLOW)
