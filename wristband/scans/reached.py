"""How far a finder's tap has come at the family, gathered from messages, calls, steps and the desk."""

from __future__ import annotations

from wristband.incidents.duty import find_duty_call
from wristband.outbox.escalation import StepState
from wristband.outbox.queries import list_calls, state_for_reach
from wristband.outbox.steps import list_steps
from wristband.scans.answers import count_seen
from wristband.scans.disclosure import FamilyReached
from wristband.scans.models import Reach


def family_reached(reach: Reach) -> FamilyReached:
    """What has become of this finder's tap: of its own messages, or of those of the tap that it rides on."""
    told = state_for_reach(reach.told_with)
    steps = [step for step in list_steps(reach.told_with) if step.state is StepState.WAITING]
    duty_call = find_duty_call(reach.told_with)
    return FamilyReached(
        at=reach.made_at,
        of=told.of,
        told=told.accepted,
        failed=told.failed,
        seen=count_seen(reach.id),
        seen_at=reach.seen_at,
        answered_at=reach.answered_at,
        answer=reach.answer,
        calls=tuple(list_calls(reach.told_with)),
        desk_at=duty_call.made_at if duty_call else None,
        taken_at=duty_call.taken_at if duty_call else None,
        next_at=steps[0].due_at if steps else None,
        next_kind=steps[0].kind if steps else None,
    )
