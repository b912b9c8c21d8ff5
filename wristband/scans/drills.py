"""Drills: calls for help that a guardian makes herself, to see that the whole chain works. Nobody is lost."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from wristband.db import db
from wristband.elders.queries import ids_of
from wristband.elders.readiness import DRILL_LASTS
from wristband.errors import NotFound
from wristband.outbox.paths import accepted_channels
from wristband.outbox.rules import Channel
from wristband.scans.models import Reach


def is_drill(scan_id: int) -> bool:
    """Whether this scan is no finder's."""
    made = sa.exists().where(Reach.scan_id == scan_id, Reach.drill.is_(True))
    return db.session.scalar(sa.select(made)) is True


def is_over(reach: Reach, *, now: datetime) -> bool:
    """Whether nothing more happens in this drill: somebody has answered, or its time is up."""
    return reach.answered_at is not None or now >= reach.made_at + DRILL_LASTS


def get_drill(reach_id: int, *, guardian_id: int) -> Reach:
    """A drill about one of my elders. Raises NotFound for a stranger's and for none alike."""
    reach: Reach | None = db.session.scalar(
        sa.select(Reach).where(Reach.id == reach_id, Reach.drill.is_(True), Reach.elder_id.in_(ids_of(guardian_id)))
    )
    if reach is None:
        raise NotFound("drill.unknown")
    return reach


def find_running(elder_id: int, *, now: datetime) -> Reach | None:
    """The drill of this elder that goes on now. A guardian asks after get_elder."""
    return next((reach for reach in list_drills(elder_id, limit=1) if not is_over(reach, now=now)), None)


def list_running(*, guardian_id: int, now: datetime) -> Sequence[Reach]:
    """The drills of my elders that go on now."""
    return db.session.scalars(
        sa.select(Reach)
        .where(
            Reach.elder_id.in_(ids_of(guardian_id)),
            Reach.drill.is_(True),
            Reach.made_at > now - DRILL_LASTS,
            Reach.answered_at.is_(None),
        )
        .order_by(Reach.id)
    ).all()


def list_drills(elder_id: int, *, limit: int = 5) -> Sequence[Reach]:
    """The latest drills of an elder, the newest first. A guardian asks after get_elder."""
    return db.session.scalars(
        sa.select(Reach).where(Reach.elder_id == elder_id, Reach.drill.is_(True)).order_by(Reach.id.desc()).limit(limit)
    ).all()


def running_of(elder_id: int, *, now: datetime) -> sa.Select[int]:
    """The drills of an elder that nobody has answered and whose time is not up, as a scope for what is planned."""
    return sa.select(Reach.id).where(
        Reach.elder_id == elder_id,
        Reach.drill.is_(True),
        Reach.made_at > now - DRILL_LASTS,
        Reach.answered_at.is_(None),
    )


def last_answered(elder_ids: Collection[int]) -> dict[int, datetime]:
    """When the last drill that somebody answered began, of those of these elders that had one."""
    rows = db.session.execute(
        sa.select(Reach.elder_id, sa.func.max(Reach.made_at).label("at"))
        .where(Reach.elder_id.in_(elder_ids), Reach.drill.is_(True), Reach.answered_at.is_not(None))
        .group_by(Reach.elder_id)
    )
    return {row.elder_id: row.at for row in rows}


def begun_before(moment: datetime) -> sa.Select[int]:
    """The drills that began before a moment, as a scope for what is still planned of them."""
    return sa.select(Reach.id).where(Reach.drill.is_(True), Reach.made_at <= moment)


# ---- what they have shown


@dataclass(frozen=True, slots=True)
class DrillResult:
    """One drill: `channels` whose gateways took a message, and after how long it was answered, if it was."""

    id: int
    at: datetime
    channels: tuple[Channel, ...]
    answered_after_s: int | None


def list_results(elder_id: int, *, limit: int = 5) -> list[DrillResult]:
    """The latest drills of an elder, the newest first. A guardian asks after get_elder."""
    drills = list_drills(elder_id, limit=limit)
    accepted = accepted_channels([drill.id for drill in drills])
    return [
        DrillResult(
            drill.id,
            drill.made_at,
            tuple(channel for channel in Channel if channel in accepted[drill.id]),
            round((drill.answered_at - drill.made_at).total_seconds()) if drill.answered_at else None,
        )
        for drill in drills
    ]
