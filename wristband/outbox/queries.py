"""What is asked of the outbox: what is due, what is stuck, how many people were told. No words, no addresses."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from wristband.db import db
from wristband.outbox.models import Delivery, Message
from wristband.outbox.rules import Channel, MessageState


def due(now: datetime) -> sa.ColumnElement[bool]:
    """The condition of a message that may be claimed now."""
    return sa.and_(_waiting(now), Message.due_at <= now)


def _waiting(now: datetime) -> sa.ColumnElement[bool]:
    not_expired = sa.or_(Message.expires_at.is_(None), Message.expires_at > now)
    return sa.and_(Message.state == MessageState.PENDING, not_expired)


def is_any_due(now: datetime) -> bool:
    """Whether a message may be claimed now."""
    return db.session.scalar(sa.select(Message.id).where(due(now)).limit(1)) is not None


def count_due(now: datetime) -> int:
    """How many messages wait to be handed over now."""
    return db.session.scalar(sa.select(sa.func.count()).select_from(Message).where(due(now))) or 0


def find_next_due_at(now: datetime) -> datetime | None:
    """When the next message is due, perhaps before `now`; None when nothing waits."""
    return db.session.scalar(sa.select(sa.func.min(Message.due_at)).where(_waiting(now)))


def find_oldest_waiting_at(channel: Channel) -> datetime | None:
    """Since when the oldest message not handed over has waited; None when nothing waits."""
    waiting = Message.state.in_((MessageState.PENDING, MessageState.LEASED))
    return db.session.scalar(sa.select(sa.func.min(Message.owed_at)).where(Message.channel == channel, waiting))


@dataclass(frozen=True)
class StoppedMessage:
    """A message a human has to look at. `code` is the gateway's for the last attempt, empty when there was none."""

    id: int
    channel: Channel
    wording: str
    elder_id: int | None
    reach_id: int | None
    incident_id: int | None
    owed_at: datetime
    stopped_at: datetime
    attempts: int
    code: str


def list_stopped(*, since: datetime, limit: int = 200) -> list[StoppedMessage]:
    """Messages stopped after `since`, newest first. For the operator: it knows no elder's limits."""
    last_code = (
        sa.select(Delivery.code)
        .where(Delivery.message_id == Message.id)
        .order_by(Delivery.ended_at.desc(), Delivery.id.desc())
        .limit(1)
        .scalar_subquery()
    )
    rows = db.session.execute(
        sa.select(
            Message.id,
            Message.channel,
            Message.wording,
            Message.elder_id,
            Message.reach_id,
            Message.incident_id,
            Message.owed_at,
            Message.settled_at.label("stopped_at"),
            Message.attempts,
            sa.func.coalesce(last_code, "").label("code"),
        )
        .where(Message.state == MessageState.STOPPED, Message.settled_at > since)
        .order_by(Message.settled_at.desc(), Message.id.desc())
        .limit(limit)
    )
    return [StoppedMessage(**row) for row in rows.mappings()]


@dataclass(frozen=True)
class Told:
    """How far the messages of one reach came, in people.

    `of` people are owed a message; a gateway `accepted` one for so many; for so many all were given up (`failed`).
    The rest is still being tried.
    """

    of: int
    accepted: int
    failed: int


def state_for_reach(reach_id: int) -> Told:
    """How many people are owed the messages of one reach, and how far these came."""
    person = (
        sa.select(
            sa.func.max(sa.case((Message.state == MessageState.DELIVERED, 1), else_=0)).label("accepted"),
            sa.func.min(sa.case((Message.state == MessageState.STOPPED, 1), else_=0)).label("failed"),
        )
        .where(Message.reach_id == reach_id)
        .group_by(Message.recipient_index)
        .subquery()
    )
    of, accepted, failed = db.session.execute(
        sa.select(sa.func.count(), sa.func.sum(person.c.accepted), sa.func.sum(person.c.failed)).select_from(person)
    ).one()
    return Told(of=of, accepted=int(accepted or 0), failed=int(failed or 0))
