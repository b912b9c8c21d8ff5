"""Inviting: the families of imported elders are texted, a few a second and by day."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa

from wristband.clock import ZONE
from wristband.db import db, transaction
from wristband.elders.models import Invitation
from wristband.house import house
from wristband.language import SOURCE
from wristband.outbox import queue
from wristband.outbox.rules import Channel
from wristband.sheets.models import SheetInvitation
from wristband.sheets.rules import INVITATIONS_AT_ONCE, invites_at


def invite_due(now: datetime) -> int:
    """Owe the next invitations; a chore of the worker. Returns how many are settled, those that are over among them."""
    oldest = sa.select(SheetInvitation.id).order_by(SheetInvitation.id).limit(INVITATIONS_AT_ONCE)
    if not invites_at(now.astimezone(ZONE).time()) or not db.session.scalars(oldest).all():
        return 0
    with transaction():
        due = db.session.scalars(
            sa.select(SheetInvitation)
            .order_by(SheetInvitation.id)
            .limit(INVITATIONS_AT_ONCE)
            .with_for_update(skip_locked=True)
        ).all()
        for note in due:
            made = db.session.get(Invitation, note.invitation_id)
            if made is not None and made.ended_at is None and made.expires_at > now:
                _owe(made, now)
            db.session.delete(note)
    return len(due)


def _owe(made: Invitation, now: datetime) -> None:
    queue.enqueue(
        key=f"guardian_invited:{made.id}",
        channel=Channel.SMS,
        wording="guardian_invited",
        language=SOURCE,
        recipient=made.phone,
        facts=house().settings.issuer,
        at=now,
        expires_at=made.expires_at,
        elder_id=made.elder_id,
    )
