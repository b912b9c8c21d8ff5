"""What belongs to a finder's report, by his scan; what waits before a desk; an elder's past incidents."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TypeAlias

import sqlalchemy as sa

from wristband.accounts.models import Officer
from wristband.db import db
from wristband.elders.queries import ids_of
from wristband.errors import NotFound
from wristband.incidents.models import Incident, Report
from wristband.incidents.queries import find_hand_over_by, find_report
from wristband.reports.disclosure import Added, PickupShown, PickupWaiting, SupplementTold
from wristband.reports.models import PhoneTime, Pickup, Rating, Supplement, Withdrawal
from wristband.reports.rules import RATED_WITHIN, Claimed, Kind, may_withdraw, takes_more
from wristband.scans.models import Scan
from wristband.sealing import Keyed, box

# What a page may do with these: read them. Doors see no models.
ScanFacts: TypeAlias = Scan
ReportFacts: TypeAlias = Report
IncidentFacts: TypeAlias = Incident


def once(scan_id: int) -> Keyed:
    """By what a scan's rating is found again; it tells nobody which scan it is."""
    return box().keyed_hash("rating.scan", str(scan_id))


def find_supplement(key: Keyed) -> Supplement | None:
    """What the form of this key has added already."""
    return db.session.scalar(sa.select(Supplement).where(Supplement.key == key))


def count_added(scan_id: int) -> dict[Kind, int]:
    """How many supplements of each kind a scan has."""
    rows = db.session.execute(
        sa.select(Supplement.kind, sa.func.count(Supplement.id).label("added"))
        .where(Supplement.scan_id == scan_id)
        .group_by(Supplement.kind)
    )
    return {row.kind: row.added for row in rows}


def count_supplements(scan_ids: Sequence[int]) -> int:
    """How many of what the finders of these scans have added can be listed."""
    return db.session.scalar(sa.select(sa.func.count(Supplement.id)).where(*_kept(scan_ids))) or 0


def _kept(scan_ids: Sequence[int]) -> tuple[sa.ColumnElement[bool], ...]:
    return Supplement.scan_id.in_(scan_ids), Supplement.dropped.is_(False)


def list_supplements(scan_ids: Sequence[int], *, latest: int | None = None) -> list[SupplementTold]:
    """What the finders of these scans have added, the newest first; only the `latest` so many. Whoever asks has settled
    that he may.
    """
    rows = db.session.execute(
        sa.select(Supplement, PhoneTime)
        .outerjoin(PhoneTime, PhoneTime.id == Supplement.id)
        .where(*_kept(scan_ids))
        .order_by(Supplement.id.desc())
        .limit(latest)
    )
    return [
        SupplementTold(
            one.id,
            one.scan_id,
            one.at,
            one.kind,
            one.words,
            (one.photo_width or 0, one.photo_height or 0) if one.kind is Kind.PHOTO else None,
            Claimed(time.claimed_at, time.ahead_s) if time else None,
        )
        for one, time in rows
    ]


def get_photo(supplement_id: int, *, incident_id: int) -> Supplement:
    """A photograph that was added to a report of this incident. Raises NotFound."""
    found: Supplement | None = db.session.scalar(
        sa.select(Supplement)
        .join(Report, Report.scan_id == Supplement.scan_id)
        .where(
            Supplement.id == supplement_id,
            Report.incident_id == incident_id,
            Supplement.kind == Kind.PHOTO,
            Supplement.dropped.is_(False),
        )
    )
    if found is None:
        raise NotFound("files.gone")
    return found


def phone_times(ids: Sequence[int]) -> dict[int, Claimed]:
    """What phones claim of when these reports, sightings and supplements were made; one without is left out."""
    rows = db.session.scalars(sa.select(PhoneTime).where(PhoneTime.id.in_(ids)))
    return {row.id: Claimed(row.claimed_at, row.ahead_s) for row in rows}


def withdrawn(scan_ids: Sequence[int]) -> dict[int, datetime]:
    """When the finders of these scans took their reports back; the others are left out."""
    rows = db.session.scalars(sa.select(Withdrawal).where(Withdrawal.scan_id.in_(scan_ids)))
    return {row.scan_id: row.at for row in rows}


def count_standing(incident_id: int) -> int:
    """How many reports of an incident have not been taken back."""
    taken_back = sa.select(Withdrawal.id).where(Withdrawal.scan_id == Report.scan_id).exists()
    question = sa.select(sa.func.count(Report.id)).where(Report.incident_id == incident_id, ~taken_back)
    return db.session.scalar(question) or 0


def get_report(scan_id: int) -> Report:
    """The report of a scan that has one."""
    return db.session.scalars(sa.select(Report).where(Report.scan_id == scan_id)).one()


# ---- pickups


def find_pickup(scan_id: int) -> Pickup | None:
    return db.session.scalar(sa.select(Pickup).where(Pickup.scan_id == scan_id))


def get_pickup(pickup_id: int, *, station_id: int) -> tuple[Pickup, Incident]:
    """A pickup of an incident of this station, or of none, and the incident. Raises NotFound."""
    row = db.session.execute(
        _pickups().where(Pickup.id == pickup_id, _at_desk(station_id)).with_only_columns(Pickup, Incident)
    ).first()
    if row is None:
        raise NotFound("reports.pickup_unknown")
    return row[0], row[1]


def list_waiting_pickups(*, station_id: int) -> list[PickupWaiting]:
    """What finders wait for at this desk, the one whose finder leaves first on top; those done are left out."""
    waiting = sa.and_(_at_desk(station_id), Incident.closed_at.is_(None), _open_pickup())
    return _told(_pickups().where(waiting).order_by(Pickup.waits_until, Pickup.id))


def list_pickups(incident_id: int) -> list[PickupWaiting]:
    """The pickups of one incident that are not done, the one whose finder leaves first on top."""
    return _told(_pickups().where(Incident.id == incident_id, _open_pickup()).order_by(Pickup.waits_until, Pickup.id))


def _pickups() -> sa.Select[Pickup, Incident, Officer]:
    return (
        sa.select(Pickup, Incident, Officer)
        .join(Report, Report.scan_id == Pickup.scan_id)
        .join(Incident, Incident.id == Report.incident_id)
        .outerjoin(Officer, Officer.id == Pickup.taken_by)
    )


def _at_desk(station_id: int) -> sa.ColumnElement[bool]:
    return sa.or_(Incident.station_id == station_id, Incident.station_id.is_(None))


def _open_pickup() -> sa.ColumnElement[bool]:
    return sa.and_(Pickup.done_at.is_(None), Pickup.called_off_at.is_(None))


def _told(question: sa.Select[Pickup, Incident, Officer]) -> list[PickupWaiting]:
    return [
        PickupWaiting(
            pickup.id,
            incident.id,
            pickup.scan_id,
            incident.number,
            pickup.words,
            pickup.waits_until,
            pickup.asked_at,
            pickup.taken_at,
            officer.name if officer else "",
        )
        for pickup, incident, officer in db.session.execute(question)
    ]


# ---- the finder's own page


def added(scan: Scan, report: Report, incident: Incident, *, handed_over: bool, now: datetime) -> Added:
    """What a finder has added to his report, and what he can still do about it."""
    rows = db.session.execute(
        sa.select(Supplement.kind, sa.func.count(Supplement.id), sa.func.max(Supplement.at))
        .where(Supplement.scan_id == scan.id)
        .group_by(Supplement.kind)
    )
    counted = {kind: (count, last_at) for kind, count, last_at in rows}
    withdrawn_at = withdrawn([scan.id]).get(scan.id)
    ended_at = incident.closed_at or (now if handed_over else None)
    over = ended_at is not None and withdrawn_at is None and now < ended_at + RATED_WITHIN
    rated = over and db.session.scalar(sa.select(Rating.id).where(Rating.once == once(scan.id))) is not None
    return Added(
        words=counted.get(Kind.WORDS, (0, None))[0],
        photos=counted.get(Kind.PHOTO, (0, None))[0],
        elder_gone_at=counted.get(Kind.ELDER_GONE, (0, None))[1],
        pickup=_shown(find_pickup(scan.id)),
        may_withdraw=withdrawn_at is None and may_withdraw(made_at=report.made_at, state=incident.state, now=now),
        withdrawn=withdrawn_at is not None,
        takes_more=withdrawn_at is None and takes_more(incident.closed_at, now=now),
        may_rate=over and not rated,
        rated=rated,
    )


def find_added(scan: Scan, *, now: datetime) -> Added | None:
    """The same for a scan whose report is not at hand; None where it has none."""
    found = find_report(scan.id)
    return added(scan, *found, handed_over=find_hand_over_by(scan.id) is not None, now=now) if found else None


def _shown(pickup: Pickup | None) -> PickupShown | None:
    if pickup is None:
        return None
    off = pickup.called_off_at is not None
    return PickupShown(pickup.asked_at, pickup.waits_until, pickup.taken_at, pickup.done_at, off)


# ---- a family's past


def list_history(elder_id: int, *, guardian_id: int, before: int | None = None, limit: int = 20) -> Sequence[Incident]:
    """The incidents of one of my elders, newest first; those before the one of this id. A stranger's has none."""
    question = sa.select(Incident).where(Incident.elder_id == elder_id, Incident.elder_id.in_(ids_of(guardian_id)))
    if before is not None:
        question = question.where(Incident.id < before)
    return db.session.scalars(question.order_by(Incident.id.desc()).limit(limit)).all()
