"""How an encounter of a finder and an elder ended: everything that asks whether it is over asks here."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from wristband.db import db
from wristband.elders.models import Elder
from wristband.incidents.models import HandOver
from wristband.incidents.queries import find_report


@dataclass(frozen=True, slots=True)
class Ended:
    """What has ended an encounter, and when each of it was; None for what has not."""

    handed_over_at: datetime | None
    """When the elder was first handed over by a code, to this finder or another."""
    incident_closed_at: datetime | None
    erased_at: datetime | None
    """When the elder's record was erased: nobody can be reached any more."""

    @property
    def is_over(self) -> bool:
        """Whether nobody need be reached any more."""
        return any((self.handed_over_at, self.incident_closed_at, self.erased_at))


def how_it_ended(scan_id: int, elder_id: int | None, *, since: datetime) -> Ended:
    """What has ended the encounter behind a scan, which began at `since` with the finder's first tap."""
    reported = find_report(scan_id)
    handed_over_at = erased_at = None
    if elder_id is not None:
        handed_over_at = _first_used(HandOver.elder_id == elder_id, HandOver.used_at >= since)
        erased_at = db.session.scalar(sa.select(Elder.erased_at).where(Elder.id == elder_id))
    return Ended(handed_over_at, reported[1].closed_at if reported else None, erased_at)


def find_handed_over_at(incident_id: int) -> datetime | None:
    """When the elder of an incident was handed over by a code, if that is how it ended."""
    return _first_used(HandOver.incident_id == incident_id)


def _first_used(*where: sa.ColumnElement[bool]) -> datetime | None:
    # Any of them: the elder's newest row may be a later encounter's, whose code nobody has typed yet.
    return db.session.scalar(sa.select(sa.func.min(HandOver.used_at)).where(*where))
