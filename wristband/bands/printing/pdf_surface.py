"""Forms drawn for a PDF: a piece of a page, whole in itself, that can be made in any process and laid anywhere."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass
from typing import Self

import numpy as np
from PIL import Image

from wristband.bands.artwork import drawing
from wristband.bands.artwork.drawing import BLACK, Colour
from wristband.bands.artwork.portrait import Tone
from wristband.bands.printing.band import BandPrint, Symbol
from wristband.bands.printing.fonts import Typeface
from wristband.bands.printing.surface import FAINT, Surface
from wristband.bands.printing.typesetting import Line, Type

# Pixels of the portrait to a module: seven hundred to the inch on a wristband.
_PATCH_STEPS = 16
# Tones between ink and ground. More are not seen at this size, and pack worse.
_TONES = 64
# The cubic that is a quarter circle to the eye.
_ROUND = 0.5523


@dataclass(frozen=True)
class Picture:
    """An image as a PDF keeps it: dictionary entries, and bytes that are `packed` already or not."""

    entries: str
    data: bytes
    packed: bool


@dataclass(frozen=True)
class Piece:
    """One drawing: its content in millimetres, downwards, and the images and typefaces that it names by position."""

    content: bytes
    pictures: tuple[Picture, ...]
    faces: tuple[Typeface, ...]


class PdfSurface(Surface):
    """Gathers a piece; `piece` is the result."""

    def __init__(self, type_: Type, *, coloured_stock: bool = False) -> None:
        super().__init__(type_, coloured_stock=coloured_stock)
        self._said: list[str] = []
        self._pictures: list[Picture] = []
        self._faces: list[Typeface] = []

    def piece(self) -> Piece:
        """What has been drawn so far."""
        return Piece("\n".join(self._said).encode("ascii"), tuple(self._pictures), tuple(self._faces))

    def area(self, x: float, y: float, width: float, height: float, colour: Colour) -> None:
        """A filled rectangle."""
        self._say(f"{_filled(colour)} {x:.3f} {y:.3f} {width:.3f} {height:.3f} re f")

    def rule(
        self, x1: float, y1: float, x2: float, y2: float, *, width: float, colour: Colour = BLACK, dashed: bool = False
    ) -> None:
        """A straight line."""
        dash = "[1.5 1.2] 0 d" if dashed else "[] 0 d"
        self._say(f"{_stroked(colour)} {width:.3f} w {dash} {x1:.3f} {y1:.3f} m {x2:.3f} {y2:.3f} l S")

    def ring(self, x: float, y: float, radius: float) -> None:
        """A thin circle about a point."""
        pull = radius * _ROUND
        steps = [f"{x + radius:.3f} {y:.3f} m"]
        for dx, dy in ((1, 0), (0, 1), (-1, 0), (0, -1)):
            nx, ny = -dy, dx
            first = (x + radius * dx + pull * nx, y + radius * dy + pull * ny)
            second = (x + radius * nx + pull * dx, y + radius * ny + pull * dy)
            end = (x + radius * nx, y + radius * ny)
            steps.append(" ".join(f"{value:.3f}" for point in (first, second, end) for value in point) + " c")
        self._say(f"{_stroked(FAINT)} 0.15 w [] 0 d {' '.join(steps)} S")

    def set(self, x: float, y: float, line: Line, size: float, colour: Colour) -> None:
        """A line of text."""
        for face, text in line.runs:
            if face not in self._faces:
                self._faces.append(face)
            codes = "".join(f"{face.number(character):04X}" for character in text)
            # The page counts downwards, letters stand upwards.
            where = f"1 0 0 -1 {x:.3f} {y:.3f} Tm"
            self._say(f"BT {_filled(colour)} /F{self._faces.index(face)} {size:.4f} Tf {where} <{codes}> Tj ET")
            x += size * sum(map(face.advance, text))

    def symbol(self, x: float, y: float, size_mm: float, symbol: Symbol) -> None:
        """The symbol: modules as vectors, the portrait at a fine resolution."""
        design, module = symbol.shown, drawing.module_mm(symbol.design, size_mm)
        left, top = x + drawing.QUIET_MODULES * module, y + drawing.QUIET_MODULES * module
        # One path for all: modules filled one by one show hairlines where they touch.
        runs = " ".join(f"{column} {row} {length} 1 re" for column, row, length in drawing.runs(design))
        self._say(f"q {module:.6f} 0 0 {module:.6f} {left:.4f} {top:.4f} cm {_filled(symbol.ink)} {runs} f Q")
        square, tone = design.portrait, symbol.portrait
        if square is not None and tone is not None:
            paper = drawing.WHITE if self.coloured_stock else symbol.ground
            picture = _indexed(drawing.patch(design, tone, _PATCH_STEPS), symbol.ink, paper)
            self._lay(picture, left + square.left * module, top + square.top * module, square.side * module)

    def photograph(self, x: float, y: float, side: float, band: BandPrint) -> None:
        """The face, as the JPEG that it is."""
        self._lay(_jpeg(band.grey_jpeg()), x, y, side)

    def part(
        self, x: float, y: float, width: float, height: float, draw: Callable[[Self], None], *, turned: bool = False
    ) -> None:
        """A drawing within this one."""
        place = f"-1 0 0 -1 {x + width:.3f} {y + height:.3f}" if turned else f"1 0 0 1 {x:.3f} {y:.3f}"
        self._say(f"q {place} cm")
        draw(self)
        self._say("Q")

    def _say(self, operators: str) -> None:
        self._said.append(operators)

    def _lay(self, picture: Picture, x: float, y: float, side: float) -> None:
        self._say(f"q {side:.4f} 0 0 {-side:.4f} {x:.4f} {y + side:.4f} cm /P{len(self._pictures)} Do Q")
        self._pictures.append(picture)


def _levels(colour: Colour) -> str:
    return " ".join(f"{channel / 255:.4g}" for channel in colour)


def _filled(colour: Colour) -> str:
    # Grey is black ink alone in every print shop; three equal channels may become four inks.
    return f"{colour[0] / 255:.4g} g" if len(set(colour)) == 1 else f"{_levels(colour)} rg"


def _stroked(colour: Colour) -> str:
    return f"{colour[0] / 255:.4g} G" if len(set(colour)) == 1 else f"{_levels(colour)} RG"


def _indexed(light: Tone, ink: Colour, paper: Colour) -> Picture:
    """Light as places in a table of tones from ink to paper."""
    steps = np.linspace(0, 1, _TONES)[:, None]
    table = np.rint(np.array(ink) + steps * (np.array(paper) - np.array(ink))).astype(np.uint8).tobytes().hex()
    height, width = light.shape
    entries = (
        f"/Type /XObject /Subtype /Image /Width {width} /Height {height} /BitsPerComponent 8 "
        f"/ColorSpace [/Indexed /DeviceRGB {_TONES - 1} <{table}>]"
    )
    return Picture(entries, np.rint(light * (_TONES - 1)).astype(np.uint8).tobytes(), packed=False)


def _jpeg(data: bytes) -> Picture:
    with Image.open(io.BytesIO(data)) as image:
        width, height = image.size
    entries = (
        f"/Type /XObject /Subtype /Image /Width {width} /Height {height} /BitsPerComponent 8 "
        "/ColorSpace /DeviceGray /Filter /DCTDecode"
    )
    return Picture(entries, data, packed=True)
