"""A place on earth: WGS-84 inside the house, GCJ-02 and BD-09 only where Chinese maps are met.

The transforms follow the published series for GCJ-02 and BD-09; the inverses are iterated until exact.
`gcj02_extent.json` is where map providers expect GCJ-02 (mainland, Hong Kong, Macau; not Taiwan, not Kinmen):
derived from Natural Earth 1:10m outlines (public domain, naturalearthdata.com) by way of npm `world-atlas` 2.0.2
(ISC); the file itself is public domain. It is for computing only, no map: never draw, print or serve it.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib import resources
from itertools import pairwise
from typing import Self

from wristband.errors import BadValue
from wristband.values.width import half_width

_DEGREES = re.compile(r"[+-]?(?:[0-9]{1,9}(?:\.[0-9]{0,20})?|\.[0-9]{1,20})°?", re.ASCII)

# Krasovsky 1940, the ellipsoid of the GCJ-02 series: semi-major axis in metres, first eccentricity squared.
_AXIS_M = 6378245.0
_ECCENTRICITY_SQUARED = 0.00669342162296594323
_BD09_FREQUENCY = math.pi * 3000 / 180

# Shifts stay below 0.02° all over the zone, BD-09 included: this far beyond its bounds no point or image is inside.
_SHIFT_AT_MOST = 0.05
_SOUTH, _NORTH, _WEST, _EAST = 15.745, 53.597, 73.571, 134.799

# Islands and new land the extent's outlines lack, and no foreign place: south, north, west, east.
_BOXES = (
    (26.42, 40.00, 117.0, 123.5),
    (25.03, 25.75, 118.8, 120.0),
    (18.0, 23.0, 108.5, 116.3),
    (23.0, 24.3, 116.0, 118.1),
    (24.30, 24.42, 117.95, 118.15),
    (24.42, 24.60, 118.05, 118.19),
    (24.53, 24.60, 118.19, 118.395),
)

_Edge = tuple[float, float, float, float]


class Crs(StrEnum):
    """The datum a pair of coordinates is given in."""

    WGS84 = "wgs84"
    GCJ02 = "gcj02"
    BD09 = "bd09"


@dataclass(frozen=True, slots=True)
class Position:
    """A point in WGS-84: degrees north in -90..90, degrees east in -180..180, latitude first.

    Raises BadValue("position.out_of_range") for anything else, NaN and infinity included.
    """

    latitude: float
    longitude: float

    def __post_init__(self) -> None:
        # A comparison with NaN is false, so these refuse it as well.
        if not (-90.0 <= self.latitude <= 90.0 and -180.0 <= self.longitude <= 180.0):
            raise BadValue("position.out_of_range")
        object.__setattr__(self, "latitude", float(self.latitude))
        object.__setattr__(self, "longitude", float(self.longitude))

    @classmethod
    def parse(cls, latitude: str, longitude: str) -> Self:
        """Read decimal degrees as people type them: spaces, full-width digits and a degree sign are fine.

        Raises BadValue("position.not_a_number") or BadValue("position.out_of_range").
        """
        return cls(degrees(latitude), degrees(longitude))

    @property
    def is_null_island(self) -> bool:
        """Whether this is within about 100 m of 0, 0: valid, but nearly always a device that had no fix."""
        return abs(self.latitude) < 0.001 and abs(self.longitude) < 0.001


def degrees(text: str) -> float:
    """One coordinate in decimal degrees, whatever its range, from text. Raises BadValue("position.not_a_number")."""
    plain = half_width(text).strip()
    if not _DEGREES.fullmatch(plain):
        raise BadValue("position.not_a_number")
    return float(plain.rstrip("°"))


def to_gcj02(position: Position) -> tuple[float, float]:
    """(latitude, longitude) in GCJ-02 degrees; outside the zone the position unchanged, as providers expect there."""
    if not inside_gcj02_zone(position.latitude, position.longitude):
        return position.latitude, position.longitude
    return _shift(position.latitude, position.longitude)


def to_bd09(position: Position) -> tuple[float, float]:
    """(latitude, longitude) in BD-09 degrees; outside the zone the position unchanged, as Baidu uses WGS-84 there."""
    if not inside_gcj02_zone(position.latitude, position.longitude):
        return position.latitude, position.longitude
    return _gcj02_to_bd09(*_shift(position.latitude, position.longitude))


def from_crs(latitude: float, longitude: float, crs: Crs) -> Position:
    """The WGS-84 position of coordinates given in `crs`, exact to under a micrometre.

    Undoes `to_gcj02` and `to_bd09` for every position in the zone; coordinates outside it are taken as WGS-84.
    Raises BadValue("position.out_of_range").
    """
    given = Position(latitude, longitude)
    if crs is Crs.WGS84 or not near_gcj02_zone(latitude, longitude):
        return given
    gcj02 = (latitude, longitude) if crs is Crs.GCJ02 else _undo(_gcj02_to_bd09, latitude, longitude)
    wgs84 = _undo(_shift, *gcj02)
    # Asking about the GCJ-02 point alone would leave the seam, one shift wide, unconverted: ask about both.
    if inside_gcj02_zone(*wgs84) or inside_gcj02_zone(*gcj02):
        return Position(*wgs84)
    return given


def near_gcj02_zone(latitude: float, longitude: float) -> bool:
    """Whether a point lies in the rectangle around the GCJ-02 zone: quick, coarse, for doubts such as swapped axes."""
    return (
        _SOUTH - _SHIFT_AT_MOST <= latitude <= _NORTH + _SHIFT_AT_MOST
        and _WEST - _SHIFT_AT_MOST <= longitude <= _EAST + _SHIFT_AT_MOST
    )


def inside_gcj02_zone(latitude: float, longitude: float) -> bool:
    """Whether Chinese map providers expect GCJ-02 at this point: mainland, Hong Kong, Macau.

    Edges are rough by about 3 km on land borders; computing only, never to be drawn.
    """
    if not near_gcj02_zone(latitude, longitude):
        return False
    # To 0.1 mm, so that a place on an edge and the same place come back from a conversion are judged alike.
    latitude, longitude = round(latitude, 9), round(longitude, 9)
    if any(south <= latitude <= north and west <= longitude <= east for south, north, west, east in _BOXES):
        return True
    inside = False
    for lat_1, lon_1, lat_2, lon_2 in _edges_by_band().get(math.floor(latitude), ()):
        crosses = (lat_1 > latitude) != (lat_2 > latitude)
        if crosses and longitude < lon_1 + (latitude - lat_1) * (lon_2 - lon_1) / (lat_2 - lat_1):
            inside = not inside
    return inside


@cache
def _edges_by_band() -> dict[int, list[_Edge]]:
    """The outlines' edges (lat, lon, lat, lon) filed under every whole degree of latitude they touch.

    The polygons do not overlap, so even-odd over all rings together equals even-odd polygon by polygon.
    """
    feature = json.loads(resources.files("wristband.values").joinpath("gcj02_extent.json").read_bytes())
    bands: dict[int, list[_Edge]] = {}
    for polygon in feature["geometry"]["coordinates"]:
        for ring in polygon:
            for (lon_1, lat_1), (lon_2, lat_2) in pairwise(ring):
                for band in range(math.floor(min(lat_1, lat_2)), math.floor(max(lat_1, lat_2)) + 1):
                    bands.setdefault(band, []).append((lat_1, lon_1, lat_2, lon_2))
    return bands


def _shift(latitude: float, longitude: float) -> tuple[float, float]:
    """WGS-84 to GCJ-02 wherever it is; whether a place is shifted at all is asked elsewhere."""
    x, y = longitude - 105.0, latitude - 35.0
    root = math.sqrt(abs(x))
    common = _waves(x, (20, 6), (20, 2))
    north_m = -100 + 2 * x + 3 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * root + common
    north_m += _waves(y, (20, 1), (40, 1 / 3), (160, 1 / 12), (320, 1 / 30))
    east_m = 300 + x + 2 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * root + common
    east_m += _waves(x, (20, 1), (40, 1 / 3), (150, 1 / 12), (300, 1 / 30))
    phi = math.radians(latitude)
    flattening = 1 - _ECCENTRICITY_SQUARED * math.sin(phi) ** 2
    meridian_m = _AXIS_M * (1 - _ECCENTRICITY_SQUARED) / (flattening * math.sqrt(flattening))
    parallel_m = _AXIS_M / math.sqrt(flattening) * math.cos(phi)
    return latitude + math.degrees(north_m / meridian_m), longitude + math.degrees(east_m / parallel_m)


def _waves(t: float, *terms: tuple[float, float]) -> float:
    """The periodic part of the GCJ-02 series: amplitudes in metres, frequencies in half turns a degree."""
    return sum(amplitude * math.sin(math.pi * frequency * t) for amplitude, frequency in terms) * 2 / 3


def _gcj02_to_bd09(latitude: float, longitude: float) -> tuple[float, float]:
    radius = math.hypot(longitude, latitude) + 2e-5 * math.sin(latitude * _BD09_FREQUENCY)
    angle = math.atan2(latitude, longitude) + 3e-6 * math.cos(longitude * _BD09_FREQUENCY)
    return radius * math.sin(angle) + 0.006, radius * math.cos(angle) + 0.0065


def _undo(
    forward: Callable[[float, float], tuple[float, float]], latitude: float, longitude: float
) -> tuple[float, float]:
    """The point that `forward` takes to (latitude, longitude): steps by what is still missing, ends below 0.1 um."""
    lat, lon = latitude, longitude
    for _ in range(20):
        image_lat, image_lon = forward(lat, lon)
        missing_lat, missing_lon = latitude - image_lat, longitude - image_lon
        lat, lon = lat + missing_lat, lon + missing_lon
        if abs(missing_lat) < 1e-12 and abs(missing_lon) < 1e-12:
            break
    return lat, lon
