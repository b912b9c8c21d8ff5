"""Editing an elder's particulars: what somebody else has changed meanwhile is never overwritten unseen."""

from __future__ import annotations

from datetime import datetime

from wristband.audit import trail
from wristband.audit.deeds import Deed
from wristband.db import db, transaction
from wristband.elders import queries
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
    with transaction():
        elder = queries.get_elder(elder_id, guardian_id=guardian_id, held=True)
        if elder.changed_at != seen:
            raise Conflict("elders.changed_meanwhile")
        if station_id is not None and db.session.get(Station, station_id) is None:
            raise NotFound("stations.unknown")
        year = particulars.birth_year
        values = {
            "name": particulars.name,
            "called": particulars.called or None,
            "sex": particulars.sex,
            "birth_year": str(year) if year else None,
            "address": particulars.address or None,
            "approach": particulars.approach or None,
            "health": particulars.health or None,
            "station_id": station_id,
        }
        changed = [name for name, value in values.items() if getattr(elder, name) != value]
        for name in changed:
            setattr(elder, name, values[name])
        mine = queries.get_guardianship(elder_id, guardian_id=guardian_id)
        if mine.relation != particulars.relation:
            mine.relation = particulars.relation
            changed.append("relation")
        if not changed:
            return
        elder.changed_at = now
        trail.record(
            Deed.ELDER_CHANGED,
            actor=f"guardian:{guardian_id}",
            subject=f"elder:{elder_id}",
            at=now,
            elder_id=elder_id,
            fields=" ".join(sorted(changed)),
        )
        if changed != ["relation"]:  # that one is her own
            _tell(elder_id, guardian_id, now)


def _tell(elder_id: int, guardian_id: int, now: datetime) -> None:
    guardians.tell_change(Change.PARTICULARS, elder_id, by=guardian_id, issuer=house().settings.issuer, at=now)
