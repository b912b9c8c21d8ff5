"""Claiming, settling and freeing messages: guarded statements in the caller's transaction."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from wristband.db import UtcDateTime, db, new_id
from wristband.outbox.models import Delivery, Message
from wristband.outbox.queries import due
from wristband.outbox.rules import (
    LONGEST_LEASE,
    LONGEST_WAIT,
    MOVES,
    YIELDS_AFTER,
    Channel,
    MessageState,
    Next,
    Outcome,
)


@dataclass(frozen=True)
class Attempt:
    """One attempt to hand a message over, and how it ended."""

    message: Message
    gateway: str
    began_at: datetime
    ended_at: datetime
    outcome: Outcome
    code: str = ""
    receipt: str = ""


def claim(*, lease: str, until: datetime, limit: int, now: datetime) -> list[Message]:
    """At most `limit` due messages, oldest due first, leased under the name `lease`. Nobody else claims them till then.

    They belong to the caller's session: opened there, the keys of all are one question.
    """
    if db.engine.dialect.name == "postgresql":
        # A burst is not in the server's statistics yet: it would sort all that is due instead of reading on in order.
        db.session.execute(sa.text("SET LOCAL enable_sort = off"))
    told = {"lease": lease, "until": until, "most": limit, "now": now}
    messages = db.session.scalars(_claiming(), told, execution_options={"populate_existing": True})
    return sorted(messages, key=lambda message: (message.due_at, message.id))


@cache
def _claiming() -> Any:
    """The statement that claims, built once: of all that a worker says it is said most often."""
    # As a CTE, PostgreSQL runs it once; rows another worker is claiming at this moment are passed over.
    oldest = (
        sa.select(Message.id)
        .where(due(sa.bindparam("now", type_=UtcDateTime)))
        .order_by(Message.due_at, Message.id)
        .limit(sa.bindparam("most", type_=sa.Integer))
        .with_for_update(skip_locked=True)
        .cte("oldest")
    )
    return _moved(
        MessageState.LEASED,
        Message.id.in_(sa.select(oldest.c.id)),
        leased_by=sa.bindparam("lease"),
        leased_until=sa.bindparam("until", type_=UtcDateTime),
        attempts=Message.attempts + 1,
    ).returning(Message)


def settle(settlements: Sequence[tuple[Attempt, Next]]) -> set[int]:
    """Record attempts, and move each message on if its lease is still the attempt's own. Gives the ids that moved."""
    taken = [attempt for attempt, following in settlements if following.state is MessageState.DELIVERED]
    moved = _deliver(taken) if taken else set()
    for attempt, following in settlements:
        if following.state is MessageState.DELIVERED:
            continue
        message, over = attempt.message, following.due_at is None
        result = db.session.execute(
            _SETTLE,
            {
                "message_id": message.id,
                "lease": message.leased_by,
                "to_state": following.state,
                "again_at": following.due_at or message.due_at,
                "over_at": attempt.ended_at if over else None,
                "forget": over and message.expires_at is not None,
            },
        )
        if result.rowcount:  # type: ignore[attr-defined]
            moved.add(message.id)
    _record([attempt for attempt, _ in settlements], moved)
    return moved


def _deliver(attempts: Sequence[Attempt]) -> set[int]:
    """Settle all that gateways took in one statement: it is what becomes of nearly every message."""
    held = [(attempt.message.id, attempt.message.leased_by) for attempt in attempts]
    done = _moved(
        MessageState.DELIVERED,
        sa.tuple_(Message.id, Message.leased_by).in_(held),
        settled_at=max(attempt.ended_at for attempt in attempts),
        # What expires is a secret for its time, and forgotten with it.
        body_sealed=sa.case((Message.expires_at.is_not(None), sa.null()), else_=Message.body_sealed),
        facts_sealed=sa.case((Message.expires_at.is_not(None), sa.null()), else_=Message.facts_sealed),
        leased_by=None,
        leased_until=None,
    )
    return set(db.session.scalars(done.returning(Message.id)))


def _record(attempts: Sequence[Attempt], moved: set[int]) -> None:
    """The attempts were made, whoever holds the leases now; only a message that was purged keeps no record."""
    unsure = {attempt.message.id for attempt in attempts} - moved
    kept = moved | set(db.session.scalars(sa.select(Message.id).where(Message.id.in_(unsure)))) if unsure else moved
    rows = [
        {
            "id": new_id(),
            "message_id": attempt.message.id,
            "gateway": attempt.gateway,
            "began_at": attempt.began_at,
            "ended_at": attempt.ended_at,
            "outcome": attempt.outcome,
            "code": attempt.code,
            "receipt": attempt.receipt,
        }
        for attempt in attempts
        if attempt.message.id in kept
    ]
    if rows:
        db.session.execute(sa.insert(Delivery), rows)


def free_lapsed(now: datetime) -> int:
    """Make messages whose lease ran out due again; tells how many. Their worker died, or hangs."""
    over = sa.or_(Message.leased_until <= now, Message.leased_until > now + LONGEST_LEASE)
    lapsed = _moved(MessageState.PENDING, over, leased_by=None, leased_until=None, due_at=now)
    return len(db.session.scalars(lapsed.returning(Message.id)).all())


def let_pass(channels: Collection[Channel]) -> int:
    """Let those behind a message that keeps failing pass, where others of its `channels` went through just now."""
    if not channels:
        return 0
    failing = (
        sa.update(Message)
        .where(
            Message.state == MessageState.PENDING,
            Message.attempts >= YIELDS_AFTER,
            Message.yields.is_(False),
            Message.channel.in_(channels),
            Message.series.is_(None),
        )
        .values(yields=True)
        .execution_options(synchronize_session=False)
        .returning(Message.id)
    )
    return len(db.session.scalars(failing).all())


def stop_superseded(channels: Collection[Channel], now: datetime) -> int:
    """Stop what keeps failing while others of its `channels` go through and a later one of its series waits behind it.

    Nobody is overtaken in a series, and the later document holds all that the earlier one did. Tells how many.
    """
    if not channels:
        return 0
    after = aliased(Message)
    behind = sa.exists().where(
        after.series == Message.series, after.state == MessageState.PENDING, after.turn > Message.turn
    )
    superseded = _moved(
        MessageState.STOPPED,
        Message.state == MessageState.PENDING,
        Message.attempts >= YIELDS_AFTER,
        Message.channel.in_(channels),
        behind,
        settled_at=now,
    )
    return len(db.session.scalars(superseded.returning(Message.id)).all())


def hasten_misdated(now: datetime) -> int:
    """Make messages due that wait longer than any rule says; tells how many. The clock has been set back."""
    misdated = (
        sa.update(Message)
        .where(Message.state == MessageState.PENDING, Message.due_at > now + LONGEST_WAIT)
        .values(due_at=now)
        .execution_options(synchronize_session=False)
        .returning(Message.id)
    )
    return len(db.session.scalars(misdated).all())


def stop_expired(now: datetime) -> int:
    """Stop and forget waiting messages that came too late; tells how many. One in a gateway's hands is left to it."""
    expired = _moved(
        MessageState.STOPPED,
        Message.state == MessageState.PENDING,
        Message.expires_at <= now,
        settled_at=now,
        body_sealed=None,
        facts_sealed=None,
    )
    return len(db.session.scalars(expired.returning(Message.id)).all())


def stop_for(reaches: sa.Select[int], *, now: datetime) -> int:
    """Stop what still waits to go out for these reaches, in the caller's transaction; tells how many messages.

    One in a gateway's hands is left to it.
    """
    stopped = _moved(
        MessageState.STOPPED, Message.state == MessageState.PENDING, Message.reach_id.in_(reaches), settled_at=now
    )
    return len(db.session.scalars(stopped.returning(Message.id)).all())


def _moved(state: MessageState, *where: sa.ColumnElement[bool], **values: Any) -> sa.Update:
    """A move to `state` of the rows `where` says, from those states only that the table of moves allows."""
    before = [source for source, targets in MOVES.items() if state in targets]
    return (
        sa.update(Message)
        .where(Message.state.in_(before), *where)
        .values(state=state, **values)
        .execution_options(synchronize_session=False)
    )


# One statement for every way an attempt may end: built once, since thousands are settled in a minute.
_KEPT = Message.__table__.c
_SETTLE = (
    sa.update(Message.__table__)
    .where(
        _KEPT.id == sa.bindparam("message_id"),
        _KEPT.leased_by == sa.bindparam("lease"),
        _KEPT.state == MessageState.LEASED,
    )
    .values(
        state=sa.bindparam("to_state"),
        due_at=sa.bindparam("again_at"),
        settled_at=sa.bindparam("over_at"),
        body=sa.case((sa.bindparam("forget", type_=sa.Boolean), sa.null()), else_=_KEPT.body),
        facts=sa.case((sa.bindparam("forget", type_=sa.Boolean), sa.null()), else_=_KEPT.facts),
        leased_by=None,
        leased_until=None,
    )
)
