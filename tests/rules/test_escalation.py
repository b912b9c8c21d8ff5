"""Who is called when, while nobody answers."""

from __future__ import annotations

import contextlib
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wristband.outbox.escalation import MOVES, ROUNDS, Planned, StepKind, StepState, plan
from wristband.outbox.rules import CallState, MessageState, call_state
from wristband.values.arrival import ArrivalState
from wristband.values.escalation import DEFAULT, Escalation

TAP = datetime(2026, 11, 24, 6, 5, tzinfo=UTC)
USUAL = Escalation.parse(DEFAULT)
times = st.builds(
    Escalation,
    call_after_s=st.integers(0, 600),
    call_every_s=st.integers(15, 600),
    desk_after_s=st.integers(0, 3600),
)


def shown(steps: list[Planned]) -> list[tuple[int, str]]:
    return [
        (int((step.due_at - TAP).total_seconds()), f"call {step.contact_id}" if step.contact_id else "desk")
        for step in steps
    ]


def test_the_first_is_called_at_once_the_next_each_minute_and_the_desk_after_five() -> None:
    assert shown(plan(USUAL, [1, 2], began_at=TAP)) == [
        (0, "call 1"),
        (60, "call 2"),
        (120, "call 1"),
        (180, "call 2"),
        (240, "call 1"),
        (300, "desk"),
    ]


def test_a_large_family_is_called_to_the_end_though_the_desk_has_been_called_in() -> None:
    steps = shown(plan(USUAL, list(range(1, 9)), began_at=TAP))
    assert [words for _, words in steps if words != "desk"] == [f"call {number}" for number in range(1, 9)]
    assert (300, "desk") in steps


def test_where_nobody_can_be_called_the_desk_is_all_that_is_planned() -> None:
    assert shown(plan(USUAL, [], began_at=TAP)) == [(300, "desk")]


@given(times, st.sets(st.integers(1, 99), max_size=8).map(sorted))
def test_everybody_is_called_and_nobody_more_than_the_rounds_nor_before_their_turn(
    steps: Escalation, contacts: list[int]
) -> None:
    planned = plan(steps, contacts, began_at=TAP)
    calls = [step.contact_id for step in planned if step.kind is StepKind.CALL]
    assert calls[: len(contacts)] == contacts
    assert all(1 <= calls.count(contact) <= ROUNDS for contact in contacts)
    assert [step.due_at for step in planned] == sorted(step.due_at for step in planned)
    assert sum(step.kind is StepKind.DESK for step in planned) == 1


@given(times)
def test_what_the_settings_write_is_read_back(steps: Escalation) -> None:
    text = f"call@{steps.call_after_s}+{steps.call_every_s} desk@{steps.desk_after_s}"
    assert Escalation.parse(text) == steps


@pytest.mark.parametrize(
    "text",
    [
        "",
        "desk@300",
        "call@0+60",
        "call@0+5 desk@300",
        "call@0+60 desk@9999",
        "call@-1+60 desk@300",
        "call@0+60 desk@300 x",
        "call@0+60 call@0+60",
        "desk@1 desk@2",
        "call@٠+60 desk@300",
        "call@0+60\tdesk@1e3",
    ],
)
def test_what_is_no_table_of_steps_is_told_how_to_write_it(text: str) -> None:
    with pytest.raises(ValueError, match="seconds"):
        Escalation.parse(text)


@given(st.text(max_size=40))
def test_any_text_is_a_table_or_refused(text: str) -> None:
    with contextlib.suppress(ValueError):
        assert Escalation.parse(text).call_every_s > 0


def test_what_was_taken_or_dropped_stays_so() -> None:
    allowed = {(before, after) for before, afters in MOVES.items() for after in afters}
    assert allowed == {(StepState.WAITING, StepState.TAKEN), (StepState.WAITING, StepState.DROPPED)}
    assert MOVES.keys() == set(StepState)


@pytest.mark.parametrize("message", list(MessageState))
@pytest.mark.parametrize(
    ("heard", "state"),
    [
        ({ArrivalState.ACKNOWLEDGED, ArrivalState.PICKED_UP, ArrivalState.FAILED}, CallState.ACKNOWLEDGED),
        ({ArrivalState.PICKED_UP, ArrivalState.FAILED}, CallState.PICKED_UP),
        ({ArrivalState.FAILED}, CallState.UNANSWERED),
    ],
)
def test_what_a_provider_told_of_a_call_outweighs_what_became_of_its_message(
    message: MessageState, heard: set[ArrivalState], state: CallState
) -> None:
    assert call_state(message, heard) is state


@pytest.mark.parametrize(
    ("message", "state"),
    [
        (MessageState.PENDING, CallState.DIALLING),
        (MessageState.LEASED, CallState.DIALLING),
        (MessageState.DELIVERED, CallState.RINGING),
        (MessageState.STOPPED, CallState.FAILED),
    ],
)
def test_where_nobody_told_a_call_is_no_more_than_its_message(message: MessageState, state: CallState) -> None:
    assert call_state(message, frozenset()) is state
