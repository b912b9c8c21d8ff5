"""Editing an elder's particulars: what somebody else has changed meanwhile is never overwritten unseen."""

from __future__ import annotations

from datetime import datetime

from wristband.accounts.rules import OfficerAccount
from wristband.audit import trail
from wristband.audit.deeds import Deed
from wristband.db import db, transaction
from wristband.elders import at_station, changes, queries
from wristband.elders.models import Elder
from wristband.elders.rules import Particulars
from wristband.errors import Conflict, NotFound
from wristband.house import house
from wristband.outbox import guardians
from wristband.outbox.guardians import Change
from wristband.stations.models import Station


def edit(
    elder_id: int,
    particulars: Particulars,
    station_id: int | None,
    *,
    seen: datetime,
    guardian_id: int,
    now: datetime,
) -> None:
    """Keep these particulars in place of those that were `seen`, by their `changed_at`.

    Raises Conflict where they have changed since, and nothing is kept then; NotFound.
    """
    actor = f"guardian:{guardian_id}"
    with transaction():
        elder = queries.get_elder(elder_id, guardian_id=guardian_id, held=True)
        _check_seen(elder, seen)
        if station_id is not None and db.session.get(Station, station_id) is None:
            raise NotFound("stations.unknown")
        values = {**changes.texts_of(particulars), "station_id": station_id}
        changed = changes.apply(elder, values, actor=actor, now=now)
        mine = queries.get_guardianship(elder_id, guardian_id=guardian_id)
        if mine.relation != particulars.relation:
            mine.relation = particulars.relation
            changed.append("relation")
        if not changed:
            return
        if "station_id" in changed:  # where it is offered to another one, the family has decided
            at_station.end_transfer(elder_id, now=now)
        _record(elder, changed, actor, now)
        if changed != ["relation"]:  # that one is her own
            guardians.tell_change(Change.PARTICULARS, elder_id, by=guardian_id, issuer=house().settings.issuer, at=now)


def edit_at_counter(
    elder_id: int, particulars: Particulars, *, seen: datetime, officer: OfficerAccount, now: datetime
) -> None:
    """The same by an officer of the elder's station, for the family; every guardian is told.

    The relation of `particulars` is a guardian's own and is left alone. Raises Conflict, NotFound.
    """
    with transaction():
        elder = at_station.get_record(elder_id, station_id=officer.station_id, held=True)
        _check_seen(elder, seen)
        changed = changes.apply(elder, changes.texts_of(particulars), actor=officer.actor, now=now)
        if not changed:
            return
        _record(elder, changed, officer.actor, now)
        at_station.tell("edited", elder_id, officer=officer, issuer=house().settings.issuer, now=now)


def _check_seen(elder: Elder, seen: datetime) -> None:
    if elder.changed_at != seen:
        raise Conflict("elders.changed_meanwhile")


def _record(elder: Elder, changed: list[str], actor: str, now: datetime) -> None:
    elder.changed_at = now
    trail.record(
        Deed.ELDER_CHANGED,
        actor=actor,
        subject=f"elder:{elder.id}",
        at=now,
        elder_id=elder.id,
        fields=" ".join(sorted(changed)),
    )
