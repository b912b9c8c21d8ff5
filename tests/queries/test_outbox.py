"""What is asked of the outbox: what is due, what is stuck, who was told."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
import time_machine

from tests.services.post import (
    DAUGHTER,
    SON,
    START,
    Post,
    claim,
    owe,
    owe_code,
    refusing,
    worker,
)
from wristband import clock
from wristband.gateways.contract import GatewayFault, Handover
from wristband.outbox import queries
from wristband.outbox.models import Channel

pytestmark = pytest.mark.usefixtures("app")


@pytest.fixture
def clockwork() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(START, tick=False) as traveller:
        yield traveller


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
    claim(lease="dead.1", limit=1)
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
