"""Forms drawn into a page for the browser's own print: the same places and sizes, in letters that the browser has."""

from __future__ import annotations

import io
from functools import lru_cache
from html import escape
from itertools import groupby
from pathlib import Path

from PIL import Image

from wristband.bands.artwork.drawing import BLACK, Colour
from wristband.bands.printing.band import BandPrint
from wristband.bands.printing.fonts import Typeface
from wristband.bands.printing.forms import FORMS
from wristband.bands.printing.surface import BLEED_MM, MARKS_MM
from wristband.bands.printing.svg_surface import SvgSurface
from wristband.bands.printing.typesetting import Line, Type
from wristband.bands.rules import BandForm

_CUT_MM = 0.1
_BOLD_WIDER = 1.07
# Advances of a plain sans-serif in type sizes: whatever is not listed is a Chinese character and square.
_NARROW, _USUAL, _WIDE = "fijlrtI.,:;'!|/()-· ", "0123456789abcdeghknopqsuvxyzJL?", "mwMW@"
_ADVANCES = dict.fromkeys(_NARROW, 0.3) | dict.fromkeys(_USUAL, 0.55) | dict.fromkeys(_WIDE, 0.86)
_CAPITAL = 0.68
# A face in vectors, since a page's content policy lets no picture into it: so many points a side, so many greys.
_FACE_POINTS, _FACE_TONES = 88, 24


class BrowserType(Type):
    """Lines as wide as letters usually are; the browser then sets each in exactly that width."""

    def line(self, text: str, *, bold: bool = False) -> Line:
        """The text in whatever font the browser takes; none has to be installed here."""
        return Line(((_BOLD if bold else _REGULAR, text),))


class _AnyFace(Typeface):
    """A font of which only the usual widths are known."""

    @lru_cache(maxsize=1 << 10)  # noqa: B019 - as its base: two of these there are
    def advance(self, character: str) -> float:
        known = _ADVANCES.get(character, _CAPITAL if character.isascii() else 1.0)
        return known * (_BOLD_WIDER if self is _BOLD and character.isascii() else 1.0)


_REGULAR, _BOLD = _AnyFace(Path("regular"), ""), _AnyFace(Path("bold"), "")


class PageSurface(SvgSurface):
    """An element of a page. No style, no script, no address in it: it stands under any content security policy."""

    def __init__(self, symbol_title: str) -> None:
        super().__init__(BrowserType())
        self.symbol_title = symbol_title

    def set(self, x: float, y: float, line: Line, size: float, colour: Colour) -> None:
        """A line of text in exactly its width."""
        ((face, text),) = line.runs
        weight = ' font-weight="700"' if face is _BOLD else ""
        self._said.append(
            f'<text x="{x:.3f}" y="{y:.3f}" font-size="{size:.3f}"{weight} fill="{_hex(colour)}" '
            f'textLength="{line.advance * size:.3f}" lengthAdjust="spacingAndGlyphs">{escape(text)}</text>'
        )

    def photograph(self, x: float, y: float, side: float, band: BandPrint) -> None:
        """The face in greys."""
        with Image.open(io.BytesIO(band.grey_jpeg()), formats=["JPEG"]) as image:
            grey = image.convert("L").resize((_FACE_POINTS, _FACE_POINTS), Image.Resampling.LANCZOS)
        levels = [round(level / 255 * (_FACE_TONES - 1)) for level in grey.tobytes()]
        paths: dict[int, list[str]] = {}
        for row in range(_FACE_POINTS):
            column = 0
            for level, run in groupby(levels[row * _FACE_POINTS : (row + 1) * _FACE_POINTS]):
                length = len(list(run))
                paths.setdefault(level, []).append(f"M{column} {row}h{length}v1h-{length}z")
                column += length
        place = f"translate({x:g} {y:g}) scale({side / _FACE_POINTS:.6f})"
        self._said.append(f'<g transform="{place}" shape-rendering="crispEdges">')
        for level, path in sorted(paths.items()):
            value = round(level / (_FACE_TONES - 1) * 255)
            self._said.append(f'<path fill="{_hex((value, value, value))}" d="{"".join(path)}"/>')
        self._said.append("</g>")

    def crop_marks(self, width: float, height: float) -> None:
        """A thin line all round to cut along, lengthened above and below: at its ends a long strip fills the page."""
        for y in (0.0, height):
            self.rule(-BLEED_MM, y, width + BLEED_MM, y, width=_CUT_MM, colour=BLACK)
        for x in (0.0, width):
            self.rule(x, -MARKS_MM, x, height + MARKS_MM, width=_CUT_MM, colour=BLACK)

    def element(self, width: float, height: float, title: str) -> str:
        """The drawing of a piece of this size in mm, with its bleed and marks, as an SVG element of true size."""
        whole, high = width + 2 * BLEED_MM, height + 2 * MARKS_MM
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{whole:g}mm" height="{high:g}mm" '
            f'viewBox="{-BLEED_MM:g} {-MARKS_MM:g} {whole:g} {high:g}" role="group" aria-label="{escape(title)}">'
            + "".join(self._said)
            + "</svg>"
        )


def page_element(band: BandPrint, form: BandForm, *, symbol_title: str) -> str:
    """One band in a form as an element of a page. BadValue `print.symbol_too_small`."""
    surface = PageSurface(symbol_title)
    FORMS[form].draw(surface, band)
    return surface.element(*FORMS[form].size, title=band.number)


def _hex(colour: Colour) -> str:
    return "#{:02x}{:02x}{:02x}".format(*colour)
