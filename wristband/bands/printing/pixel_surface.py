"""Forms drawn as pixels: in colour for a screen or a picture, in dots of black for a wristband printer."""

from __future__ import annotations

import io
import math
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from wristband.bands.artwork import drawing
from wristband.bands.artwork.design import Design
from wristband.bands.artwork.drawing import BLACK, MM_PER_INCH, WHITE, Colour
from wristband.bands.artwork.portrait import Tone
from wristband.bands.printing.band import LEAST_MODULE_MM, BandPrint, Symbol
from wristband.bands.printing.surface import FAINT, Surface
from wristband.bands.printing.typesetting import Line, Type
from wristband.errors import BadValue

_DASH_MM, _DASH_GAP_MM = 1.5, 1.2


class PixelSurface(Surface):
    """An RGB image of so many mm at a resolution, white to begin with."""

    def __init__(
        self, type_: Type, width: float, height: float, dots_per_mm: float, *, coloured_stock: bool = False
    ) -> None:
        super().__init__(type_, coloured_stock=coloured_stock)
        self.dots_per_mm = dots_per_mm
        self.image = Image.new("RGB", (self._dots(width), self._dots(height)), WHITE)
        self.pen = ImageDraw.Draw(self.image)

    def _dots(self, length: float) -> int:
        return round(length * self.dots_per_mm)

    def area(self, x: float, y: float, width: float, height: float, colour: Colour) -> None:
        """A filled rectangle, to the nearest dot."""
        right, bottom = self._dots(x + width) - 1, self._dots(y + height) - 1
        self.pen.rectangle((self._dots(x), self._dots(y), right, bottom), fill=colour)

    def rule(
        self, x1: float, y1: float, x2: float, y2: float, *, width: float, colour: Colour = BLACK, dashed: bool = False
    ) -> None:
        """A straight line, a dot wide at least."""
        length = math.hypot(x2 - x1, y2 - y1)
        step = _DASH_MM + _DASH_GAP_MM if dashed else length
        for i in range(math.ceil(length / step)):
            begin, end = i * step / length, min((i * step + (_DASH_MM if dashed else length)) / length, 1)
            points = [(x1 + (x2 - x1) * share, y1 + (y2 - y1) * share) for share in (begin, end)]
            dots = [(self._dots(x), self._dots(y)) for x, y in points]
            self.pen.line(dots, fill=colour, width=max(1, self._dots(width)))

    def ring(self, x: float, y: float, radius: float) -> None:
        """A thin circle about a point."""
        k = self.dots_per_mm
        box = ((x - radius) * k, (y - radius) * k, (x + radius) * k, (y + radius) * k)
        self.pen.ellipse(box, outline=FAINT, width=max(1, self._dots(0.15)))

    def set(self, x: float, y: float, line: Line, size: float, colour: Colour) -> None:
        """A line of text, every character at its own place."""
        for face, text in line.runs:
            font = _font(face.path, round(size * self.dots_per_mm, 3))
            for character in text:
                place = (x * self.dots_per_mm, y * self.dots_per_mm)
                self.pen.text(place, character, font=font, fill=colour, anchor="ls")
                x += size * face.advance(character)

    def symbol(self, x: float, y: float, size_mm: float, symbol: Symbol) -> None:
        """The symbol, brought to size by area."""
        paper = WHITE if self.coloured_stock else symbol.ground
        dpi = round(self.dots_per_mm * MM_PER_INCH)
        drawn = drawing.image(symbol.shown, symbol.portrait, size_mm=size_mm, dpi=dpi, ink=symbol.ink, paper=paper)
        self.image.paste(drawn, (self._dots(x), self._dots(y)))

    def photograph(self, x: float, y: float, side: float, band: BandPrint) -> None:
        """The face in grey."""
        dots = self._dots(side)
        with Image.open(io.BytesIO(band.grey_jpeg())) as face:
            self.image.paste(face.resize((dots, dots), Image.Resampling.LANCZOS), (self._dots(x), self._dots(y)))

    def part(
        self, x: float, y: float, width: float, height: float, draw: Callable[[Self], None], *, turned: bool = False
    ) -> None:
        """A drawing within this one, cut to its size."""
        part = self._beside(width, height)
        place = (self._dots(x), self._dots(y))
        part.image.paste(self._under(place, part.image.size, turned=turned))
        draw(part)
        self.image.paste(part.image.rotate(180) if turned else part.image, place)

    def _beside(self, width: float, height: float) -> Self:
        return type(self)(self.type, width, height, self.dots_per_mm, coloured_stock=self.coloured_stock)

    def _under(self, place: tuple[int, int], size: tuple[int, int], *, turned: bool) -> Image.Image:
        """What a part is drawn on."""
        ground = self.image.crop((*place, place[0] + size[0], place[1] + size[1]))
        return ground.rotate(180) if turned else ground


class DotSurface(PixelSurface):
    """Black dots or none: no ground, letters without grey edges, modules of whole dots."""

    def __init__(
        self, type_: Type, width: float, height: float, dots_per_mm: float, *, coloured_stock: bool = True
    ) -> None:
        super().__init__(type_, width, height, dots_per_mm, coloured_stock=coloured_stock)
        self.pen.fontmode = "1"

    def area(self, x: float, y: float, width: float, height: float, colour: Colour) -> None:
        """Nothing: the material has its colour."""

    def set(self, x: float, y: float, line: Line, size: float, colour: Colour) -> None:
        """A line of text, black whatever its colour elsewhere."""
        super().set(x, y, line, size, BLACK)

    def symbol(self, x: float, y: float, size_mm: float, symbol: Symbol) -> None:
        """The largest symbol of whole dots that its place holds, in the middle of it.

        BadValue `print.symbol_too_small` where a module would be smaller than half a millimetre.
        """
        drawn = dotted(symbol, whole_dots(symbol.design, size_mm, self.dots_per_mm))
        aside = (self._dots(size_mm) - len(drawn)) // 2
        picture = Image.fromarray(np.where(drawn, 0, 255).astype(np.uint8))
        self.image.paste(picture.convert("RGB"), (self._dots(x) + aside, self._dots(y) + aside))

    def photograph(self, x: float, y: float, side: float, band: BandPrint) -> None:
        """The face in dots, the closer the darker."""
        dots = self._dots(side)
        with Image.open(io.BytesIO(band.grey_jpeg())) as face:
            grey = face.resize((dots, dots), Image.Resampling.LANCZOS).convert("1")
        self.image.paste(grey.convert("RGB"), (self._dots(x), self._dots(y)))


def whole_dots(design: Design, size_mm: float, dots_per_mm: float) -> int:
    """Dots to a module, so that the symbol with its quiet zone is as large as `size_mm` allows.

    BadValue `print.symbol_too_small` where a module would be smaller than half a millimetre.
    """
    modules = design.size + 2 * drawing.QUIET_MODULES
    dots, least = int(size_mm * dots_per_mm + 1e-6) // modules, LEAST_MODULE_MM * dots_per_mm
    # Half a dot in a hundred is what printers call 203 to the inch and mean 8 to the millimetre.
    if dots < least - 0.05:
        least_mm = math.ceil(least - 0.05) * modules / dots_per_mm
        raise BadValue("print.symbol_too_small", least_mm=f"{least_mm:.1f}", most_mm=f"{size_mm:g}")
    return dots


def dotted(symbol: Symbol, dots: int) -> NDArray[np.bool_]:
    """The symbol with its quiet zone, `dots` to a module, True where a dot is black.

    The middle of every module, which is where decoders look, is what the module is. The portrait's light is spread over
    the dots around those middles, which make up for them. Of eight ways tried this one shows the face best of those
    that cost no more than three points of read rate: an ordered dither, a threshold and dots that know nothing of the
    middles show less of it, the same with a face's bare tones costs up to eight (`scripts/bench artwork --thermal`).
    """
    design = symbol.shown
    plain = drawing.light(drawing.without_portrait(design), None, dots) < 0.5
    square, tone = design.portrait, symbol.portrait
    if square is None or tone is None:
        return plain
    top, left = ((edge + drawing.QUIET_MODULES) * dots for edge in (square.top, square.left))
    there = (slice(top, top + square.side * dots), slice(left, left + square.side * dots))
    middle = np.zeros((dots, dots), dtype=bool)
    rim = dots // 4
    middle[rim : dots - rim, rim : dots - rim] = True
    settled = np.tile(middle, (square.side, square.side)) | ~np.kron(square.covered, np.ones((dots, dots), dtype=bool))
    plain[there] = _diffused(drawing.patch(design, tone, dots), settled, plain[there])
    return plain


def _diffused(light: Tone, settled: NDArray[np.bool_], dark: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Light as dots, by Floyd's and Steinberg's error diffusion; where `settled`, a dot is as `dark` says."""
    black = dark.copy()
    # A column more at each end takes what is spread beyond the edge.
    below = np.zeros(light.shape[1] + 2).tolist()
    for row, line in enumerate(light.tolist()):
        here, below = below, [0.0] * len(below)
        fixed, said = settled[row].tolist(), dark[row].tolist()
        for column, wanted in enumerate(line, 1):
            owed = wanted + here[column]
            inked = said[column - 1] if fixed[column - 1] else owed < 0.5
            black[row, column - 1] = inked
            error = owed - (not inked)
            here[column + 1] += error * 7 / 16
            below[column - 1] += error * 3 / 16
            below[column] += error * 5 / 16
            below[column + 1] += error / 16
    return black


@lru_cache(maxsize=64)
def _font(path: Path, size: float) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(str(path), size, layout_engine=ImageFont.Layout.BASIC)
