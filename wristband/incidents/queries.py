"""Incidents: a station's desk, a family's own, a finder's report."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias

import sqlalchemy as sa

from wristband.accounts.models import Officer
from wristband.db import db
from wristband.elders import opened
from wristband.elders.queries import ids_of
from wristband.errors import NotFound
from wristband.incidents.models import (
    BreakGlassLook,
    HandOver,
    HandOverTry,
    Incident,
    IncidentMove,
    PlatformNote,
    Report,
    Sighting,
)
from wristband.incidents.rules import IncidentState, Reason
from wristband.stations.models import Station
from wristband.values.position import Position

# What a page may do with an incident: read it. Doors see no models.
IncidentFacts: TypeAlias = Incident
ReportFacts: TypeAlias = Report


def at_desk(station_id: int) -> sa.ColumnElement[bool]:
    """What a station's desk answers for: its own, and what no station is known for."""
    return sa.or_(Incident.station_id == station_id, Incident.station_id.is_(None))


def get_incident(incident_id: int, *, station_id: int) -> Incident:
    """An incident of this station. Raises NotFound for another station's and for none alike."""
    incident: Incident | None = db.session.scalar(
        sa.select(Incident).where(Incident.id == incident_id, at_desk(station_id))
    )
    if incident is None:
        raise NotFound("incidents.unknown")
    return incident


def get_own_incident(incident_id: int, *, guardian_id: int) -> Incident:
    """An incident of one of my elders. Raises NotFound."""
    incident: Incident | None = db.session.scalar(
        sa.select(Incident).where(Incident.id == incident_id, Incident.elder_id.in_(ids_of(guardian_id)))
    )
    if incident is None:
        raise NotFound("incidents.unknown")
    return incident


def list_own_incidents(*, guardian_id: int, limit: int = 20) -> Sequence[Incident]:
    """The latest incidents of my elders, the open ones first."""
    return db.session.scalars(
        sa.select(Incident)
        .where(Incident.elder_id.in_(ids_of(guardian_id)))
        .order_by(Incident.closed_at.is_not(None), Incident.id.desc())
        .limit(limit)
    ).all()


def list_closed(*, station_id: int, limit: int = 20) -> Sequence[Incident]:
    """What the desk closed last."""
    return db.session.scalars(
        sa.select(Incident)
        .where(Incident.station_id == station_id, Incident.closed_at.is_not(None))
        .order_by(Incident.closed_at.desc())
        .limit(limit)
    ).all()


def find_report(scan_id: int) -> tuple[Report, Incident] | None:
    row = db.session.execute(
        sa.select(Report, Incident).join(Incident, Incident.id == Report.incident_id).where(Report.scan_id == scan_id)
    ).first()
    return (row[0], row[1]) if row else None


def count_reports(incident_ids: Sequence[int]) -> dict[int, int]:
    """How many people have reported each of these incidents."""
    rows = db.session.execute(
        sa.select(Report.incident_id, sa.func.count(Report.id).label("reports"))
        .where(Report.incident_id.in_(incident_ids))
        .group_by(Report.incident_id)
    )
    return {row.incident_id: row.reports for row in rows}


def find_open_incident(elder_id: int, *, held: bool = False) -> Incident | None:
    """The open incident of an elder; `held` as it is until the caller's transaction ends."""
    question = sa.select(Incident).where(Incident.elder_id == elder_id, Incident.closed_at.is_(None))
    return db.session.scalar(question.with_for_update() if held else question)


def get_moved_at(incident_id: int) -> datetime:
    """When the incident came into the state it is in; reports and places after that change it and do not move it."""
    last = sa.select(sa.func.max(IncidentMove.at)).where(IncidentMove.incident_id == incident_id)
    return db.session.execute(last).scalar_one()


def list_moves(incident_id: int) -> Sequence[IncidentMove]:
    """The incident's steps, first to last."""
    return db.session.scalars(
        sa.select(IncidentMove).where(IncidentMove.incident_id == incident_id).order_by(IncidentMove.id)
    ).all()


def list_moves_named(incident_id: int) -> list[tuple[IncidentMove, str]]:
    """The incident's steps, first to last, each with the name of the officer who took it ("" for the finder)."""
    rows = db.session.execute(
        sa.select(IncidentMove, Officer)
        .outerjoin(Officer, Officer.id == IncidentMove.officer_id)
        .where(IncidentMove.incident_id == incident_id)
        .order_by(IncidentMove.id)
    )
    return [(step, officer.name if officer else "") for step, officer in rows]


def steps_of_officers(incident_id: int) -> set[IncidentState]:
    """The states into which officers of the station that has it have brought the incident: since it was passed on."""
    begun = (
        sa.select(sa.func.max(IncidentMove.id))
        .where(IncidentMove.incident_id == incident_id, IncidentMove.state == IncidentState.REPORTED)
        .scalar_subquery()
    )
    # The command centre's step is the police's, too: without it a station could see no record any more.
    by_platform = sa.select(PlatformNote.move_id).where(
        PlatformNote.incident_id == incident_id, PlatformNote.move_id.is_not(None)
    )
    return set(
        db.session.scalars(
            sa.select(IncidentMove.state).where(
                IncidentMove.incident_id == incident_id,
                sa.or_(IncidentMove.officer_id.is_not(None), IncidentMove.id.in_(by_platform)),
                IncidentMove.id > begun,
            )
        )
    )


def list_reports(incident_id: int) -> Sequence[Report]:
    return db.session.scalars(sa.select(Report).where(Report.incident_id == incident_id).order_by(Report.id)).all()


def list_sightings(scan_ids: Sequence[int], *, latest: int | None = None) -> Sequence[Sighting]:
    """What the finders of these scans told of the place, newest first; only the `latest` so many."""
    question = sa.select(Sighting).where(Sighting.scan_id.in_(scan_ids)).order_by(Sighting.id.desc())
    return db.session.scalars(question.limit(latest)).all()


def count_sightings(scan_ids: Sequence[int]) -> int:
    return db.session.scalar(sa.select(sa.func.count(Sighting.id)).where(Sighting.scan_id.in_(scan_ids))) or 0


@dataclass(frozen=True, slots=True)
class ToldPlace:
    """A sighting's place, opened. `accuracy_m` is None when the phone told none; `position` None for words alone."""

    at: datetime
    position: Position | None
    accuracy_m: float | None
    words: str | None


def told_place(sighting: Sighting) -> ToldPlace:
    position, accuracy_m = None, None
    if sighting.place:
        latitude, longitude, accuracy = sighting.place.split(",")
        position = Position(float(latitude), float(longitude))
        accuracy_m = float(accuracy) if accuracy else None
    return ToldPlace(sighting.seen_at, position, accuracy_m, sighting.words)


# ---- handing over


def find_hand_over(elder_id: int) -> HandOver | None:
    """The last hand-over of an elder as it is now, open or not. Whoever asks has settled that it concerns them."""
    question = sa.select(HandOver).where(HandOver.elder_id == elder_id).order_by(HandOver.id.desc()).limit(1)
    return db.session.scalar(question.execution_options(populate_existing=True))


def find_hand_over_by(scan_id: int) -> HandOver | None:
    """The hand-over whose code this finder typed."""
    return db.session.scalar(sa.select(HandOver).where(HandOver.used_by == scan_id).limit(1))


def hand_over_tries(hand_over_id: int, *, scan_id: int) -> int:
    """How many codes this finder has typed for it."""
    mine = sa.and_(HandOverTry.hand_over_id == hand_over_id, HandOverTry.scan_id == scan_id)
    return db.session.scalar(sa.select(HandOverTry.tries).where(mine)) or 0


def is_over(hand_over: HandOver) -> bool:
    """Whether its incident was closed some other way, or it was never of one and its day is over."""
    if hand_over.incident_id is None:
        return hand_over.closed_at is not None and hand_over.used_at is None
    closed_at = db.session.scalar(sa.select(Incident.closed_at).where(Incident.id == hand_over.incident_id))
    return closed_at is not None and hand_over.used_at is None


# ---- break-glass looks, and the second look at them


@dataclass(frozen=True, slots=True)
class LookToReview:
    """A break-glass look that nobody has judged yet, and whether this officer may: never at his own."""

    id: int
    at: datetime
    officer: str
    station: str
    reason: Reason
    words: str | None
    """opened.UNREADABLE where they do not open."""
    own: bool


def list_looks_to_review(*, station_id: int, district: bool, officer_id: int) -> list[LookToReview]:
    """The station's break-glass looks that wait for a judgement, or the whole district's; the oldest first."""
    rows = db.session.execute(
        sa.select(BreakGlassLook, Officer, Station.name)
        .join(Officer, Officer.id == BreakGlassLook.officer_id)
        .join(Station, Station.id == BreakGlassLook.station_id)
        .where(BreakGlassLook.reviewed_at.is_(None), looked_under(station_id=station_id, district=district))
        .order_by(BreakGlassLook.id)
    )
    return [
        LookToReview(
            look.id, look.at, officer.name, station, look.reason, opened.text(look, "words"), officer.id == officer_id
        )
        for look, officer, station in rows
    ]


def get_break_glass_look(look_id: int, *, station_id: int, district: bool) -> BreakGlassLook:
    """A break-glass look of this station, or of its district. Raises NotFound."""
    look: BreakGlassLook | None = db.session.scalar(
        sa.select(BreakGlassLook).where(
            BreakGlassLook.id == look_id, looked_under(station_id=station_id, district=district)
        )
    )
    if look is None:
        raise NotFound("looks.unknown")
    return look


def looked_under(*, station_id: int, district: bool) -> sa.ColumnElement[bool]:
    """The break-glass looks that an officer of this station may judge: its own, or those of its whole district."""
    if not district:
        return BreakGlassLook.station_id == station_id
    name = sa.select(Station.district).where(Station.id == station_id).scalar_subquery()
    return BreakGlassLook.station_id.in_(
        sa.select(Station.id).where(sa.or_(Station.id == station_id, sa.and_(name != "", Station.district == name)))
    )
