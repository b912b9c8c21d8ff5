"""A drill: the whole chain to the family runs, and bothers nobody else."""

from __future__ import annotations

from datetime import datetime, timedelta

from wristband import limits
from wristband.audit import trail
from wristband.audit.deeds import Deed
from wristband.bands.queries import find_last_worn
from wristband.db import db, transaction
from wristband.elders import queries
from wristband.elders.readiness import DRILL_LASTS
from wristband.elders.rules import DRILLS_AN_ELDER
from wristband.errors import BadValue, Conflict
from wristband.house import house
from wristband.incidents.queries import find_open_incident
from wristband.outbox import leases, steps
from wristband.outbox.queries import is_any_waiting_for
from wristband.outbox.rules import Channel
from wristband.scans import answers, drills, keeping, reaching
from wristband.scans.queries import find_reach, find_unanswered
from wristband.scans.rules import Answer

NO_DRILL_BESIDE = timedelta(hours=1)
"""A finder who waited longer for an answer does not keep the family from trying whether one would reach them."""


def begin(elder_id: int, reference: str, *, guardian_id: int, others: bool, language: str, now: datetime) -> int:
    """Run the chain as for a finder, told as a drill to this guardian alone or to all of them. Returns the reach's id.

    `reference` is the address of the finder's page of it, from a stamp of ours. Begun twice, it is one: while a drill
    goes on there is no other. Raises NotFound, Conflict without a band in use, while an incident is open or a finder
    waits, TooMany.
    """
    with transaction():
        queries.get_elder(elder_id, guardian_id=guardian_id, held=True)
        running = drills.find_running(elder_id, now=now)
        if running is not None:
            return running.id
        band = find_last_worn(elder_id)
        if band is None:
            raise Conflict("drill.no_band")
        if find_open_incident(elder_id) is not None:
            raise Conflict("drill.incident_open")
        if find_unanswered(elder_id, since=now - NO_DRILL_BESIDE) is not None:
            raise Conflict("drill.finder_waits")
        limits.spend(DRILLS_AN_ELDER, str(elder_id), now=now)
        scan_id = keeping.keep(reference, band_id=band.id, language=language, now=now)
        if find_reach(scan_id) is not None:  # the address of a drill that is over, or a finder's
            raise BadValue("page.form_stale")
        told = {person.id for _, person in queries.list_guardians(elder_id)} if others else {guardian_id}
        reach = reaching.begin(
            scan_id,
            elder_id,
            band,
            issuer=house().settings.issuer,
            times=house().settings.steps,
            by_telephone=Channel.VOICE in house().channels,
            at=now,
            only=told,
        )
        subject, actor = f"reach:{reach.id}", f"guardian:{guardian_id}"
        trail.record(Deed.DRILL_BEGUN, actor=actor, subject=subject, at=now, elder_id=elder_id, told=len(told))
        return reach.id


def receive(reach_id: int, *, guardian_id: int, now: datetime) -> None:
    """A guardian has received it: the drill is over, nobody is telephoned any more. Raises NotFound, Conflict."""
    with transaction():
        reach = drills.get_drill(reach_id, guardian_id=guardian_id)
        if drills.is_over(reach, now=now):
            raise Conflict("drill.over")
        answers.see(reach, guardian_id=guardian_id, now=now)
        answers.answer(reach, Answer.ON_IT, guardian_id=guardian_id, now=now)


def end_overdue(now: datetime) -> int:
    """End the drills whose time is up: nobody is telephoned or written to any more. Tells how much was dropped."""
    over = drills.begun_before(now - DRILL_LASTS)
    waiting = steps.list_waiting(over)
    if not waiting and not is_any_waiting_for(over):
        db.session.rollback()
        return 0
    with transaction():
        return steps.drop_waiting(waiting, now=now) + leases.stop_for(over, now=now)
