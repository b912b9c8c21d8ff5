"""A worker's chores: each in its rhythm, and none in another's way."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import sqlalchemy as sa
from flask import Flask
from structlog.testing import capture_logs

from tests.services.post import Post, message, owe, worker
from wristband.chores import Chore, look_after
from wristband.db import db
from wristband.outbox.rules import MessageState

AT = datetime(2026, 3, 1, 8, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


class Done:
    """A deed that notes when it was done."""

    def __init__(self) -> None:
        self.at: list[datetime] = []

    def __call__(self, now: datetime) -> None:
        self.at.append(now)


def broken(now: datetime) -> None:
    db.session.execute(sa.text("SELECT 1"))
    raise ValueError("told to fail")


def test_a_chore_is_done_at_once_and_then_in_its_rhythm() -> None:
    done = Done()
    chore = Chore("noting", MINUTE, done)
    for seconds in (0, 1, 59.9, 60, 61, 119, 200):
        chore.look(AT + timedelta(seconds=seconds))
    assert [(at - AT).total_seconds() for at in done.at] == [0, 60, 200]


def test_a_clock_that_is_set_back_keeps_no_chore_waiting() -> None:
    done = Done()
    chore = Chore("noting", MINUTE, done)
    chore.look(AT)
    chore.look(AT - timedelta(days=400))
    chore.look(AT - timedelta(days=400) + timedelta(seconds=59))
    assert done.at == [AT, AT - timedelta(days=400)]


def test_a_long_chore_does_a_step_a_call_and_begins_again_in_its_rhythm() -> None:
    steps: list[str] = []

    def long(now: datetime) -> Iterator[None]:
        for number in (1, 2):
            steps.append(f"{number} of {now:%H:%M}")
            yield

    chore = Chore("long", MINUTE, long)
    for seconds in (0, 1, 2, 3, 60):
        chore.look(AT + timedelta(seconds=seconds))
    assert steps == ["1 of 08:00", "2 of 08:00", "1 of 08:01"]


def test_one_that_is_broken_starves_no_other_and_is_tried_again_in_its_time(app: Flask) -> None:
    done = Done()
    chores = [Chore("broken", MINUTE, broken), Chore("noting", timedelta(seconds=1), done)]
    with capture_logs() as told:
        for seconds in (0, 30, 60):
            look_after(chores, AT + timedelta(seconds=seconds))
    assert [(entry["event"], entry["chore"]) for entry in told] == [("chore_failed", "broken")] * 2
    assert len(done.at) == 3
    assert not db.session().in_transaction()


def test_a_long_one_that_breaks_is_begun_anew(app: Flask) -> None:
    begun = Done()

    def long(now: datetime) -> Iterator[None]:
        begun(now)
        yield
        raise ValueError("told to fail")

    chores = [Chore("long", MINUTE, long)]
    with capture_logs() as told:
        for seconds in (0, 1, 2, 60):
            look_after(chores, AT + timedelta(seconds=seconds))
    assert [entry["event"] for entry in told] == ["chore_failed"]
    assert begun.at == [AT, AT + MINUTE]


def test_a_broken_chore_ends_no_worker(app: Flask) -> None:
    owe()
    chores = [Chore("broken", timedelta(0), broken)]
    with capture_logs() as told:
        worker(Post(), between=lambda now: look_after(chores, now)).drain()
    assert message().state is MessageState.DELIVERED
    assert "chore_failed" in [entry["event"] for entry in told]
