"""The stations to which an incident is passed on, or a record transferred: the nearest, or by name."""

from __future__ import annotations

import math
from dataclasses import dataclass

import sqlalchemy as sa

from wristband.db import db
from wristband.stations.models import Station
from wristband.stations.queries import nearest, position_of
from wristband.stations.rules import metres_between
from wristband.values.position import Position

SHOWN = 12


@dataclass(frozen=True, slots=True)
class Neighbour:
    """A station and how far it is, in metres in a straight line; None where no place is known."""

    station: Station
    metres: float | None


def list_choice(name: str, near: Position | None, *, beside: int) -> list[Neighbour]:
    """What an officer may choose from: by name where one was typed, else the nearest, without the station that asks."""
    return _named(name, near, beside) if name.strip() else _nearest(near, beside)


def _nearest(near: Position | None, beside: int) -> list[Neighbour]:
    if near is None:
        return []
    found = nearest(near, SHOWN + 1)
    return [Neighbour(one.station, one.metres) for one in found if one.station.id != beside][:SHOWN]


def _named(name: str, near: Position | None, beside: int) -> list[Neighbour]:
    """The stations whose name or district holds these words, the nearest first where a place is known."""
    words = name.strip()
    if "\0" in words:  # no PostgreSQL text holds one, not even to be compared with
        return []
    held = sa.or_(Station.name.contains(words, autoescape=True), Station.district.contains(words, autoescape=True))
    question = sa.select(Station).where(held, Station.id != beside).order_by(_roughly_far(near), Station.name)
    stations = db.session.scalars(question.limit(SHOWN)).all()
    if near is None:
        return [Neighbour(station, None) for station in stations]
    placed = [Neighbour(station, metres_between(near, position_of(station))) for station in stations]
    return sorted(placed, key=lambda one: one.metres or 0.0)


def _roughly_far(near: Position | None) -> sa.ColumnElement[float]:
    """What orders stations by distance well enough to leave out the far ones: squared degrees, as if the earth were
    flat and not cut at the antimeridian. Nothing without a place.
    """
    if near is None:
        return sa.literal(0.0)
    apart = sa.func.abs(Station.longitude - near.longitude)
    east = sa.case((apart > 180, 360 - apart), else_=apart) * math.cos(math.radians(near.latitude))
    north = Station.latitude - near.latitude
    return north * north + east * east
