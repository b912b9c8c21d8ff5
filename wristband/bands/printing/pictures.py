"""One side of a band as a picture file: PNG that knows its resolution, or SVG."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Literal

from PIL import Image

from wristband.bands.artwork import drawing
from wristband.bands.printing.band import BandPrint, Symbol
from wristband.bands.printing.forms import FORMS
from wristband.bands.printing.pixel_surface import PixelSurface
from wristband.bands.printing.surface import Surface
from wristband.bands.printing.svg_surface import SvgSurface
from wristband.bands.printing.typesetting import Type
from wristband.bands.rules import BandForm

Side = Literal["outside", "inside"]


def side_png(
    band: BandPrint, form: BandForm, side: Side = "outside", *, dpi: int = 300, font_path: Path | None = None
) -> bytes:
    """One side of a form at true size when printed at `dpi`. Refuses as `pdf.band_pdf` does."""
    width, height = _size(form, side)
    surface = PixelSurface(Type(font_path), width, height, dpi / drawing.MM_PER_INCH)
    _draw(surface, band, form, side)
    return png(surface.image, dpi)


def side_svg(band: BandPrint, form: BandForm, side: Side = "outside", *, font_path: Path | None = None) -> str:
    """One side of a form as one SVG file that needs no font. Refuses as `pdf.band_pdf` does."""
    surface = SvgSurface(Type(font_path))
    _draw(surface, band, form, side)
    return surface.document(*_size(form, side), title=band.number if side == "outside" else band.words.inside)


def symbol_png(symbol: Symbol, *, size_mm: float = drawing.SIZE_MM, dpi: int = 300) -> bytes:
    """The symbol alone with its quiet zone."""
    return png(symbol_image(symbol, size_mm=size_mm, dpi=dpi), dpi)


def symbol_image(symbol: Symbol, *, size_mm: float = drawing.SIZE_MM, dpi: int = 300) -> Image.Image:
    """The pixels of that file."""
    return drawing.image(symbol.shown, symbol.portrait, size_mm=size_mm, dpi=dpi, ink=symbol.ink, paper=symbol.ground)


def symbol_svg(symbol: Symbol, *, size_mm: float = drawing.SIZE_MM, title: str = "") -> str:
    """The symbol alone with its quiet zone, in vectors."""
    return drawing.svg(
        symbol.design, symbol.portrait, size_mm=size_mm, ink=symbol.ink, paper=symbol.ground, title=title
    )


def png(image: Image.Image, dpi: int) -> bytes:
    """A PNG file whose pHYs chunk tells the resolution, so that it is printed at its true size."""
    out = io.BytesIO()
    image.save(out, "PNG", dpi=(dpi, dpi), optimize=True)
    return out.getvalue()


def _size(form: BandForm, side: Side) -> tuple[float, float]:
    drawn = FORMS[form]
    return (drawn.width, drawn.height) if side == "outside" else drawn.inside_size


def _draw(surface: Surface, band: BandPrint, form: BandForm, side: Side) -> None:
    width, height = _size(form, side)
    surface.background(0, 0, width, height, band)
    drawn = FORMS[form]
    (drawn.outside if side == "outside" else drawn.inside)(surface, band)
