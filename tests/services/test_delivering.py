"""Handing over what is owed, and what becomes of it when gateways fail or time runs out."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa
import time_machine

from tests.services.post import (
    DAUGHTER,
    LEASE_S,
    SINCE_EVER,
    SON,
    START,
    Post,
    deliveries,
    message,
    owe,
    owe_code,
    refusing,
    worker,
)
from wristband import data_keys
from wristband.db import db, transaction
from wristband.gateways.contract import Handover
from wristband.outbox import queries
from wristband.outbox.models import Message, MessageState, Outcome
from wristband.sealing import box
from wristband.services.delivering import Tally, Worker

pytestmark = pytest.mark.usefixtures("app")


# handing over


def test_a_due_message_is_handed_over_with_its_words_and_recorded(clockwork: time_machine.Traveller) -> None:
    owed = owe()
    post = Post()
    assert worker(post).drain() == Tally(delivered=1)
    handover = post.handed[0]
    assert (handover.recipient, handover.kind, handover.at) == (DAUGHTER, "sms", START)
    assert handover.body.startswith("【同安黄手环】您守护的手环")
    assert handover.idempotency_key == f"message-{owed}"
    assert message().state is MessageState.DELIVERED
    assert message().settled_at == START
    [delivery] = deliveries()
    assert (delivery.message_id, delivery.gateway, delivery.outcome, delivery.receipt) == (
        owed,
        "post",
        Outcome.ACCEPTED,
        "r1",
    )


def test_words_about_an_elder_are_opened_in_the_worker_and_not_in_its_hands(clockwork: time_machine.Traveller) -> None:
    owe(elder_id=110)
    box().forget([110])  # as in a worker that has just been started
    post = Post()
    assert worker(post).drain() == Tally(delivered=1)
    assert post.recipients == [DAUGHTER]


def test_a_message_about_somebody_who_was_erased_is_stopped_at_once(clockwork: time_machine.Traveller) -> None:
    owe(elder_id=110)
    with transaction():
        data_keys.destroy(110, now=START)
    post = Post()
    assert worker(post).drain() == Tally(stopped=1)
    assert post.handed == []


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
    assert (stopped.id, stopped.wording, stopped.reach_id, stopped.elder_id) == (owed, "band_scanned", 7, 3)
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
