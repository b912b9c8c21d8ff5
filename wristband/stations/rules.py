"""Which stations are nearest: true distance on the WGS-84 ellipsoid, exact everywhere, poles and antimeridian too."""

from __future__ import annotations

import heapq
import math
from bisect import bisect_left
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from geographiclib.geodesic import Geodesic

from wristband.values.position import Position

# WGS-84: polar radius, and the least radius of curvature of a meridian (at the equator), in metres, rounded down.
_POLAR_RADIUS_M = 6_356_752.0
_LEAST_MERIDIAN_RADIUS_M = 6_335_400.0
_AXES_RATIO_SQUARED = 0.9933056200098587
# With the angle between two points as seen from the earth's centre: polar radius x angle <= geodesic <= that x 1.0034.
# (The ellipsoid contains its inscribed sphere; the great circle's shadow on it is stretched by the equatorial radius
# over the polar one, 1.00336, and by its slope, less than 1.00001.)
_GEODESIC_AT_MOST = 1.0034
# Above the rounding of unit vectors, so that equal points never rule each other out.
_ROUNDING_M = 0.001

# Walking speed of the slower 15% of people over sixty, 3.03 ft/s (TCRP 112 / NCHRP 562, 2006): somebody is led along.
_PACE_M_PER_S = 0.92
# What a street grid adds to a straight line, averaged over directions: 4 / pi (Larson and Odoni, Urban Operations
# Research, 1981, chapter 3).
_STREETS_PER_STRAIGHT_LINE = 4 / math.pi

_Vector = tuple[float, float, float]


@dataclass(frozen=True, slots=True)
class Place:
    """Where a station is, for the index."""

    station_id: int
    position: Position


class StationIndex:
    """Places sorted by latitude, built once and then only read: safe to share between threads.

    60,000 stations take about 20 MB; a question walks outward in latitude until what is left must be farther.
    """

    def __init__(self, places: Iterable[Place]) -> None:
        self._places = sorted(places, key=lambda place: (place.position.latitude, place.station_id))
        self._latitudes = [place.position.latitude for place in self._places]
        self._vectors = [_unit_vector(place.position) for place in self._places]

    def __len__(self) -> int:
        return len(self._places)

    def nearest(self, position: Position, k: int = 3) -> list[tuple[int, float]]:
        """The `k` nearest as (station_id, metres along the ellipsoid), nearest first, equals by lower id.

        Fewer if there are fewer places, none for k < 1.
        """
        if k < 1:
            return []
        distances = (
            (metres_between(position, self._places[index].position), self._places[index].station_id)
            for index in self._candidates(position, k)
        )
        return [(station_id, metres) for metres, station_id in heapq.nsmallest(k, distances)]

    def _candidates(self, position: Position, k: int) -> list[int]:
        """Indexes of every place that could be among the k nearest: rarely more than k + 1 of them."""
        here = _unit_vector(position)
        reach_m = math.inf
        closest: list[float] = []  # the k least lower bounds so far, negated: a heap with its largest on top
        seen: list[tuple[float, int]] = []
        for gap_m, index in self._outward(position.latitude):
            if gap_m > reach_m:
                break
            least_m = _POLAR_RADIUS_M * _angle(here, self._vectors[index])
            if least_m > reach_m:
                continue
            seen.append((least_m, index))
            if len(closest) < k:
                heapq.heappush(closest, -least_m)
            else:
                heapq.heappushpop(closest, -least_m)
            if len(closest) == k:
                reach_m = -closest[0] * _GEODESIC_AT_MOST + _ROUNDING_M
        return [index for least_m, index in seen if least_m <= reach_m]

    def _outward(self, latitude: float) -> Iterator[tuple[float, int]]:
        """Every place as (metres its latitude alone puts between, index), from the nearest latitude outward."""
        latitudes = self._latitudes
        north = bisect_left(latitudes, latitude)
        south = north - 1
        metres_per_degree = math.radians(_LEAST_MERIDIAN_RADIUS_M)
        while south >= 0 or north < len(latitudes):
            gap_south = latitude - latitudes[south] if south >= 0 else math.inf
            gap_north = latitudes[north] - latitude if north < len(latitudes) else math.inf
            if gap_south < gap_north:
                yield gap_south * metres_per_degree, south
                south -= 1
            else:
                yield gap_north * metres_per_degree, north
                north += 1


def metres_between(one: Position, other: Position) -> float:
    """The length of the geodesic on WGS-84 (Karney 2013), in metres, good to some 15 nm; about 0.1 ms."""
    solved = Geodesic.WGS84.Inverse(
        one.latitude, one.longitude, other.latitude, other.longitude, outmask=Geodesic.DISTANCE
    )
    return float(solved["s12"])


def walking_minutes(metres: float) -> int:
    """Whole minutes, at least one, to walk `metres` of straight line with an elder on one's arm: an estimate."""
    return max(1, math.ceil(metres * _STREETS_PER_STRAIGHT_LINE / _PACE_M_PER_S / 60))


def _unit_vector(position: Position) -> _Vector:
    """The direction from the earth's centre, so that seams in longitude and poles are like any other place."""
    latitude, longitude = math.radians(position.latitude), math.radians(position.longitude)
    # From geodetic to geocentric latitude, written so that nothing is divided by zero at a pole.
    up, out = math.sin(latitude) * _AXES_RATIO_SQUARED, math.cos(latitude)
    scale = math.hypot(up, out)
    return out / scale * math.cos(longitude), out / scale * math.sin(longitude), up / scale


def _angle(one: _Vector, other: _Vector) -> float:
    """The angle between unit vectors in radians, by their chord: the cosine would lose short distances to rounding."""
    return 2 * math.asin(min(1.0, math.dist(one, other) / 2))
