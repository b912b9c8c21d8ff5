"""A person of the family has seen a finder's call, or answers it: from a page, a message's link, a telephone's key."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa

from wristband.audit import trail
from wristband.audit.deeds import Deed
from wristband.db import db, insert, new_id
from wristband.incidents.duty import end_duty_call
from wristband.outbox import steps
from wristband.scans.models import Reach, ReachSeen
from wristband.scans.rules import Answer


def see(reach: Reach, *, guardian_id: int, now: datetime) -> None:
    """Note that this guardian has seen it, in the caller's transaction; once for each of them."""
    seen = db.session.scalar(
        insert(ReachSeen.__table__)
        .values(id=new_id(), reach_id=reach.id, guardian_id=guardian_id, at=now)
        .on_conflict_do_nothing(index_elements=["reach_id", "guardian_id"])
        .returning(ReachSeen.__table__.c.id)
    )
    if seen is None:
        return
    db.session.execute(
        sa.update(Reach).where(Reach.id == reach.id, Reach.seen_at.is_(None)).values(seen_at=now, seen_by=guardian_id)
    )
    _record(Deed.FAMILY_SAW, reach, _guardian(guardian_id), now)


def answer(reach: Reach, said: Answer, *, guardian_id: int | None, now: datetime) -> None:
    """Answer one finder, in the caller's transaction; a later answer replaces the earlier one.

    What would have happened without an answer does not happen any more, once all who share the messages are answered:
    a prankster's answer is not an honest finder's. `guardian_id` is None for a relative without an account.
    """
    # In one statement: whoever sees it in this very moment has still seen it first.
    db.session.execute(
        sa.update(Reach)
        .where(Reach.id == reach.id)
        .values(
            answer=said,
            answered_at=now,
            answered_by=guardian_id,
            seen_at=sa.func.coalesce(Reach.seen_at, now),
            seen_by=sa.func.coalesce(Reach.seen_by, guardian_id),
        )
    )
    if is_answered(reach.told_with):
        steps.drop_waiting([reach.told_with], now=now)
        end_duty_call(reach.told_with, now=now)
    _record(Deed.FAMILY_ANSWERED, reach, _guardian(guardian_id), now, answer=said.value)


def acknowledge(told_with: int, *, guardian_id: int | None, now: datetime) -> Sequence[Reach]:
    """Answer "seen, I am on it": for every finder whom this message was about and whom nobody has answered yet.

    In the caller's transaction; gives the calls for help that it answered.
    """
    waiting = list_told_with(told_with)
    answered = [reach for reach in waiting if reach.answer is None]
    for reach in answered:
        if guardian_id is not None:
            see(reach, guardian_id=guardian_id, now=now)
        answer(reach, Answer.ON_IT, guardian_id=guardian_id, now=now)
    return answered


def list_told_with(told_with: int) -> Sequence[Reach]:
    """The calls for help that the messages of one of them carry, itself the first."""
    return db.session.scalars(sa.select(Reach).where(Reach.told_with == told_with).order_by(Reach.id)).all()


def is_answered(told_with: int) -> bool:
    """Whether somebody has answered every finder whom these messages are about."""
    question = sa.select(Reach.id).where(Reach.told_with == told_with, Reach.answered_at.is_(None)).limit(1)
    return db.session.scalar(question) is None


def has_seen(reach_id: int, *, guardian_id: int) -> bool:
    question = sa.select(ReachSeen.id).where(ReachSeen.reach_id == reach_id, ReachSeen.guardian_id == guardian_id)
    return db.session.scalar(question) is not None


def count_seen(reach_id: int) -> int:
    """How many guardians have seen a finder's call."""
    question = sa.select(sa.func.count()).select_from(ReachSeen).where(ReachSeen.reach_id == reach_id)
    return db.session.scalar(question) or 0


def _guardian(guardian_id: int | None) -> str:
    return "relative" if guardian_id is None else f"guardian:{guardian_id}"


def _record(deed: Deed, reach: Reach, actor: str, now: datetime, **facts: str) -> None:
    trail.record(deed, actor=actor, subject=f"reach:{reach.id}", at=now, elder_id=reach.elder_id, **facts)
