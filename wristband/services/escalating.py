"""What happens while nobody answers a finder: the next is telephoned, and after a time the duty desk is called in."""

from __future__ import annotations

from datetime import datetime

import structlog

from wristband import limits
from wristband.accounts.models import Guardian
from wristband.audit import trail
from wristband.audit.deeds import Deed
from wristband.clock import ZONE
from wristband.db import db, transaction
from wristband.elders.models import Contact
from wristband.errors import TooMany
from wristband.house import house
from wristband.incidents import duty
from wristband.incidents.encounters import how_it_ended
from wristband.incidents.openings import station_for
from wristband.incidents.queries import find_open_incident
from wristband.language import SOURCE
from wristband.outbox import family, queue, steps
from wristband.outbox.escalation import (
    CALL_LASTS,
    CALLS_A_STRANGER,
    CALLS_AGAIN,
    DRILL_CALLS,
    FIRST_CALLS,
    StepKind,
    StepState,
)
from wristband.outbox.models import Step
from wristband.outbox.rules import Channel
from wristband.scans.answers import is_answered
from wristband.scans.models import Reach
from wristband.scans.queries import find_serial_of
from wristband.scans.reaching import CALLS
from wristband.values.budget import Budget
from wristband.values.code import code_tail

log = structlog.get_logger(__name__)


def take_due(now: datetime) -> int:
    """Take every step whose time has come; tells how many. Each is a deed of its own: one wins, none is taken twice.

    One that fails is logged and tried again with the next look; the others are taken.
    """
    due = steps.list_due(now)
    db.session.rollback()
    for step_id in due:
        try:
            _take(step_id, now)
        except Exception:
            log.exception("step_failed", step=step_id)
    return len(due)


def _take(step_id: int, now: datetime) -> None:
    with transaction():
        step = steps.hold(step_id)
        if step is None:
            return
        reach = db.session.get(Reach, step.reach_id)
        if reach is None or is_answered(reach.told_with) or _is_over(reach):
            steps.end(step, StepState.DROPPED, now=now)
        elif step.kind is StepKind.DESK:
            _call_desk(reach, now)
            steps.end(step, StepState.TAKEN, now=now)
        elif _telephone(step, reach, now):
            steps.end(step, StepState.TAKEN, now=now)
        else:
            steps.end(step, StepState.DROPPED, now=now)
            steps.hasten_call(reach.id, now=now)


def _is_over(reach: Reach) -> bool:
    return how_it_ended(reach.scan_id, reach.elder_id, since=reach.made_at).is_over


def _telephone(step: Step, reach: Reach, now: datetime) -> bool:
    """Owe the call; False where it cannot be made: then the next one is made at once."""
    contact = db.session.get(Contact, step.contact_id) if step.contact_id else None
    address = family.opened(contact) if contact is not None and contact.elder_id == reach.elder_id else None
    if contact is None or address is None or not _may_ring(contact, _budget(step, reach), now):
        return False
    guardian = db.session.get(Guardian, contact.guardian_id) if contact.guardian_id else None
    queue.enqueue(
        key=f"step:{step.id}",
        channel=Channel.VOICE,
        wording=CALLS[reach.drill],
        language=guardian.language if guardian else SOURCE,
        recipient=address,
        facts=_facts(reach, now),
        at=now,
        expires_at=now + CALL_LASTS,
        elder_id=reach.elder_id,
        guardian_id=contact.guardian_id,
        reach_id=reach.id,
    )
    return True


def _budget(step: Step, reach: Reach) -> Budget:
    if reach.drill:
        return DRILL_CALLS
    return CALLS_AGAIN if steps.was_called_before(step) else FIRST_CALLS


def _facts(reach: Reach, now: datetime) -> dict[str, str]:
    tail, time = code_tail(find_serial_of(reach.scan_id)), f"{now.astimezone(ZONE):%H:%M}"
    return {**house().settings.issuer, "code_tail": tail, "time": time}


def _may_ring(contact: Contact, budget: Budget, now: datetime) -> bool:
    """Whether this telephone has not been rung too often about this elder; one nobody has confirmed least of all."""
    unsure = contact.confirmed_at is None
    about = [] if unsure else [str(contact.elder_id)]  # who is noted by many families is not called by each of them
    try:
        limits.spend(CALLS_A_STRANGER if unsure else budget, contact.address_index, *about, now=now)
    except TooMany:
        return False
    return True


def _call_desk(reach: Reach, now: datetime) -> None:
    """Put the finder's call before the desk that the elder's open incident is with, or else the nearest or own one."""
    incident = find_open_incident(reach.elder_id)
    station_id = incident.station_id if incident else station_for(reach.scan_id, reach.elder_id, now=now)
    if duty.call_desk(reach.id, reach.elder_id, station_id, now=now):
        trail.record(
            Deed.DESK_CALLED,
            actor="clock",
            subject=f"reach:{reach.id}",
            at=now,
            elder_id=reach.elder_id,
            station=station_id,
        )
