"""What a call's provider tells afterwards, and what follows from it."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from tests.services.calling import MINUTE, SECOND, called, calls, run, shown
from tests.services.finders import met, owed
from tests.services.relatives import son_of
from tests.world import DAUGHTER_PHONE, SON_PHONE, World
from wristband.db import db, transaction
from wristband.incidents import duty
from wristband.outbox.models import Delivery, Message
from wristband.outbox.rules import Outcome
from wristband.scans.rules import Answer
from wristband.services import escalating, receiving
from wristband.values.arrival import Arrival, ArrivalState


@pytest.fixture
def now(world: World) -> datetime:
    return world.now + timedelta(hours=26)


@pytest.fixture
def son(world: World, now: datetime) -> int:
    return son_of(world, now - timedelta(hours=2))


def placed(message: Message, at: datetime) -> str:
    """The call was taken by a gateway. Returns the gateway's name for it."""
    with transaction():
        delivery = Delivery(
            message_id=message.id, gateway="voice", began_at=at, ended_at=at, outcome=Outcome.ACCEPTED, receipt="c-1"
        )
        db.session.add(delivery)
    return "c-1"


@pytest.mark.usefixtures("son")
def test_a_call_that_nobody_took_brings_the_next_one_forward(world: World, now: datetime) -> None:
    met(world, now)
    escalating.take_due(now)
    name = placed(calls()[0], now)
    receiving.receive("voice", [Arrival(name, ArrivalState.FAILED, now)], now=now + 25 * SECOND)
    escalating.take_due(now + 25 * SECOND)
    assert called() == [DAUGHTER_PHONE, SON_PHONE]


@pytest.mark.usefixtures("son")
def test_the_same_receipt_again_brings_nothing_forward_again(world: World, now: datetime) -> None:
    met(world, now)
    escalating.take_due(now)
    name = placed(calls()[0], now)
    for seconds in (25, 30, 35):
        told = [Arrival(name, ArrivalState.FAILED, now)] * 2
        receiving.receive("voice", told, now=now + seconds * SECOND)
        escalating.take_due(now + seconds * SECOND)
    assert called() == [DAUGHTER_PHONE, SON_PHONE]


def test_a_key_pressed_on_the_telephone_answers_the_finder(world: World, now: datetime) -> None:
    reference = met(world, now)
    escalating.take_due(now)
    name = placed(calls()[0], now)
    receiving.receive("voice", [Arrival(name, ArrivalState.ACKNOWLEDGED, now)], now=now + 20 * SECOND)
    assert (shown(reference).answer, shown(reference).seen) == (Answer.ON_IT, 1)
    run(now + 20 * SECOND, now + 6 * MINUTE)
    assert len(calls()) == 1
    assert duty.list_unanswered(station_id=world.station_id) == []


@pytest.mark.parametrize("state", list(ArrivalState))
def test_a_receipt_for_a_message_nobody_knows_is_kept_and_does_nothing(
    world: World, now: datetime, state: ArrivalState
) -> None:
    reference = met(world, now)
    receiving.receive("voice", [Arrival("nobody-s", state, now)], now=now)
    receiving.receive("another", [Arrival(placed(owed("band_scanned")[0], now), state, now)], now=now)
    assert shown(reference).answer is None
