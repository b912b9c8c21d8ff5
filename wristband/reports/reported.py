"""A finder's report as it is now, held until the deed ends; and what every deed about it does beside its own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from wristband.audit import trail
from wristband.audit.deeds import Deed
from wristband.db import db
from wristband.errors import Conflict
from wristband.incidents.models import Incident, Report
from wristband.incidents.queries import find_report
from wristband.outbox import family
from wristband.reports.queries import withdrawn
from wristband.scans.queries import get_acted_scan


@dataclass(frozen=True, slots=True)
class Reported:
    """The scan, held so that one finder's deeds follow each other; its report, and the incident that has it."""

    scan_id: int
    report: Report
    incident: Incident


def get_reported(reference: str) -> Reported:
    """The report behind a finder's address. Raises NotFound, and Conflict for none and for one that was taken back."""
    scan = get_acted_scan(reference, held=True)
    found = find_report(scan.id)
    if found is None:
        raise Conflict("reports.none")
    if withdrawn([scan.id]):
        raise Conflict("reports.withdrawn")
    return Reported(scan.id, *found)


def changed(there: Reported, now: datetime) -> None:
    """Show it on the desk, in the caller's transaction."""
    db.session.execute(sa.update(Incident).where(Incident.id == there.incident.id).values(changed_at=now))


def record(deed: Deed, there: Reported, now: datetime, *, actor: str = "finder", **facts: int | str | None) -> None:
    """One deed about the report, in the caller's transaction."""
    subject, elder_id = f"incident:{there.incident.id}", there.incident.elder_id
    trail.record(deed, actor=actor, subject=subject, at=now, elder_id=elder_id, scan=there.scan_id, **facts)


def tell_family(there: Reported, news: str, *, issuer: Mapping[str, str], now: datetime) -> None:
    """Owe the family news of the finder: `elder_gone`, `leaving` or `withdrawn`. Each once a scan."""
    elder_id, number = there.incident.elder_id, there.incident.number
    if elder_id is None:
        return
    key = f"finder_news:{news}:{there.scan_id}"
    facts = {**issuer, "number": number, "news": news}
    family.owe(elder_id, key, wording="finder_news", facts=facts, at=now, incident_id=there.incident.id)
