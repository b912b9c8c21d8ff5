"""Calls for help that nobody of the family has answered in time, as the desks see them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from wristband.bands.models import Band
from wristband.db import db
from wristband.errors import NotFound
from wristband.incidents.models import DutyCall
from wristband.scans.models import Reach, Scan
from wristband.values.code import BandCode


@dataclass(frozen=True, slots=True)
class Unanswered:
    """A finder whom no relative has answered: since when he waits, and the band's last characters. Nobody's name."""

    id: int
    tapped_at: datetime
    called_at: datetime
    code_tail: str


def _at_desk(station_id: int) -> sa.ColumnElement[bool]:
    return sa.or_(DutyCall.station_id == station_id, DutyCall.station_id.is_(None))


def list_unanswered(*, station_id: int) -> list[Unanswered]:
    """What waits for somebody at this station's desk, the longest waiting first."""
    rows = db.session.execute(
        sa.select(DutyCall.id, DutyCall.made_at, Reach.made_at.label("tapped_at"), Band.serial)
        .join(Reach, Reach.id == DutyCall.reach_id)
        .join(Scan, Scan.id == Reach.scan_id)
        .outerjoin(Band, Band.id == Scan.band_id)
        .where(_at_desk(station_id), DutyCall.ended_at.is_(None))
        .order_by(DutyCall.id)
    )
    return [
        Unanswered(row.id, row.tapped_at, row.made_at, BandCode.from_serial(row.serial).tail if row.serial else "")
        for row in rows
    ]


def version(*, station_id: int) -> str:
    """A word that changes whenever a call comes to this desk or is ended."""
    count, made_at, ended_at = db.session.execute(
        sa.select(sa.func.count(DutyCall.id), sa.func.max(DutyCall.made_at), sa.func.max(DutyCall.ended_at)).where(
            _at_desk(station_id)
        )
    ).one()
    return f"{count}-{made_at}-{ended_at}"


def find_duty_call(reach_id: int) -> DutyCall | None:
    """The call to the desk that a reach led to."""
    return db.session.scalar(sa.select(DutyCall).where(DutyCall.reach_id == reach_id))


def take(duty_call_id: int, *, station_id: int, officer_id: int, now: datetime) -> DutyCall | None:
    """Give the call to this officer, in the caller's transaction; None where somebody was quicker. Raises NotFound."""
    question = sa.select(DutyCall).where(DutyCall.id == duty_call_id, _at_desk(station_id))
    call: DutyCall | None = db.session.scalar(question)
    if call is None:
        raise NotFound("incidents.duty_call_unknown")
    taken = db.session.execute(
        sa.update(DutyCall)
        .where(DutyCall.id == duty_call_id, DutyCall.ended_at.is_(None))
        .values(taken_at=now, taken_by=officer_id, ended_at=now, station_id=station_id)
        .execution_options(synchronize_session=False)
    )
    return call if taken.rowcount else None  # type: ignore[attr-defined]


def end_duty_calls(reach_ids: Collection[int], *, now: datetime) -> None:
    """The family has answered after all: the desk need not, in the caller's transaction."""
    db.session.execute(
        sa.update(DutyCall)
        .where(DutyCall.reach_id.in_(reach_ids), DutyCall.ended_at.is_(None))
        .values(ended_at=now)
        .execution_options(synchronize_session=False)
    )


def taken_of(reach_ids: Sequence[int]) -> dict[int, datetime | None]:
    """By reach, when an officer took it; None while nobody has. Reaches whose desk was not called are left out."""
    rows = db.session.execute(sa.select(DutyCall.reach_id, DutyCall.taken_at).where(DutyCall.reach_id.in_(reach_ids)))
    return {row.reach_id: row.taken_at for row in rows}
