"""What is said to one address about one elder is said in its order, and a message that cannot go blocks nobody."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine

from tests.services.post import DAUGHTER, SON, START, Post, message, refusing, worker
from wristband import clock
from wristband.db import transaction
from wristband.gateways.contract import GatewayFault, Handover
from wristband.outbox.queue import enqueue
from wristband.outbox.rules import YIELDS_AFTER, Channel, MessageState

pytestmark = pytest.mark.usefixtures("app")
HER_ELDER, ANOTHER = 7, 8


def owe(key: str, recipient: str = DAUGHTER, *, elder_id: int | None = HER_ELDER) -> None:
    with transaction():
        enqueue(
            key=key,
            channel=Channel.SMS,
            wording="incident_closed",
            language="zh-CN",
            recipient=recipient,
            facts={"organisation": "同安黄手环", "organisation_phone": "", "number": key},
            at=clock.now(),
            elder_id=elder_id,
        )


def keys(post: Post) -> list[str]:
    return [handover.facts["number"] for handover in post.handed]


def stuck(key: str) -> Post:
    """A gateway that takes everything but one message."""

    def deed(handover: Handover) -> None:
        if handover.facts["number"] == key:
            raise GatewayFault(permanent=False, code="told_to_fail")

    return Post(deed)


def test_after_an_outage_the_messages_of_an_incident_arrive_in_the_order_they_were_owed(
    clockwork: time_machine.Traveller,
) -> None:
    down = Post(refusing(permanent=False))
    for number in range(1, 7):
        owe(f"n{number}")
        worker(down).drain()
        clockwork.shift(timedelta(minutes=7 * number))
    clockwork.shift(timedelta(hours=30))
    up = Post()
    worker(up).drain()
    assert keys(up) == [f"n{number}" for number in range(1, 7)]


def test_new_news_brings_the_old_along_instead_of_waiting_behind_it(clockwork: time_machine.Traveller) -> None:
    owe("old")
    for _ in range(6):
        worker(Post(refusing(permanent=False))).drain()
        clockwork.shift(timedelta(minutes=6))
    worker(Post(refusing(permanent=False))).drain()
    assert message("old").due_at > clock.now()
    owe("new")
    up = Post()
    worker(up).drain()
    assert keys(up) == ["old", "new"]


def test_other_addresses_other_elders_and_codes_wait_for_nobody() -> None:
    with time_machine.travel(START, tick=False):
        owe("stuck")
        owe("behind")
        owe("to the son", SON)
        owe("of another elder", elder_id=ANOTHER)
        owe("a code", elder_id=None)
        post = stuck("stuck")
        worker(post, hands=1).drain()
    assert keys(post) == ["stuck", "to the son", "of another elder", "a code"]
    assert message("behind").state is MessageState.PENDING


def test_a_message_stopped_for_good_lets_those_behind_it_pass() -> None:
    with time_machine.travel(START, tick=False):
        owe("bad")
        owe("good")

        def deed(handover: Handover) -> None:
            if handover.facts["number"] == "bad":
                raise GatewayFault(permanent=True, code="recipient_invalid")

        post = Post(deed)
        worker(post).drain()
    assert keys(post) == ["bad", "good"]
    assert message("good").state is MessageState.DELIVERED


def test_one_that_fails_on_and_on_while_others_go_through_is_overtaken(clockwork: time_machine.Traveller) -> None:
    owe("stuck")
    owe("behind")
    post = stuck("stuck")
    for number in range(YIELDS_AFTER + 2):
        owe(f"another {number}", SON)
        worker(post).drain()
        clockwork.shift(timedelta(minutes=7))
    working = worker(post)
    owe("last", SON)
    working.drain()
    clockwork.shift(timedelta(seconds=11))
    working.drain()
    working.drain()
    assert message("behind").state is MessageState.DELIVERED
    assert message("stuck").state is MessageState.PENDING


def test_in_an_outage_of_the_whole_channel_nobody_overtakes(clockwork: time_machine.Traveller) -> None:
    owe("first")
    owe("second")
    down = Post(refusing(permanent=False))
    working = worker(down)
    for _ in range(YIELDS_AFTER + 4):
        working.drain()
        clockwork.shift(timedelta(minutes=7))
    assert set(keys(down)) == {"first"}
