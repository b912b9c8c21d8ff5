"""Calls for help that nobody of the family has answered in time, as the desks see them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import sqlalchemy as sa

from wristband.bands.models import Band
from wristband.db import db, insert, new_id
from wristband.errors import NotFound
from wristband.incidents.models import DutyCall
from wristband.scans.models import Reach, Scan
from wristband.values.code import code_tail


@dataclass(frozen=True, slots=True)
class Unanswered:
    """A finder whom no relative has answered: since when he waits, and the band's last characters. Nobody's name."""

    id: int
    tapped_at: datetime
    called_at: datetime
    code_tail: str
    finders: int
    """How many wait for the same elder: they are one line, and whoever takes it takes them all."""


def _at_desk(station_id: int) -> sa.ColumnElement[bool]:
    return sa.or_(DutyCall.station_id == station_id, DutyCall.station_id.is_(None))


def list_unanswered(*, station_id: int) -> list[Unanswered]:
    """What waits for somebody at this station's desk, the longest waiting first."""
    rows = db.session.execute(
        sa.select(DutyCall.id, DutyCall.elder_id, DutyCall.made_at, Reach.made_at.label("tapped_at"), Band.serial)
        .join(Reach, Reach.id == DutyCall.reach_id)
        .join(Scan, Scan.id == Reach.scan_id)
        .outerjoin(Band, Band.id == Scan.band_id)
        .where(_at_desk(station_id), DutyCall.ended_at.is_(None))
        .order_by(DutyCall.id)
    )
    lines: dict[int, Unanswered] = {}
    for row in rows:
        first = lines.get(row.elder_id)
        lines[row.elder_id] = (
            replace(first, finders=first.finders + 1)
            if first
            else Unanswered(row.id, row.tapped_at, row.made_at, code_tail(row.serial), finders=1)
        )
    return list(lines.values())


def call_desk(reach_id: int, elder_id: int, station_id: int | None, *, now: datetime) -> bool:
    """Put a finder's call before this station's desk, in the caller's transaction; False where it is there already."""
    table = DutyCall.__table__
    made = db.session.scalar(
        insert(table)
        .values(id=new_id(), reach_id=reach_id, elder_id=elder_id, station_id=station_id, made_at=now)
        .on_conflict_do_nothing(index_elements=["reach_id"])
        .returning(table.c.id)
    )
    return made is not None


def find_duty_call(reach_id: int) -> DutyCall | None:
    """The call to the desk that a reach led to."""
    return db.session.scalar(sa.select(DutyCall).where(DutyCall.reach_id == reach_id))


def take(duty_call_id: int, *, station_id: int, officer_id: int, now: datetime) -> Sequence[DutyCall]:
    """Give the elder's calls to this officer, in the caller's transaction: one and all that wait beside it.

    None where somebody was quicker. Raises NotFound.
    """
    question = sa.select(DutyCall).where(DutyCall.id == duty_call_id, _at_desk(station_id))
    call: DutyCall | None = db.session.scalar(question)
    if call is None:
        raise NotFound("incidents.duty_call_unknown")
    taken = db.session.scalars(
        sa.update(DutyCall)
        .where(DutyCall.elder_id == call.elder_id, _at_desk(station_id), DutyCall.ended_at.is_(None))
        .values(taken_at=now, taken_by=officer_id, ended_at=now, station_id=station_id)
        .execution_options(synchronize_session=False)
        .returning(DutyCall)
    ).all()
    return sorted(taken, key=lambda one: one.id)


def end_duty_call(reach_id: int, *, now: datetime) -> None:
    """The family has answered after all: the desk need not, in the caller's transaction."""
    db.session.execute(
        sa.update(DutyCall)
        .where(DutyCall.reach_id == reach_id, DutyCall.ended_at.is_(None))
        .values(ended_at=now)
        .execution_options(synchronize_session=False)
    )


def list_called_in(scan_ids: Sequence[int]) -> Sequence[DutyCall]:
    """The calls to a desk that the finders of these scans led to."""
    question = sa.select(DutyCall).join(Reach, Reach.id == DutyCall.reach_id).where(Reach.scan_id.in_(scan_ids))
    return db.session.scalars(question.order_by(DutyCall.id)).all()
