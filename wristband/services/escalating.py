"""What happens while nobody answers a finder: the next is telephoned, and after a time the duty desk is called in."""

from __future__ import annotations

from datetime import datetime

import structlog

from wristband import limits
from wristband.accounts.models import Guardian
from wristband.audit import trail
from wristband.audit.deeds import Deed
from wristband.bands.models import Band
from wristband.clock import ZONE
from wristband.db import db, insert, new_id, transaction
from wristband.elders.models import Contact
from wristband.elders.queries import get_elder_for_service
from wristband.errors import TooMany
from wristband.house import house
from wristband.incidents.models import DutyCall
from wristband.incidents.openings import station_for
from wristband.incidents.queries import find_hand_over, find_open_incident, find_report
from wristband.language import SOURCE
from wristband.outbox import family, queue, steps
from wristband.outbox.escalation import CALL_LASTS, CALLS_A_NUMBER, CALLS_A_STRANGER, StepKind, StepState
from wristband.outbox.models import Step
from wristband.outbox.reaching import CALLS
from wristband.outbox.rules import Channel
from wristband.scans.answers import is_answered
from wristband.scans.models import Reach, Scan
from wristband.values.code import BandCode

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
    """Whether nobody need be reached any more: the elder was handed over, the incident closed, the record erased."""
    if get_elder_for_service(reach.elder_id).erased_at is not None:
        return True
    reported = find_report(reach.scan_id)
    hand_over = find_hand_over(reach.elder_id)
    closed = reported is not None and reported[1].closed_at is not None
    return closed or bool(hand_over and hand_over.used_at and hand_over.used_at >= reach.made_at)


def _telephone(step: Step, reach: Reach, now: datetime) -> bool:
    """Owe the call; False where it cannot be made: then the next one is made at once."""
    contact = db.session.get(Contact, step.contact_id) if step.contact_id else None
    address = family.opened(contact) if contact is not None and contact.elder_id == reach.elder_id else None
    if contact is None or address is None or not _may_ring(contact, now):
        return False
    guardian = db.session.get(Guardian, contact.guardian_id) if contact.guardian_id else None
    queue.enqueue(
        key=f"step:{step.id}",
        channel=Channel.VOICE,
        wording=CALLS[reach.drill],
        language=guardian.language if guardian else SOURCE,
        recipient=address,
        facts={**house().settings.issuer, "code_tail": _code_tail(reach), "time": f"{now.astimezone(ZONE):%H:%M}"},
        at=now,
        expires_at=now + CALL_LASTS,
        elder_id=reach.elder_id,
        guardian_id=contact.guardian_id,
        reach_id=reach.id,
    )
    return True


def _may_ring(contact: Contact, now: datetime) -> bool:
    """Whether this telephone has not been rung too often; one that nobody has confirmed least often of all."""
    try:
        if contact.confirmed_at is None:
            limits.spend(CALLS_A_STRANGER, contact.address_index, now=now)
        limits.spend(CALLS_A_NUMBER, contact.address_index, now=now)
    except TooMany:
        return False
    return True


def _code_tail(reach: Reach) -> str:
    scan = db.session.get(Scan, reach.scan_id)
    band = db.session.get(Band, scan.band_id) if scan and scan.band_id else None
    return BandCode.from_serial(band.serial).tail if band else ""


def _call_desk(reach: Reach, now: datetime) -> None:
    """Put the finder's call before the desk that the elder's open incident is with, or else the nearest or own one."""
    incident = find_open_incident(reach.elder_id)
    station_id = incident.station_id if incident else station_for(reach.scan_id, reach.elder_id)
    made = db.session.scalar(
        insert(DutyCall.__table__)
        .values(id=new_id(), reach_id=reach.id, elder_id=reach.elder_id, station_id=station_id, made_at=now)
        .on_conflict_do_nothing(index_elements=["reach_id"])
        .returning(DutyCall.__table__.c.id)
    )
    if made is not None:
        trail.record(
            Deed.DESK_CALLED,
            actor="clock",
            subject=f"reach:{reach.id}",
            at=now,
            elder_id=reach.elder_id,
            station=station_id,
        )
