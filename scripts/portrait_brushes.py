"""Brushes for scripts/draw_portraits: smooth shapes, tapered strokes and hair, painted softly with Pillow.

Places are in units of the finished 1200 x 1500 picture; the painting itself is larger and is scaled down at the end.
"""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from pathlib import Path

from PIL import Image, ImageChops, ImageDraw, ImageFilter

Point = tuple[float, float]
Colour = tuple[int, int, int]
WIDTH, HEIGHT, MIDDLE = 1200, 1500, 600
WHITE: Colour = (255, 255, 255)


def smooth(points: Sequence[Point], *, closed: bool = False, steps: int = 16) -> list[Point]:
    """A Catmull-Rom curve through the points."""
    places = list(points)
    ring = [places[-1], *places, places[0], places[1]] if closed else [places[0], *places, places[-1]]
    curve: list[Point] = []
    for a, b, c, d in zip(ring, ring[1:], ring[2:], ring[3:], strict=False):
        for step in range(steps):
            t = step / steps
            curve.append((_spline(a[0], b[0], c[0], d[0], t), _spline(a[1], b[1], c[1], d[1], t)))
    if not closed:
        curve.append(places[-1])
    return curve


def _spline(a: float, b: float, c: float, d: float, t: float) -> float:
    return 0.5 * (2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t * t + (3 * b - a - 3 * c + d) * t * t * t)


def mirrored(points: Sequence[Point]) -> list[Point]:
    """The same points on the other side of the face."""
    return [(2 * MIDDLE - x, y) for x, y in points]


def both_halves(half: Sequence[Point]) -> list[Point]:
    """A closed symmetrical outline from its right half, given from top to bottom as offsets from the middle."""
    right = [(MIDDLE + x, y) for x, y in half]
    return right + [place for place in reversed(mirrored(right)) if place not in right]


def oval(x: float, y: float, rx: float, ry: float, turn_deg: float = 0) -> list[Point]:
    """An ellipse as points; `turn_deg` turns it clockwise."""
    turn = math.radians(turn_deg)
    around = [2 * math.pi * step / 24 for step in range(24)]
    return [
        (
            x + rx * math.cos(a) * math.cos(turn) - ry * math.sin(a) * math.sin(turn),
            y + rx * math.cos(a) * math.sin(turn) + ry * math.sin(a) * math.cos(turn),
        )
        for a in around
    ]


def ribbon(
    points: Sequence[Point], width: float, *, steps: int = 16, ends: tuple[float, float] = (0, 0)
) -> list[Point]:
    """The outline of a stroke along a curve: widest in its middle, tapering to the given parts of that at its ends."""
    curve = smooth(points, steps=steps)
    left, right = [], []
    for place, (x, y) in enumerate(curve):
        before, after = curve[max(place - 1, 0)], curve[min(place + 1, len(curve) - 1)]
        dx, dy = after[0] - before[0], after[1] - before[1]
        length = math.hypot(dx, dy) or 1
        t = place / (len(curve) - 1)
        least = ends[0] + (ends[1] - ends[0]) * t
        half = width / 2 * (least + (1 - least) * math.sin(math.pi * t) ** 0.7)
        left.append((x - dy / length * half, y + dx / length * half))
        right.append((x + dy / length * half, y - dx / length * half))
    return left + right[::-1]


def loop(points: Sequence[Point], width: float) -> list[Point]:
    """The outline of a stroke of even width along a closed curve: the outer edge, then the inner one back again."""
    curve = smooth(points, closed=True)
    edges: tuple[list[Point], list[Point]] = ([], [])
    for place, (x, y) in enumerate(curve):
        before, after = curve[place - 1], curve[(place + 1) % len(curve)]
        dx, dy = after[0] - before[0], after[1] - before[1]
        length = math.hypot(dx, dy) or 1
        for edge, half in zip(edges, (width / 2, -width / 2), strict=True):
            edge.append((x - dy / length * half, y + dx / length * half))
    outer, inner = ([*edge, edge[0]] for edge in edges)
    return outer + inner[::-1]


def between(first: Sequence[Point], second: Sequence[Point], t: float) -> list[Point]:
    """The curve a part t of the way from one to another with as many points."""
    return [(a + (c - a) * t, b + (d - b) * t) for (a, b), (c, d) in zip(first, second, strict=True)]


class Painting:
    """A canvas in units of the finished picture, `scale` times as large while it is worked on."""

    def __init__(self, top: Colour, bottom: Colour, *, scale: int, seed: int) -> None:
        self.scale = scale
        self.chance = random.Random(seed)  # noqa: S311 - the fall of hair, and the same one at every drawing
        size = (WIDTH * scale, HEIGHT * scale)
        fall = Image.linear_gradient("L").resize(size)
        self.image = Image.composite(Image.new("RGB", size, bottom), Image.new("RGB", size, top), fall)

    def area(self, points: Sequence[Point], *, curved: bool = True) -> Image.Image:
        """A mask of everything inside the outline, for `inside`."""
        mask = Image.new("L", self.image.size)
        outline = smooth(points, closed=True) if curved else list(points)
        ImageDraw.Draw(mask).polygon([(x * self.scale, y * self.scale) for x, y in outline], fill=255)
        return mask.filter(ImageFilter.GaussianBlur(0.7 * self.scale))

    def shape(
        self,
        points: Sequence[Point],
        colour: Colour,
        *,
        soft: float = 0.8,
        strength: float = 1.0,
        inside: Image.Image | None = None,
        curved: bool = True,
    ) -> None:
        """Fill an outline; `soft` is the blur of its edge in units, `strength` 0..1 how much it covers."""
        self.shapes([smooth(points, closed=True) if curved else points], colour, soft, strength, inside)

    def line(
        self,
        points: Sequence[Point],
        width: float,
        colour: Colour,
        *,
        soft: float = 0.8,
        strength: float = 1.0,
        inside: Image.Image | None = None,
        ends: tuple[float, float] = (0, 0),
    ) -> None:
        """A stroke along a curve, thinner towards its ends."""
        self.shapes([ribbon(points, width, ends=ends)], colour, soft, strength, inside)

    def shapes(
        self,
        outlines: Sequence[Sequence[Point]],
        colour: Colour,
        soft: float,
        strength: float,
        inside: Image.Image | None = None,
    ) -> None:
        """Fill many outlines as one layer, working only on the part of the canvas that they touch."""
        margin = 3 * soft + 2
        xs, ys = [x for one in outlines for x, _ in one], [y for one in outlines for _, y in one]
        left, top = int(max((min(xs) - margin) * self.scale, 0)), int(max((min(ys) - margin) * self.scale, 0))
        right = int(min((max(xs) + margin) * self.scale, self.image.width))
        bottom = int(min((max(ys) + margin) * self.scale, self.image.height))
        if right <= left or bottom <= top:
            return
        mask = Image.new("L", (right - left, bottom - top))
        pen = ImageDraw.Draw(mask)
        for outline in outlines:
            pen.polygon([(x * self.scale - left, y * self.scale - top) for x, y in outline], fill=255)
        mask = mask.filter(ImageFilter.GaussianBlur(soft * self.scale))
        if inside is not None:
            mask = ImageChops.multiply(mask, inside.crop((left, top, right, bottom)))
        self.image.paste(colour, (left, top), mask.point(lambda level: level * strength))

    def hair(
        self,
        first: Sequence[Point],
        second: Sequence[Point],
        count: int,
        colours: Sequence[Colour],
        *,
        width: float = 4,
        stray: float = 8,
        strength: float = 0.75,
        inside: Image.Image | None = None,
    ) -> None:
        """Strands that lie between two guiding locks, each straying a little, in a mixture of colours."""
        for colour in colours:
            strands = []
            for _ in range(count // len(colours)):
                lock = between(first, second, self.chance.random())
                dx, dy = self.chance.gauss(0, stray), self.chance.gauss(0, stray)
                lock = [(x + dx + self.chance.gauss(0, stray / 4), y + dy) for x, y in lock]
                start = self.chance.uniform(0, 0.25)
                lock = smooth(lock, steps=6)[int(start * 6 * (len(lock) - 1)) :]
                strands.append(ribbon(lock, width * self.chance.uniform(0.5, 1.2), steps=1))
            self.shapes(strands, colour, 0.6, strength, inside)

    def save(self, path: Path) -> None:
        """Scale down to the finished size and write a JPEG without any metadata."""
        finished = self.image.resize((WIDTH, HEIGHT), Image.Resampling.LANCZOS)
        finished.save(path, "JPEG", quality=90, subsampling=0, optimize=True)
