"""What happens to a symbol between printer and phone: fixed, repeatable damage, mild enough for a plain symbol."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from functools import cache

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter

from wristband.bands.artwork.portrait import Tone

PIXELS_PER_MODULE = 6
"""Of the pictures that are worn: a phone held at reading distance sees a band at three to eight."""

Wear = Callable[[Image.Image], Image.Image]

_INK, _PAPER = 26, 190
_TILT_DEGREES = 38
_WRIST_DEGREES = 85
_STRIPS = 16


def photographed(light: Tone) -> Image.Image:
    """A symbol's light (0 to 1) as the grey that a camera makes of it on yellow material."""
    return Image.fromarray((_INK + light * (_PAPER - _INK) + 0.5).astype(np.uint8))


def untouched(picture: Image.Image) -> Image.Image:
    """As printed."""
    return picture


def blurred(picture: Image.Image) -> Image.Image:
    """Out of focus by two fifths of a module."""
    return picture.filter(ImageFilter.GaussianBlur(0.4 * PIXELS_PER_MODULE))


def tilted(picture: Image.Image) -> Image.Image:
    """Seen from the side, the far edge shorter than the near one."""
    side, near = picture.width, 0.08 * picture.height
    width = round(side * math.cos(math.radians(_TILT_DEGREES)))
    # Output corner (x, y) to input: the right edge is squeezed towards the middle row.
    corners = [(0, 0), (width, near), (width, side - near), (0, side)]
    source = [(0, 0), (side, 0), (side, side), (0, side)]
    return picture.transform(
        (width, side),
        Image.Transform.PERSPECTIVE,
        _perspective(corners, source),
        Image.Resampling.BILINEAR,
        fillcolor=_PAPER,
    )


def _perspective(seen: Sequence[tuple[float, float]], source: Sequence[tuple[float, float]]) -> list[float]:
    """The eight coefficients that take `seen` points to `source` points."""
    rows, goal = [], []
    for (x, y), (u, v) in zip(seen, source, strict=True):
        rows += [[x, y, 1, 0, 0, 0, -u * x, -u * y], [0, 0, 0, x, y, 1, -v * x, -v * y]]
        goal += [u, v]
    return [float(value) for value in np.linalg.solve(np.array(rows, dtype=float), np.array(goal, dtype=float))]


def curved(picture: Image.Image) -> Image.Image:
    """Round a thin wrist: the columns crowd together at both sides."""
    width, height = picture.size
    half = math.radians(_WRIST_DEGREES) / 2
    seen = [round(width * i / _STRIPS) for i in range(_STRIPS + 1)]
    source = [width / 2 * (1 + math.asin((2 * x / width - 1) * math.sin(half)) / half) for x in seen]
    mesh = [
        ((x0, 0, x1, height), (u0, 0.0, u0, float(height), u1, float(height), u1, 0.0))
        for x0, x1, u0, u1 in zip(seen, seen[1:], source, source[1:], strict=False)
    ]
    return picture.transform((width, height), Image.Transform.MESH, mesh, Image.Resampling.BILINEAR)


def noisy(picture: Image.Image) -> Image.Image:
    """At dusk, one side in shadow, with a small sensor's noise."""
    shade = np.linspace(1, 0.6, picture.width, dtype=np.float32)
    grey = np.asarray(picture.filter(ImageFilter.GaussianBlur(1.2)), dtype=np.float32) * shade
    return Image.fromarray(np.clip(grey + _noise(picture.size), 0, 255).astype(np.uint8))


@cache
def _noise(size: tuple[int, int]) -> NDArray[np.float32]:
    return np.random.default_rng(110).normal(0, 7, size[::-1]).astype(np.float32)


def dirty(picture: Image.Image) -> Image.Image:
    """A year on a wrist: smears of both colours and a few scratches, in places that do not change."""
    worn = picture.copy()
    draw = ImageDraw.Draw(worn)
    chance = np.random.default_rng(2018)
    side = picture.width
    for kind in range(8):
        x, y = chance.uniform(0.2, 0.8, 2) * side
        across = chance.uniform(0.4, 0.9) * PIXELS_PER_MODULE
        draw.ellipse((x - across, y - across, x + across, y + across), fill=60 if kind % 2 else 170)
    for _ in range(3):
        x0, y0, x1, y1 = chance.uniform(0.05, 0.95, 4) * side
        draw.line((x0, y0, x1, y1), fill=165, width=1)
    return worn.filter(ImageFilter.GaussianBlur(1))


WEAR: Mapping[str, Wear] = {
    "untouched": untouched,
    "blurred": blurred,
    "tilted": tilted,
    "curved": curved,
    "noisy": noisy,
    "dirty": dirty,
}
"""Every condition a band is tried under before it is released."""
