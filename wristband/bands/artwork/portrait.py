"""A face made ready to lie in a symbol: high key, its dark masses few and where a face has them."""

from __future__ import annotations

import math
from functools import cache
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
# Of the curve below the skin: lower, and hair and features of a dark face would be washed out with its skin.
_LEAST_POWER = 0.55
# Local contrast added: in the face, and beyond it, where white hair has to stand out from a light wall.
_SHARP, _SHARPER = 0.7, 1.1
# The least difference of light in the face's place that is a face, and not the grain of a photograph of nothing.
_LEAST_CONTRAST = 0.04
# A picture whose lightest parts are darker than this is night; others are lit up until those are white.
_LEAST_EXPOSURE = 0.1
# Ellipses as centre and radii, in shares of the side. Skin is measured in the face, and well within it nothing is
# taken for wall, however alike its colour; beyond the vignette everything is.
_FACE = ((0.5, 0.52), (0.30, 0.36))
_VIGNETTE = ((0.5, 0.5), (0.50, 0.54))


def prepare(image: Image.Image) -> Tone:
    """The tone of a square face crop, SIDE x SIDE.

    Background lightened, contrast stretched between the darkest hair and the skin, the skin's middle tone raised to
    nearly paper, edges strengthened: what stays dark is eyes, brows, mouth, hair and collar. Any mode Pillow knows;
    transparency lies on white, of an animation the first frame is taken. A crop that is not square is trimmed about
    its middle. A picture of nothing (one colour where the face should be) becomes bare paper, see `is_blank`.
    """
    square = _square(_opaque(image))
    levels = np.asarray(square.convert("L"), dtype=np.float32)
    exposure = max(float(np.percentile(levels, 99)) / 255, _LEAST_EXPOSURE)
    grey = np.asarray(levels / (255 * exposure), dtype=np.float32)
    face = _distance(*_FACE)
    inside = grey[face < 1]
    if float(np.ptp(np.percentile(inside, (2, 98)))) < _LEAST_CONTRAST:
        return np.ones_like(grey)
    tone = _sharpened(_high_key(grey, inside), _SHARP + _SHARPER * _smooth(face - 0.8, 0.2))
    # A light wall becomes paper by itself; lifting it would take white hair along.
    wall = _background(square, exposure) * (1 - _smooth(tone - 0.5, 0.35)) * _smooth(face - 0.72, 0.25)
    paper = np.maximum(wall, _smooth(_distance(*_VIGNETTE) - 0.9, 0.3))
    return np.asarray(tone + (1 - tone) * paper, dtype=np.float32)


def is_blank(tone: Tone) -> bool:
    """Whether there is no portrait in a tone: a band does better without."""
    return float(tone.min()) > 1 - _LEAST_CONTRAST


def _high_key(tone: Tone, inside: Tone) -> Tone:
    """The skin's middle tone raised to nearly paper, whatever skin it is; `inside` are the pixels of the face.

    What is darker keeps its order down to ink, what is lighter goes on to paper.
    """
    skin = float(np.median(inside))
    # No darker than a shadow on the skin is no ink: white hair over a rosy face has nothing black in it.
    dark = min(float(np.percentile(tone, 2)), _DARKEST * skin)
    light = max(float(np.percentile(inside, 97)), skin + 0.02)
    skin_above = max(skin - dark, 0.02)
    share = skin_above / max(light - dark, 0.05)
    power = min(max(math.log(_SKIN_LIGHT) / math.log(min(share, 0.95)), _LEAST_POWER), 1.0)
    below = _SKIN_LIGHT * np.power(np.clip((tone - dark) / skin_above, 0, 1), power, dtype=np.float32)
    above = (1 - _SKIN_LIGHT) * np.clip((tone - skin) / (light - skin), 0, 1)
    return np.asarray(below + above, dtype=np.float32)


def _opaque(image: Image.Image) -> Image.Image:
    if getattr(image, "is_animated", False):
        image.seek(0)
    if image.has_transparency_data:
        rgba = image.convert("RGBA")
        image = Image.alpha_composite(Image.new("RGBA", rgba.size, "white"), rgba)
    return image.convert("RGB")


def _square(image: Image.Image) -> Image.Image:
    side = min(image.size)
    left, top = (image.width - side) // 2, (image.height - side) // 2
    box = (left, top, left + side, top + side)
    return image.resize((SIDE, SIDE), Image.Resampling.LANCZOS, box=box)


@cache
def _distance(centre: tuple[float, float], radii: tuple[float, float]) -> Tone:
    """How far each pixel lies from a centre, in radii, both given as shares of the side."""
    y, x = np.mgrid[0:SIDE, 0:SIDE].astype(np.float32) / (SIDE - 1)
    distance: Tone = np.hypot((x - centre[0]) / radii[0], (y - centre[1]) / radii[1], dtype=np.float32)
    distance.flags.writeable = False
    return distance


def _sharpened(tone: Tone, gain: Tone) -> Tone:
    """Local contrast at the scale of half a module, so that eyes and mouth survive the loss of detail."""
    image = Image.fromarray(np.uint8(tone * 255 + 0.5))
    blurred = np.asarray(image.filter(ImageFilter.BoxBlur(SIDE / 24)), dtype=np.float32) / 255
    return np.asarray(np.clip(tone + gain * (tone - blurred), 0, 1), dtype=np.float32)


def _smooth(distance: Tone, width: float) -> Tone:
    """A soft step: 0 up to a distance of 0, 1 from `width` on."""
    share = np.clip(distance / width, 0, 1)
    return np.asarray(share * share * (3 - 2 * share), dtype=np.float32)


def _background(square: Image.Image, exposure: float) -> Tone:
    """1 where a pixel has the colour of the wall beside or above the head, 0 where it has not.

    Whatever hung behind the elder has no business in the symbol: it costs modules that the face needs.
    """
    blurred = square.filter(ImageFilter.BoxBlur(2))
    planes = [np.asarray(plane, dtype=np.float32) / (255 * exposure) for plane in blurred.split()]
    edge, shoulders = SIDE // 16, SIDE * 6 // 10
    nearest = np.ones((SIDE, SIDE), dtype=np.float32)
    for strip in (np.s_[:shoulders, :edge], np.s_[:shoulders, -edge:], np.s_[:edge]):
        away = [np.abs(plane - np.median(plane[strip])) for plane in planes]
        nearest = np.minimum(nearest, np.maximum(np.maximum(away[0], away[1]), away[2]))
    return np.asarray(1 - _smooth(nearest - 0.04, 0.10), dtype=np.float32)


def by_module(tone: Tone, modules: int) -> NDArray[np.float32]:
    """The mean light of each of `modules` x `modules` squares."""
    image = Image.fromarray(tone).resize((modules, modules), Image.Resampling.BOX)
    return np.asarray(image, dtype=np.float32)


def at_size(tone: Tone, pixels: int) -> Tone:
    """The tone resampled to `pixels` a side."""
    image = Image.fromarray(tone).resize((pixels, pixels), Image.Resampling.BICUBIC)
    return np.clip(np.asarray(image, dtype=np.float32), np.float32(0), np.float32(1))
