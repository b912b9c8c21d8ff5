"""The steps of escalation: who is telephoned when, and when the duty desk is called in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from wristband.values.budget import Budget, Fails
from wristband.values.escalation import Escalation


class StepKind(StrEnum):
    CALL = "call"
    DESK = "desk"


class StepState(StrEnum):
    WAITING = "waiting"
    TAKEN = "taken"
    """It was done at its time."""
    DROPPED = "dropped"
    """A person answered before, or it could not be done: no such contact any more, called too often."""


MOVES: dict[StepState, frozenset[StepState]] = {
    StepState.WAITING: frozenset({StepState.TAKEN, StepState.DROPPED}),
    StepState.TAKEN: frozenset(),
    StepState.DROPPED: frozenset(),
}

ROUNDS = 3
"""So often a contact is telephoned for one tap at most; a first call is often missed, a second is taken."""
CALL_LASTS = timedelta(minutes=15)
"""A call that could not be made by then is not made: its words would no longer be true."""
FIRST_CALLS = Budget("call.first", burst=10, every_s=360, fails=Fails.OPEN, refusal="scans.taps_spent")
"""To one telephone about one elder, the first call of each tap: pranks with another band, or drills, spend none."""
CALLS_AGAIN = Budget("call.again", burst=4, every_s=900, fails=Fails.OPEN, refusal="scans.taps_spent")
"""The further ones of a tap."""
DRILL_CALLS = Budget("call.drill", burst=3, every_s=1200, fails=Fails.OPEN, refusal="scans.taps_spent")

CALLS_A_STRANGER = Budget("call.stranger", burst=3, every_s=86_400, fails=Fails.OPEN, refusal="scans.taps_spent")
"""To one that a guardian typed in and nobody confirmed: three within a day."""


@dataclass(frozen=True, slots=True)
class Planned:
    """One step of a plan; `contact_id` for a call."""

    kind: StepKind
    due_at: datetime
    contact_id: int | None = None


def plan(times: Escalation, contact_ids: Sequence[int], *, began_at: datetime, with_desk: bool = True) -> list[Planned]:
    """The steps after a tap, by time. `contact_ids` in calling order; empty where nobody can be telephoned.

    Everybody is called once, whenever the desk is; a contact is called again only before the desk takes over.
    """
    desk_at = began_at + timedelta(seconds=times.desk_after_s)
    steps = [Planned(StepKind.DESK, desk_at)] if with_desk else []
    due_at = began_at + timedelta(seconds=times.call_after_s)
    for turn in range(ROUNDS):
        for contact_id in contact_ids:
            if turn == 0 or due_at < desk_at:
                steps.append(Planned(StepKind.CALL, due_at, contact_id))
            due_at += timedelta(seconds=times.call_every_s)
    return sorted(steps, key=lambda step: step.due_at)
