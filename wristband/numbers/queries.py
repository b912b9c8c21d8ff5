"""The numbers of a station, of a district, or of all: counted from the rows themselves, ids and times only."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from wristband.bands.models import Band
from wristband.bands.rules import BandState
from wristband.clock import ZONE
from wristband.db import db
from wristband.elders.models import Elder
from wristband.elders.rules import ElderState
from wristband.incidents.models import HandOver, Incident, IncidentMove, PhoneReport, Report
from wristband.incidents.rules import Disposition, IncidentState
from wristband.numbers.rules import AGAIN_WITHIN, UNANSWERED_AFTER, Period, Share, Spread, by_hour, spread
from wristband.scans.models import Reach, Scan
from wristband.stations.models import Station

_HELPED_NOBODY = (Disposition.FALSE_REPORT, Disposition.DUPLICATE, Disposition.WITHDRAWN)
"""Such an incident says nothing of how fast anybody was helped."""


@dataclass(frozen=True, slots=True)
class Scope:
    """Whose numbers: of one station, of its whole district, or, without a station, of all."""

    station_id: int | None = None
    district: bool = False

    def holds(self, column: Any) -> sa.ColumnElement[bool]:
        """The condition that a column with a station's id is inside."""
        if self.station_id is None:
            return sa.true()
        if not self.district:
            return sa.and_(column == self.station_id)
        name = sa.select(Station.district).where(Station.id == self.station_id).scalar_subquery()
        same = sa.select(Station.id).where(
            sa.or_(Station.id == self.station_id, sa.and_(name != "", Station.district == name))
        )
        return sa.and_(column.in_(same))


@dataclass(frozen=True, slots=True)
class Bands:
    """What there is now, and what was made in the period."""

    issued: int
    active: int
    ended: int
    never_tested: Share
    """Of the active ones, those that no guardian has ever opened on a phone to try."""


@dataclass(frozen=True, slots=True)
class Numbers:
    """Everything on the page of numbers."""

    registered: int
    confirmed: int
    provisional: int
    bands: Bands
    opened: int
    """Scans of bands of elders in scope; a page that is only opened tells nobody."""
    acted: int
    calls: int
    """Finders' taps on "tell the family", drills left out."""
    unanswered: Share
    reports: int
    by_telephone: int
    hours: tuple[int, ...]
    incidents: int
    repeats: Share
    dispositions: dict[Disposition, int]
    to_seen: Spread | None
    to_accepted: Spread | None
    to_hand_over: Spread | None


def count(period: Period, scope: Scope, *, now: datetime) -> Numbers:
    """Count everything of a period. A call younger than UNANSWERED_AFTER and without an answer counts nowhere yet."""
    registered, states = _elders(period, scope)
    opened, acted = _scans(period, scope)
    reports, by_telephone = _reports(period, scope)
    incidents = _incidents(period, scope)
    calls, unanswered, to_seen = _calls(period, scope, now)
    first_scans = _first_scans(period, scope)
    helped = {row.id: row for row in incidents if row.disposition not in _HELPED_NOBODY and row.id in first_scans}
    return Numbers(
        registered=registered,
        confirmed=states.get(ElderState.CONFIRMED, 0),
        provisional=states.get(ElderState.PROVISIONAL, 0),
        bands=_bands(period, scope),
        opened=opened,
        acted=acted,
        calls=calls,
        unanswered=unanswered,
        reports=len(reports),
        by_telephone=by_telephone,
        hours=by_hour(reports, ZONE),
        incidents=len(incidents),
        repeats=_repeats(incidents),
        dispositions=_dispositions(incidents),
        to_seen=to_seen,
        to_accepted=spread(_since(first_scans, helped, _moved(period, scope, IncidentState.ACCEPTED))),
        to_hand_over=spread(_since(first_scans, helped, _handed_over(period, scope, helped.values()))),
    )


def _within(column: Any, period: Period) -> sa.ColumnElement[bool]:
    begins_at, ends_at = period.moments(ZONE)
    return sa.and_(column >= begins_at, column < ends_at)


def _elders(period: Period, scope: Scope) -> tuple[int, dict[ElderState, int]]:
    registered = sa.select(sa.func.count(Elder.id)).where(
        scope.holds(Elder.station_id), _within(Elder.registered_at, period)
    )
    now = (
        sa.select(Elder.state, sa.func.count(Elder.id).label("n"))
        .where(scope.holds(Elder.station_id))
        .group_by(Elder.state)
    )
    return db.session.scalar(registered) or 0, {row.state: row.n for row in db.session.execute(now)}


def _bands(period: Period, scope: Scope) -> Bands:
    question = (
        sa.select(
            sa.func.count(Band.id).filter(_within(Band.issued_at, period)).label("issued"),
            sa.func.count(Band.id).filter(Band.state == BandState.ACTIVE).label("active"),
            sa.func.count(Band.id).filter(Band.state == BandState.ENDED).label("ended"),
            sa.func.count(Band.id).filter(Band.state == BandState.ACTIVE, Band.tested_at.is_(None)).label("untested"),
        )
        .join(Elder, Elder.id == Band.elder_id)
        .where(scope.holds(Elder.station_id))
    )
    row = db.session.execute(question).one()
    return Bands(row.issued, row.active, row.ended, Share(row.untested, row.active))


def _scans(period: Period, scope: Scope) -> tuple[int, int]:
    question = (
        sa.select(sa.func.count(Scan.id).label("opened"), sa.func.count(Scan.acted_at).label("acted"))
        .join(Band, Band.id == Scan.band_id)
        .join(Elder, Elder.id == Band.elder_id)
        .join(Reach, sa.and_(Reach.scan_id == Scan.id, Reach.drill.is_(True)), isouter=True)
        .where(scope.holds(Elder.station_id), _within(Scan.opened_at, period), Reach.id.is_(None))
    )
    row = db.session.execute(question).one()
    return row.opened, row.acted


def _calls(period: Period, scope: Scope, now: datetime) -> tuple[int, Share, Spread | None]:
    """The finders' calls to families, how many stayed without an answer, and how long after the scan one saw it."""
    rows = db.session.execute(
        sa.select(Scan.opened_at, Reach.made_at, Reach.seen_at, Reach.answered_at)
        .join(Scan, Scan.id == Reach.scan_id)
        .join(Elder, Elder.id == Reach.elder_id)
        .where(scope.holds(Elder.station_id), _within(Reach.made_at, period), Reach.drill.is_(False))
    ).all()
    settled = [row for row in rows if row.answered_at or row.made_at <= now - UNANSWERED_AFTER]
    late = [row for row in settled if (row.answered_at or now) - row.made_at >= UNANSWERED_AFTER]
    seen = spread(_seconds(row.opened_at, row.seen_at) for row in rows if row.seen_at)
    return len(rows), Share(len(late), len(settled)), seen


def _reports(period: Period, scope: Scope) -> tuple[list[datetime], int]:
    rows = db.session.execute(
        sa.select(Report.made_at, PhoneReport.id.is_not(None).label("entered"))
        .join(Incident, Incident.id == Report.incident_id)
        .join(PhoneReport, PhoneReport.scan_id == Report.scan_id, isouter=True)
        .where(scope.holds(Incident.station_id), _within(Report.made_at, period))
    ).all()
    return [row.made_at for row in rows], sum(row.entered for row in rows)


def _incidents(period: Period, scope: Scope) -> list[sa.Row[Any]]:
    """Each with how long before the same elder's last one was, None without any."""
    begins_at, ends_at = period.moments(ZONE)
    before = sa.func.lag(Incident.opened_at, type_=Incident.opened_at.type).over(
        partition_by=Incident.elder_id, order_by=Incident.opened_at
    )
    every = (
        sa.select(
            *(Incident.id, Incident.elder_id, Incident.station_id, Incident.opened_at, Incident.closed_at),
            Incident.disposition,
            before.label("before_at"),
        )
        .where(Incident.opened_at >= begins_at - AGAIN_WITHIN, Incident.opened_at < ends_at)
        .subquery()
    )
    question = sa.select(every).where(scope.holds(every.c.station_id), every.c.opened_at >= begins_at)
    return list(db.session.execute(question))


def _repeats(incidents: Iterable[sa.Row[Any]]) -> Share:
    known = [row for row in incidents if row.elder_id is not None and row.disposition not in _HELPED_NOBODY]
    again = [row for row in known if row.before_at and row.opened_at - row.before_at <= AGAIN_WITHIN]
    return Share(len(again), len(known))


def _dispositions(incidents: Iterable[sa.Row[Any]]) -> dict[Disposition, int]:
    every = [row.disposition for row in incidents]
    return {one: every.count(one) for one in Disposition if one in every}


def _first_scans(period: Period, scope: Scope) -> dict[int, datetime]:
    """By incident, when the first of its finders opened the band."""
    return _by_incident(
        sa.select(Report.incident_id, sa.func.min(Scan.opened_at, type_=Scan.opened_at.type).label("at"))
        .join(Scan, Scan.id == Report.scan_id)
        .join(Incident, Incident.id == Report.incident_id)
        .where(scope.holds(Incident.station_id), _within(Incident.opened_at, period))
        .group_by(Report.incident_id)
    )


def _moved(period: Period, scope: Scope, state: IncidentState) -> dict[int, datetime]:
    return _by_incident(
        sa.select(IncidentMove.incident_id, sa.func.min(IncidentMove.at, type_=IncidentMove.at.type).label("at"))
        .join(Incident, Incident.id == IncidentMove.incident_id)
        .where(scope.holds(Incident.station_id), _within(Incident.opened_at, period), IncidentMove.state == state)
        .group_by(IncidentMove.incident_id)
    )


def _handed_over(period: Period, scope: Scope, incidents: Iterable[sa.Row[Any]]) -> dict[int, datetime]:
    """By incident, when the elder was in safe hands: by a code, by the officers' step, or closed as with the family."""
    found = {row.id: row.closed_at for row in incidents if row.disposition is Disposition.WITH_FAMILY and row.closed_at}
    by_code = _by_incident(
        sa.select(HandOver.incident_id, sa.func.min(HandOver.used_at, type_=HandOver.used_at.type).label("at"))
        .join(Incident, Incident.id == HandOver.incident_id)
        .where(scope.holds(Incident.station_id), _within(Incident.opened_at, period), HandOver.used_at.is_not(None))
        .group_by(HandOver.incident_id)
    )
    for each in (by_code, _moved(period, scope, IncidentState.HANDED_OVER)):
        for incident_id, at in each.items():
            found[incident_id] = min(at, found.get(incident_id, at))
    return found


def _by_incident(question: sa.Executable) -> dict[int, datetime]:
    return {row.incident_id: row.at for row in db.session.execute(question)}


def _since(begun: dict[int, datetime], counted: Iterable[int], ended: dict[int, datetime]) -> Iterable[float]:
    return (_seconds(begun[one], ended[one]) for one in counted if one in ended)


def _seconds(begun: datetime, ended: datetime) -> float:
    """Never less than nothing: two servers' clocks may differ."""
    return max(timedelta(0), ended - begun).total_seconds()
