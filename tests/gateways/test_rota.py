"""Several gateways of one channel: who is used when one fails, for how long, and who hears of it."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from structlog.testing import capture_logs

from tests.gateways.rigs import AT, handover
from wristband.gateways.contract import Blame, Gateway, GatewayFault, Handover, Receipt
from wristband.gateways.rota import LONGEST_PAUSE, Rota

BAD_MOMENT = GatewayFault(permanent=False, code="http_503")
OUTAGE = GatewayFault(permanent=False, code="no_balance", blame=Blame.OUTAGE)
CAP = GatewayFault(permanent=False, code="too_many", blame=Blame.MESSAGE)
WRONG_NUMBER = GatewayFault(permanent=True, code="recipient_invalid")
LOST_ANSWER = GatewayFault(permanent=False, code="timeout", in_doubt=True)


class Provider(Gateway):
    """Does what it is told, and remembers whom it was asked for."""

    def __init__(self, name: str, *, wordings: tuple[str, ...] = ("sign_in_code",)) -> None:
        self.name = name
        self.wordings = wordings
        self.fault: GatewayFault | None = None
        self.asked: list[str] = []

    def takes(self, handover: Handover) -> bool:
        return handover.wording in self.wordings

    def _call(self, handover: Handover) -> Receipt:
        self.asked.append(handover.idempotency_key)
        if self.fault is not None:
            fault = self.fault
            raise GatewayFault(permanent=fault.permanent, code=fault.code, blame=fault.blame, in_doubt=fault.in_doubt)
        return Receipt("r")


class Desk:
    """A rota with its providers, and a fresh message for each try."""

    def __init__(self, *names: str) -> None:
        self.providers = {name: Provider(name) for name in names}
        self.rota = Rota("sms", list(self.providers.values()))
        self.keys = (f"message-{number:016d}" for number in range(10_000))

    def send(self, after_s: float = 0, key: str = "") -> str:
        """Which gateway an attempt went to."""
        message = replace(handover(key or next(self.keys)), at=AT + timedelta(seconds=after_s))
        try:
            return self.rota.hand_over(message).gateway
        except GatewayFault as fault:
            return f"{fault.gateway}!"


@pytest.fixture
def desk() -> Desk:
    return Desk("one", "two", "three")


def test_the_preferred_one_is_used_while_it_is_well(desk: Desk) -> None:
    assert [desk.send(n) for n in range(5)] == ["one"] * 5
    assert desk.providers["two"].asked == []


def test_three_passing_faults_in_a_row_demote_it(desk: Desk) -> None:
    desk.providers["one"].fault = BAD_MOMENT
    assert [desk.send(n) for n in range(5)] == ["one!", "one!", "one!", "two", "two"]


def test_a_success_between_breaks_the_row(desk: Desk) -> None:
    for _ in range(4):
        desk.providers["one"].fault = BAD_MOMENT
        assert [desk.send(), desk.send()] == ["one!", "one!"]
        desk.providers["one"].fault = None
        assert desk.send() == "one"


def test_an_outage_demotes_it_at_once(desk: Desk) -> None:
    desk.providers["one"].fault = OUTAGE
    assert [desk.send(n) for n in range(3)] == ["one!", "two", "two"]


def test_a_message_that_one_refused_goes_to_the_next_at_its_next_attempt(desk: Desk) -> None:
    desk.providers["one"].fault = BAD_MOMENT
    assert [desk.send(0, "message-again-0000001"), desk.send(1, "message-again-0000001")] == ["one!", "two"]
    assert desk.send(2) == "one!"  # which is not demoted yet: others are tried with it


@pytest.mark.parametrize("fault", [CAP, WRONG_NUMBER])
def test_what_speaks_against_a_message_demotes_nobody(desk: Desk, fault: GatewayFault) -> None:
    desk.providers["one"].fault = fault
    assert [desk.send(n) for n in range(6)] == ["one!"] * 6


def test_a_message_at_its_cap_here_is_tried_everywhere_and_then_from_the_first_again(desk: Desk) -> None:
    for provider in desk.providers.values():
        provider.fault = CAP
    tries = [desk.send(n, "message-again-0000001") for n in range(6)]
    assert tries == ["one!", "two!", "three!", "one!", "two!", "three!"]


def test_a_message_whose_answer_was_lost_stays_with_the_gateway_that_may_have_it(desk: Desk) -> None:
    desk.providers["one"].fault = LOST_ANSWER
    assert [desk.send(n, "message-again-0000001") for n in range(2)] == ["one!", "one!"]


def test_until_that_one_is_demoted(desk: Desk) -> None:
    desk.providers["one"].fault = LOST_ANSWER
    assert [desk.send(n, "message-again-0000001") for n in range(4)] == ["one!", "one!", "one!", "two"]


def test_a_demoted_one_is_tried_again_after_thirty_seconds(desk: Desk) -> None:
    desk.providers["one"].fault = OUTAGE
    desk.send(0)
    desk.providers["one"].fault = None
    assert [desk.send(29.9), desk.send(30), desk.send(31)] == ["two", "one", "one"]


def test_the_pause_doubles_up_to_ten_minutes(desk: Desk) -> None:
    desk.providers["one"].fault = OUTAGE
    tried = [second for second in range(0, 2731, 10) if desk.send(second) == "one!"]
    assert [later - before for before, later in pairwise(tried)] == [30, 60, 120, 240, 480, 600, 600, 600]


def test_after_a_success_the_next_pause_is_short_again(desk: Desk) -> None:
    desk.providers["one"].fault = OUTAGE
    desk.send(0), desk.send(30)
    desk.providers["one"].fault = None
    assert desk.send(90) == "one"
    desk.providers["one"].fault = OUTAGE
    assert [desk.send(91), desk.send(120.9), desk.send(121)] == ["one!", "two", "one!"]


def test_only_one_message_tries_a_demoted_one_at_a_time() -> None:
    slow, other = Slow("one"), Provider("two")
    rota = Rota("sms", [slow, other])
    slow.fault = OUTAGE
    with pytest.raises(GatewayFault):
        rota.hand_over(handover())
    slow.fault = None
    slow.gate.clear()
    later = AT + timedelta(seconds=30)
    with ThreadPoolExecutor(1) as pool:
        probe = pool.submit(rota.hand_over, replace(handover("message-probe-00000001"), at=later))
        slow.entered.wait(10)
        others = [rota.hand_over(replace(handover(f"message-other-{n:08d}"), at=later)).gateway for n in range(5)]
        slow.gate.set()
        assert probe.result(10).gateway == "one"
    assert others == ["two"] * 5


class Slow(Provider):
    """Waits in the middle of a call until its gate is opened."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.gate, self.entered = threading.Event(), threading.Event()
        self.gate.set()

    def _call(self, handover: Handover) -> Receipt:
        self.entered.set() if not self.gate.is_set() else None
        self.gate.wait(10)
        return super()._call(handover)


def test_what_a_hundred_hands_hear_at_once_counts_as_one_demotion() -> None:
    slow = Slow("one")
    rota = Rota("sms", [slow, Provider("two")])
    slow.fault = OUTAGE
    slow.gate.clear()
    with ThreadPoolExecutor(20) as pool, capture_logs() as lines:
        tries = [pool.submit(rota.hand_over, handover(f"message-{n:016d}")) for n in range(20)]
        slow.entered.wait(10)
        slow.gate.set()
        assert all(one.exception(10) is None or isinstance(one.exception(), GatewayFault) for one in tries)
    assert [(line["event"], line.get("for_s")) for line in lines].count(("gateway_demoted", 30)) == 1
    slow.fault = None
    afterwards = [replace(handover(f"message-after-{n:08d}"), at=AT + timedelta(seconds=n)) for n in (29, 30)]
    assert [rota.hand_over(one).gateway for one in afterwards] == ["two", "one"]


def test_where_all_are_demoted_the_one_whose_pause_ends_first_is_used() -> None:
    desk = Desk("one", "two")
    for provider in desk.providers.values():
        provider.fault = OUTAGE
    assert [desk.send(0), desk.send(10)] == ["one!", "two!"]
    assert desk.send(11) == "one!"
    assert desk.send(12) == "two!"


def test_a_message_is_always_tried_even_by_the_only_gateway() -> None:
    desk = Desk("one")
    desk.providers["one"].fault = OUTAGE
    assert [desk.send(n) for n in range(20)] == ["one!"] * 20
    desk.providers["one"].fault = None
    assert desk.send(21) == "one"


def test_a_gateway_that_cannot_take_a_message_is_passed_over_and_not_to_blame() -> None:
    one, two = Provider("one", wordings=()), Provider("two")
    rota = Rota("sms", [one, two])
    assert rota.hand_over(handover()).gateway == "two"
    assert one.asked == []


def test_what_nobody_can_take_is_still_handed_to_somebody_who_says_why() -> None:
    one = Provider("one", wordings=())
    one.fault = GatewayFault(permanent=False, code="no_template", blame=Blame.MESSAGE)
    with pytest.raises(GatewayFault) as fault:
        Rota("sms", [one, Provider("two", wordings=())]).hand_over(handover())
    assert fault.value.code == "no_template"


def test_changes_are_told_once_each(desk: Desk) -> None:
    with capture_logs() as lines:
        desk.providers["one"].fault = OUTAGE
        for second in (0, 1, 30, 31, 90):
            desk.send(second)
        desk.providers["one"].fault = None
        desk.send(300), desk.send(301)
    told = [line["event"] for line in lines if line["event"].startswith("gateway_")]
    assert told == ["gateway_demoted", "gateway_restored"]


def test_a_clock_set_back_keeps_nobody_demoted_for_long(desk: Desk) -> None:
    desk.providers["one"].fault = OUTAGE
    desk.send(86_400)
    desk.providers["one"].fault = None
    assert desk.send(0) == "one"


def test_a_channel_without_a_gateway_is_none() -> None:
    with pytest.raises(ValueError, match="gateway"):
        Rota("sms", [])


def test_a_rota_of_one_goes_by_its_name() -> None:
    assert Rota("sms", [Provider("printed")]).name == "printed"
    assert Rota("sms", [Provider("one"), Provider("two")]).name == "sms"


def test_thousands_of_stuck_messages_are_not_all_remembered(desk: Desk) -> None:
    desk.providers["one"].fault = CAP
    for number in range(2_500):
        desk.send(0, f"message-{number:016d}")
    assert len(desk.rota._refused) <= 2_000


_FAULTS = st.sampled_from([None, BAD_MOMENT, OUTAGE, CAP, LOST_ANSWER])


@given(st.lists(st.tuples(st.floats(0, 900), _FAULTS, _FAULTS), max_size=60))
def test_whatever_happens_one_attempt_asks_one_gateway_and_no_pause_is_longer_than_ten_minutes(
    steps: list[tuple[float, GatewayFault | None, GatewayFault | None]],
) -> None:
    desk = Desk("one", "two")
    now = 0.0
    for seconds, first, second in steps:
        now += seconds
        desk.providers["one"].fault, desk.providers["two"].fault = first, second
        before = sum(len(provider.asked) for provider in desk.providers.values())
        desk.send(now)
        assert sum(len(provider.asked) for provider in desk.providers.values()) == before + 1
    for provider in desk.providers.values():
        provider.fault = None
    assert desk.send(now + LONGEST_PAUSE.total_seconds()) == "one"


def test_when_both_are_well_again_the_preferred_one_is_used_within_ten_minutes(desk: Desk) -> None:
    for provider in desk.providers.values():
        provider.fault = OUTAGE
    for second in range(0, 7200, 20):
        desk.send(second)
    for provider in desk.providers.values():
        provider.fault = None
    assert desk.send(7200 + LONGEST_PAUSE.total_seconds()) == "one"
