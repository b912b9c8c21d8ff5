"""Nearest station among 60,000: exact against brute force, and how long a question takes, k geodesics beside it.

Points lie among the stations, over the whole earth, at the poles and along the antimeridian. The reference sweeps
every station for every point by the sphere inside the ellipsoid, whose bounds are wide and sure, and measures with
Karney's geodesic what they leave; --brute more points are measured against all stations, one by one.
"""

from __future__ import annotations

import argparse
import math
import platform
import random
import statistics
import time
from collections.abc import Callable, Sequence
from functools import partial

import numpy as np
from geographiclib.geodesic import Geodesic
from numpy.typing import NDArray

from wristband.stations.rules import StationIndex, metres_between
from wristband.values.position import Position

POLAR_RADIUS_M, STRETCH = 6_356_752.0, 1.0034
_Floats = NDArray[np.float64]


def main() -> None:
    words = argparse.ArgumentParser(description=__doc__)
    words.add_argument("--stations", type=int, default=60_000)
    words.add_argument("--points", type=int, default=10_000)
    words.add_argument("--brute", type=int, default=3)
    words.add_argument("--seed", type=int, default=110)
    chosen = words.parse_args()
    chance = random.Random(chosen.seed)  # noqa: S311  places, no secrets
    stations = [_station(chance) for _ in range(chosen.stations)]
    points = [_point(chance, stations, number) for number in range(chosen.points)]
    began = time.perf_counter()
    index = StationIndex(range(len(stations)), [one.latitude for one in stations], [one.longitude for one in stations])
    print(f"machine: {platform.machine()}, Python {platform.python_version()}; built in {_ms(began):.0f} ms")
    for k in (1, 5):
        _time(f"k={k}", partial(index.nearest, k=k), points)
        answers = [index.nearest(point, k) for point in points[:1000]]
        _time_geodesics(k, points[:1000], answers, stations)
    _compare(index, stations, points, chosen.brute)


def _station(chance: random.Random) -> Position:
    """Seven of ten in the towns of a country, two anywhere, one at a seam."""
    lot = chance.random()
    if lot < 0.7:
        town = random.Random(chance.randrange(800))  # noqa: S311
        latitude, longitude = town.uniform(20, 50), town.uniform(75, 130)
        return Position(latitude + chance.gauss(0, 0.15), longitude + chance.gauss(0, 0.15))
    return _anywhere(chance) if lot < 0.9 else _at_a_seam(chance)


def _point(chance: random.Random, stations: Sequence[Position], number: int) -> Position:
    if number % 4 == 0:
        near = chance.choice(stations)
        latitude = max(-90.0, min(90.0, near.latitude + chance.gauss(0, 0.02)))
        return Position(latitude, max(-180.0, min(180.0, near.longitude + chance.gauss(0, 0.02))))
    return _anywhere(chance) if number % 4 == 1 else _at_a_seam(chance, pole=number % 4 == 2)


def _anywhere(chance: random.Random) -> Position:
    return Position(math.degrees(math.asin(chance.uniform(-1, 1))), chance.uniform(-180, 180))


def _at_a_seam(chance: random.Random, *, pole: bool | None = None) -> Position:
    """Within a degree of a pole, the pole itself at times, or within a degree of the antimeridian, and on it."""
    # Few stations on the very pole: a hundred at one place would be a hundred geodesics of the same length.
    by = min(1.0, abs(chance.gauss(0, 0.3))) * (chance.random() > (0.001 if pole is None else 0.2))
    if chance.random() < 0.5 if pole is None else pole:
        return Position(chance.choice((-1, 1)) * (90 - by), chance.uniform(-180, 180))
    return Position(chance.uniform(-90, 90), chance.choice((-1, 1)) * (180 - by))


def _ms(began: float) -> float:
    return (time.perf_counter() - began) * 1000


def _time(name: str, ask: Callable[[Position], object], points: Sequence[Position]) -> None:
    """Wall time, and the thread's own, which others on the same machine disturb less."""
    for point in points[:100]:
        ask(point)
    wall, own = [], []
    for point in points:
        began, mine = time.perf_counter(), time.thread_time()
        ask(point)
        wall.append(_ms(began))
        own.append((time.thread_time() - mine) * 1000)
    for kind, taken in (("wall", sorted(wall)), ("cpu", sorted(own))):
        p99 = taken[int(len(taken) * 0.99)]
        print(f"{name} {kind}: p50 {statistics.median(taken):.3f} p99 {p99:.3f} max {taken[-1]:.3f} ms a question")


def _time_geodesics(
    k: int, points: Sequence[Position], answers: Sequence[list[tuple[int, float]]], stations: Sequence[Position]
) -> None:
    """What the measuring alone takes: the floor under any exact answer that tells metres."""
    began = time.perf_counter()
    for point, answer in zip(points, answers, strict=True):
        for number, _ in answer:
            metres_between(point, stations[number])
    print(f"floor: {k} geodesics alone {_ms(began) / len(points):.3f} ms")


def _compare(index: StationIndex, stations: Sequence[Position], points: Sequence[Position], brute: int) -> None:
    units = np.array([_unit(station) for station in stations])
    wrong = sum(_metres(index, point) != _reference(point, stations, units) for point in points)
    print(f"exact: {len(points) - wrong} of {len(points)} points, 5 nearest each, against all by the inner sphere")
    some = points[:: max(1, len(points) // brute)][:brute] if brute else ()
    agree = sum(_metres(index, point) == sorted(_s12(point, other) for other in stations)[:5] for point in some)
    print(f"exact: {agree} of {len(some)} points against a geodesic to every station")


def _metres(index: StationIndex, point: Position) -> list[float]:
    return [metres for _, metres in index.nearest(point, 5)]


def _reference(point: Position, stations: Sequence[Position], units: _Floats) -> list[float]:
    """The five least distances: every station that the wide bounds of the inner sphere leave, measured."""
    chords = np.linalg.norm(units - np.array(_unit(point)), axis=1)
    least_m = POLAR_RADIUS_M * 2 * np.arcsin(np.minimum(1.0, chords / 2))
    reach_m = np.partition(least_m, 4)[4] * STRETCH + 0.001
    return sorted(_s12(point, stations[int(number)]) for number in np.flatnonzero(least_m <= reach_m))[:5]


def _s12(one: Position, other: Position) -> float:
    solved = Geodesic.WGS84.Inverse(
        one.latitude, one.longitude, other.latitude, other.longitude, outmask=Geodesic.DISTANCE
    )
    return float(solved["s12"])


def _unit(position: Position) -> tuple[float, float, float]:
    """The direction from the earth's centre of a place on the ellipsoid."""
    latitude, longitude = math.radians(position.latitude), math.radians(position.longitude)
    up, out = math.sin(latitude) * 0.9933056200098587, math.cos(latitude)
    scale = math.hypot(up, out)
    return out / scale * math.cos(longitude), out / scale * math.sin(longitude), up / scale


if __name__ == "__main__":
    main()
