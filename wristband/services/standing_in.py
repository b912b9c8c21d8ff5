"""The duty desk stands in where nobody of the family has answered a finder."""

from __future__ import annotations

from datetime import datetime

from wristband.accounts.rules import OfficerAccount
from wristband.audit import trail
from wristband.audit.deeds import Deed
from wristband.db import db, transaction
from wristband.errors import Conflict
from wristband.house import house
from wristband.incidents import duty, queries
from wristband.incidents.models import Report
from wristband.incidents.openings import open_or_join
from wristband.outbox import family
from wristband.scans.queries import get_reach_for_service
from wristband.stations.queries import find_station


def take(duty_call_id: int, *, officer: OfficerAccount, now: datetime) -> int:
    """Take a finder's unanswered call: an incident is opened for it, or the elder's open one joined. Gives its id.

    The finder sees its number, the family is told. Raises NotFound, Conflict where somebody was quicker.
    """
    with transaction():
        call = duty.take(duty_call_id, station_id=officer.station_id, officer_id=officer.officer_id, now=now)
        if call is None:
            raise Conflict("incidents.duty_call_taken")
        reach = get_reach_for_service(call.reach_id)
        reported = queries.find_report(reach.scan_id)
        incident = (
            reported[1] if reported else open_or_join(call.elder_id, officer.station_id, actor=officer.actor, now=now)
        )
        if reported is None:
            db.session.add(Report(incident_id=incident.id, scan_id=reach.scan_id, made_at=now))
            incident.changed_at = now
            station = find_station(incident.station_id)
            family.owe(
                call.elder_id,
                f"incident_reported:{incident.id}",
                wording="incident_reported",
                facts={
                    "organisation": house().settings.organisation,
                    "number": incident.number,
                    "station": station.name if station else "",
                },
                at=now,
                incident_id=incident.id,
            )
        trail.record(
            Deed.DESK_ANSWERED,
            actor=officer.actor,
            subject=f"reach:{reach.id}",
            at=now,
            elder_id=call.elder_id,
            incident=incident.id,
        )
        return incident.id
