"""Stations: the nearest, those that receive people now, by district, by id."""

from __future__ import annotations

import math
import threading
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeAlias

import sqlalchemy as sa

from wristband.clock import ZONE
from wristband.db import db, in_deed
from wristband.stations.models import Station, StationsVersion
from wristband.stations.opening_hours import Opening, Standing, standing
from wristband.stations.rules import METRES_PER_DEGREE_AT_LEAST, StationIndex
from wristband.values.position import Position

_lock = threading.Lock()
# One index a store and version of its stations; a process has one store, tests have several.
_indexes: dict[tuple[str, int | None], StationIndex] = {}
# How far a deed looks that finds no index, in metres: a city first, then a country, then everywhere.
_REACHES_M = (50_000.0, 1_000_000.0, math.inf)
# As many of the nearest are asked whether they are open.
_ASKED = 8


# What a page may do with a station: read it. Doors see no models.
StationFacts: TypeAlias = Station


@dataclass(frozen=True, slots=True)
class NearStation:
    """A station and how far it is in a straight line, in metres."""

    station: Station
    metres: float


@dataclass(frozen=True, slots=True)
class ListedStation:
    """A station in a list for people: whether it is open now, and its straight-line metres where a place is known."""

    station: Station
    metres: float | None
    standing: Standing


def nearest(position: Position, k: int) -> list[NearStation]:
    """The `k` nearest stations, exact, nearest first."""
    index = _find_index()
    found = index.nearest(position, k) if index is not None else _nearest_in_store(position, k)
    stations = {station.id: station for station in list_by_ids([station_id for station_id, _ in found])}
    return [NearStation(stations[station_id], metres) for station_id, metres in found if station_id in stations]


def list_near(position: Position, k: int, *, now: datetime) -> list[ListedStation]:
    """The `k` nearest and, where some of those are closed, what is open farther off: closed ones last, both by way."""
    near = nearest(position, max(k, _ASKED))
    listed = open_first([(one.station, one.metres) for one in near], now=now)
    among = {one.station.id for one in near[:k]}
    return [
        one
        for place, one in enumerate(listed)
        if one.station.id in among or (place < k and one.standing.opening is not Opening.CLOSED)
    ]


def open_first(stations: Iterable[tuple[Station, float | None]], *, now: datetime) -> list[ListedStation]:
    """These in their order, what is closed now last: a station of unknown hours counts as open, as police mostly is."""
    listed = [ListedStation(station, metres, _standing(station, now)) for station, metres in stations]
    return sorted(listed, key=lambda one: one.standing.opening is Opening.CLOSED)


def _standing(station: Station, now: datetime) -> Standing:
    return standing(station.opening_hours, now.astimezone(ZONE))


def list_by_ids(ids: Sequence[int]) -> Sequence[Station]:
    return db.session.scalars(sa.select(Station).where(Station.id.in_(ids))).all()


def position_of(station: Station) -> Position:
    return Position(station.latitude, station.longitude)


def find_station(station_id: int | None) -> Station | None:
    return db.session.get(Station, station_id) if station_id is not None else None


def find_station_by_name(name: str) -> Station | None:
    return db.session.scalar(sa.select(Station).where(Station.name == name.strip()).limit(1))


def list_in_district(district: str) -> Sequence[Station]:
    """The stations of a district by its own name, by theirs; none for anything else."""
    if "\0" in district:
        return []  # no PostgreSQL text holds it, not even to be compared with
    return db.session.scalars(sa.select(Station).where(Station.district == district).order_by(Station.name)).all()


def list_districts() -> list[tuple[str, int]]:
    """Every district that has stations, with how many."""
    rows = db.session.execute(
        sa.select(Station.district, sa.func.count(Station.id))
        .where(Station.district != "")
        .group_by(Station.district)
        .order_by(sa.func.min(Station.adcode))
    )
    return [(district, count) for district, count in rows]


def list_after(station_id: int, *, name: str = "", limit: int) -> Sequence[Station]:
    """Stations in the order in which they were entered, after the one of that id; with `name` those that hold it."""
    question = sa.select(Station).where(Station.id > station_id)
    if "\0" in name:
        return []  # no PostgreSQL text holds it, not even to be compared with
    if words := name.strip():
        held = sa.or_(Station.name.contains(words, autoescape=True), Station.district.contains(words, autoescape=True))
        question = question.where(held)
    return db.session.scalars(question.order_by(Station.id).limit(limit)).all()


def list_names(limit: int = 1000) -> list[tuple[int, str]]:
    """Id and name of the stations, for a choice in a form."""
    rows = db.session.execute(sa.select(Station.id, Station.name).order_by(Station.adcode, Station.name).limit(limit))
    return [(station_id, name) for station_id, name in rows]


def make_ready() -> None:
    """Build the index where it is missing or stale: to be called before a deed, which would build none."""
    _find_index()


def _find_index() -> StationIndex | None:
    """The index over today's stations, built anew when they have changed; in a deed None instead of building it.

    A deed holds everybody else's turn to write, and reading 60,000 stations takes half a second.
    """
    key = (str(db.engine.url), db.session.scalar(sa.select(StationsVersion.number)))
    index = _indexes.get(key)
    if index is not None or in_deed():
        return index
    with _lock:
        if key not in _indexes:
            rows = db.session.execute(sa.select(Station.id, Station.latitude, Station.longitude)).all()
            _indexes.clear()
            _indexes[key] = _index_of(rows)
        return _indexes[key]


def _index_of(rows: Sequence[Any]) -> StationIndex:
    """Of rows of id, latitude and longitude."""
    ids, latitudes, longitudes = zip(*rows, strict=True) if rows else ((), (), ())
    return StationIndex(ids, latitudes, longitudes)


def _nearest_in_store(position: Position, k: int) -> list[tuple[int, float]]:
    """The `k` nearest straight from the store, as exact: by bands of latitude, a wider one where too few are near."""
    for reach_m in _REACHES_M:
        chosen = sa.select(Station.id, Station.latitude, Station.longitude)
        if reach_m < math.inf:
            band = reach_m / METRES_PER_DEGREE_AT_LEAST
            chosen = chosen.where(Station.latitude.between(position.latitude - band, position.latitude + band))
        found = _index_of(db.session.execute(chosen).all()).nearest(position, k)
        if len(found) >= k and (not found or found[-1][1] <= reach_m):
            break
    return found
