"""Which stations are nearest: true distance on the WGS-84 ellipsoid, exact everywhere, poles and antimeridian too."""

from __future__ import annotations

import heapq
import math
from collections.abc import Iterable

import numpy as np
from geographiclib.geodesic import Geodesic
from numpy.typing import NDArray

from wristband.values.budget import Budget, Fails
from wristband.values.position import Position

# WGS-84: equatorial and polar radius, and the least radius of curvature (a meridian's, at the equator; rounded down).
_EQUATORIAL_RADIUS_M = 6_378_137.0
_POLAR_RADIUS_M = 6_356_752.0
_LEAST_CURVATURE_RADIUS_M = 6_335_400.0
METRES_PER_DEGREE_AT_LEAST = math.radians(_LEAST_CURVATURE_RADIUS_M)
"""A degree of latitude is nowhere shorter."""
_AXES_RATIO_SQUARED = 0.9933056200098587
# With the angle between two points as seen from the earth's centre: polar radius x angle <= geodesic <= that x 1.0034.
# (The ellipsoid contains its inscribed sphere; the great circle's shadow on it is stretched by the equatorial radius
# over the polar one, 1.00336, and by its slope, less than 1.00001.)
_GEODESIC_AT_MOST = 1.0034
# Above the rounding of coordinates in metres, so that equal points never rule each other out.
_ROUNDING_M = 0.001
# The same for a chord out of a product of vectors, which loses half its digits.
_PRODUCT_ROUNDING_M2 = 1.0
# Looked at first, the nearest in latitude: enough that the k nearest of them leave a narrow band of latitude.
_SAMPLE = 1024

# What somebody with an elder on one's arm walks, 4 km/h, and what streets add to a straight line.
_PACE_M_PER_MIN = 4000 / 60
_STREETS_PER_STRAIGHT_LINE = 1.3

# A geocoder knows places of the same name all over the world: one so far from every station of ours is not meant.
FARTHEST_ADDRESS_M = 100_000.0
SEARCHES_A_NETWORK = Budget(
    "address.network", burst=20, every_s=30, fails=Fails.CLOSED, refusal="stations.searches_spent"
)
# Of everybody together, so that the operator's account at a geocoder is not run empty.
SEARCHES = Budget("address.all", burst=120, every_s=2, fails=Fails.CLOSED, refusal="stations.searches_spent")

_Floats = NDArray[np.float64]


class StationIndex:
    """Places sorted by latitude, built once and then only read: safe to share between threads.

    60,000 stations take about 4 MB. Chords of the ellipsoid, in one sweep over a band of latitude, rule out all but
    the nearest (within 50 km to a decimetre); what is left is measured along the ellipsoid.
    """

    def __init__(self, ids: Iterable[int], latitudes: Iterable[float], longitudes: Iterable[float]) -> None:
        """Of stations whose places are known to be good: degrees of WGS-84, as they are stored."""
        numbers = np.array(list(ids), np.int64)
        north, east = np.array(list(latitudes), np.float64), np.array(list(longitudes), np.float64)
        order = np.lexsort((numbers, north))
        self._ids, self._latitudes, self._longitudes = numbers[order], north[order], east[order]
        self._surface = _on_the_surface(self._latitudes, self._longitudes)
        self._squares = np.einsum("ij,ij->i", self._surface, self._surface)
        self._everywhere = self._surface[:: max(1, len(numbers) // _SAMPLE)].copy()

    def __len__(self) -> int:
        return len(self._ids)

    def nearest(self, position: Position, k: int) -> list[tuple[int, float]]:
        """The `k` nearest as (station_id, metres along the ellipsoid), nearest first, equals by lower id.

        Fewer if there are fewer places, none for k < 1.
        """
        if k < 1 or not len(self):
            return []
        distances = (
            (metres_between(position, self._position(index)), int(self._ids[index]))
            for index in self._candidates(position, min(k, len(self)))
        )
        return [(station_id, metres) for metres, station_id in heapq.nsmallest(k, distances)]

    def _position(self, index: int) -> Position:
        return Position(float(self._latitudes[index]), float(self._longitudes[index]))

    def _candidates(self, position: Position, k: int) -> list[int]:
        """Indexes of every place that could be among the k nearest: within 100 km rarely more than k of them."""
        here = _on_the_surface(np.array([position.latitude]), np.array([position.longitude]))[0]
        reach_m = self._reach_m(here, position.latitude, k)
        # What the latitude alone puts out of reach is not looked at.
        band = reach_m / METRES_PER_DEGREE_AT_LEAST
        south = int(np.searchsorted(self._latitudes, position.latitude - band))
        north = int(np.searchsorted(self._latitudes, position.latitude + band, side="right"))
        squares = self._squares[south:north] - 2 * (self._surface[south:north] @ here)
        inside = south + np.flatnonzero(squares <= _longest_chord_squared(reach_m) - here @ here)
        least_m, most_m = _bounds_m(here, self._surface[inside])
        reach_m = np.partition(most_m, k - 1)[k - 1] + _ROUNDING_M
        return [int(index) for index in inside[least_m <= reach_m]]

    def _reach_m(self, here: _Floats, latitude: float, k: int) -> float:
        """How far the k-th nearest is at most, out of the nearest in latitude and some from everywhere."""
        middle = int(np.searchsorted(self._latitudes, latitude))
        first = max(0, min(middle - _SAMPLE // 2, len(self) - _SAMPLE))
        beside = self._surface[first : first + max(_SAMPLE, k)]
        reaches = []
        for surface in (beside, self._everywhere):
            if len(surface) >= k:
                steps = surface - here
                closest = np.argpartition(np.einsum("ij,ij->i", steps, steps), k - 1)[:k]
                reaches.append(float(_bounds_m(here, surface[closest])[1].max()))
        return min(reaches) + _ROUNDING_M


def _bounds_m(here: _Floats, surface: _Floats) -> tuple[_Floats, _Floats]:
    """The least and the most metres along the ellipsoid from one point of it to others.

    Near by the chord tells: no way is shorter, and none that bends no more than the ellipsoid does is longer than the
    arc of that bend (Schur's theorem). Far off the angle at the earth's centre tells more.
    """
    steps = surface - here
    chords = np.sqrt(np.einsum("ij,ij->i", steps, steps))
    units = surface / np.sqrt(np.einsum("ij,ij->i", surface, surface))[:, None] - here / math.sqrt(here @ here)
    angles_m = _POLAR_RADIUS_M * 2 * np.arcsin(np.minimum(1.0, np.sqrt(np.einsum("ij,ij->i", units, units)) / 2))
    bend = 2 * _LEAST_CURVATURE_RADIUS_M
    arcs = np.where(chords < bend, bend * np.arcsin(np.minimum(1.0, chords / bend)), np.inf)
    return np.maximum(chords, angles_m), np.minimum(arcs, angles_m * _GEODESIC_AT_MOST)


def _longest_chord_squared(geodesic_m: float) -> float:
    """No two points so far apart along the ellipsoid have a longer chord: the way itself, or, far off, by its angle."""
    angle = min(math.pi, geodesic_m / _POLAR_RADIUS_M)
    by_angle = (_EQUATORIAL_RADIUS_M - _POLAR_RADIUS_M) ** 2 + (2 * _EQUATORIAL_RADIUS_M * math.sin(angle / 2)) ** 2
    return min(geodesic_m * geodesic_m, by_angle) + _PRODUCT_ROUNDING_M2


def metres_between(one: Position, other: Position) -> float:
    """The length of the geodesic on WGS-84 (Karney 2013), in metres, good to some 15 nm; about 0.1 ms."""
    solved = Geodesic.WGS84.Inverse(
        one.latitude, one.longitude, other.latitude, other.longitude, outmask=Geodesic.DISTANCE
    )
    return float(solved["s12"])


def walking_minutes(metres: float) -> int:
    """Minutes to walk `metres` of straight line with an elder on one's arm: an estimate, and rounded up like one.

    To the minute up to ten, to five minutes up to an hour, to the quarter beyond.
    """
    minutes = metres * _STREETS_PER_STRAIGHT_LINE / _PACE_M_PER_MIN
    step = 1 if minutes <= 10 else 5 if minutes <= 60 else 15
    return max(1, math.ceil(minutes / step) * step)


def _on_the_surface(latitudes: _Floats, longitudes: _Floats) -> _Floats:
    """Points of the ellipsoid in metres from the earth's centre: seams in longitude and poles are like any place."""
    north, east = np.radians(latitudes), np.radians(longitudes)
    up, out = np.sin(north), np.cos(north)
    radius = _EQUATORIAL_RADIUS_M / np.sqrt(out * out + _AXES_RATIO_SQUARED * up * up)
    return np.stack(
        (radius * out * np.cos(east), radius * out * np.sin(east), radius * _AXES_RATIO_SQUARED * up), axis=1
    )
