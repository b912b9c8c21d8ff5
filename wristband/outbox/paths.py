"""What became of each message of one tap, by channel: what a family that tries the chain is shown."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime

import sqlalchemy as sa

from wristband.db import db
from wristband.outbox.models import Message
from wristband.outbox.queries import heard
from wristband.outbox.rules import Channel, MessageState
from wristband.values.arrival import ArrivalState


@dataclass(frozen=True, slots=True)
class Path:
    """One message to one person by one channel. Times as far as they are known, and no more."""

    channel: Channel
    guardian_id: int | None
    owed_at: datetime
    state: MessageState
    settled_at: datetime | None
    """When a gateway accepted it, or when it was given up."""
    heard: dict[ArrivalState, datetime] = field(default_factory=dict)
    """What the provider has told since, and when it says that it was."""


def list_paths(reach_id: int) -> list[Path]:
    """The messages of one reach, in the order in which they were owed."""
    messages = db.session.scalars(sa.select(Message).where(Message.reach_id == reach_id).order_by(Message.id)).all()
    told = heard([message.id for message in messages])
    return [
        Path(
            message.channel,
            message.guardian_id,
            message.owed_at,
            message.state,
            message.settled_at,
            told.get(message.id, {}),
        )
        for message in messages
    ]


def accepted_channels(reach_ids: Collection[int]) -> dict[int, frozenset[Channel]]:
    """Of each of these reaches, the channels whose gateways took a message."""
    rows = db.session.execute(
        sa.select(Message.reach_id, Message.channel)
        .where(Message.reach_id.in_(reach_ids), Message.state == MessageState.DELIVERED)
        .distinct()
    ).all()
    return {reach_id: frozenset(row.channel for row in rows if row.reach_id == reach_id) for reach_id in reach_ids}
