"""Forms drawn as SVG: letters as outlines, so that they look alike where no font is installed."""

from __future__ import annotations

import base64
from collections.abc import Callable
from html import escape
from typing import Self

from wristband.bands.artwork import drawing
from wristband.bands.artwork.drawing import BLACK, MM_PER_INCH, Colour
from wristband.bands.printing.band import BandPrint, Symbol
from wristband.bands.printing.surface import FAINT, Surface
from wristband.bands.printing.typesetting import Line, Type

# An SVG inside another takes a millimetre for so many of its own units.
_UNITS_PER_MM = 96 / MM_PER_INCH


class SvgSurface(Surface):
    """Gathers elements; `document` is the result."""

    symbol_title = ""
    """What a screen reader says of the symbol, where the whole is no picture."""

    def __init__(self, type_: Type, *, coloured_stock: bool = False) -> None:
        super().__init__(type_, coloured_stock=coloured_stock)
        self._said: list[str] = []

    def document(self, width: float, height: float, title: str) -> str:
        """One self-contained file of this size in mm; `title` is what a screen reader says."""
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:g}mm" height="{height:g}mm" '
            f'viewBox="0 0 {width:g} {height:g}" role="img"><title>{escape(title)}</title>'
            + "".join(self._said)
            + "</svg>"
        )

    def area(self, x: float, y: float, width: float, height: float, colour: Colour) -> None:
        """A filled rectangle."""
        self._said.append(f'<rect x="{x:g}" y="{y:g}" width="{width:g}" height="{height:g}" fill="{_hex(colour)}"/>')

    def rule(
        self, x1: float, y1: float, x2: float, y2: float, *, width: float, colour: Colour = BLACK, dashed: bool = False
    ) -> None:
        """A straight line."""
        dash = ' stroke-dasharray="1.5 1.2"' if dashed else ""
        self._said.append(
            f'<path d="M{x1:g} {y1:g}L{x2:g} {y2:g}" stroke="{_hex(colour)}" stroke-width="{width:g}"{dash}/>'
        )

    def ring(self, x: float, y: float, radius: float) -> None:
        """A thin circle about a point."""
        self._said.append(
            f'<circle cx="{x:g}" cy="{y:g}" r="{radius:g}" fill="none" stroke="{_hex(FAINT)}" stroke-width="0.15"/>'
        )

    def set(self, x: float, y: float, line: Line, size: float, colour: Colour) -> None:
        """A line of text, one outline a character."""
        self._said.append(f'<g fill="{_hex(colour)}">')
        for face, text in line.runs:
            scale = size / face.units
            for character in text:
                if outline := face.outline(character):
                    place = f"matrix({scale:.6f} 0 0 {-scale:.6f} {x:.3f} {y:.3f})"
                    self._said.append(f'<path transform="{place}" d="{outline}"/>')
                x += size * face.advance(character)
        self._said.append("</g>")

    def symbol(self, x: float, y: float, size_mm: float, symbol: Symbol) -> None:
        """The symbol, in vectors altogether."""
        paper = drawing.WHITE if self.coloured_stock else symbol.ground
        drawn = drawing.svg(
            symbol.design, symbol.portrait, size_mm=size_mm, ink=symbol.ink, paper=paper, title=self.symbol_title
        )
        place = f"translate({x:.4f} {y:.4f}) scale({1 / _UNITS_PER_MM:.8f})"
        self._said.append(f'<g transform="{place}">{drawn}</g>')

    def photograph(self, x: float, y: float, side: float, band: BandPrint) -> None:
        """The face as a JPEG within the file."""
        data = base64.b64encode(band.grey_jpeg()).decode()
        self._said.append(
            f'<image x="{x:g}" y="{y:g}" width="{side:g}" height="{side:g}" href="data:image/jpeg;base64,{data}"/>'
        )

    def part(
        self, x: float, y: float, width: float, height: float, draw: Callable[[Self], None], *, turned: bool = False
    ) -> None:
        """A drawing within this one."""
        turn = f" rotate(180 {width / 2:g} {height / 2:g})" if turned else ""
        self._said.append(f'<g transform="translate({x:g} {y:g}){turn}">')
        draw(self)
        self._said.append("</g>")


def _hex(colour: Colour) -> str:
    return "#{:02x}{:02x}{:02x}".format(*colour)
