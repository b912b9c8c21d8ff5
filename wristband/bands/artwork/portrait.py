"""A face made ready to lie in a symbol: high key, its dark masses few and where a face has them."""

from __future__ import annotations

import math
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter

Tone: TypeAlias = NDArray[np.float32]
"""Light by pixel, 0 is ink and 1 is paper."""

SIDE = 264
"""Pixels a side of a prepared portrait: divides by 7, 9 and 11 modules to 24 pixels and more."""

_SKIN_LIGHT = 0.86
_DARKEST = 0.45
# Ellipses as centre and radii, in shares of the side. Skin is measured in the face, and well within it nothing is
# taken for wall, however alike its colour; beyond the vignette everything is.
_FACE = ((0.5, 0.52), (0.30, 0.36))
_VIGNETTE = ((0.5, 0.5), (0.50, 0.54))


def prepare(image: Image.Image) -> Tone:
    """The tone of a square face crop, SIDE x SIDE.

    Background lightened, contrast stretched between the darkest hair and the skin, the skin's middle tone raised to
    nearly paper, edges strengthened: what stays dark is eyes, brows, mouth, hair and collar. Any mode Pillow knows;
    transparency lies on white. A crop that is not square is trimmed about its middle.
    """
    square = _square(_opaque(image))
    colours = np.asarray(square, dtype=np.float32) / 255
    tone: Tone = np.asarray(colours @ np.array([0.299, 0.587, 0.114]), dtype=np.float32)
    face = _distance(*_FACE)
    inside = tone[face < 1]
    # No darker than a shadow on the skin is no ink: white hair over a rosy face has nothing black in it.
    dark = min(float(np.percentile(tone, 2)), _DARKEST * float(np.median(inside)))
    light = float(np.percentile(inside, 97))
    tone = _sharpened(np.clip((tone - dark) / max(light - dark, 0.05), 0, 1))
    skin = float(np.clip(np.median(tone[face < 1]), 0.2, 0.95))
    tone = np.power(tone, math.log(_SKIN_LIGHT) / math.log(skin), dtype=np.float32)
    # A light wall becomes paper by itself; lifting it would take white hair along.
    wall = _background(square) * (1 - _smooth(tone - 0.5, 0.35)) * _smooth(face - 0.72, 0.25)
    paper = np.maximum(wall, _smooth(_distance(*_VIGNETTE) - 0.9, 0.3))
    return np.asarray(tone + (1 - tone) * paper, dtype=np.float32)


def _opaque(image: Image.Image) -> Image.Image:
    if image.has_transparency_data:
        rgba = image.convert("RGBA")
        image = Image.alpha_composite(Image.new("RGBA", rgba.size, "white"), rgba)
    return image.convert("RGB")


def _square(image: Image.Image) -> Image.Image:
    side = min(image.size)
    left, top = (image.width - side) // 2, (image.height - side) // 2
    box = (left, top, left + side, top + side)
    return image.resize((SIDE, SIDE), Image.Resampling.LANCZOS, box=box)


def _distance(centre: tuple[float, float], radii: tuple[float, float]) -> Tone:
    """How far each pixel lies from a centre, in radii, both given as shares of the side."""
    y, x = np.mgrid[0:SIDE, 0:SIDE].astype(np.float32) / (SIDE - 1)
    distance: Tone = np.hypot((x - centre[0]) / radii[0], (y - centre[1]) / radii[1], dtype=np.float32)
    return distance


def _sharpened(tone: Tone) -> Tone:
    """Local contrast at the scale of half a module, so that eyes and mouth survive the loss of detail."""
    image = Image.fromarray(np.uint8(tone * 255 + 0.5))
    blurred = np.asarray(image.filter(ImageFilter.GaussianBlur(SIDE / 20)), dtype=np.float32) / 255
    return np.asarray(np.clip(tone + 0.7 * (tone - blurred), 0.001, 1), dtype=np.float32)


def _smooth(distance: Tone, width: float) -> Tone:
    """A soft step: 0 up to a distance of 0, 1 from `width` on."""
    share = np.clip(distance / width, 0, 1)
    return np.asarray(share * share * (3 - 2 * share), dtype=np.float32)


def _background(square: Image.Image) -> Tone:
    """1 where a pixel has the colour of the wall beside or above the head, 0 where it has not.

    Whatever hung behind the elder has no business in the symbol: it costs modules that the face needs.
    """
    colours = np.asarray(square.filter(ImageFilter.GaussianBlur(2)), dtype=np.float32) / 255
    edge, shoulders = SIDE // 16, SIDE * 6 // 10
    strips = (colours[:shoulders, :edge], colours[:shoulders, -edge:], colours[:edge])
    walls = [np.median(strip.reshape(-1, 3), axis=0) for strip in strips]
    nearest = np.min([np.abs(colours - wall).max(axis=2) for wall in walls], axis=0)
    return np.asarray(1 - _smooth(nearest - 0.04, 0.10), dtype=np.float32)


def by_module(tone: Tone, modules: int) -> NDArray[np.float32]:
    """The mean light of each of `modules` x `modules` squares."""
    image = Image.fromarray(tone).resize((modules, modules), Image.Resampling.BOX)
    return np.asarray(image, dtype=np.float32)


def at_size(tone: Tone, pixels: int) -> Tone:
    """The tone resampled to `pixels` a side."""
    image = Image.fromarray(tone).resize((pixels, pixels), Image.Resampling.BICUBIC)
    return np.clip(np.asarray(image, dtype=np.float32), np.float32(0), np.float32(1))
