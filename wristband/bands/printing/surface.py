"""What forms draw on: millimetres from the top left, whatever it is in the end, a PDF, an SVG or pixels."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Literal, Self

from wristband.bands.artwork.drawing import BLACK, Colour
from wristband.bands.printing.band import BandPrint, Symbol
from wristband.bands.printing.typesetting import CAP_HEIGHT, Line, Type, broken

BLEED_MM = 1.0
"""How far the ground goes beyond the cut."""

Align = Literal["left", "centre", "right"]

_MARK_MM, _MARK_GAP_MM = 3.0, 1.5
MARKS_MM = _MARK_MM + _MARK_GAP_MM
"""How far crop marks reach beyond the cut."""

FAINT: Colour = (90, 90, 90)
"""Of lines that are folded, cut or punched."""

_ALIGNED = {"left": 0.0, "centre": 0.5, "right": 1.0}
# From one baseline to the next, in heights of capitals.
_LEADING = 1.55


class Surface(ABC):
    """One drawing. `coloured_stock` leaves the ground to the material."""

    def __init__(self, type_: Type, *, coloured_stock: bool) -> None:
        self.type = type_
        self.coloured_stock = coloured_stock

    @abstractmethod
    def area(self, x: float, y: float, width: float, height: float, colour: Colour) -> None:
        """A filled rectangle."""

    @abstractmethod
    def rule(
        self, x1: float, y1: float, x2: float, y2: float, *, width: float, colour: Colour = BLACK, dashed: bool = False
    ) -> None:
        """A straight line."""

    @abstractmethod
    def ring(self, x: float, y: float, radius: float) -> None:
        """A thin circle about a point, where a hole is punched."""

    @abstractmethod
    def set(self, x: float, y: float, line: Line, size: float, colour: Colour) -> None:
        """A line of text from its left end, the type `size` mm large, on the baseline `y`."""

    @abstractmethod
    def symbol(self, x: float, y: float, size_mm: float, symbol: Symbol) -> None:
        """A symbol with its quiet zone, `size_mm` wide, on the ground that is there."""

    @abstractmethod
    def photograph(self, x: float, y: float, side: float, band: BandPrint) -> None:
        """The band's face in grey, square."""

    @abstractmethod
    def part(
        self, x: float, y: float, width: float, height: float, draw: Callable[[Self], None], *, turned: bool = False
    ) -> None:
        """Whatever `draw` draws from its own top left, laid at a place; `turned` upside down."""

    def background(self, x: float, y: float, width: float, height: float, band: BandPrint) -> None:
        """The band's ground with a bleed for the cutter; nothing on stock that has its colour already."""
        if not self.coloured_stock:
            wide, high = width + 2 * BLEED_MM, height + 2 * BLEED_MM
            self.area(x - BLEED_MM, y - BLEED_MM, wide, high, band.ground)

    def text(
        self,
        x: float,
        y: float,
        text: str,
        *,
        height: float,
        width: float,
        colour: Colour,
        bold: bool = False,
        align: Align = "left",
    ) -> None:
        """One line whose capitals stand `height` mm above the baseline `y`; set smaller where it exceeds `width`."""
        line = self.type.line(text, bold=bold)
        if line.advance:
            size = min(height / CAP_HEIGHT, width / line.advance)
            self.set(x - line.advance * size * _ALIGNED[align], y, line, size, colour)

    def paragraph(
        self,
        x: float,
        y: float,
        text: str,
        *,
        height: float,
        width: float,
        lines: int,
        colour: Colour,
        align: Align = "left",
    ) -> None:
        """Text in at most `lines` lines, the first on the baseline `y`; smaller where it needs more."""
        height, made = broken(self.type, text, height=height, width=width, lines=lines)
        size = height / CAP_HEIGHT
        for i, line in enumerate(made):
            left = x - line.advance * size * _ALIGNED[align]
            self.set(left, y + i * _LEADING * height, line, size, colour)

    def dashes(self, x1: float, y1: float, x2: float, y2: float) -> None:
        """A line to fold or cut along."""
        self.rule(x1, y1, x2, y2, width=0.15, colour=FAINT, dashed=True)

    def crop_marks(self, width: float, height: float) -> None:
        """Eight short lines outside the corners of what is cut out: cut from one to the other."""
        near, far = _MARK_GAP_MM, MARKS_MM
        for edge_x, outward_x in ((0.0, -1), (width, 1)):
            for edge_y, outward_y in ((0.0, -1), (height, 1)):
                self.rule(edge_x + near * outward_x, edge_y, edge_x + far * outward_x, edge_y, width=0.1)
                self.rule(edge_x, edge_y + near * outward_y, edge_x, edge_y + far * outward_y, width=0.1)
