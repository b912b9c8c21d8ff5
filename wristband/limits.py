"""Budgets: how often something may be done, exact over every process because the count is a row.

A budget lets `burst` through at once and one more each `every_s` seconds (the generic cell rate algorithm).
A refused try is counted nowhere, so a stranger cannot hold somebody's budget empty by trying on.
"""

from __future__ import annotations

import math
from datetime import datetime

import sqlalchemy as sa
import structlog
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Mapped, mapped_column

from wristband.db import KeyedHash, db
from wristband.errors import TooMany
from wristband.sealing import Keyed, box
from wristband.values.budget import Budget, Fails

log = structlog.get_logger(__name__)


class SpentBudget(db.Model):  # type: ignore[name-defined,misc]
    """When the next try of one key of one budget would be on time (GCRA's theoretical arrival time), in seconds."""

    __tablename__ = "spent_budget"
    key: Mapped[str] = mapped_column(KeyedHash(64, "codes"), primary_key=True)
    due_s: Mapped[float] = mapped_column(sa.Float)


def spend(budget: Budget, *key: str, now: datetime) -> None:
    """Take one from the budget of `key`, inside the caller's transaction. Raises TooMany when it is spent.

    Give it a transaction of its own before the deed, unless what is undone has cost nothing: a rollback gives the try
    back.
    """
    hashed = box().keyed_hash("budget", budget.name, *key)
    now_s = now.timestamp()
    try:
        with db.session.begin_nested():
            if len(hashed.every) > 1:
                _carry_over(hashed)
            taken = db.session.execute(_TAKE, _figures(budget, hashed, now_s)).first()
            due_s = None if taken else db.session.scalar(sa.select(SpentBudget.due_s).where(SpentBudget.key == hashed))
    except SQLAlchemyError:
        log.error("budget_unreadable", budget=budget.name, fails=budget.fails.name)
        if budget.fails is Fails.OPEN:
            return
        raise TooMany(budget.refusal, retry_after_s=60) from None
    if taken is None:
        wait_s = (due_s or now_s) + budget.every_s - budget.burst * budget.every_s - now_s
        raise TooMany(budget.refusal, retry_after_s=max(1, math.ceil(wait_s)))


def give_back(budget: Budget, *key: str, now: datetime) -> None:
    """Undo one `spend` of `key`, inside the caller's transaction: the try was honest."""
    hashed = box().keyed_hash("budget", budget.name, *key)
    db.session.execute(
        sa.update(SpentBudget)
        .where(SpentBudget.key == hashed, SpentBudget.due_s > now.timestamp())
        .values(due_s=SpentBudget.due_s - float(budget.every_s))
    )


def _carry_over(hashed: Keyed) -> None:
    """What was spent under an older key of the codes counts on: a rotation gives nobody a new budget."""
    new = SpentBudget.__table__.alias()
    db.session.execute(
        sa.update(SpentBudget)
        .where(SpentBudget.key.in_(hashed.every[1:]), ~sa.exists().where(new.c.key == str(hashed)))
        .values(key=hashed)
    )


def _figures(budget: Budget, key: str, now_s: float) -> dict[str, object]:
    return {
        "key": key,
        "now": now_s,
        "every": float(budget.every_s),
        "latest": now_s + budget.burst * budget.every_s,
    }


# One guarded statement takes or refuses: no row comes back where the budget is spent.
_TAKE = sa.text(
    """
    INSERT INTO spent_budget (key, due_s) VALUES (:key, :now + :every)
    ON CONFLICT (key) DO UPDATE
       SET due_s = CASE WHEN spent_budget.due_s > :now THEN spent_budget.due_s ELSE :now END + :every
     WHERE CASE WHEN spent_budget.due_s > :now THEN spent_budget.due_s ELSE :now END + :every <= :latest
    RETURNING due_s
    """
).bindparams(
    sa.bindparam("now", type_=sa.Float), sa.bindparam("every", type_=sa.Float), sa.bindparam("latest", type_=sa.Float)
)
