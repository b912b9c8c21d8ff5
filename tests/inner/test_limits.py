"""Budgets: so much at once, one more in so many seconds, exact however many ask."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
from flask import Flask

from tests.together import together
from tests.world import every_row
from wristband.audit import trail
from wristband.audit.deeds import Deed
from wristband.audit.models import AuditRow
from wristband.db import db, transaction
from wristband.errors import TooMany
from wristband.limits import SpentBudget, spend
from wristband.values.budget import Budget, Fails

pytestmark = pytest.mark.usefixtures("app")

# A moment whose seconds are no round number, as moments are.
NOW = datetime(2026, 11, 24, 6, 5, 7, 123457, tzinfo=UTC)
BUDGET = Budget("tests", burst=3, every_s=60, fails=Fails.CLOSED, refusal="accounts.codes_spent")
OPEN = Budget("tests.open", burst=3, every_s=60, fails=Fails.OPEN, refusal="scans.taps_spent")


def take(after_s: float = 0, key: str = "somebody", budget: Budget = BUDGET) -> bool:
    """Whether one is still there, `after_s` seconds later."""
    try:
        with transaction():
            spend(budget, key, now=NOW + timedelta(seconds=after_s))
    except TooMany:
        return False
    return True


def wait_s(after_s: float = 0) -> int:
    with pytest.raises(TooMany) as refused, transaction():
        spend(BUDGET, "somebody", now=NOW + timedelta(seconds=after_s))
    assert refused.value.code == BUDGET.refusal
    return refused.value.retry_after_s


def test_a_burst_goes_through_and_no_more() -> None:
    assert [take() for _ in range(5)] == [True, True, True, False, False]


def test_one_more_each_interval_and_not_a_moment_before() -> None:
    assert [take() for _ in range(3)] == [True] * 3
    assert not take(59.9)
    assert take(60)
    assert not take(60)
    assert not take(119.9)
    assert take(120)


def test_after_a_long_rest_the_whole_burst_is_back_and_no_more() -> None:
    assert [take() for _ in range(3)] == [True] * 3
    assert [take(86_400) for _ in range(4)] == [True, True, True, False]


def test_a_refused_try_is_counted_nowhere() -> None:
    assert [take() for _ in range(3)] == [True] * 3
    before = every_row()
    assert [take(second) for second in range(59)] == [False] * 59
    assert every_row() == before
    assert take(60)


def test_the_wait_that_is_told_is_the_wait_that_is_needed() -> None:
    for _ in range(3):
        take()
    assert wait_s() == 60
    assert wait_s(30) == 30
    assert wait_s(59.5) == 1
    assert take(60)


def test_a_clock_set_back_gives_nothing_away() -> None:
    assert [take() for _ in range(3)] == [True] * 3
    assert not take(-3600)
    assert take(60)


def test_somebody_elses_budget_is_his_own() -> None:
    assert [take(key="one") for _ in range(3)] == [True] * 3
    assert take(key="other")
    assert take(key="one", budget=OPEN)
    assert not take(key="one")


def test_what_is_kept_is_a_hash_and_not_the_key() -> None:
    take(key="+8613800138000")
    kept = db.session.scalars(sa.select(SpentBudget.key)).one()
    assert len(kept) == 64
    assert "13800138000" not in kept


def test_parts_of_a_key_are_not_run_together() -> None:
    for parts in (("ab", "c"), ("a", "bc"), ("abc",)):
        with transaction():
            spend(BUDGET, *parts, now=NOW)
    assert db.session.scalar(sa.select(sa.func.count()).select_from(SpentBudget)) == 3


def test_a_budget_of_eight_threads_lets_exactly_its_burst_through(app: Flask) -> None:
    ten = Budget("tests.ten", burst=10, every_s=60, fails=Fails.CLOSED, refusal="accounts.codes_spent")
    answers = together(app, [lambda: [take(budget=ten) for _ in range(5)]] * 8)
    assert sum(sum(taken) for taken in answers) == 10


def test_a_deed_that_fails_afterwards_in_the_same_transaction_gives_the_try_back() -> None:
    """Which is why a deed that must not spends in a transaction of its own."""

    def fail() -> None:
        with transaction():
            spend(BUDGET, "somebody", now=NOW)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert [take() for _ in range(4)] == [True, True, True, False]


# ---- when the limiter itself fails


@contextmanager
def no_budgets() -> Iterator[None]:
    """The table of budgets cannot be read."""
    db.session.rollback()
    with db.engine.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE spent_budget RENAME TO elsewhere")
    try:
        yield
    finally:
        db.session.rollback()
        with db.engine.begin() as connection:
            connection.exec_driver_sql("ALTER TABLE elsewhere RENAME TO spent_budget")


def test_what_must_not_be_guessed_is_refused_when_its_budget_cannot_be_read() -> None:
    with no_budgets():
        assert not take(budget=BUDGET)


def test_an_honest_report_goes_on_when_its_budget_cannot_be_read(capsys: pytest.CaptureFixture[str]) -> None:
    with no_budgets():
        with transaction():
            spend(OPEN, "somebody", now=NOW)
            trail.record(Deed.INCIDENT_REPORTED, actor="finder", subject="incident:1", at=NOW)
        assert db.session.scalar(sa.select(sa.func.count(AuditRow.id))) == 1
    assert '"budget_unreadable"' in capsys.readouterr().err


def test_the_failure_of_a_limiter_is_told_to_the_operator_without_the_key(capsys: pytest.CaptureFixture[str]) -> None:
    with no_budgets():
        take(key="+8613800138000")
    told = capsys.readouterr().err
    assert '"budget": "tests"' in told
    assert "13800138000" not in told
