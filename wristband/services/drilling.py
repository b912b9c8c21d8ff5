"""Trying things out: a band that is opened, and a drill, which runs the whole chain and bothers nobody else."""

from __future__ import annotations

from datetime import datetime, timedelta

import sqlalchemy as sa

from wristband import limits
from wristband.audit import trail
from wristband.audit.deeds import Deed
from wristband.bands.models import Band
from wristband.bands.queries import find_last_worn, get_band
from wristband.bands.rules import BandState
from wristband.clock import ZONE
from wristband.db import db, new_id, transaction
from wristband.elders import queries
from wristband.elders.readiness import DRILL_LASTS, DRILLS_AN_ELDER
from wristband.errors import BadValue, Conflict
from wristband.house import house
from wristband.incidents.queries import find_open_incident
from wristband.outbox import paths, steps
from wristband.outbox.reaching import begin as owe
from wristband.outbox.rules import Channel
from wristband.scans import answers, drills, keeping
from wristband.scans.models import Reach
from wristband.scans.queries import find_reach
from wristband.scans.rules import Answer
from wristband.values.code import BandCode

LOOK_EVERY = timedelta(seconds=10)


class DrillEnder:
    """Ends the drills whose time is up, between the deeds of a worker; several may share one database."""

    def __init__(self) -> None:
        self._look_at: datetime | None = None

    def look(self, now: datetime) -> None:
        """End what is over, at most once in ten seconds."""
        if self._look_at is not None and now < self._look_at <= now + LOOK_EVERY:
            return
        self._look_at = now + LOOK_EVERY
        end_overdue(now)


def begin(elder_id: int, reference: str, *, guardian_id: int, others: bool, language: str, now: datetime) -> int:
    """Run the chain as for a finder, told as a drill to this guardian alone or to all of them. Returns the reach's id.

    `reference` is the address of the finder's page of it, from a stamp of ours. Begun twice, it is one: while a drill
    goes on there is no other. Raises NotFound, Conflict without a band in use or while an incident is open, TooMany.
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
        limits.spend(DRILLS_AN_ELDER, str(elder_id), now=now)
        reach = _keep(reference, elder_id, band, language, now)
        told = {person.id for _, person in queries.list_guardians(elder_id)} if others else {guardian_id}
        owe(
            reach.id,
            elder_id,
            facts=_facts(band, now),
            times=house().settings.steps,
            by_telephone=Channel.VOICE in house().channels,
            at=now,
            only=told,
        )
        subject, actor = f"reach:{reach.id}", f"guardian:{guardian_id}"
        trail.record(Deed.DRILL_BEGUN, actor=actor, subject=subject, at=now, elder_id=elder_id, told=len(told))
        return reach.id


def _keep(reference: str, elder_id: int, band: Band, language: str, now: datetime) -> Reach:
    scan = keeping.keep(reference, band_id=band.id, language=language, now=now, acted=True)
    if find_reach(scan.id) is not None:  # the address of a drill that is over, or a finder's
        raise BadValue("page.form_stale")
    reach_id = new_id()
    reach = Reach(id=reach_id, scan_id=scan.id, elder_id=elder_id, told_with=reach_id, made_at=now, drill=True)
    db.session.add(reach)
    db.session.flush()
    return reach


def _facts(band: Band, now: datetime) -> dict[str, str]:
    tail, time = BandCode.from_serial(band.serial).tail, f"{now.astimezone(ZONE):%m-%d %H:%M}"
    return {**house().settings.issuer, "code_tail": tail, "time": time}


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
    if not waiting and not paths.is_any_waiting(over):
        db.session.rollback()
        return 0
    with transaction():
        return steps.drop_waiting(waiting, now=now) + paths.stop(over, now=now)


# ---- one band


def begin_trial(band_id: int, *, guardian_id: int, now: datetime) -> None:
    """Wait ten minutes for the band to be opened with any phone. Raises NotFound, Conflict for one that has ended."""
    with transaction():
        band = get_band(band_id, guardian_id=guardian_id)
        waits = db.session.execute(
            sa.update(Band).where(Band.id == band.id, Band.state == BandState.ACTIVE).values(trial_at=now)
        )
        if not waits.rowcount:  # type: ignore[attr-defined]
            raise Conflict("bands.ended")
