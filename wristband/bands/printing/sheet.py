"""A page in millimetres: fonts, text that fits, symbols in vectors, crop marks."""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Literal

from fpdf import FPDF
from fpdf.enums import PathPaintRule
from PIL import Image

from wristband.bands.artwork import drawing
from wristband.bands.artwork.design import Design
from wristband.bands.artwork.portrait import prepare
from wristband.bands.printing.fonts import weights
from wristband.bands.printing.words import Language
from wristband.values.code import BandCode, CheckCode

MM_PER_POINT = 25.4 / 72
BLEED_MM = 1.0

# A Latin or Chinese capital stands about this much of the type size above its baseline.
_CAP_HEIGHT = 0.76
_PATCH_STEPS = 16
_MARK_MM, _MARK_GAP_MM = 3.0, 1.5


@dataclass(frozen=True, eq=False)
class BandPrint:
    """Everything a printer needs of one band.

    `face`: the square face crop that the design was made of, None for a plain symbol. `check_code` None leaves the
    inside without one (it is kept readable for a time only). `issued`: any day of the month of issue.
    """

    design: Design
    face: Image.Image | None
    code: BandCode
    check_code: CheckCode | None
    issued: date
    language: Language = "zh"


class Sheet:
    """One PDF document, its origin top left, all lengths in millimetres."""

    def __init__(self, size: tuple[float, float], *, font_path: Path | None, made: date, coloured_stock: bool) -> None:
        self.size = size
        self.ground = None if coloured_stock else drawing.YELLOW
        self._pdf = FPDF(unit="mm", format=(min(size), max(size)), orientation="L" if size[0] > size[1] else "P")
        self._pdf.set_auto_page_break(False)
        self._pdf.set_margin(0)
        # From the band, not from the clock: the same bands make the same file, byte for byte.
        self._pdf.set_creation_date(datetime(made.year, made.month, 1, tzinfo=UTC))
        for style, path in zip(("", "B"), weights(font_path), strict=True):
            self._pdf.add_font("band", style, path)

    def add_page(self) -> None:
        """Begin the next page."""
        self._pdf.add_page()

    def finished(self) -> bytes:
        """The document."""
        return bytes(self._pdf.output())

    def area(self, x: float, y: float, width: float, height: float, colour: drawing.Colour) -> None:
        """A filled rectangle."""
        self._pdf.set_fill_color(*colour)
        self._pdf.rect(x, y, width, height, style="F")

    def background(self, x: float, y: float, width: float, height: float) -> None:
        """Yellow with a bleed for the cutter; nothing on stock that is yellow already."""
        if self.ground:
            self.area(x - BLEED_MM, y - BLEED_MM, width + 2 * BLEED_MM, height + 2 * BLEED_MM, self.ground)

    def text(
        self,
        x: float,
        y: float,
        text: str,
        *,
        height: float,
        width: float,
        bold: bool = False,
        align: Literal["left", "centre", "right"] = "left",
    ) -> None:
        """One line whose capitals stand `height` mm above the baseline `y`; set smaller where it exceeds `width`."""
        size = height / _CAP_HEIGHT / MM_PER_POINT
        self._pdf.set_text_color(0)
        self._pdf.set_font("band", "B" if bold else "", size)
        wide = self._pdf.get_string_width(text)
        if wide > width:
            self._pdf.set_font_size(size * width / wide)
            wide = self._pdf.get_string_width(text)
        self._pdf.text(x - {"left": 0, "centre": wide / 2, "right": wide}[align], y, text)

    def symbol(self, x: float, y: float, size_mm: float, band: BandPrint) -> None:
        """The band's symbol with its quiet zone, `size_mm` wide: modules as vectors, the portrait at 600 dpi."""
        design = band.design
        module = drawing.module_mm(design, size_mm)
        left, top = x + drawing.QUIET_MODULES * module, y + drawing.QUIET_MODULES * module
        shown = drawing.runs(design if band.face else drawing.without_portrait(design))
        # One path for all: modules filled one by one show hairlines where they touch.
        with self._pdf.new_path(paint_rule=PathPaintRule.FILL_NONZERO) as path:
            path.style.fill_color = "#000000"
            path.style.stroke_color = None
            for column, row, length in shown:
                path.rectangle(left + column * module, top + row * module, length * module, module)
        square = design.portrait
        if square is not None and band.face is not None:
            light = drawing.patch(design, prepare(band.face), _PATCH_STEPS)
            picture = drawing.coloured(light, drawing.BLACK, self.ground or drawing.WHITE)
            side = square.side * module
            self._pdf.image(picture, left + square.left * module, top + square.top * module, side, side)

    def photograph(self, x: float, y: float, side: float, face: Image.Image) -> None:
        """A face in grey, square."""
        self._pdf.image(face.convert("L"), x, y, side, side)

    def dashes(self, x1: float, y1: float, x2: float, y2: float) -> None:
        """A line to fold along."""
        self._pdf.set_draw_color(90)
        self._pdf.set_line_width(0.15)
        self._pdf.set_dash_pattern(dash=1.5, gap=1.2)
        self._pdf.line(x1, y1, x2, y2)
        self._pdf.set_dash_pattern()

    def crop_marks(self, x: float, y: float, width: float, height: float) -> None:
        """Eight short lines outside the corners: cut from one to the other."""
        self._pdf.set_draw_color(0)
        self._pdf.set_line_width(0.1)
        near, far = _MARK_GAP_MM, _MARK_GAP_MM + _MARK_MM
        for edge_x, outward_x in ((x, -1), (x + width, 1)):
            for edge_y, outward_y in ((y, -1), (y + height, 1)):
                self._pdf.line(edge_x + near * outward_x, edge_y, edge_x + far * outward_x, edge_y)
                self._pdf.line(edge_x, edge_y + near * outward_y, edge_x, edge_y + far * outward_y)

    def turned(self, x: float, y: float) -> AbstractContextManager[None]:
        """Within this, everything is drawn upside down about a point: what is folded over reads upright."""
        return self._pdf.rotation(180, x, y)
