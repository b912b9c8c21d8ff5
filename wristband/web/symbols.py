"""A band's symbol as a page shows or prints it."""

from __future__ import annotations

from markupsafe import Markup

from wristband.bands.artwork import drawing
from wristband.bands.printing.band import BandPrint, symbol_mm
from wristband.bands.rules import BandForm
from wristband.web.language import gettext

# How wide the browser's own print makes the symbol of a form, quiet zone included: as the forms of the PDF do.
_FORM_MM = {
    BandForm.WRISTBAND: 22.0,
    BandForm.CARD: 34.0,
    BandForm.LABEL: 30.0,
    BandForm.KEY_TAG: 30.0,
    BandForm.SHOE_LABEL: 23.0,
}
# Paper has room for the largest symbol there is.
_MOST_MM = 60.0


def form_mm(band: BandPrint, form: BandForm) -> float:
    """How wide the symbol of this form is printed, in mm; never with modules too small to be read."""
    return symbol_mm(band.design, _FORM_MM[form], _MOST_MM)


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
