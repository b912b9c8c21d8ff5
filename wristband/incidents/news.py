"""What the family hears of an incident, owed in the caller's transaction."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

import sqlalchemy as sa

from wristband.db import run
from wristband.incidents.models import Incident
from wristband.incidents.openings import Joined
from wristband.outbox import family
from wristband.stations.models import Station

_EACH_STATION = frozenset({"incident_passed_on", "incident_accepted"})


def tell_family(
    incident: Incident | Joined,
    wording: str,
    *,
    issuer: Mapping[str, str],
    now: datetime,
    station_id: int | None = None,
) -> None:
    """Owe `wording`, once for an incident and each station that has had it; nothing where no elder is known.

    `station_id` is the station named, where it is not yet the incident's.
    """
    if incident.elder_id is None:
        return
    named = station_id if station_id is not None else incident.station_id
    # Once an incident, not once a report: many finders of one elder are one piece of news.
    key = f"{wording}:{incident.id}"
    passed_at = now if wording == "incident_passed_on" else incident.passed_at
    if wording in _EACH_STATION and passed_at is not None:
        key = f"{key}:{int(passed_at.timestamp())}"
    family.owe(
        incident.elder_id,
        key,
        wording=wording,
        facts={**issuer, "number": incident.number, "station": _name(named)},
        at=now,
        incident_id=incident.id,
    )


def _name(station_id: int | None) -> str:
    if station_id is None:
        return ""
    name: str | None = run(_NAME, {"id": station_id}).scalar()
    return name or ""


# Core, not the unit of work, and built once: this runs in every report.
_NAME = sa.select(Station.__table__.c.name).where(Station.__table__.c.id == sa.bindparam("id"))
