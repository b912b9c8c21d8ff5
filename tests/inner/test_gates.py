"""Gates before costly work: whoever finds no place is refused at once, and reports keep half of the threads."""

from __future__ import annotations

import os
import threading
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from queue import Queue

import pytest

from wristband import gates
from wristband.errors import Unavailable
from wristband.gates import Gate

LONG_S = 60.0
"""A wait that no test lives to see the end of: whoever is refused, is refused at once."""


@pytest.fixture(autouse=True)
def _threads() -> None:
    gates.install(32)


def refused(gate: Gate) -> str:
    with pytest.raises(Unavailable) as refusal, gate.enter():
        pass
    return refusal.value.code


def test_so_many_are_inside_and_the_next_is_told_to_come_back() -> None:
    gate = Gate("accounts.busy", at_once=2, waiting=0, wait_s=LONG_S)
    with gate.enter(), gate.enter():
        assert refused(gate) == "accounts.busy"
    with gate.enter(), gate.enter():
        pass


def test_two_wait_and_whoever_comes_then_is_refused_at_once() -> None:
    gate = Gate("accounts.busy", at_once=1, waiting=2, wait_s=LONG_S)
    told: Queue[str] = Queue()

    def come() -> bool:
        try:
            with gate.enter():
                return True
        except Unavailable as refusal:
            told.put(refusal.code)
            return False

    with ThreadPoolExecutor(8) as pool:
        with gate.enter():
            came: list[Future[bool]] = [pool.submit(come) for _ in range(8)]
            assert [told.get(timeout=LONG_S) for _ in range(6)] == ["accounts.busy"] * 6
            assert sum(one.done() for one in came) <= 6  # two of them stand and wait
        assert sorted(one.result(LONG_S) for one in came) == [False] * 6 + [True] * 2


def test_a_wait_has_an_end_and_leaves_no_place_taken() -> None:
    gate = Gate("scans.busy", at_once=1, waiting=1, wait_s=0.01)
    with gate.enter():
        for _ in range(3):
            assert refused(gate) == "scans.busy"
    with gate.enter():
        pass


def test_all_gates_together_hold_half_of_the_threads_and_no_more() -> None:
    gates.install(8)
    one = Gate("accounts.busy", at_once=6, waiting=0, wait_s=LONG_S)
    other = Gate("scans.busy", at_once=6, waiting=0, wait_s=LONG_S)
    with ExitStack() as inside:
        for gate in (one, one, one, other):
            inside.enter_context(gate.enter())
        assert (refused(one), refused(other)) == ("accounts.busy", "scans.busy")
    with other.enter():
        pass


def test_a_fault_inside_gives_its_place_back() -> None:
    gate = Gate("scans.busy", at_once=1, waiting=0, wait_s=LONG_S)
    for _ in range(3):
        with pytest.raises(KeyError), gate.enter():
            raise KeyError
    with gate.enter():
        pass


def test_whoever_asks_hears_that_a_gate_is_full_before_coming_in() -> None:
    gate = Gate("accounts.busy", at_once=1, waiting=0, wait_s=LONG_S)
    assert not gate.is_full()
    with gate.enter():
        assert gate.is_full()
    assert not gate.is_full()  # to ask takes no place
    gates.install(2)
    with Gate("scans.busy", at_once=1, waiting=0, wait_s=LONG_S).enter():
        assert gate.is_full()  # the lane is


def test_the_work_behind_a_gate_steps_back_for_everything_else() -> None:
    def niceness(more: int = 0) -> int:
        return os.getpriority(os.PRIO_PROCESS, threading.get_native_id()) + more

    gate = Gate("scans.busy", at_once=2, waiting=0, wait_s=LONG_S)
    before = niceness()
    with gate.enter():
        assert gate.do(niceness, more=100) == max(before, 10) + 100
    assert niceness() == before
    with pytest.raises(ZeroDivisionError):
        gate.do(divmod, 1, 0)


def test_a_process_of_one_thread_still_serves_them() -> None:
    gates.install(1)
    with Gate("scans.busy", at_once=1, waiting=0, wait_s=LONG_S).enter():
        pass
