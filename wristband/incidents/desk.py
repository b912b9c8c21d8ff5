"""What a desk shows: the incidents that are somebody's work, the unrecognised ones apart, and what has changed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

import sqlalchemy as sa

from wristband.db import db
from wristband.incidents.models import DutyCall, Incident, PhoneReport, Report, Transfer
from wristband.incidents.queries import at_desk
from wristband.incidents.rules import PASSED_ON_SHOWN_FOR, IncidentState
from wristband.partners.models import PartnerReport
from wristband.stations.models import Station

UNSORTED_A_PAGE = 20
# A deed writes the time at which it began: it may have waited for its turn before it was committed.
_LATE = timedelta(seconds=15)


def _unsorted() -> sa.ColumnElement[bool]:
    """A report of a band that is not ours, which nobody has taken up yet. What an officer has entered, or a
    partner told for somebody, never is one.
    """
    entered = sa.exists().where(Report.incident_id == Incident.id, PhoneReport.scan_id == Report.scan_id)
    relayed = sa.exists().where(Report.incident_id == Incident.id, PartnerReport.scan_id == Report.scan_id)
    return sa.and_(Incident.elder_id.is_(None), Incident.accepted_at.is_(None), ~entered, ~relayed)


def list_work(*, station_id: int) -> Sequence[Incident]:
    """The open incidents of a desk without the unsorted ones: those nobody has accepted first, the longest waiting."""
    return db.session.scalars(
        sa.select(Incident)
        .where(at_desk(station_id), Incident.closed_at.is_(None), ~_unsorted())
        .order_by(Incident.accepted_at.is_not(None), sa.func.coalesce(Incident.passed_at, Incident.opened_at))
    ).all()


@dataclass(frozen=True, slots=True)
class Unsorted:
    """A page of the reports of bands that are not ours, the newest first; `total` over all pages."""

    incidents: Sequence[Incident]
    total: int
    page: int
    oldest_since: datetime | None
    """Since when the one waits that has waited longest."""
    newest_id: int

    @property
    def pages(self) -> int:
        return max(1, -(-self.total // UNSORTED_A_PAGE))


def list_unsorted(*, station_id: int, page: int) -> Unsorted:
    """One page of them; a page that is none is the nearest that is one."""
    where = (at_desk(station_id), Incident.closed_at.is_(None), _unsorted())
    total, oldest_since, newest_id = db.session.execute(
        sa.select(
            sa.func.count(Incident.id),
            sa.func.min(sa.func.coalesce(Incident.passed_at, Incident.opened_at)),
            sa.func.max(Incident.id),
        ).where(*where)
    ).one()
    page = min(max(1, page), max(1, -(-total // UNSORTED_A_PAGE)))
    rows = db.session.scalars(
        sa.select(Incident)
        .where(*where)
        .order_by(Incident.id.desc())
        .limit(UNSORTED_A_PAGE)
        .offset((page - 1) * UNSORTED_A_PAGE)
    )
    return Unsorted(rows.all(), total, page, oldest_since, newest_id or 0)


def stations_of_district(station_id: int) -> frozenset[int]:
    """The stations of this station's district, itself among them; itself alone where no district is known."""
    name = sa.select(Station.district).where(Station.id == station_id).scalar_subquery()
    rows = db.session.scalars(
        sa.select(Station.id).where(sa.or_(Station.id == station_id, sa.and_(name != "", Station.district == name)))
    )
    return frozenset(rows)


def list_of_district(station_id: int) -> list[tuple[Incident, str]]:
    """The open incidents of a whole district without the unsorted ones, each with its station's name."""
    name = sa.select(Station.district).where(Station.id == station_id).scalar_subquery()
    ours = sa.or_(
        Incident.station_id.is_(None), Station.id == station_id, sa.and_(name != "", Station.district == name)
    )
    rows = db.session.execute(
        sa.select(Incident, Station.name)
        .outerjoin(Station, Station.id == Incident.station_id)
        .where(ours, Incident.closed_at.is_(None), ~_unsorted())
        .order_by(Incident.accepted_at.is_not(None), sa.func.coalesce(Incident.passed_at, Incident.opened_at))
    )
    return [(incident, station or "") for incident, station in rows]


@dataclass(frozen=True, slots=True)
class PassedOn:
    """Of an incident that this station has passed on: where it is and how far. Nothing of the elder."""

    number: str
    at: datetime
    station: str
    state: IncidentState


def list_passed_on(*, station_id: int, now: datetime) -> list[PassedOn]:
    """What this station has passed on of late and does not have again, the newest first."""
    latest = (
        sa.select(sa.func.max(Transfer.id))
        .where(Transfer.from_station_id == station_id, Transfer.at > now - PASSED_ON_SHOWN_FOR)
        .group_by(Transfer.incident_id)
    )
    rows = db.session.execute(
        sa.select(Incident.number, Transfer.at, Station.name, Incident.state)
        .join(Transfer, Transfer.incident_id == Incident.id)
        .join(Station, Station.id == Incident.station_id)
        .where(Transfer.id.in_(latest), Incident.station_id != station_id)
        .order_by(Transfer.id.desc())
    )
    return [PassedOn(number, at, station, state) for number, at, station, state in rows]


def find_by_number(number: str, *, station_id: int) -> Incident | None:
    """The incident of this number, if it is this station's."""
    incident: Incident | None = db.session.scalar(
        sa.select(Incident).where(Incident.number == number, at_desk(station_id))
    )
    return incident


# ---- what has changed


@dataclass(frozen=True, slots=True)
class Mark:
    """An incident as far as a desk has to hear of it: another `changed_at` or station is news."""

    incident_id: int
    station_id: int | None
    changed_at: datetime


def list_marks(*, since: datetime | None) -> list[Mark]:
    """Every open incident's; or, with the newest change heard of, what has changed since, and a little before."""
    question = sa.select(Incident.id, Incident.station_id, Incident.changed_at)
    question = question.where(Incident.closed_at.is_(None) if since is None else Incident.changed_at > since - _LATE)
    return [Mark(*row) for row in db.session.execute(question)]


def newest_change() -> datetime | None:
    """When an incident changed last."""
    return db.session.scalar(sa.select(sa.func.max(Incident.changed_at)))


def list_waiting_calls() -> frozenset[tuple[int, int | None]]:
    """The calls of families that do not answer, which nobody has taken: each with its station."""
    rows = db.session.execute(sa.select(DutyCall.id, DutyCall.station_id).where(DutyCall.ended_at.is_(None)))
    return frozenset((call_id, station_id) for call_id, station_id in rows)


@dataclass(frozen=True, slots=True)
class Signals:
    """Marks by which a page notices that a desk has something new, without holding any of it: each only grows."""

    newest_work: int
    """When the newest incident came to the desk, in microseconds since 1970."""
    late: int
    newest_unsorted: int


def find_signals(*, station_id: int, now: datetime, red_s: int) -> Signals:
    """What there is to signal at a station's desk, in two questions."""
    waits_from, unsorted = sa.func.coalesce(Incident.passed_at, Incident.opened_at), _unsorted()
    red = sa.and_(~unsorted, Incident.accepted_at.is_(None), waits_from <= now - timedelta(seconds=red_s))
    newest, late, newest_unsorted = db.session.execute(
        sa.select(
            sa.func.max(sa.case((~unsorted, waits_from))),
            sa.func.count(sa.case((red, Incident.id))),
            sa.func.max(sa.case((unsorted, Incident.id))),
        ).where(at_desk(station_id), Incident.closed_at.is_(None))
    ).one()
    calls = sum(1 for _, station in list_waiting_calls() if station in (None, station_id))
    return Signals(int(newest.timestamp() * 1_000_000) if newest else 0, late + calls, newest_unsorted or 0)


class Ring(StrEnum):
    """Why a desk rings, the most urgent first."""

    NEW = "new"
    LATE = "late"
    UNSORTED = "unsorted"


def list_rings(stations: frozenset[int], *, since: datetime, now: datetime, red_s: int) -> set[tuple[int, Ring]]:
    """What has come to these desks, or become late there, after `since`: ids, for nobody but whoever counts them."""
    waits_from, late = sa.func.coalesce(Incident.passed_at, Incident.opened_at), timedelta(seconds=red_s)
    ours = sa.or_(Incident.station_id.is_(None), Incident.station_id.in_(stations))
    turned_red = sa.and_(Incident.accepted_at.is_(None), waits_from > since - late, waits_from <= now - late)
    rows = db.session.execute(
        sa.select(Incident.id, waits_from > since, _unsorted()).where(
            ours, Incident.closed_at.is_(None), sa.or_(waits_from > since, turned_red)
        )
    )
    calls = sa.select(DutyCall.id).where(
        DutyCall.ended_at.is_(None),
        DutyCall.made_at > since,
        sa.or_(DutyCall.station_id.is_(None), DutyCall.station_id.in_(stations)),
    )
    return {
        *(
            (incident_id, Ring.UNSORTED if unsorted else Ring.NEW if new else Ring.LATE)
            for incident_id, new, unsorted in rows
        ),
        *((call_id, Ring.LATE) for call_id in db.session.scalars(calls)),
    }
