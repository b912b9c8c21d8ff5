"""The duty desk stands in where nobody of the family has answered a finder."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa

from wristband.accounts.rules import OfficerAccount
from wristband.audit import trail
from wristband.audit.deeds import Deed
from wristband.db import db, transaction
from wristband.errors import Conflict
from wristband.house import house
from wristband.incidents import duty, news, platform_owing, queries
from wristband.incidents.models import Incident, IncidentMove, Report
from wristband.incidents.openings import Joined, open_or_join
from wristband.incidents.platform import By, Kind
from wristband.incidents.rules import IncidentState
from wristband.scans.queries import get_reach_for_service


def take(duty_call_id: int, *, officer: OfficerAccount, now: datetime) -> int:
    """Take a finder's unanswered call, and those that wait for the same elder beside it. Gives the incident's id.

    An incident is opened for them and accepted at once, or the elder's open one joined. The finders see its number, the
    family is told. Raises NotFound, Conflict where somebody was quicker.
    """
    with transaction():
        calls = duty.take(duty_call_id, station_id=officer.station_id, officer_id=officer.officer_id, now=now)
        if not calls:
            raise Conflict("incidents.duty_call_taken")
        incident = open_or_join(calls[0].elder_id, officer.station_id, actor=officer.actor, now=now)
        for call in calls:
            _join(incident, call.reach_id, officer, now)
        _accept(incident, officer, now)
        # What was on every desk is on this one now.
        station_id = incident.station_id or officer.station_id
        news.tell_family(incident, "duty_taken", issuer=house().settings.issuer, now=now, station_id=station_id)
        platform_owing.owe(incident.id, Kind.OPENED, by=By.OFFICER, partner=house().partner, now=now)
        return incident.id


def _join(incident: Joined, reach_id: int, officer: OfficerAccount, now: datetime) -> None:
    scan_id = get_reach_for_service(reach_id).scan_id
    if queries.find_report(scan_id) is None:
        db.session.add(Report(incident_id=incident.id, scan_id=scan_id, made_at=now))
    trail.record(
        Deed.DESK_ANSWERED,
        actor=officer.actor,
        subject=f"reach:{reach_id}",
        at=now,
        elder_id=incident.elder_id,
        incident=incident.id,
    )


def _accept(incident: Joined, officer: OfficerAccount, now: datetime) -> None:
    """Who stands in has accepted: nobody waits for that any more. An incident that is further on stays where it is."""
    db.session.flush()
    accepted = db.session.execute(
        sa.update(Incident)
        .where(
            Incident.id == incident.id,
            Incident.state == IncidentState.REPORTED,
            sa.or_(Incident.station_id == officer.station_id, Incident.station_id.is_(None)),
        )
        .values(state=IncidentState.ACCEPTED, accepted_at=now, changed_at=now, station_id=officer.station_id)
    )
    if accepted.rowcount == 1:  # type: ignore[attr-defined]
        step = IncidentMove(
            incident_id=incident.id, at=now, state=IncidentState.ACCEPTED, officer_id=officer.officer_id
        )
        db.session.add(step)
        trail.record(
            Deed.INCIDENT_ACCEPTED,
            actor=officer.actor,
            subject=f"incident:{incident.id}",
            at=now,
            elder_id=incident.elder_id,
        )
