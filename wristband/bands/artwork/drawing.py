"""A design as a picture: pixels at a print resolution, or vectors for a page."""

from __future__ import annotations

from dataclasses import replace
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from wristband.bands.artwork.agreement import DARK_LIGHT, LIGHT_LIGHT
from wristband.bands.artwork.design import Design
from wristband.bands.artwork.layout import Window
from wristband.bands.artwork.portrait import Tone, at_size, prepare

Colour: TypeAlias = tuple[int, int, int]

YELLOW: Colour = (255, 205, 40)
WHITE: Colour = (255, 255, 255)
BLACK: Colour = (0, 0, 0)

QUIET_MODULES = 4
SIZE_MM = 22.0
MM_PER_INCH = 25.4

_ROWS = 64
_SVG_STEPS = 8
_SVG_TONES = 16
_BELL_SIGMA = 0.3
# The most light of a dark module's pixels and the least of a light one's, in its middle half and at its edge. Decoders
# look at the middle, the eye at the whole: hard limits in the middle and soft ones at the edge read a point better than
# moderate ones all over and show as much of the face; hard ones all over leave no eye in it.
_CORE_DARK, _RIM_DARK = 0.25, 0.90
_CORE_LIGHT, _RIM_LIGHT = 0.90, 0.30
# Bisection steps towards the right shift of a module's tone: finer than a step of 8-bit grey.
_BISECTIONS = 9


def module_mm(design: Design, size_mm: float = SIZE_MM) -> float:
    """The side of a module when the symbol with its quiet zone is printed `size_mm` wide; not below 0.5 on a band."""
    return size_mm / (design.size + 2 * QUIET_MODULES)


def patch(design: Design, portrait: Image.Image | Tone, steps: int) -> Tone:
    """The light of the square under the portrait, `steps` pixels to a module.

    Each module's tone is shifted as far as its colour demands and no farther: the mean light of a dark one, weighted
    towards its middle, does not exceed DARK_LIGHT, that of a light one is not below LIGHT_LIGHT. Then its pixels are
    held within bounds that are tight in its middle half, where decoders look, and loose at its rim, where the face is.
    """
    square = design.portrait
    if square is None:
        raise ValueError("this design has no portrait")
    tone = prepare(portrait) if isinstance(portrait, Image.Image) else portrait
    side = square.side
    cells = at_size(tone, side * steps).reshape(side, steps, side, steps).swapaxes(1, 2).reshape(-1, steps * steps)
    rows = design.modules[square.top : square.top + side]
    dark = np.array([row[square.left : square.left + side] for row in rows]).ravel()
    lit = np.clip(cells + _shifts(cells, dark, _bell(steps))[:, None], 0, 1)
    rim = _rim(steps)
    most = _CORE_DARK + (_RIM_DARK - _CORE_DARK) * rim
    least = _CORE_LIGHT + (_RIM_LIGHT - _CORE_LIGHT) * rim
    held: Tone = np.where(dark[:, None], np.minimum(lit, most), np.maximum(lit, least)).astype(np.float32)
    held[~square.covered.ravel()] = np.where(dark, 0, 1)[~square.covered.ravel(), None]
    return held.reshape(side, side, steps, steps).swapaxes(1, 2).reshape(side * steps, side * steps)


def _from_middle(steps: int) -> NDArray[np.float32]:
    """How far the pixels of a module's row lie from its middle, in modules."""
    return np.asarray(np.abs((np.arange(steps) + 0.5) / steps - 0.5), dtype=np.float32)


def _bell(steps: int) -> NDArray[np.float32]:
    """How much each pixel of a module counts: a bell over the module, summing to one."""
    along = np.exp(-(_from_middle(steps) ** 2) / (2 * _BELL_SIGMA**2))
    bell = np.outer(along, along)
    return np.asarray(bell / bell.sum(), dtype=np.float32).ravel()


def _rim(steps: int) -> NDArray[np.float32]:
    """0 in the middle half of a module, rising to 1 at its edge."""
    along = _from_middle(steps)
    return np.asarray(np.clip(np.maximum.outer(along, along) * 4 - 1, 0, 1), dtype=np.float32).ravel()


def _shifts(cells: NDArray[np.float32], dark: NDArray[np.bool_], bell: NDArray[np.float32]) -> NDArray[np.float32]:
    """What to add to each module's pixels; nothing where the portrait already agrees."""
    goal = np.where(dark, DARK_LIGHT, LIGHT_LIGHT).astype(np.float32)
    light = cells @ bell
    agrees = np.where(dark, light <= goal, light >= goal)
    low, high = np.where(dark, -1, 0).astype(np.float32), np.where(dark, 0, 1).astype(np.float32)
    for _ in range(_BISECTIONS):
        middle = (low + high) / 2
        brighter = np.clip(cells + middle[:, None], 0, 1) @ bell > goal
        low, high = np.where(brighter, low, middle), np.where(brighter, middle, high)
    return np.where(agrees, 0, np.where(dark, low, high)).astype(np.float32)


def coloured(light: Tone, ink: Colour = BLACK, paper: Colour = WHITE) -> Image.Image:
    """Light as colour: 0 is ink, 1 is paper."""
    mixed = np.empty((*light.shape, 3), dtype=np.uint8)
    # A few rows at a time: in between a pixel takes eight times the room that it has in the end.
    for top in range(0, len(light), _ROWS):
        rows = slice(top, top + _ROWS)
        for channel in range(3):
            mixed[rows, :, channel] = ink[channel] + light[rows].astype(float) * (paper[channel] - ink[channel]) + 0.5
    return Image.fromarray(mixed)


def light(design: Design, portrait: Image.Image | Tone | None, steps: int) -> Tone:
    """The light of the whole symbol with its quiet zone, `steps` pixels to a module."""
    field = np.ones((design.size + 2 * QUIET_MODULES,) * 2, dtype=np.float32)
    inner = slice(QUIET_MODULES, -QUIET_MODULES)
    field[inner, inner] = 1 - np.array(design.modules, dtype=np.float32)
    fine = field.repeat(steps, axis=0).repeat(steps, axis=1)
    if design.portrait is not None and portrait is not None:
        top, left = ((QUIET_MODULES + edge) * steps for edge in (design.portrait.top, design.portrait.left))
        edge = design.portrait.side * steps
        fine[top : top + edge, left : left + edge] = patch(design, portrait, steps)
    return fine


def image(
    design: Design,
    portrait: Image.Image | Tone | None,
    *,
    size_mm: float = SIZE_MM,
    dpi: int = 300,
    ink: Colour = BLACK,
    paper: Colour = YELLOW,
) -> Image.Image:
    """The symbol with its quiet zone as an RGB image of `size_mm` at `dpi`, to the nearest pixel.

    Drawn with a whole number of pixels to a module and brought to size by area, so that no module is wider than
    another. Its `info["dpi"]` is set; a PNG saved with it prints at true size.
    """
    pixels = round(size_mm / MM_PER_INCH * dpi)
    steps = max(8, -(-2 * pixels // (design.size + 2 * QUIET_MODULES)))
    fine = coloured(light(design, portrait, steps), ink, paper)
    drawn = fine.resize((pixels, pixels), Image.Resampling.BOX)
    drawn.info["dpi"] = (dpi, dpi)
    return drawn


def runs(design: Design) -> list[tuple[int, int, int]]:
    """The dark modules outside the portrait as (column, row, length), without quiet zone."""
    found = []
    for row, modules in enumerate(design.modules):
        start = 0
        while start < design.size:
            end = start
            while end < design.size and modules[end] and not _covered(design, end, row):
                end += 1
            if end > start:
                found.append((start, row, end - start))
            start = end + 1
    return found


def without_portrait(design: Design) -> Design:
    """The same symbol drawn plain, as it is when the photograph is gone."""
    return replace(design, portrait=None)


def _covered(design: Design, column: int, row: int) -> bool:
    square = design.portrait
    return square is not None and (
        square.left <= column < square.left + square.side and square.top <= row < square.top + square.side
    )


def svg(
    design: Design,
    portrait: Image.Image | Tone | None,
    *,
    size_mm: float = SIZE_MM,
    ink: Colour = BLACK,
    paper: Colour | None = None,
    title: str = "",
) -> str:
    """The symbol with its quiet zone as one self-contained SVG element of `size_mm`.

    Vectors and presentation attributes only: no script, no style, no data: address, so it stands in a page under any
    content security policy. `paper` None leaves the ground open, for coloured stock. `title` is read by screen readers.
    """
    side = design.size + 2 * QUIET_MODULES
    drawn = design if portrait is not None else without_portrait(design)
    modules = "".join(f"M{c + QUIET_MODULES} {r + QUIET_MODULES}h{n}v1h-{n}z" for c, r, n in runs(drawn))
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{size_mm:g}mm" height="{size_mm:g}mm" '
        f'viewBox="0 0 {side} {side}" role="img" shape-rendering="crispEdges">',
        f"<title>{_escaped(title)}</title>" if title else "",
        f'<path fill="{_hex(paper)}" d="M0 0h{side}v{side}h-{side}z"/>' if paper else "",
        f'<path fill="{_hex(ink)}" d="{modules}"/>',
    ]
    if drawn.portrait is not None and portrait is not None:
        tones = patch(drawn, portrait, _SVG_STEPS)
        parts.append(_svg_patch(tones, drawn.portrait, ink, paper or WHITE))
    return "".join(parts) + "</svg>"


def _svg_patch(light: Tone, square: Window, ink: Colour, paper: Colour) -> str:
    """The portrait as one path a tone, in units of an eighth of a module."""
    tones = np.rint(light * (_SVG_TONES - 1)).astype(int)
    paths: dict[int, list[str]] = {}
    for row, line in enumerate(tones.tolist()):
        start = 0
        for end in range(1, len(line) + 1):
            if end == len(line) or line[end] != line[start]:
                paths.setdefault(line[start], []).append(f"M{start} {row}h{end - start}v1h-{end - start}z")
                start = end
    left, top = square.left + QUIET_MODULES, square.top + QUIET_MODULES
    drawn = "".join(
        f'<path fill="{_hex(_mixed(tone / (_SVG_TONES - 1), ink, paper))}" d="{"".join(path)}"/>'
        for tone, path in sorted(paths.items())
        if tone < _SVG_TONES - 1
    )
    return f'<g transform="translate({left} {top}) scale({1 / _SVG_STEPS:g})">{drawn}</g>'


def _mixed(light: float, ink: Colour, paper: Colour) -> Colour:
    r, g, b = (round(i + light * (p - i)) for i, p in zip(ink, paper, strict=True))
    return r, g, b


def _hex(colour: Colour) -> str:
    return "#{:02x}{:02x}{:02x}".format(*colour)


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
