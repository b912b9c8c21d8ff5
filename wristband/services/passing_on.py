"""Passing an incident on to another station, which sees it at once as new."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa

from wristband.accounts.rules import OfficerAccount
from wristband.audit import trail
from wristband.audit.deeds import Deed
from wristband.db import db, transaction
from wristband.elders.rules import clean_text
from wristband.errors import BadValue, Conflict
from wristband.house import house
from wristband.incidents import happenings, news, platform_owing, queries, rules
from wristband.incidents.models import HandOver, Incident, IncidentMove, Transfer
from wristband.incidents.platform import By, Kind
from wristband.incidents.rules import PASSED_ON_FROM, IncidentState, PassReason
from wristband.stations.queries import find_station

WORDS_MAX = 300


def pass_on(
    incident_id: int,
    station_id: int | None,
    reason: PassReason | None,
    words: str = "",
    *,
    officer: OfficerAccount,
    now: datetime,
) -> None:
    """The incident is the other station's from now on, and waits there to be accepted; what was opened to this one
    is shut. `words` are for the officers there.

    Raises BadValue for no reason or no such station, Conflict where it was passed too often or somebody was quicker,
    NotFound.
    """
    words = clean_text(words, "incidents.words", WORDS_MAX, empty=True, lines=True)
    if reason is None:
        raise BadValue("incidents.pass_reason")
    if station_id is None:
        raise BadValue("incidents.pass_station")
    with transaction():
        incident = queries.get_incident(incident_id, station_id=officer.station_id)
        if find_station(station_id) is None:
            raise BadValue("incidents.pass_station")
        passed = [(step.from_id, step.at) for step in happenings.list_transfers(incident_id)]
        rules.check_pass(station_id, here=officer.station_id, passed=passed, now=now)
        _move_over(incident, station_id, officer, now)
        _keep(incident_id, station_id, reason, words, officer, now)
        trail.record(
            Deed.INCIDENT_PASSED_ON,
            actor=officer.actor,
            subject=f"incident:{incident_id}",
            at=now,
            elder_id=incident.elder_id,
            reason=reason.value,
            station=station_id,
        )
        news.tell_family(incident, "incident_passed_on", issuer=house().settings.issuer, now=now, station_id=station_id)
        platform_owing.owe(incident_id, Kind.PASSED_ON, by=By.OFFICER, partner=house().partner, now=now)


def _keep(
    incident_id: int, station_id: int, reason: PassReason, words: str, officer: OfficerAccount, now: datetime
) -> None:
    way = {"from_station_id": officer.station_id, "to_station_id": station_id}
    db.session.add(Transfer(incident_id=incident_id, officer_id=officer.officer_id, at=now, reason=reason, **way))
    db.session.add(
        IncidentMove(
            incident_id=incident_id,
            at=now,
            state=IncidentState.REPORTED,
            officer_id=officer.officer_id,
            words=words or None,
        )
    )


def _move_over(incident: Incident, station_id: int, officer: OfficerAccount, now: datetime) -> None:
    moved = db.session.execute(
        sa.update(Incident)
        .where(
            Incident.id == incident.id,
            Incident.state.in_(PASSED_ON_FROM),
            sa.or_(Incident.station_id == officer.station_id, Incident.station_id.is_(None)),
        )
        .values(station_id=station_id, state=IncidentState.REPORTED, accepted_at=None, passed_at=now, changed_at=now)
        .execution_options(synchronize_session=False)
    )
    if moved.rowcount != 1:  # type: ignore[attr-defined]
        raise Conflict("incidents.over" if incident.closed_at else "incidents.pass_late")
    # An officer who does not come any more has no code to show; the family's stays.
    db.session.execute(
        sa.update(HandOver)
        .where(HandOver.incident_id == incident.id, HandOver.officer_id.is_not(None), HandOver.closed_at.is_(None))
        .values(code_hash=None)
        .execution_options(synchronize_session=False)
    )
