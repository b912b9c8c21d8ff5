"""Reminding a family that a number is to be confirmed anew, before it goes stale."""

from __future__ import annotations

from datetime import datetime

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

BATCH = 200


def remind_due(now: datetime) -> int:
    """Owe each guardian a message for every number of theirs that is to be confirmed anew; tells of how many numbers.

    Not at night: nobody is lost. Whoever was asleep at the hour is told in the morning, once. A number that is refused
    is logged, and tried again with the next look; several workers may share one database.
    """
    if not may_remind(now.astimezone(ZONE)):
        return 0
    due = [contact.id for contact in list_going_stale(now=now, limit=BATCH)]
    db.session.rollback()
    reminded = 0
    for contact_id in due:
        try:
            reminded += _remind(contact_id, now)
        except Refusal as refusal:
            log.error("reminder_refused", contact=contact_id, code=refusal.code)
    return reminded


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
