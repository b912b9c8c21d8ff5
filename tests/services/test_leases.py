"""Several workers on one database, workers that die, machines that sleep, clocks that jump."""

from __future__ import annotations

import json
import os
import threading
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
import time_machine
from flask import Flask

from tests.services.post import (
    LEASE_S,
    START,
    Post,
    all_at_once,
    claim,
    claim_and_die,
    deliveries,
    message,
    owe,
    worker,
)
from wristband import clock
from wristband.db import db, transaction
from wristband.gateways.contract import Gateway, Handover, Receipt
from wristband.gateways.printed import PrintedGateway
from wristband.outbox import leases, rules
from wristband.outbox.models import Message, MessageState, Outcome
from wristband.services.delivering import Tally

pytestmark = pytest.mark.usefixtures("app")


def test_two_workers_never_hand_over_the_same_message(app: Flask) -> None:
    for number in range(60):
        owe(f"reach:1:guardian:{number}")
    post = Post()
    start = threading.Barrier(3)

    def work() -> None:
        with app.app_context():
            start.wait()
            worker(post, hands=4).drain()
            db.session.remove()

    all_at_once([work] * 3)
    keys = [handover.idempotency_key for handover in post.handed]
    assert len(keys) == len(set(keys)) == 60
    assert len(deliveries()) == 60


def test_a_leased_message_is_nobody_elses_until_the_lease_is_over(clockwork: time_machine.Traveller) -> None:
    owe()
    claim_and_die()
    post = Post()
    other = worker(post)
    clockwork.shift(timedelta(seconds=LEASE_S - 1))
    other.drain()
    assert post.handed == []
    clockwork.shift(timedelta(seconds=11))
    other.drain()
    assert len(post.handed) == 1
    assert message().attempts == 2


def test_a_worker_that_lost_its_lease_records_its_attempt_and_settles_nothing(
    app: Flask, clockwork: time_machine.Traveller
) -> None:
    owe()

    def meanwhile(_handover: Handover) -> None:
        clockwork.shift(timedelta(seconds=LEASE_S))
        with app.app_context():
            with transaction():
                leases.free_lapsed(clock.now())
                leases.claim(lease="other.1", until=clock.now() + timedelta(minutes=1), limit=1, now=clock.now())
            db.session.remove()

    assert worker(Post(meanwhile)).drain() == Tally(lease_lost=1)
    assert (message().state, message().leased_by) == (MessageState.LEASED, "other.1")
    assert [delivery.outcome for delivery in deliveries()] == [Outcome.ACCEPTED]


def test_attempts_settled_together_are_all_recorded_and_only_those_with_their_lease_move_on(
    clockwork: time_machine.Traveller,
) -> None:
    owe("reach:1:guardian:1")
    first = claim_and_die()
    clockwork.shift(timedelta(seconds=LEASE_S))
    owe("reach:1:guardian:2")
    with transaction():
        leases.free_lapsed(clock.now())
    taken = {mine.key: mine for mine in claim(lease="other.1")}
    ended = [
        leases.Attempt(mine, "post", START, START, Outcome.ACCEPTED) for mine in (first, taken["reach:1:guardian:2"])
    ]
    with transaction():
        moved = leases.settle([(attempt, rules.Next(MessageState.DELIVERED)) for attempt in ended])
    assert moved == {taken["reach:1:guardian:2"].id}
    assert message("reach:1:guardian:1").leased_by == "other.1"
    assert {delivery.message_id for delivery in deliveries()} == {mine.id for mine in taken.values()}


def test_a_machine_that_slept_through_its_lease_hands_over_only_under_a_new_one(
    clockwork: time_machine.Traveller,
) -> None:
    owe()
    sleeps = [timedelta(seconds=LEASE_S)]  # after the commit of the claim

    def sleep(_session: object) -> None:
        if sleeps:
            clockwork.shift(sleeps.pop())

    post = Post()
    sa.event.listen(db.session, "after_commit", sleep)
    try:
        assert worker(post).drain() == Tally(delivered=1, lease_lost=1)
    finally:
        sa.event.remove(db.session, "after_commit", sleep)
    assert len(post.handed) == 1
    assert [delivery.code for delivery in deliveries()] == ["began_late", ""]


def test_a_message_purged_while_in_hand_is_no_trouble(app: Flask) -> None:
    def purge(_handover: Handover) -> None:
        with app.app_context():
            with transaction():
                db.session.execute(sa.delete(Message))
            db.session.remove()

    owe()
    assert worker(Post(purge)).drain() == Tally(lease_lost=1)
    assert deliveries() == []


def test_a_worker_killed_between_handover_and_settling_is_made_good_without_a_second_effect(
    app: Flask, tmp_path: Path, clockwork: time_machine.Traveller
) -> None:
    owe()
    printed = PrintedGateway(tmp_path)

    class Killed(Gateway):
        """Hands over, and dies of it."""

        name = "killed"

        def _call(self, handover: Handover) -> Receipt:
            printed.hand_over(handover)
            os._exit(9)

    db.session.remove()
    child = os.fork()
    if child == 0:
        db.engine.dispose(close=False)
        worker(Killed()).drain()
        os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 9
    assert message().state is MessageState.LEASED
    assert len(_printed(tmp_path)) == 1
    clockwork.shift(timedelta(seconds=LEASE_S))
    assert worker(PrintedGateway(tmp_path)).drain() == Tally(delivered=1)
    assert [line["key"] for line in _printed(tmp_path)] == [f"message-{message().id}"]
    assert message().attempts == 2


def _printed(folder: Path) -> list[dict[str, str]]:
    return [json.loads(line) for line in (folder / "messages.jsonl").read_text().splitlines()]


def test_a_clock_set_back_delays_nothing(clockwork: time_machine.Traveller) -> None:
    one = worker(Post())
    clockwork.shift(timedelta(hours=24))
    owe("reach:1:guardian:1")
    one.drain()
    owe("reach:1:guardian:2")
    claim_and_die()
    owe("reach:1:guardian:3")
    clockwork.move_to(START, tick=False)
    assert one.drain() == Tally(delivered=3)
