"""What is asked of the outbox: what is due, what is stuck, how many people were told, what was refused. No words."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from wristband.db import UtcDateTime, db
from wristband.outbox.models import Arrived, Delivery, Message
from wristband.outbox.rules import TAP_WORDINGS, CallMade, Channel, MessageState, Outcome, call_state
from wristband.values.arrival import ArrivalState

_LONGEST_AFTER_DUE = timedelta(days=3)


def due(now: datetime | sa.BindParameter[datetime]) -> sa.ColumnElement[bool]:
    """The condition of a message that may be claimed now."""
    return sa.and_(_waiting(now), Message.due_at <= now)


def _waiting(now: datetime | sa.BindParameter[datetime]) -> sa.ColumnElement[bool]:
    return sa.and_(
        Message.state == MessageState.PENDING, _not_expired(Message, now), ~_stands_behind(now), ~_has_no_turn_yet()
    )


def _not_expired(message: type[Message], now: datetime | sa.BindParameter[datetime]) -> sa.ColumnElement[bool]:
    return sa.or_(message.expires_at.is_(None), message.expires_at > now)


def _stands_behind(now: datetime | sa.BindParameter[datetime]) -> sa.ColumnElement[bool]:
    """Whether something about the same elder, owed earlier to the same address, has not gone out yet."""
    before = aliased(Message)
    return sa.exists().where(
        before.elder_id == Message.elder_id,
        before.recipient_index == Message.recipient_index,
        Message.series.is_(None),  # these have an order of their own
        before.state.in_((MessageState.PENDING, MessageState.LEASED)),
        before.channel == Message.channel,
        before.id < Message.id,
        before.yields.is_(False),
        _not_expired(before, now),
    )


def _has_no_turn_yet() -> sa.ColumnElement[bool]:
    """Whether one of a lower turn in the same series is not settled. By turn, not by id: servers' clocks differ."""
    before = aliased(Message)
    return sa.exists().where(
        before.series == Message.series,
        before.state.in_((MessageState.PENDING, MessageState.LEASED)),
        before.turn < Message.turn,
    )


def is_any_due(now: datetime) -> bool:
    """Whether a message may be claimed now."""
    return db.session.scalar(_first_due(), {"now": now}) is not None


@cache
def _first_due() -> Any:
    """Asked by every idle worker each second: built once."""
    return sa.select(Message.id).where(due(sa.bindparam("now", type_=UtcDateTime))).limit(1)


def count_due(now: datetime) -> int:
    """How many messages wait to be handed over now."""
    return db.session.scalar(sa.select(sa.func.count()).select_from(Message).where(due(now))) or 0


def find_next_due_at(now: datetime) -> datetime | None:
    """When the next message is due, perhaps before `now`; None when nothing waits."""
    return db.session.scalar(sa.select(sa.func.min(Message.due_at)).where(_waiting(now)))


def is_any_waiting_for(reaches: sa.Select[int]) -> bool:
    """Whether something still waits to go out for these reaches."""
    waiting = sa.exists().where(Message.state == MessageState.PENDING, Message.reach_id.in_(reaches))
    return db.session.scalar(sa.select(waiting)) is True


def find_oldest_waiting_at(channel: Channel | None = None) -> datetime | None:
    """Since when the oldest message not handed over has waited, by this channel or any; None when nothing waits."""
    waiting = Message.state.in_((MessageState.PENDING, MessageState.LEASED))
    question = sa.select(sa.func.min(Message.owed_at)).where(waiting)
    return db.session.scalar(question if channel is None else question.where(Message.channel == channel))


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
    """How many people are owed the messages of one reach, and how far these came: one person has many channels.

    A call that is being made has told nobody yet; what was said later on the board is another message.
    """
    # A person without an account is known by the address alone.
    who = sa.func.coalesce(sa.cast(Message.guardian_id, sa.String), Message.recipient_index)
    person = (
        sa.select(
            sa.func.max(sa.case((Message.state == MessageState.DELIVERED, 1), else_=0)).label("accepted"),
            sa.func.min(sa.case((Message.state == MessageState.STOPPED, 1), else_=0)).label("failed"),
        )
        .where(Message.reach_id == reach_id, Message.channel != Channel.VOICE, Message.wording.in_(TAP_WORDINGS))
        .group_by(who)
        .subquery()
    )
    of, accepted, failed = db.session.execute(
        sa.select(sa.func.count(), sa.func.sum(person.c.accepted), sa.func.sum(person.c.failed)).select_from(person)
    ).one()
    return Told(of=of, accepted=int(accepted or 0), failed=int(failed or 0))


def list_calls(reach_id: int) -> list[CallMade]:
    """The calls of one reach, first to last."""
    rows = db.session.execute(
        sa.select(Message.id, Message.owed_at, Message.state)
        .where(Message.reach_id == reach_id, Message.channel == Channel.VOICE)
        .order_by(Message.id)
    ).all()
    told = heard([row.id for row in rows])
    return [CallMade(row.owed_at, call_state(row.state, frozenset(told.get(row.id, {})))) for row in rows]


def heard(message_ids: Collection[int]) -> dict[int, dict[ArrivalState, datetime]]:
    """What providers told afterwards about these messages, and when each of it was."""
    rows = db.session.execute(
        sa.select(Delivery.message_id, Arrived.state, Arrived.at)
        .join(Arrived, sa.and_(Arrived.gateway == Delivery.gateway, Arrived.reference == Delivery.receipt))
        # A provider that gives a name twice has told of another message before.
        .where(Arrived.kept_at >= Delivery.began_at)
        .where(Delivery.message_id.in_(message_ids), Delivery.receipt != "")
    )
    told: dict[int, dict[ArrivalState, datetime]] = {}
    for message_id, state, at in rows:
        told.setdefault(message_id, {})[state] = at
    return told


@dataclass(frozen=True, slots=True)
class Refused:
    """A message that its gateway will never take; `code` is the gateway's."""

    message_id: int
    guardian_id: int | None
    owed_at: datetime
    code: str


def read_refused(*, since: datetime, channels: Collection[Channel], page: int = 500) -> Iterator[Refused]:
    """Those settled after `since`, in the order they were owed, a page at a time; what waited for days is left out.

    What a refusal says about the address is for others to judge.
    """
    after = 0
    while True:
        rows = db.session.execute(
            sa.select(Message.id, Message.guardian_id, Message.owed_at, Delivery.code)
            .join(Delivery, Delivery.message_id == Message.id)
            .where(
                Message.id > after,
                Message.state == MessageState.STOPPED,
                Message.settled_at > since,
                Message.due_at > since - _LONGEST_AFTER_DUE,  # for the index: what was stopped long ago is not read
                Message.channel.in_(channels),
                Delivery.outcome == Outcome.PERMANENT,
            )
            .order_by(Message.id)
            .limit(page)
        ).all()
        if not rows:
            return
        yield from (Refused(row.id, row.guardian_id, row.owed_at, row.code) for row in rows)
        after = rows[-1].id


def recipient_of(message_id: int) -> str:
    """To which address a message was owed. Raises SealBroken, Erased."""
    recipient: str = db.session.get_one(Message, message_id).recipient
    return recipient


def find_message_of(gateway: str, reference: str) -> Message | None:
    """The message that a gateway took under this name."""
    return db.session.scalar(
        sa.select(Message)
        .join(Delivery, Delivery.message_id == Message.id)
        .where(Delivery.receipt == reference, Delivery.gateway == gateway, Delivery.receipt != "")
        .order_by(Delivery.id.desc())
        .limit(1)
    )
