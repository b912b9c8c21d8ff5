"""The stations to which an incident may be passed on: the nearest, or by name."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import sqlalchemy as sa

from wristband.db import db
from wristband.stations.models import Station
from wristband.stations.queries import nearest, position_of
from wristband.stations.rules import metres_between
from wristband.values.position import Position


@dataclass(frozen=True, slots=True)
class Neighbour:
    """A station and how far it is, in metres in a straight line; None where no place is known."""

    station: Station
    metres: float | None


def list_neighbours(near: Position | None, *, beside: int, most: int) -> list[Neighbour]:
    """The stations nearest to a place, without the one that asks."""
    if near is None:
        return []
    found = nearest(near, most + 1)
    return [Neighbour(one.station, one.metres) for one in found if one.station.id != beside][:most]


def list_named(name: str, near: Position | None, *, beside: int, most: int) -> list[Neighbour]:
    """The stations whose name or district holds these words, the nearest first, without the one that asks."""
    words = name.strip()
    if not words or "\0" in words:  # no PostgreSQL text holds one, not even to be compared with
        return []
    held = sa.or_(Station.name.contains(words, autoescape=True), Station.district.contains(words, autoescape=True))
    rows = db.session.scalars(sa.select(Station).where(held, Station.id != beside).order_by(Station.name).limit(most))
    return sorted(_placed(rows, near), key=lambda one: (one.metres is None, one.metres or 0.0))


def _placed(stations: Iterable[Station], near: Position | None) -> list[Neighbour]:
    return [Neighbour(station, metres_between(near, position_of(station)) if near else None) for station in stations]
