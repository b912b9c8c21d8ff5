"""Reminding a family that a number is to be confirmed anew, before it goes stale."""

from __future__ import annotations

from datetime import datetime, timedelta

import structlog

from wristband.clock import ZONE
from wristband.db import db, transaction
from wristband.elders.contacts import remind
from wristband.elders.models import Contact
from wristband.elders.queries import list_going_stale
from wristband.elders.readiness import CONFIRMED_LASTS, may_remind, reminders_due
from wristband.errors import Refusal
from wristband.house import house
from wristband.outbox import guardians
from wristband.outbox.family import opened
from wristband.values.phone import Phone

log = structlog.get_logger(__name__)

LOOK_EVERY = timedelta(minutes=10)
BATCH = 200


class Reminder:
    """Reminds in somebody's loop, by day; several may share one database, and a number is reminded of once."""

    def __init__(self) -> None:
        self._look_at: datetime | None = None

    def look(self, now: datetime) -> None:
        """Owe what is due, at most once in ten minutes; what is refused is logged, and tried again then."""
        if self._look_at is not None and now < self._look_at <= now + LOOK_EVERY:
            return
        self._look_at = now + LOOK_EVERY
        try:
            remind_due(now)
        except Refusal as refusal:
            log.error("reminders_refused", code=refusal.code)


def remind_due(now: datetime) -> int:
    """Owe each guardian a message for every number of theirs that is to be confirmed anew; tells of how many numbers.

    Not at night: nobody is lost. Whoever was asleep at the hour is told in the morning, once.
    """
    if not may_remind(now.astimezone(ZONE)):
        return 0
    due = [contact.id for contact in list_going_stale(now=now, limit=BATCH)]
    db.session.rollback()
    return sum(_remind(contact_id, now) for contact_id in due)


def _remind(contact_id: int, now: datetime) -> bool:
    with transaction():
        contact = db.session.get(Contact, contact_id)
        if contact is None or contact.confirmed_at is None:
            return False
        deserved = reminders_due(contact.confirmed_at, now=now)
        if not remind(contact, deserved) or (address := opened(contact)) is None:
            return False
        due_at = contact.confirmed_at + CONFIRMED_LASTS
        facts = house().settings.issuer | {
            "phone": Phone(address).masked(),
            "time": f"{due_at.astimezone(ZONE):%m-%d}",
        }
        wording = "number_stale" if now >= due_at else "number_due"
        key = f"{wording}:{contact.id}:{due_at:%y%m%d}"
        guardians.owe(contact.elder_id, key, but=None, wording=wording, facts=facts, at=now)
        return True
