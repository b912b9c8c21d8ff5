"""Steps that wait for their time: planned with a tap, taken by whoever gets there first, dropped by an answer."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from wristband.db import db, new_id
from wristband.outbox.escalation import MOVES, Planned, StepKind, StepState
from wristband.outbox.models import Step


def owe(reach_id: int, elder_id: int, planned: Sequence[Planned]) -> None:
    """Keep a reach's plan, in the caller's transaction."""
    rows = [
        {
            "id": new_id(),
            "reach_id": reach_id,
            "elder_id": elder_id,
            "number": number,
            "kind": step.kind,
            "contact_id": step.contact_id,
            "due_at": step.due_at,
            "state": StepState.WAITING,
        }
        for number, step in enumerate(planned, start=1)
    ]
    if rows:
        db.session.execute(sa.insert(Step), rows)


def list_due(now: datetime, *, limit: int = 50) -> list[int]:
    """Ids of the steps whose time has come, the longest waiting first."""
    waiting = sa.select(Step.id).where(Step.state == StepState.WAITING, Step.due_at <= now)
    return list(db.session.scalars(waiting.order_by(Step.due_at, Step.id).limit(limit)))


def hold(step_id: int) -> Step | None:
    """The step while it waits, for the caller's transaction alone: whoever else wants it now goes without."""
    waiting = sa.select(Step).where(Step.id == step_id, Step.state == StepState.WAITING)
    return db.session.scalar(waiting.with_for_update(skip_locked=True))


def end(step: Step, state: StepState, *, now: datetime) -> None:
    """It was done (TAKEN), or could not be (DROPPED): then nobody is told that it was. For whoever holds it."""
    db.session.execute(_ended(state, now, Step.id == step.id))


def drop_waiting(reach_ids: Collection[int], *, now: datetime, kind: StepKind | None = None) -> int:
    """A person has answered: what still waits for these reaches does not happen. Tells how many steps that were."""
    where = [Step.reach_id.in_(reach_ids)] + ([Step.kind == kind] if kind else [])
    return len(db.session.scalars(_ended(StepState.DROPPED, now, *where).returning(Step.id)).all())


def was_called_before(step: Step) -> bool:
    """Whether this contact was telephoned for the same tap already."""
    earlier = sa.select(Step.id).where(
        Step.reach_id == step.reach_id,
        Step.contact_id == step.contact_id,
        Step.number < step.number,
        Step.state == StepState.TAKEN,
    )
    return db.session.scalar(earlier.limit(1)) is not None


def hasten_call(reach_id: int, *, now: datetime) -> None:
    """The call before was not taken: the next one is made now, and not when its time comes.

    Unless it goes to somebody who was called already: who is busy or switched off now will be in a second, too.
    """
    called = aliased(Step)
    already = sa.select(called.contact_id).where(called.reach_id == reach_id, called.state != StepState.WAITING)
    waiting = sa.and_(
        Step.reach_id == reach_id,
        Step.kind == StepKind.CALL,
        Step.state == StepState.WAITING,
        Step.contact_id.not_in(already.where(called.contact_id.is_not(None))),
    )
    following = sa.select(sa.func.min(Step.number)).where(waiting).scalar_subquery()
    db.session.execute(
        sa.update(Step)
        .where(waiting, Step.number == following, Step.due_at > now)
        .values(due_at=now)
        .execution_options(synchronize_session=False)
    )


def list_steps(reach_id: int) -> Sequence[Step]:
    """The steps of a reach, in their order."""
    return db.session.scalars(sa.select(Step).where(Step.reach_id == reach_id).order_by(Step.number)).all()


def _ended(state: StepState, now: datetime, *where: sa.ColumnElement[bool]) -> sa.Update:
    before = [source for source, targets in MOVES.items() if state in targets]
    values: dict[str, Any] = {"state": state, "ended_at": now}
    return (
        sa.update(Step)
        .where(Step.state.in_(before), *where)
        .values(**values)
        .execution_options(synchronize_session=False)
    )


def list_waiting(reaches: sa.Select[int]) -> list[int]:
    """Of these reaches those of which something is still planned."""
    waiting = sa.select(Step.reach_id).where(Step.state == StepState.WAITING, Step.reach_id.in_(reaches))
    return list(db.session.scalars(waiting.distinct()))
