"""A drawing of where an elder was seen, to scale and without a map: places, how sure they are, the station, north."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from wristband.values.position import Position

WIDTH = 640
HEIGHT = 420
"""Units of the drawing."""
_MARGIN = 56.0
_LEAST_SPAN_M = 200.0
"""A single place is not drawn as if the world ended behind it."""
_STATION_WITHIN_M = 20_000.0
_METRES_A_DEGREE = 111_320.0
_SCALE_BAR = 160.0
"""Units that the bar may take."""
# A circle beyond that would hide the others: it is drawn as large as fits, and the list says how vague it is.
_LARGEST_CIRCLE = min(WIDTH, HEIGHT) / 2 - 8


@dataclass(frozen=True, slots=True)
class Told:
    """A place to draw; `accuracy_m` None where the phone told none."""

    position: Position
    accuracy_m: float | None
    label: str


@dataclass(frozen=True, slots=True)
class Drawn:
    """A place in the drawing's units. `radius` is None without an accuracy; `beside` says where the label stands."""

    x: float
    y: float
    radius: float | None
    label: str
    beside: str
    """`start` or `end`: on which side of the point the label has room."""


@dataclass(frozen=True, slots=True)
class Schematic:
    """What is drawn: places in the order told, the station if one is near enough to be drawn, and the scale."""

    places: tuple[Drawn, ...]
    station: Drawn | None
    bar: float
    """Length of the scale's bar in units."""
    bar_metres: int


def draw(places: Sequence[Told], station: Told | None = None) -> Schematic | None:
    """Lay out places and station, north up. None where there is no place to draw.

    A station farther off than 20 km is left out: the places would shrink to one dot.
    """
    if not places:
        return None
    origin = places[0].position
    spots = [_metres(origin, told.position) for told in places]
    shown = station
    if shown is not None and math.hypot(*_metres(origin, shown.position)) > _STATION_WITHIN_M:
        shown = None
    every = spots + ([_metres(origin, shown.position)] if shown else [])
    middle, units_a_metre = _fit(every)
    drawn = tuple(_drawn(told, spot, middle, units_a_metre) for told, spot in zip(places, spots, strict=True))
    bar_metres = _round_metres(_SCALE_BAR / units_a_metre)
    return Schematic(
        places=drawn,
        station=_drawn(shown, every[-1], middle, units_a_metre) if shown else None,
        bar=bar_metres * units_a_metre,
        bar_metres=bar_metres,
    )


def _metres(origin: Position, position: Position) -> tuple[float, float]:
    """East and north of `origin`: flat, which over a district is true to the width of a line."""
    east = (position.longitude - origin.longitude + 180) % 360 - 180
    return (
        east * _METRES_A_DEGREE * math.cos(math.radians(origin.latitude)),
        (position.latitude - origin.latitude) * _METRES_A_DEGREE,
    )


def _fit(spots: Sequence[tuple[float, float]]) -> tuple[tuple[float, float], float]:
    """The middle of all spots, and how many units a metre is, so that all of them stand inside the margin."""
    easts, norths = [east for east, _ in spots], [north for _, north in spots]
    middle = (min(easts) + max(easts)) / 2, (min(norths) + max(norths)) / 2
    wide = max(max(easts) - min(easts), _LEAST_SPAN_M)
    high = max(max(norths) - min(norths), _LEAST_SPAN_M)
    return middle, min((WIDTH - 2 * _MARGIN) / wide, (HEIGHT - 2 * _MARGIN) / high)


def _drawn(told: Told, spot: tuple[float, float], middle: tuple[float, float], units_a_metre: float) -> Drawn:
    x = WIDTH / 2 + (spot[0] - middle[0]) * units_a_metre
    y = HEIGHT / 2 - (spot[1] - middle[1]) * units_a_metre
    radius = None if told.accuracy_m is None else min(told.accuracy_m * units_a_metre, _LARGEST_CIRCLE)
    return Drawn(round(x, 1), round(y, 1), radius, told.label, "start" if x < WIDTH * 0.6 else "end")


def _round_metres(longest: float) -> int:
    """The largest of 1, 2 and 5 times a power of ten that is no longer: what a person reads off at once."""
    power = 10 ** math.floor(math.log10(max(longest, 1)))
    return int(next(step * power for step in (5, 2, 1) if step * power <= max(longest, 1)))
