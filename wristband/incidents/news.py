"""What the family hears of an incident, owed in the caller's transaction."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from wristband.incidents.models import Incident
from wristband.outbox import family
from wristband.stations.queries import find_station

_EACH_STATION = frozenset({"incident_passed_on", "incident_accepted"})


def tell_family(
    incident: Incident, wording: str, *, issuer: Mapping[str, str], now: datetime, station_id: int | None = None
) -> None:
    """Owe `wording`, once for an incident and each station that has had it; nothing where no elder is known.

    `station_id` is the station named, where it is not yet the incident's.
    """
    if incident.elder_id is None:
        return
    station = find_station(station_id if station_id is not None else incident.station_id)
    # Once an incident, not once a report: many finders of one elder are one piece of news.
    key = f"{wording}:{incident.id}"
    passed_at = now if wording == "incident_passed_on" else incident.passed_at
    if wording in _EACH_STATION and passed_at is not None:
        key = f"{key}:{int(passed_at.timestamp())}"
    family.owe(
        incident.elder_id,
        key,
        wording=wording,
        facts={**issuer, "number": incident.number, "station": station.name if station else ""},
        at=now,
        incident_id=incident.id,
    )
