"""How calls to a family and to the desk are looked at, and how time passes for them."""

from __future__ import annotations

from datetime import datetime, timedelta

from tests.services.finders import owed
from wristband.db import db
from wristband.outbox.models import Message
from wristband.scans.disclosure import FamilyReached
from wristband.scans.models import Reach
from wristband.scans.queries import find_reach_of
from wristband.scans.reached import family_reached
from wristband.services import escalating

SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)


def calls() -> list[Message]:
    return owed("call_band_scanned")


def called() -> list[str]:
    return [message.recipient for message in calls()]


def reach_of(reference: str) -> Reach:
    db.session.rollback()
    found = find_reach_of(reference)
    assert found
    return found


def reach_by_id(reach_id: int) -> Reach:
    db.session.rollback()
    return db.session.get_one(Reach, reach_id)


def shown(reference: str) -> FamilyReached:
    return family_reached(reach_of(reference))


def run(begin: datetime, end: datetime, *, every: timedelta = 10 * SECOND) -> None:
    """Time passes, and the worker looks again and again."""
    at = begin
    while at <= end:
        escalating.take_due(at)
        at += every
