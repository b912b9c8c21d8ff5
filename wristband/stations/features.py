"""Station records out of GeoJSON (RFC 7946) and Overpass JSON (OpenStreetMap)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any

from wristband.errors import BadValue
from wristband.stations.tables import Record, field_of

# amenity=police holds more than places where somebody lost is looked after.
_KEPT_NAMES = re.compile(r"派出所|公安局|分局|警务站|警务室|边防|police", re.I)
_DROPPED_NAMES = re.compile(r"交警|车管|出入境|看守|拘留|消防|检查站|户政")
_OSM_SOURCE = {"source": "openstreetmap", "licence": "ODbL-1.0"}
_ADDRESS_TAGS = ("addr:province", "addr:city", "addr:district", "addr:street", "addr:housenumber")
_WGS84_NAMES = re.compile(r"CRS84|4326|WGS ?84", re.I)

_Point = tuple[float, float]  # longitude, latitude, as GeoJSON has them


def feature_records(document: Any) -> Iterator[Record]:
    """The records of a parsed JSON document: a FeatureCollection, a single Feature or an Overpass answer.

    Raises BadValue("station_file.not_stations"), "station_file.other_crs", or "station_file.incomplete" when Overpass
    says it gave up half way; all before the first record.
    """
    if isinstance(document, dict):
        if isinstance(document.get("elements"), list):
            if "error" in str(document.get("remark", "")):
                raise BadValue("station_file.incomplete")
            return _elements(document["elements"])
        if document.get("type") == "FeatureCollection" and isinstance(document.get("features"), list):
            _refuse_other_crs(document.get("crs"))
            return _features(document["features"])
        if document.get("type") == "Feature":
            return _features([document])
    raise BadValue("station_file.not_stations")


def _refuse_other_crs(crs: Any) -> None:
    """Old GeoJSON (2008) may name a datum; since RFC 7946 there is only WGS-84."""
    if crs is not None and not _WGS84_NAMES.search(str(crs)):
        raise BadValue("station_file.other_crs")


def _elements(elements: Sequence[Any]) -> Iterator[Record]:
    """Overpass elements with tags; those without are only the corners of others."""
    for ordinal, element in enumerate(elements, start=1):
        if not isinstance(element, dict):
            yield Record(ordinal, refused="station.unreadable_row")
            continue
        tags = element.get("tags")
        if not isinstance(tags, dict) or not tags:
            continue
        place = element if "lat" in element else element.get("center")
        fields = _fields_of_tags(tags) | {"source_id": f"{element.get('type')}/{element.get('id')}", "crs": "wgs84"}
        if isinstance(place, dict):
            fields |= {"latitude": _number(place.get("lat")), "longitude": _number(place.get("lon"))}
        yield Record(ordinal, fields, _refused_by_name(fields.get("name", "")))


def _features(features: Sequence[Any]) -> Iterator[Record]:
    """GeoJSON features, with our own column names or, when exported from OpenStreetMap, with its tags."""
    for ordinal, feature in enumerate(features, start=1):
        properties = feature.get("properties") if isinstance(feature, dict) else None
        if not isinstance(properties, dict):
            yield Record(ordinal, refused="station.unreadable_row")
            continue
        refused = ""
        if "@id" in properties or "amenity" in properties:
            fields = _fields_of_tags(properties)
            refused = _refused_by_name(fields.get("name", ""))
        else:
            fields = _fields_of_properties(properties)
        identity = feature.get("id", properties.get("@id"))
        if identity is not None:
            fields["source_id"] = str(identity)
        fields.setdefault("crs", "wgs84")
        point = _point_of(feature.get("geometry"))
        if point:
            fields |= {"longitude": _number(point[0]), "latitude": _number(point[1])}
        yield Record(ordinal, fields, refused)


def _fields_of_properties(properties: Mapping[str, Any]) -> dict[str, str]:
    """Properties under the headings of our tables; a place among them is ignored, the geometry is the place."""
    fields: dict[str, str] = {}
    for heading, value in properties.items():
        name = field_of(heading)
        text = "" if value is None or isinstance(value, dict | list) else str(value).strip()
        if text and name not in ("", "latitude", "longitude"):
            fields.setdefault(name, text)
    return fields


def _fields_of_tags(tags: Mapping[str, Any]) -> dict[str, str]:
    """OpenStreetMap tags by their fields, and the credit its licence asks for."""
    text = {key: value.strip() for key, value in tags.items() if isinstance(value, str)}
    fields = {
        "name": text.get("name:zh") or text.get("name", ""),
        "address": text.get("addr:full") or "".join(text.get(tag, "") for tag in _ADDRESS_TAGS),
        "phone": text.get("phone") or text.get("contact:phone", ""),
        "district": text.get("addr:district", ""),
        "opening_hours": text.get("opening_hours", ""),
    }
    return {name: value for name, value in fields.items() if value} | _OSM_SOURCE


def _refused_by_name(name: str) -> str:
    if not name:
        return ""  # what is missing is said where names are asked for
    kept = _KEPT_NAMES.search(name) and not _DROPPED_NAMES.search(name)
    return "" if kept else "station.not_for_the_lost"


def _number(value: Any) -> str:
    """A JSON number as plain decimals, "" for what is none; 12 decimals keep all a map can mean."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) < 1e9:
        return ""
    return f"{value:.12f}"


def _point_of(geometry: Any) -> _Point | None:
    """A Point itself, a (Multi)Polygon's centroid; None for what is neither or malformed."""
    if not isinstance(geometry, dict):
        return None
    kind: Any = geometry.get("type")
    coordinates: Any = geometry.get("coordinates")
    try:
        if kind == "Point":
            return float(coordinates[0]), float(coordinates[1])
        if kind == "Polygon":
            return _centroid([coordinates])
        if kind == "MultiPolygon":
            return _centroid(coordinates)
    except (TypeError, ValueError, IndexError, KeyError, OverflowError):
        return None
    return None


def _centroid(polygons: Sequence[Sequence[Sequence[Sequence[float]]]]) -> _Point | None:
    """The centre of area on the plane of degrees, holes taken away: a building is too small for the difference.

    A shape without area (a line folded back) has the mean of its corners.
    """
    origin_x, origin_y = polygons[0][0][0][:2]
    area = moment_x = moment_y = 0.0
    corners: list[_Point] = []
    for polygon in polygons:
        for place, ring in enumerate(polygon):
            # From the first corner, or the products of large degrees would drown so small an area.
            points = [(float(x) - origin_x, float(y) - origin_y) for x, y, *_ in ring]
            terms = [(x1 * y2 - x2 * y1, x1 + x2, y1 + y2) for (x1, y1), (x2, y2) in pairwise(points)]
            ring_area = sum(cross for cross, _, _ in terms)
            # Old files wind either way: the first ring adds, the others are holes.
            sign = (1 if ring_area > 0 else -1) * (1 if place == 0 else -1)
            area += sign * ring_area
            moment_x += sign * sum(cross * x for cross, x, _ in terms)
            moment_y += sign * sum(cross * y for cross, _, y in terms)
            corners += points[:-1]
    if area > 1e-16:
        return origin_x + moment_x / (3 * area), origin_y + moment_y / (3 * area)
    mean_x, mean_y = (sum(axis) / len(corners) for axis in zip(*corners, strict=True))
    return origin_x + mean_x, origin_y + mean_y
