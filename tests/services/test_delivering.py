"""Owing messages, handing them over, and knowing what became of them."""

from __future__ import annotations

import contextlib
import json
import os
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
import sqlalchemy as sa
import time_machine
from flask import Flask
from structlog.testing import capture_logs

from wristband import clock
from wristband.db import db, transaction
from wristband.gateways.contract import Gateway, GatewayFault, Handover, Receipt
from wristband.gateways.printed import PrintedGateway
from wristband.outbox import bell, leases, queries, rules
from wristband.outbox.models import Delivery, Message
from wristband.outbox.queue import enqueue
from wristband.outbox.rules import Channel, MessageState, Outcome
from wristband.services.delivering import Tally, Worker

pytestmark = pytest.mark.usefixtures("app")

START = datetime(2026, 11, 24, 6, 5, tzinfo=UTC)
SINCE_EVER = START - timedelta(days=3650)
DAUGHTER, SON = "+8613800138000", "+8613800138001"
LEASE_S = 60


class Post(Gateway):
    """A gateway that remembers what it was handed and can be told what to do with it."""

    name = "post"

    def __init__(self, deed: Callable[[Handover], Any] | None = None) -> None:
        self.deed = deed
        self.handed: list[Handover] = []

    def _call(self, handover: Handover) -> Receipt:
        self.handed.append(handover)
        if self.deed:
            self.deed(handover)
        return Receipt(f"r{len(self.handed)}")

    @property
    def recipients(self) -> list[str]:
        return [handover.recipient for handover in self.handed]


def refusing(*, permanent: bool, code: str = "told_to_fail") -> Callable[[Handover], None]:
    def refuse(_handover: Handover) -> None:
        raise GatewayFault(permanent=permanent, code=code)

    return refuse


def owe(key: str = "reach:1:guardian:1", recipient: str = DAUGHTER, **more: Any) -> Message | None:
    facts = {"organisation": "同安黄手环", "organisation_phone": "", "code_tail": "7QK", "time": "14:05"}
    with transaction():
        return enqueue(
            key=key,
            channel=Channel.SMS,
            wording="band_scanned",
            language="zh-CN",
            recipient=recipient,
            facts=facts,
            at=clock.now(),
            **more,
        )


def owe_code(expires_in: timedelta = timedelta(minutes=5)) -> Message | None:
    with transaction():
        return enqueue(
            key="challenge:1",
            channel=Channel.SMS,
            wording="sign_in_code",
            language="zh-CN",
            recipient=DAUGHTER,
            facts={"organisation": "同安黄手环", "code": "482913"},
            at=clock.now(),
            expires_at=clock.now() + expires_in,
        )


def worker(gateway: Gateway, **more: Any) -> Worker:
    return Worker({"sms": gateway}, lease_s=LEASE_S, **more)


def message(key: str = "reach:1:guardian:1") -> Message:
    db.session.rollback()
    return db.session.scalars(
        sa.select(Message).where(Message.key == key), execution_options={"populate_existing": True}
    ).one()


def deliveries() -> list[Delivery]:
    db.session.rollback()
    return list(db.session.scalars(sa.select(Delivery).order_by(Delivery.id)))


def count_messages() -> int:
    db.session.rollback()
    return db.session.scalar(sa.select(sa.func.count()).select_from(Message)) or 0


@pytest.fixture
def clockwork() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(START, tick=False) as traveller:
        yield traveller


# owing


def test_a_message_owed_is_a_row_of_the_deed_that_owes_it() -> None:
    owe()
    assert message().state is MessageState.PENDING
    assert message().body.startswith("【同安黄手环】您守护的手环（尾号 7QK）于 14:05 有人求助")


def test_a_deed_undone_owes_nothing() -> None:
    def failing_deed() -> None:
        with transaction():
            facts = {"organisation": "同安黄手环", "code": "482913"}
            enqueue(
                key="k",
                channel=Channel.SMS,
                wording="sign_in_code",
                language="zh-CN",
                recipient=DAUGHTER,
                facts=facts,
                at=clock.now(),
            )
            raise LookupError

    with pytest.raises(LookupError):
        failing_deed()
    assert count_messages() == 0


def test_owing_a_key_twice_is_owing_it_once() -> None:
    assert owe() is not None
    assert owe(recipient=SON) is None
    assert count_messages() == 1
    assert message().recipient == DAUGHTER


def test_owing_a_key_twice_in_one_deed_leaves_the_deed_whole() -> None:
    with transaction():
        for _ in range(2):
            enqueue(
                key="k",
                channel=Channel.SMS,
                wording="sign_in_code",
                language="zh-CN",
                recipient=DAUGHTER,
                facts={"organisation": "同安黄手环", "code": "482913"},
                at=clock.now(),
            )
        db.session.add(Delivery(message_id=_only_id(), gateway="", began_at=START, ended_at=START, outcome="accepted"))
    assert count_messages() == 1
    assert len(deliveries()) == 1


def _only_id() -> int:
    return db.session.scalars(sa.select(Message.id)).one()


def test_many_deeds_owing_one_key_at_once_owe_it_once(app: Flask) -> None:
    start = threading.Barrier(6)
    owed: list[bool] = []

    def deed() -> None:
        with app.app_context():
            start.wait()
            owed.append(owe() is not None)
            db.session.remove()

    _all_at_once([deed] * 6)
    assert sorted(owed) == [False] * 5 + [True]
    assert count_messages() == 1


def test_neither_recipient_nor_words_lie_readable_in_the_table() -> None:
    owe_code()
    kept = " ".join(str(value) for value in db.session.execute(sa.text("SELECT * FROM message")).one())
    assert "13800138000" not in kept
    assert "482913" not in kept


# handing over


def test_a_due_message_is_handed_over_with_its_words_and_recorded(clockwork: time_machine.Traveller) -> None:
    owed = owe()
    post = Post()
    assert worker(post).drain() == Tally(delivered=1)
    handover = post.handed[0]
    assert (handover.recipient, handover.kind, handover.at) == (DAUGHTER, "sms", START)
    assert handover.body.startswith("【同安黄手环】您守护的手环")
    assert owed is not None
    assert handover.idempotency_key == f"message-{owed.id}"
    assert message().state is MessageState.DELIVERED
    assert message().settled_at == START
    [delivery] = deliveries()
    assert (delivery.message_id, delivery.gateway, delivery.outcome, delivery.receipt) == (
        owed.id,
        "post",
        Outcome.ACCEPTED,
        "r1",
    )


def test_with_nothing_owed_a_drain_does_nothing() -> None:
    assert worker(Post()).drain() == Tally()


def test_a_delivered_message_is_not_handed_over_again(clockwork: time_machine.Traveller) -> None:
    owe()
    post = Post()
    worker(post).drain()
    clockwork.shift(timedelta(days=4))
    worker(post).drain()
    assert len(post.handed) == 1


def test_more_messages_than_hands_all_go_once() -> None:
    for number in range(25):
        owe(f"reach:{number}:guardian:1", f"+86138001380{number:02d}")
    post = Post()
    assert worker(post, hands=4).drain() == Tally(delivered=25)
    assert sorted(post.recipients) == [f"+86138001380{number:02d}" for number in range(25)]


def test_the_oldest_owed_goes_first(clockwork: time_machine.Traveller) -> None:
    for number in (2, 1, 3):  # their rows are made in another order than they are owed in
        clockwork.move_to(START + timedelta(seconds=number), tick=False)
        owe(f"reach:{number}:guardian:1", f"+861380013800{number}")
    post = Post()
    worker(post, hands=1).drain()
    assert post.recipients == ["+8613800138001", "+8613800138002", "+8613800138003"]


def test_no_database_connection_is_held_while_a_gateway_is_called() -> None:
    held: list[int] = []
    engine = db.engine
    owe()
    worker(Post(lambda _handover: held.append(engine.pool.checkedout()))).drain()  # type: ignore[attr-defined]
    assert held == [0]


def test_words_of_a_scan_are_kept_after_the_handover() -> None:
    owe()
    worker(Post()).drain()
    assert message().body


def test_a_codes_words_are_forgotten_after_the_handover() -> None:
    owe_code()
    post = Post()
    worker(post).drain()
    assert "482913" in post.handed[0].body
    assert message("challenge:1").state is MessageState.DELIVERED
    assert message("challenge:1").body_sealed is None


# failing


def test_a_passing_failure_is_tried_again_when_its_wait_is_over(clockwork: time_machine.Traveller) -> None:
    owe()
    post = Post(refusing(permanent=False, code="http_503"))
    one = worker(post)
    assert one.drain() == Tally(retried=1)
    assert message().state is MessageState.PENDING
    assert message().due_at == START + timedelta(seconds=1)
    one.drain()
    assert len(post.handed) == 1
    clockwork.shift(timedelta(seconds=1))
    post.deed = None
    assert one.drain() == Tally(retried=1, delivered=1)
    assert len({handover.idempotency_key for handover in post.handed}) == 1
    assert [delivery.code for delivery in deliveries()] == ["http_503", ""]


def test_a_permanent_refusal_stops_the_message_where_a_human_sees_it(clockwork: time_machine.Traveller) -> None:
    owed = owe(reach_id=7, elder_id=3)
    assert worker(Post(refusing(permanent=True, code="recipient_invalid"))).drain() == Tally(stopped=1)
    [stopped] = queries.list_stopped(since=SINCE_EVER)
    assert owed is not None
    assert (stopped.id, stopped.wording, stopped.reach_id, stopped.elder_id) == (owed.id, "band_scanned", 7, 3)
    assert (stopped.stopped_at, stopped.attempts, stopped.code) == (START, 1, "recipient_invalid")
    assert queries.list_stopped(since=START) == []


def test_a_message_that_always_fails_hinders_no_other(clockwork: time_machine.Traveller) -> None:
    def poison(handover: Handover) -> None:
        if handover.recipient == SON:
            raise LookupError

    for number in range(9):
        owe(f"reach:1:guardian:{number}", SON if number % 3 == 0 else DAUGHTER)
    tally = worker(Post(poison), hands=2).drain()
    assert tally == Tally(delivered=6, retried=3)


def test_three_days_without_a_gateway_lose_nothing(clockwork: time_machine.Traveller) -> None:
    for number in range(3):
        owe(f"reach:1:guardian:{number}")
    post = Post(refusing(permanent=False))
    one = worker(post)
    for hours in (0, 1, 24, 71.999):
        clockwork.move_to(START + timedelta(hours=hours), tick=False)
        one.drain()
    assert one.tally == Tally(retried=12)
    post.deed = None
    clockwork.move_to(START + timedelta(hours=72, minutes=6), tick=False)
    assert one.drain() == Tally(retried=12, delivered=3)


def test_a_gateway_that_stays_away_longer_stops_the_message(clockwork: time_machine.Traveller) -> None:
    owe()
    one = worker(Post(refusing(permanent=False)))
    one.drain()
    clockwork.shift(timedelta(hours=72))
    one.drain()
    assert message().state is MessageState.STOPPED


def test_a_channel_without_a_gateway_waits_for_one(clockwork: time_machine.Traveller) -> None:
    owe()
    assert Worker({}, lease_s=LEASE_S).drain() == Tally(retried=1)
    assert [delivery.code for delivery in deliveries()] == ["no_gateway"]


def test_a_broken_seal_waits_for_its_key_and_hinders_no_other(clockwork: time_machine.Traveller) -> None:
    owe("reach:1:guardian:1")
    owe("reach:1:guardian:2")
    with transaction():
        db.session.execute(
            sa.update(Message).where(Message.key == "reach:1:guardian:1").values(recipient_sealed="v1:aesgcm:Z:AAAA")
        )
    assert worker(Post()).drain() == Tally(delivered=1, retried=1)
    assert {delivery.code for delivery in deliveries()} == {"", "seal.broken"}


# expiring


def test_a_code_too_late_is_stopped_unsent_and_forgotten(clockwork: time_machine.Traveller) -> None:
    owe_code(timedelta(minutes=5))
    clockwork.shift(timedelta(minutes=5))
    post = Post()
    assert worker(post).drain() == Tally(stopped=1)
    assert post.handed == []
    assert message("challenge:1").state is MessageState.STOPPED
    assert message("challenge:1").body_sealed is None


def test_a_code_that_cannot_be_tried_in_time_is_stopped_and_forgotten(clockwork: time_machine.Traveller) -> None:
    owe_code(timedelta(seconds=1))
    assert worker(Post(refusing(permanent=False))).drain() == Tally(stopped=1)
    assert message("challenge:1").body_sealed is None


def test_a_code_that_expires_in_a_gateways_hands_is_left_to_it(clockwork: time_machine.Traveller) -> None:
    owe_code(timedelta(seconds=30))

    def slow(_handover: Handover) -> None:
        clockwork.shift(timedelta(seconds=31))

    assert worker(Post(slow)).drain() == Tally(delivered=1)
    assert message("challenge:1").body_sealed is None


# leases


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

    _all_at_once([work] * 3)
    keys = [handover.idempotency_key for handover in post.handed]
    assert len(keys) == len(set(keys)) == 60
    assert len(deliveries()) == 60


def test_a_leased_message_is_nobody_elses_until_the_lease_is_over(clockwork: time_machine.Traveller) -> None:
    owe()
    _claim_and_die()
    post = Post()
    other = worker(post)
    clockwork.shift(timedelta(seconds=LEASE_S - 1))
    other.drain()
    assert post.handed == []
    clockwork.shift(timedelta(seconds=11))
    other.drain()
    assert len(post.handed) == 1
    assert message().attempts == 2


def _claim_and_die() -> Message:
    [claimed] = _claim(lease="dead.1")
    return claimed


def _claim(*, lease: str, limit: int = 9) -> list[Message]:
    with transaction():
        now = clock.now()
        return leases.claim(lease=lease, until=now + timedelta(seconds=LEASE_S), limit=limit, now=now)


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
    first = _claim_and_die()
    clockwork.shift(timedelta(seconds=LEASE_S))
    owe("reach:1:guardian:2")
    with transaction():
        leases.free_lapsed(clock.now())
    taken = {mine.key: mine for mine in _claim(lease="other.1")}
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
    _claim_and_die()
    owe("reach:1:guardian:3")
    clockwork.move_to(START, tick=False)
    assert one.drain() == Tally(delivered=3)


# the worker that runs


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


def _all_at_once(deeds: list[Callable[[], None]]) -> None:
    threads = [threading.Thread(target=deed) for deed in deeds]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


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
    assert doorbell.wait(0)


# asking


def test_due_messages_are_counted_without_those_that_wait_or_are_over(clockwork: time_machine.Traveller) -> None:
    owe("reach:1:guardian:1")
    worker(Post()).drain()
    owe("reach:1:guardian:2")
    worker(Post(refusing(permanent=False))).drain()
    owe("reach:1:guardian:3")
    owe_code(timedelta(seconds=30))
    assert queries.count_due(clock.now()) == 2
    clockwork.shift(timedelta(seconds=30))
    assert queries.count_due(clock.now()) == 2  # the code is over, the second one's wait as well


def test_how_long_the_oldest_has_waited_is_known(clockwork: time_machine.Traveller) -> None:
    assert queries.find_oldest_waiting_at(Channel.SMS) is None
    owe("reach:1:guardian:1")
    clockwork.shift(timedelta(minutes=1))
    owe("reach:1:guardian:2")
    _claim(lease="dead.1", limit=1)
    assert queries.find_oldest_waiting_at(Channel.SMS) == START


def test_a_reach_counts_people_not_messages() -> None:
    owe("a", DAUGHTER, reach_id=7)
    owe("b", DAUGHTER, reach_id=7)
    owe("c", SON, reach_id=7)
    owe("noise", SON, reach_id=8)
    owe("more noise", SON)
    assert queries.state_for_reach(7) == queries.Told(of=2, accepted=0, failed=0)
    assert queries.state_for_reach(9) == queries.Told(of=0, accepted=0, failed=0)


def test_a_reach_tells_who_was_accepted_and_who_was_given_up() -> None:
    owe("a", DAUGHTER, reach_id=7)
    owe("b", SON, reach_id=7)
    owe("noise", SON, reach_id=8)

    def not_the_son(handover: Handover) -> None:
        if handover.recipient == SON:
            raise GatewayFault(permanent=True, code="recipient_invalid")

    worker(Post(not_the_son)).drain()
    assert queries.state_for_reach(7) == queries.Told(of=2, accepted=1, failed=1)


def test_somebody_one_message_reached_has_been_told_though_another_stopped(clockwork: time_machine.Traveller) -> None:
    post = Post(refusing(permanent=True))
    owe("a", DAUGHTER, reach_id=7)
    worker(post).drain()
    assert queries.state_for_reach(7) == queries.Told(of=1, accepted=0, failed=1)
    owe("b", DAUGHTER, reach_id=7)
    assert queries.state_for_reach(7) == queries.Told(of=1, accepted=0, failed=0)
    post.deed = None
    worker(post).drain()
    assert queries.state_for_reach(7) == queries.Told(of=1, accepted=1, failed=0)
