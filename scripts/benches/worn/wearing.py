"""A year on a wrist and a hurried photograph: seeded damage to a printed band, the same for every design it meets."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache

import cv2
import numpy as np
from numpy.typing import NDArray

Grey = NDArray[np.uint8]
Field = NDArray[np.float32]

PIXELS = 520
"""A side of the printed square before it is photographed: 22 mm at 600 dpi."""
MM = PIXELS / 22.0
SEVERITIES = range(1, 6)

_PAPER = 0.79  # yellow (255, 205, 40) to a camera's grey; ink is black
_INK = 0.10
_STRIP_MM = 25.0
_SAMPLES = 2  # a side of a camera pixel, for its area
_MOST_TILT_DEG = 52


@dataclass(frozen=True)
class Damage:
    """What happens to one band and its photograph; every length in pixels of the print unless it says otherwise."""

    spread: float
    soft: float
    faded: Field
    stain: Field
    stain_light: Field
    places: tuple[Field, Field]
    background: Field
    lighting: Field
    glare: Field
    defocus: float
    motion: NDArray[np.float32]
    noise: Field
    jpeg: int


def strength_of(severity: int) -> float:
    """How strong everything that happens may be, for a severity of 1 to 5."""
    return 0.5 + 0.62 * severity


_STRONGEST = strength_of(max(SEVERITIES))


def damage(seed: int, severity: int) -> Damage:
    """The damage of one seed: every kind is in it, each as strong as chance has it, up to the severity (1 to 5)."""
    chance = np.random.default_rng([seed, severity])
    strength = strength_of(severity)  # a plain symbol's rate falls from nearly all to about a third
    side, places, background = _view(chance, strength)
    shape = (side, side)
    stain, stain_light = _dirt_and_scratches(chance, strength)
    return Damage(
        spread=float(chance.uniform(-0.1, 0.22)) * strength,
        soft=0.5 + float(chance.uniform(0.1, 0.4)) * strength,
        faded=_fading_and_rubbing(chance, strength),
        stain=stain,
        stain_light=stain_light,
        places=places,
        background=background,
        lighting=_lighting(chance, strength, shape),
        glare=_glare(chance, strength, shape),
        defocus=0.3 + float(chance.uniform(0, 0.16)) * strength,
        motion=_motion(chance, strength),
        noise=chance.normal(0, 1.5 + 1.2 * strength, shape).astype(np.float32),
        jpeg=int(95 - chance.uniform(5, 12) * strength),
    )


def photographed(light: Field, harm: Damage) -> Grey:
    """A print's light (PIXELS a side, 0 ink, 1 paper), worn and photographed."""
    ink = 1 - _spread(light, harm.spread)
    ink = cv2.GaussianBlur(ink, (0, 0), harm.soft) * (1 - harm.faded)
    grey = _PAPER + ink * (_INK - _PAPER)
    grey += harm.stain * (harm.stain_light - grey)
    seen = cv2.remap(grey, *harm.places, cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT, borderValue=_PAPER)
    # Where there is no print there is band (background is then negative), and beyond the band the street.
    seen = np.where(harm.background >= 0, harm.background, seen)
    seen = cv2.resize(seen, harm.lighting.shape[::-1], interpolation=cv2.INTER_AREA)
    seen = cv2.filter2D(cv2.GaussianBlur(seen, (0, 0), harm.defocus), -1, harm.motion, borderType=cv2.BORDER_REPLICATE)
    seen = seen * harm.lighting * (1 - harm.glare) + harm.glare
    noisy = np.clip(seen * 255 + harm.noise, 0, 255).astype(np.uint8)
    _, octets = cv2.imencode(".jpg", noisy, [cv2.IMWRITE_JPEG_QUALITY, harm.jpeg])
    return cv2.imdecode(octets, cv2.IMREAD_GRAYSCALE)


def _spread(light: Field, pixels: float) -> Field:
    """Ink that has grown by so many pixels an edge (or shrunk, below nothing)."""
    whole, part = divmod(abs(pixels), 1)
    grow = cv2.erode if pixels > 0 else cv2.dilate
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (3, 3))
    grown = grow(light, kernel, iterations=int(whole)) if whole else light
    return grown * (1 - part) + grow(grown, kernel) * part if part else grown


def _clouds(chance: np.random.Generator, cells: tuple[int, int]) -> Field:
    """Smooth chance over the print, 0 to 1; `cells` (across, down) say how fine."""
    small = chance.random((cells[1], cells[0])).astype(np.float32)
    return np.clip(cv2.resize(small, (PIXELS, PIXELS), interpolation=cv2.INTER_CUBIC), 0, 1)


def _fading_and_rubbing(chance: np.random.Generator, strength: float) -> Field:
    """The share of ink that is gone: everywhere a little, in clouds more, and in streaks along the band nearly all."""
    faded = chance.uniform(0, 0.06) * strength + _clouds(chance, (4, 4)) * chance.uniform(0, 0.08) * strength
    streaks = _clouds(chance, (6, 40)) * _clouds(chance, (60, 30))
    limit = np.quantile(streaks, 1 - chance.uniform(0, 0.011) * strength)
    rubbed = np.clip((streaks - limit) * 12, 0, 1) * 0.9
    return np.clip(np.maximum(faded, rubbed), 0, 0.95).astype(np.float32)


def _dirt_and_scratches(chance: np.random.Generator, strength: float) -> tuple[Field, Field]:
    """How much of each place is covered, and the light of what covers it."""
    cover, light = np.zeros((PIXELS, PIXELS), np.float32), np.zeros((PIXELS, PIXELS), np.float32)
    for _ in range(chance.poisson(1.3 * strength)):
        place = tuple(int(value) for value in chance.uniform(0, PIXELS, 2))
        radii = tuple(max(1, int(value * MM)) for value in chance.uniform(0.12, 0.28 + 0.07 * strength, 2))
        opaque, shade = chance.uniform(0.35, 0.95), chance.choice((0.2, 0.35, 0.75))
        cv2.ellipse(cover, place, radii, chance.uniform(0, 180), 0, 360, float(opaque), -1)
        cv2.ellipse(light, place, tuple(r + 3 for r in radii), 0, 0, 360, float(shade), -1)
    for _ in range(chance.poisson(0.6 * strength)):
        ends = [tuple(int(value) for value in chance.uniform(0, PIXELS, 2)) for _ in range(2)]
        width, shade = int(chance.integers(2, 3 + int(strength) // 2)), chance.choice((0.15, 0.7, 0.85))
        cv2.line(cover, *ends, float(chance.uniform(0.4, 0.9)), width, cv2.LINE_AA)
        cv2.line(light, *ends, float(shade), width + 3)
    return cv2.GaussianBlur(cover, (0, 0), 1.5), light


def _view(chance: np.random.Generator, strength: float) -> tuple[int, tuple[Field, Field], Field]:
    """Camera pixels a side; for each sample of them its place on the print; the light of what is not band, or -1.

    The band lies round a wrist: a cylinder whose axis runs across the strip, seen in perspective from the side.
    """
    symbol = round(float(chance.uniform(0.85, 1.15)) * (246 - 26 * strength))  # 22 mm, in camera pixels
    side = round(symbol * 1.55)
    count = side * _SAMPLES
    y, x = (np.mgrid[0:count, 0:count].astype(np.float32) + 0.5) / count - 0.5
    shift = chance.uniform(-0.06, 0.06, 2)
    x, y = (x + shift[0]) * 1.55 * 22, (y + shift[1]) * 1.55 * 22
    roll = math.radians(chance.choice((0, 90, 180, 270)) + chance.uniform(-25, 25))
    x, y = x * math.cos(roll) - y * math.sin(roll), x * math.sin(roll) + y * math.cos(roll)
    tilt = math.radians(chance.uniform(0.2, 1) * _MOST_TILT_DEG * strength / _STRONGEST)
    about = chance.uniform(0, 2 * math.pi)
    along, across = x * math.cos(about) + y * math.sin(about), -x * math.sin(about) + y * math.cos(about)
    # A plane tilted away: a point at distance d along it is seen at d cos(t) / (1 + d sin(t) / distance).
    distance = chance.uniform(90, 160)
    depth = along / (math.cos(tilt) - along / distance * math.sin(tilt))
    across = across * (1 + depth * math.sin(tilt) / distance)
    x, y = depth * math.cos(about) - across * math.sin(about), depth * math.sin(about) + across * math.cos(about)
    radius = chance.uniform(44 - 4 * strength, 60 - 5 * strength)
    inside = np.clip(x / radius, -0.999, 0.999)
    sag = radius * (1 - np.sqrt(1 - inside**2))
    y = y + sag * math.tan(tilt) * math.sin(about)
    x = radius * np.arcsin(inside) + sag * math.tan(tilt) * math.cos(about)
    street = np.float32(chance.uniform(0.15, 0.85)) + _street(chance, count) * np.float32(0.25)
    background = np.where(np.abs(y) > _STRIP_MM / 2, np.clip(street, 0.02, 0.98), -1)
    places = ((x + 11) * MM - 0.5).astype(np.float32), ((y + 11) * MM - 0.5).astype(np.float32)
    return side, places, background.astype(np.float32)


def _street(chance: np.random.Generator, count: int) -> Field:
    small = chance.normal(0, 1, (9, 9)).astype(np.float32)
    return cv2.resize(small, (count, count), interpolation=cv2.INTER_CUBIC)


def _lighting(chance: np.random.Generator, strength: float, shape: tuple[int, int]) -> Field:
    """A shadow that falls off to one side."""
    x, y = _grid(shape)
    angle, depth = chance.uniform(0, 2 * math.pi), chance.uniform(0, 0.11) * strength
    slope = 0.5 + x * math.cos(angle) + y * math.sin(angle)
    return (chance.uniform(1.05 - 0.09 * strength, 1.1) * (1 - depth * np.clip(slope, 0, 1))).astype(np.float32)


def _glare(chance: np.random.Generator, strength: float, shape: tuple[int, int]) -> Field:
    """A lamp's reflection: white in its middle, gone within a few millimetres."""
    x, y = _grid(shape)
    place, wide, tall = chance.uniform(-0.32, 0.32, 2), *chance.uniform(0.03, 0.05 + 0.012 * strength, 2)
    white = max(0.0, chance.uniform(-0.5, 0.2 * strength))
    spot = np.exp(-(((x - place[0]) / wide) ** 2) - ((y - place[1]) / tall) ** 2)
    return np.clip(spot * white, 0, 1).astype(np.float32)


@cache
def _grid(shape: tuple[int, int]) -> tuple[Field, Field]:
    y, x = (np.mgrid[0 : shape[0], 0 : shape[1]].astype(np.float32) + 0.5) / shape[0] - 0.5
    return x, y


def _motion(chance: np.random.Generator, strength: float) -> NDArray[np.float32]:
    """The path of a hand that moves during the exposure, in camera pixels."""
    length, angle = chance.uniform(0, 0.4) * strength, chance.uniform(0, math.pi)
    kernel = np.zeros((9, 9), np.float32)
    for t in np.linspace(-0.5, 0.5, 25):
        x, y = 4 + t * length * math.cos(angle), 4 + t * length * math.sin(angle)
        column, row = int(x), int(y)
        for r, c in ((row, column), (row, column + 1), (row + 1, column), (row + 1, column + 1)):
            kernel[r, c] += max(0, 1 - abs(x - c)) * max(0, 1 - abs(y - r))
    return kernel / kernel.sum()
