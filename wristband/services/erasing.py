"""Asking that nothing be kept of an elder: it waits, can be undone, and the other guardians can object."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa

from wristband.accounts.models import Guardian
from wristband.accounts.rules import OfficerAccount
from wristband.audit import trail
from wristband.audit.deeds import Deed
from wristband.clock import ZONE
from wristband.db import db, transaction
from wristband.elders import at_station, queries
from wristband.elders.models import Elder, Erasure
from wristband.elders.rules import NAME_MAX, clean_text, erasure_due
from wristband.errors import BadValue, Conflict, NotAllowed
from wristband.house import house
from wristband.incidents.queries import find_open_incident
from wristband.outbox import guardians


def ask(
    elder_id: int, typed_name: str, *, guardian_id: int, officer: OfficerAccount | None = None, now: datetime
) -> datetime:
    """Ask to erase one of my elders; the elder's name, typed, confirms it. Returns when it will be done.

    Of a guardian who stands at the counter the `officer` there asks it, for an elder of the station. Asked twice, the
    first stands. Raises BadValue for another name, Conflict while an incident is open or somebody objects, NotFound.
    """
    name = clean_text(typed_name, "elders.name", NAME_MAX)
    with transaction():
        if officer is not None:
            at_station.get_record(elder_id, station_id=officer.station_id)
        elder = queries.get_elder(elder_id, guardian_id=guardian_id, held=True)
        if name != elder.name:
            raise BadValue("elders.name_differs")
        if (waiting := queries.find_erasure(elder_id)) is not None:
            return waiting.due_at
        if find_open_incident(elder_id) is not None:
            raise Conflict("elders.erase_incident_open")
        if elder.disputed_at is not None:
            raise Conflict("elders.erase_disputed")
        due_at = erasure_due(now, others=len(queries.list_guardians(elder_id)) > 1)
        erasure = Erasure(elder_id=elder_id, guardian_id=guardian_id, asked_at=now, due_at=due_at)
        db.session.add(erasure)
        actor = officer.actor if officer else f"guardian:{guardian_id}"
        _record(Deed.ERASURE_ASKED, erasure.id, elder_id, actor, now)
        _tell(elder_id, f"erasure_asked:{erasure.id}", "erasure_asked", guardian_id, now, due_at)
        # To herself as well: whoever has her phone's sign-in in hand may not be she.
        me = db.session.get_one(Guardian, guardian_id)
        facts, key = _facts(due_at), f"erasure_yours:{erasure.id}"
        guardians.owe_one(me, elder_id, key, wording="erasure_yours", facts=facts, at=now)
    return due_at


def undo(elder_id: int, *, guardian_id: int, now: datetime) -> None:
    """Take one's own wish back before it is done. Doing it twice is doing it once. Raises NotFound, NotAllowed."""
    with transaction():
        queries.get_elder(elder_id, guardian_id=guardian_id, held=True)
        erasure = queries.find_erasure(elder_id)
        if erasure is None:
            return
        if erasure.guardian_id != guardian_id:
            raise NotAllowed("elders.erase_not_yours")
        if _end(erasure.id, now):
            _record(Deed.ERASURE_UNDONE, erasure.id, elder_id, f"guardian:{guardian_id}", now)
            _tell(elder_id, f"erasure_undone:{erasure.id}", "erasure_undone", guardian_id, now)


def object_to(elder_id: int, *, guardian_id: int, now: datetime) -> None:
    """Another guardian says no: nothing is erased, and until they agree finders are shown nothing.

    Raises NotFound, Conflict where nothing waits any more, NotAllowed for one's own wish.
    """
    with transaction():
        queries.get_elder(elder_id, guardian_id=guardian_id, held=True)
        erasure = queries.find_erasure(elder_id)
        if erasure is None:
            raise Conflict("elders.erase_over")
        if erasure.guardian_id == guardian_id:
            raise NotAllowed("elders.erase_yours")
        _end(erasure.id, now, objected_by=guardian_id)
        db.session.execute(sa.update(Elder).where(Elder.id == elder_id).values(disputed_at=now))
        _record(Deed.ERASURE_OBJECTED, erasure.id, elder_id, f"guardian:{guardian_id}", now)
        _tell(elder_id, f"erasure_objected:{erasure.id}", "erasure_objected", guardian_id, now)


def end_objection(elder_id: int, *, guardian_id: int, now: datetime) -> None:
    """Whoever objected says that the family agrees again. Raises NotFound, NotAllowed for anybody else."""
    with transaction():
        elder = queries.get_elder(elder_id, guardian_id=guardian_id, held=True)
        objection = queries.find_objection(elder_id)
        if elder.disputed_at is None:
            return
        if objection is None or objection.objected_by != guardian_id:
            raise NotAllowed("elders.objection_not_yours")
        db.session.execute(sa.update(Elder).where(Elder.id == elder_id).values(disputed_at=None))
        _record(Deed.OBJECTION_ENDED, objection.id, elder_id, f"guardian:{guardian_id}", now)


def _end(erasure_id: int, now: datetime, **values: int) -> bool:
    ended = db.session.execute(
        sa.update(Erasure).where(Erasure.id == erasure_id, Erasure.ended_at.is_(None)).values(ended_at=now, **values)
    )
    return bool(ended.rowcount == 1)  # type: ignore[attr-defined]


def _tell(
    elder_id: int, key: str, wording: str, guardian_id: int, now: datetime, due_at: datetime | None = None
) -> None:
    guardians.owe(elder_id, key, but=guardian_id, wording=wording, facts=_facts(due_at or now), at=now)


def _facts(moment: datetime) -> dict[str, str]:
    return house().settings.issuer | {"time": f"{moment.astimezone(ZONE):%m-%d %H:%M}"}


def _record(deed: Deed, erasure_id: int, elder_id: int, actor: str, now: datetime) -> None:
    trail.record(deed, actor=actor, subject=f"erasure:{erasure_id}", at=now, elder_id=elder_id)
