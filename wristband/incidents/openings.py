"""Opening an incident, or joining the one that is open; and the station it goes to."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from wristband.accounts.models import Officer
from wristband.audit import trail
from wristband.audit.deeds import Deed
from wristband.clock import ZONE
from wristband.db import db, insert, new_id, run
from wristband.elders.models import Elder
from wristband.incidents import queries, rules
from wristband.incidents.models import Incident, IncidentMove, IncidentNumber
from wristband.incidents.rules import IncidentState
from wristband.stations.queries import nearest, open_first
from wristband.values.position import Position

# A fix vaguer than this says which city, not which station.
_VAGUE_M = 5000
_FAR_M = 50_000
_LOOKED_AT = 20


@dataclass(frozen=True, slots=True)
class Joined:
    """The incident that a report is in: what who tells of it needs to know."""

    id: int
    number: str
    elder_id: int | None
    station_id: int | None
    passed_at: datetime | None = None


def open_or_join(elder_id: int | None, station_id: int | None, *, actor: str, now: datetime) -> Joined:
    """The open incident of an elder, or a new one at this station, in the caller's transaction: never two at once."""
    # Held by being changed, so that nobody closes it before this report is in it.
    if elder_id is not None:
        there = run(_JOIN, {"of_elder": elder_id, "changed_at": now}).first()
        if there is not None:
            return Joined(there.id, there.number, elder_id, there.station_id, there.passed_at)
    made = Joined(new_id(), _next_number(now), elder_id, station_id)
    values = {"id": made.id, "number": made.number, "elder_id": elder_id, "station_id": station_id}
    values |= {"state": IncidentState.REPORTED, "opened_at": now, "changed_at": now}
    # By what comes back: psycopg's count of rows is unknown where rows are inserted.
    if run(_opening, values).first() is None:
        # Another finder opened it in this very moment: join it, or, where it has been closed since, begin again.
        return open_or_join(elder_id, station_id, actor=actor, now=now)
    step = {"id": new_id(), "incident_id": made.id, "at": now, "state": IncidentState.REPORTED}
    run(_STEP, step)
    trail.record(Deed.INCIDENT_OPENED, actor=actor, subject=f"incident:{made.id}", at=now, elder_id=elder_id)
    return made


# Core, not the unit of work, and built once: these run in every report.
_INCIDENT = Incident.__table__
_STEP = sa.insert(IncidentMove.__table__)
_JOIN = (
    sa.update(_INCIDENT)
    .where(_INCIDENT.c.elder_id == sa.bindparam("of_elder"), _INCIDENT.c.closed_at.is_(None))
    .returning(_INCIDENT.c.id, _INCIDENT.c.number, _INCIDENT.c.station_id, _INCIDENT.c.passed_at)
)


def _opening() -> sa.Executable:
    """No row comes back where the elder has an incident that is open."""
    statement = insert(_INCIDENT).on_conflict_do_nothing(
        index_elements=["elder_id"], index_where=sa.text("closed_at IS NULL")
    )
    return statement.returning(_INCIDENT.c.id)


def station_for(scan_id: int, elder_id: int | None, *, now: datetime) -> int | None:
    """The station nearest to the place told, or the elder's own when there is no place yet."""
    told = told_station(scan_id, now=now)
    return told if told is not None else _own_station(elder_id)


def told_station(scan_id: int, *, now: datetime) -> int | None:
    """The station nearest to the last place of a scan that says where; None where none has been told."""
    for place in map(queries.told_place, queries.list_sightings([scan_id])):
        if (station_id := station_near(place.position, place.accuracy_m, now=now)) is not None:
            return station_id
    return None


def _own_station(elder_id: int | None) -> int | None:
    """The station that an elder belongs to; None where there is no elder, none was chosen, or nobody works there."""
    own = db.session.scalar(sa.select(Elder.station_id).where(Elder.id == elder_id)) if elder_id else None
    return own if own in staffed_stations() else None


def station_near(position: Position | None, accuracy_m: float | None, *, now: datetime) -> int | None:
    """The nearest open station to a place that is told well enough to choose by, where somebody has an account.

    Where all around are closed, the nearest of them. What no station takes is on every desk: that is better than on one
    that nobody opens.
    """
    # 0,0 is what a phone without a fix says; a station a day's walk away is no answer to a place far off.
    if position is None or position.is_null_island or (accuracy_m or 0) > _VAGUE_M:
        return None
    staffed = staffed_stations()
    near = [one for one in nearest(position, _LOOKED_AT) if one.metres <= _FAR_M and one.station.id in staffed]
    listed = open_first([(one.station, one.metres) for one in near], now=now)
    return listed[0].station.id if listed else None


def is_far(position: Position) -> bool:
    """Whether no station that we know of, staffed or not, is within a day's walk: the place is abroad, or wrong."""
    near = nearest(position, 1)
    return not near or near[0].metres > _FAR_M


def staffed_stations() -> frozenset[int]:
    """Where somebody can sign in at the desk."""
    return frozenset(db.session.scalars(sa.select(Officer.station_id).where(Officer.disabled_at.is_(None)).distinct()))


def _next_number(now: datetime) -> str:
    day = now.astimezone(ZONE).date()
    values = {"id": int(f"{day:%y%m%d}"), "last": 1}
    serial: int = run(_counting, values).scalar_one()
    return rules.number(day, serial)


def _counting() -> sa.Executable:
    table = IncidentNumber.__table__
    statement = insert(table).on_conflict_do_update(index_elements=["id"], set_={"last": table.c.last + 1})
    return statement.returning(table.c.last)
