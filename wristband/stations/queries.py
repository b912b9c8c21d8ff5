"""Stations: the nearest, by district, by id."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias

import sqlalchemy as sa

from wristband.db import db
from wristband.stations.models import Station
from wristband.stations.rules import Place, StationIndex
from wristband.values.position import Position

_lock = threading.Lock()
# One index a store and state of it; a process has one store, tests have several.
_indexes: dict[tuple[str, int, datetime | None], StationIndex] = {}


# What a page may do with a station: read it. Doors see no models.
StationFacts: TypeAlias = Station


@dataclass(frozen=True, slots=True)
class NearStation:
    """A station and how far it is in a straight line, in metres."""

    station: Station
    metres: float


def nearest(position: Position, k: int = 5) -> list[NearStation]:
    """The `k` nearest stations, exact, nearest first."""
    found = _index().nearest(position, k)
    stations = {station.id: station for station in list_by_ids([station_id for station_id, _ in found])}
    return [NearStation(stations[station_id], metres) for station_id, metres in found if station_id in stations]


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


def list_names(limit: int = 1000) -> list[tuple[int, str]]:
    """Id and name of the stations, for a choice in a form."""
    rows = db.session.execute(sa.select(Station.id, Station.name).order_by(Station.adcode, Station.name).limit(limit))
    return [(station_id, name) for station_id, name in rows]


def _index() -> StationIndex:
    """The index over today's stations, built anew when an import has changed them."""
    count, changed_at = db.session.execute(sa.select(sa.func.count(Station.id), sa.func.max(Station.imported_at))).one()
    key = (str(db.engine.url), count, changed_at)
    with _lock:
        if key not in _indexes:
            rows = db.session.execute(sa.select(Station.id, Station.latitude, Station.longitude))
            _indexes.clear()
            _indexes[key] = StationIndex(Place(station_id, Position(lat, lon)) for station_id, lat, lon in rows)
        return _indexes[key]
