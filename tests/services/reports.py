"""Finders who have reported, and what is kept of what they add."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa

from tests.world import World, new_reference
from wristband.db import db
from wristband.incidents.models import Incident
from wristband.incidents.queries import find_report
from wristband.incidents.rules import Disposition, IncidentState
from wristband.reports.models import Pickup, Supplement
from wristband.reports.rules import Waits
from wristband.scans.queries import get_acted_scan
from wristband.services import collecting, handling, reporting, supplementing

KEY = "a-key-of-one-form"


def reported(world: World, now: datetime, serial: str | None = None) -> str:
    """A finder has reported her band. Returns the scan's reference."""
    reference = new_reference()
    reporting.report(reference, serial or world.her.serial, language="zh-CN", low_trust=False, now=now)
    return reference


def incident_of(reference: str) -> Incident:
    db.session.rollback()
    found = find_report(get_acted_scan(reference).id)
    assert found
    return found[1]


def say(reference: str, words: str, now: datetime, key: str = KEY) -> None:
    supplementing.add_words(reference, key, words, now=now)


def leave(reference: str, now: datetime, words: str = "药店门口", waits: Waits = Waits.TEN, key: str = KEY) -> None:
    collecting.ask(reference, key, words=words, waits=waits, now=now)


def supplements() -> Sequence[Supplement]:
    db.session.rollback()
    return db.session.scalars(sa.select(Supplement).order_by(Supplement.id)).all()


def pickup() -> Pickup:
    db.session.rollback()
    return db.session.scalars(sa.select(Pickup)).one()


def close(world: World, incident_id: int, now: datetime) -> None:
    handling.move(
        incident_id,
        IncidentState.CLOSED,
        officer=world.officer,
        words="已送回",
        disposition=Disposition.WITH_FAMILY,
        now=now,
    )


def close_all(world: World, now: datetime) -> None:
    for incident_id in db.session.scalars(sa.select(Incident.id).where(Incident.closed_at.is_(None))).all():
        close(world, incident_id, now)
