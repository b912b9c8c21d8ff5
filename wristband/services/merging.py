"""Sorting out reports of bands that are not ours: joined to another incident, or closed as false."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

import sqlalchemy as sa

from wristband.accounts.rules import OfficerAccount
from wristband.audit import trail
from wristband.audit.deeds import Deed
from wristband.db import db, insert, new_id, transaction
from wristband.elders.rules import clean_text
from wristband.errors import BadValue, Conflict
from wristband.house import house
from wristband.incidents import desk, platform_owing, queries
from wristband.incidents.models import Incident, IncidentMove, Merge, MergedReport, Report
from wristband.incidents.platform import By, Kind
from wristband.incidents.rules import CLOSED_AT_ONCE_MOST, MERGE_UNDONE_WITHIN, Disposition, IncidentState

WORDS_MAX = 300


def merge(incident_id: int, number: str, *, officer: OfficerAccount, now: datetime) -> int:
    """Join an incident of an unrecognised band to the station's open one of this number. Gives that one's id.

    Reports go along, and with them places, photographs and boards: their finders see the number that goes on. Raises
    BadValue for no such number or itself, Conflict across elders and for what is closed, NotFound.
    """
    with transaction():
        one = queries.get_incident(incident_id, station_id=officer.station_id)
        into = desk.find_by_number(number.strip()[:16], station_id=officer.station_id)
        if into is None:
            raise BadValue("incidents.merge_unknown")
        if into.id == one.id:
            raise BadValue("incidents.merge_itself")
        if one.elder_id is not None:
            raise Conflict("incidents.merge_across")
        state, accepted_at = one.state, one.accepted_at
        _join(one, into, officer, now)
        merge_id = _keep(one, into, officer, now, state=state, accepted_at=accepted_at)
        _take_reports(one.id, into.id, merge_id)
        db.session.add(_step(one.id, IncidentState.CLOSED, officer, now))
        _record(Deed.INCIDENT_MERGED, one, into, officer, now)
        _owe_platform((one.id, into.id), Kind.MERGED, now)
        return into.id


def _join(one: Incident, into: Incident, officer: OfficerAccount, now: datetime) -> None:
    """Both are open and held, in one order everywhere: two that merge into each other do not wait for ever."""
    for incident in sorted((one, into), key=lambda incident: incident.id):
        joined: dict[str, object] = {"changed_at": now}
        if incident.id == one.id:
            joined |= {
                "state": IncidentState.CLOSED,
                "closed_at": now,
                "disposition": Disposition.DUPLICATE,
                "accepted_at": sa.func.coalesce(Incident.accepted_at, now),
                "station_id": officer.station_id,
            }
        if not _changed(incident.id, officer, joined):
            raise Conflict("incidents.merge_closed")


def _changed(incident_id: int, officer: OfficerAccount, values: dict[str, object]) -> bool:
    changed = db.session.execute(
        sa.update(Incident)
        .where(
            Incident.id == incident_id,
            Incident.closed_at.is_(None),
            sa.or_(Incident.station_id == officer.station_id, Incident.station_id.is_(None)),
        )
        .values(**values)
        .execution_options(synchronize_session=False)
    )
    return bool(changed.rowcount == 1)  # type: ignore[attr-defined]


def _keep(
    one: Incident,
    into: Incident,
    officer: OfficerAccount,
    now: datetime,
    *,
    state: IncidentState,
    accepted_at: datetime | None,
) -> int:
    row = Merge(
        incident_id=one.id,
        into_id=into.id,
        officer_id=officer.officer_id,
        at=now,
        state_before=state,
        accepted_before_at=accepted_at,
    )
    db.session.add(row)
    db.session.flush()
    return row.id


def _take_reports(from_id: int, into_id: int, merge_id: int) -> None:
    reports = db.session.scalars(
        sa.update(Report)
        .where(Report.incident_id == from_id)
        .values(incident_id=into_id)
        .returning(Report.id)
        .execution_options(synchronize_session=False)
    ).all()
    rows = [{"id": new_id(), "merge_id": merge_id, "report_id": report_id} for report_id in reports]
    if rows:
        db.session.execute(insert(MergedReport.__table__), rows)


def undo(incident_id: int, *, officer: OfficerAccount, now: datetime) -> None:
    """The merge was a mistake: within ten minutes the incident is as it was before, with its own reports.

    Raises Conflict where it is too late or nothing was merged, NotFound.
    """
    with transaction():
        one = queries.get_incident(incident_id, station_id=officer.station_id)
        row = db.session.scalar(
            sa.update(Merge)
            .where(Merge.incident_id == one.id, Merge.undone_at.is_(None), Merge.at > now - MERGE_UNDONE_WITHIN)
            .values(undone_at=now)
            .returning(Merge)
        )
        if row is None:
            raise Conflict("incidents.undo_late")
        into = queries.get_incident(row.into_id, station_id=officer.station_id)
        if not _changed(into.id, officer, {"changed_at": now}):
            raise Conflict("incidents.undo_late")
        _reopen(one.id, row, now)
        taken = sa.select(MergedReport.report_id).where(MergedReport.merge_id == row.id)
        db.session.execute(
            sa.update(Report)
            .where(Report.id.in_(taken), Report.incident_id == into.id)
            .values(incident_id=one.id)
            .execution_options(synchronize_session=False)
        )
        db.session.add(_step(one.id, row.state_before, officer, now))
        _record(Deed.MERGE_UNDONE, one, into, officer, now)
        _owe_platform((one.id, into.id), Kind.MERGED, now)


def _reopen(incident_id: int, row: Merge, now: datetime) -> None:
    db.session.execute(
        sa.update(Incident)
        .where(Incident.id == incident_id, Incident.disposition == Disposition.DUPLICATE)
        .values(
            state=row.state_before,
            accepted_at=row.accepted_before_at,
            closed_at=None,
            disposition=None,
            changed_at=now,
        )
        .execution_options(synchronize_session=False)
    )


def close_as_false(incident_ids: Sequence[int], words: str, *, officer: OfficerAccount, now: datetime) -> int:
    """Close unrecognised reports as false, with one reason for all. Gives how many: what a colleague has taken up or
    closed meanwhile, and what has an elder, is left alone. Raises BadValue for none, for too many and for no reason.
    """
    words = clean_text(words, "incidents.words", WORDS_MAX, lines=True)
    if not incident_ids:
        raise BadValue("incidents.none_ticked")
    if len(incident_ids) > CLOSED_AT_ONCE_MOST:
        raise BadValue("incidents.many_ticked", most=CLOSED_AT_ONCE_MOST)
    with transaction():
        closed = db.session.scalars(
            sa.update(Incident)
            .where(
                Incident.id.in_(incident_ids),
                Incident.elder_id.is_(None),
                Incident.state == IncidentState.REPORTED,
                sa.or_(Incident.station_id == officer.station_id, Incident.station_id.is_(None)),
            )
            .values(
                state=IncidentState.CLOSED,
                disposition=Disposition.FALSE_REPORT,
                station_id=officer.station_id,
                accepted_at=now,
                closed_at=now,
                changed_at=now,
            )
            .returning(Incident.id)
            .execution_options(synchronize_session=False)
        ).all()
        for incident_id in sorted(closed):
            db.session.add(_step(incident_id, IncidentState.CLOSED, officer, now, words))
            trail.record(
                Deed.INCIDENT_CLOSED,
                actor=officer.actor,
                subject=f"incident:{incident_id}",
                at=now,
                disposition=Disposition.FALSE_REPORT.value,
            )
            _owe_platform((incident_id,), Kind.CLOSED, now)
        return len(closed)


def _step(
    incident_id: int, state: IncidentState, officer: OfficerAccount, now: datetime, words: str = ""
) -> IncidentMove:
    return IncidentMove(
        incident_id=incident_id, at=now, state=state, officer_id=officer.officer_id, words=words or None
    )


def _record(deed: Deed, one: Incident, into: Incident, officer: OfficerAccount, now: datetime) -> None:
    trail.record(
        deed,
        actor=officer.actor,
        subject=f"incident:{one.id}",
        at=now,
        elder_id=into.elder_id,
        into=into.id,
    )


def _owe_platform(incident_ids: Iterable[int], kind: Kind, now: datetime) -> None:
    """Each as it is now: what goes on after a merge has other reports, places and photographs than before."""
    for incident_id in sorted(incident_ids):
        platform_owing.owe(incident_id, kind, by=By.OFFICER, partner=house().partner, now=now)
