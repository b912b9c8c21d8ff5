"""The worker that runs until it is told to stop, and the bell that wakes it."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Iterator

import psycopg
import pytest
import sqlalchemy as sa
import time_machine
from flask import Flask
from structlog.testing import capture_logs

from tests.services.post import (
    DAUGHTER,
    SON,
    Post,
    message,
    owe,
    worker,
)
from wristband.db import db, transaction
from wristband.gateways.contract import Gateway, GatewayFault, Handover
from wristband.outbox import bell
from wristband.outbox.models import MessageState
from wristband.services.delivering import Tally

pytestmark = pytest.mark.usefixtures("app")


class Running:
    """A worker at work in a thread of its own."""

    def __init__(self, app: Flask, gateway: Gateway) -> None:
        self.until = threading.Event()
        self.tally: Tally | None = None
        self._thread = threading.Thread(target=self._run, args=(app, gateway))

    def _run(self, app: Flask, gateway: Gateway) -> None:
        with app.app_context():
            self.tally = worker(gateway).run(self.until)
            db.session.remove()

    def __enter__(self) -> Running:
        self._thread.start()
        return self

    def __exit__(self, *_ignored: object) -> None:
        self.until.set()
        self._thread.join()


def test_a_running_worker_hands_over_what_is_owed_while_it_runs(app: Flask) -> None:
    arrived = threading.Semaphore(0)
    post = Post(lambda _handover: arrived.release())
    owe("reach:1:guardian:1")
    with Running(app, post) as running:
        assert arrived.acquire(timeout=20)
        owe("reach:1:guardian:2")
        assert arrived.acquire(timeout=20)
    assert running.tally == Tally(delivered=2)
    assert message("reach:1:guardian:2").state is MessageState.DELIVERED


def test_a_running_worker_is_woken_by_the_deed_and_not_by_its_clock(
    app: Flask, clockwork: time_machine.Traveller
) -> None:
    arrived = [threading.Event(), threading.Event()]
    with Running(app, Post(lambda handover: arrived[handover.recipient == SON].set())):
        owe("reach:1:guardian:1", DAUGHTER)
        assert arrived[0].wait(20)
        while message("reach:1:guardian:1").state is not MessageState.DELIVERED:
            pass
        time.sleep(0.3)  # it has looked once more, and its clock stands still
        owe("reach:1:guardian:2", SON)
        assert arrived[1].wait(20)


def test_a_worker_told_to_stop_finishes_and_settles_what_is_in_hand(app: Flask) -> None:
    in_hand, go_on = threading.Event(), threading.Event()

    def slow(_handover: Handover) -> None:
        in_hand.set()
        assert go_on.wait(20)

    owe()
    with capture_logs() as lines, Running(app, Post(slow)) as running:
        assert in_hand.wait(20)
        running.until.set()
        while "worker_stopping" not in [line["event"] for line in lines]:
            time.sleep(0.01)
        owe("reach:1:guardian:2")
        go_on.set()
    assert running.tally == Tally(delivered=1)
    assert message("reach:1:guardian:1").state is MessageState.DELIVERED
    assert message("reach:1:guardian:2").state is MessageState.PENDING


def test_one_slow_answer_keeps_nobody_else_waiting(app: Flask) -> None:
    in_hand, go_on, arrived = threading.Event(), threading.Event(), threading.Event()

    def slow_for_the_son(handover: Handover) -> None:
        if handover.recipient == SON:
            in_hand.set()
            assert go_on.wait(20)
        else:
            arrived.set()

    owe("reach:1:guardian:1", SON)
    with Running(app, Post(slow_for_the_son)) as running:
        assert in_hand.wait(20)
        owe("reach:1:guardian:2", DAUGHTER)
        assert arrived.wait(20)
        go_on.set()
    assert running.tally == Tally(delivered=2)


def test_a_failed_message_is_tried_again_without_another_one_coming(app: Flask) -> None:
    tried = threading.Semaphore(0)

    def first_fails(_handover: Handover) -> None:
        tried.release()
        if len(post.handed) == 1:
            raise GatewayFault(permanent=False, code="http_503")

    post = Post(first_fails)
    owe()
    with Running(app, post) as running:
        assert tried.acquire(timeout=20)
        assert tried.acquire(timeout=20)
    assert running.tally == Tally(delivered=1, retried=1)


@pytest.mark.parametrize("engine", [pytest.param("postgresql", marks=pytest.mark.postgresql)])
def test_a_worker_goes_on_after_the_database_hung_up(app: Flask) -> None:
    arrived = threading.Semaphore(0)
    with Running(app, Post(lambda _handover: arrived.release())):
        owe("reach:1:guardian:1")
        assert arrived.acquire(timeout=20)
        _hang_up_on_everybody()
        with contextlib.suppress(sa.exc.OperationalError):
            owe("reach:1:guardian:2")  # this one may meet the broken line itself
        owe("reach:1:guardian:2")
        assert arrived.acquire(timeout=20)
    assert message("reach:1:guardian:2").state is MessageState.DELIVERED


def _hang_up_on_everybody() -> None:
    address = db.engine.url.set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(address, autocommit=True) as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )


# the bell


@pytest.fixture
def doorbell() -> Iterator[bell.Bell]:
    with contextlib.closing(bell.listen(db.engine)) as listening:
        listening.wait(0)
        yield listening


def test_the_bell_rings_when_a_message_is_owed(doorbell: bell.Bell) -> None:
    owe()
    assert doorbell.wait(20)
    assert not doorbell.wait(0)


def test_the_bell_is_silent_for_a_deed_that_was_undone(doorbell: bell.Bell) -> None:
    with contextlib.suppress(LookupError), transaction():
        bell.ring()
        raise LookupError
    assert not doorbell.wait(0.1)


def test_a_ring_nobody_waited_for_is_heard_later(doorbell: bell.Bell) -> None:
    owe("reach:1:guardian:1")
    owe("reach:1:guardian:2")
    assert doorbell.wait(20)
