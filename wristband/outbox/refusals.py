"""Messages that a gateway refused for good: what that says about the address is for others to judge."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa

from wristband.db import db
from wristband.outbox.models import Delivery, Message
from wristband.outbox.rules import Channel, MessageState, Outcome

_LONGEST_AFTER_DUE = timedelta(days=3)


@dataclass(frozen=True, slots=True)
class Refused:
    """A message that its gateway will never take; `code` is the gateway's."""

    message_id: int
    guardian_id: int | None
    owed_at: datetime
    code: str


def list_refused(*, since: datetime, channels: Collection[Channel], limit: int = 500) -> list[Refused]:
    """Those settled after `since`, the first first; without what had waited for days before it was tried."""
    rows = db.session.execute(
        sa.select(Message.id, Message.guardian_id, Message.owed_at, Delivery.code)
        .join(Delivery, Delivery.message_id == Message.id)
        .where(
            Message.state == MessageState.STOPPED,
            Message.settled_at > since,
            Message.due_at > since - _LONGEST_AFTER_DUE,  # for the index: what was stopped long ago is not looked at
            Message.channel.in_(channels),
            Delivery.outcome == Outcome.PERMANENT,
        )
        .order_by(Message.settled_at, Message.id)
        .limit(limit)
    )
    return [Refused(row.id, row.guardian_id, row.owed_at, row.code) for row in rows]


def recipient_of(message_id: int) -> str:
    """To which address a message was owed. Raises SealBroken, Erased."""
    recipient: str = db.session.get_one(Message, message_id).recipient
    return recipient
