"""How far the family's messages of one incident came, by what they say: people, never words or addresses."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from wristband.db import db
from wristband.outbox.models import Message
from wristband.outbox.rules import Channel, MessageState


@dataclass(frozen=True, slots=True)
class ToldOfIncident:
    """One piece of news: `of` people are owed it, for `accepted` a gateway took it, for `failed` all was given up."""

    wording: str
    owed_at: datetime
    of: int
    accepted: int
    failed: int


def list_told(incident_id: int) -> list[ToldOfIncident]:
    """What the family was told of an incident, the earliest first."""
    who = sa.func.coalesce(sa.cast(Message.guardian_id, sa.String), Message.recipient_index)
    person = (
        sa.select(
            Message.wording,
            sa.func.min(Message.owed_at).label("owed_at"),
            sa.func.max(sa.case((Message.state == MessageState.DELIVERED, 1), else_=0)).label("accepted"),
            sa.func.min(sa.case((Message.state == MessageState.STOPPED, 1), else_=0)).label("failed"),
        )
        .where(Message.incident_id == incident_id, Message.elder_id.is_not(None), Message.channel != Channel.PLATFORM)
        .group_by(Message.wording, who)
        .subquery()
    )
    rows = db.session.execute(
        sa.select(
            person.c.wording,
            sa.func.min(person.c.owed_at),
            sa.func.count(),
            sa.func.sum(person.c.accepted),
            sa.func.sum(person.c.failed),
        )
        .select_from(person)
        .group_by(person.c.wording)
        .order_by(sa.func.min(person.c.owed_at))
    )
    return [ToldOfIncident(wording, at, of, int(ok or 0), int(bad or 0)) for wording, at, of, ok, bad in rows]
