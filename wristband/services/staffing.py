"""Stations and their staff."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from wristband.accounts.models import Officer
from wristband.accounts.rules import USERNAME, Role
from wristband.audit import trail
from wristband.audit.deeds import Deed
from wristband.db import db, transaction
from wristband.elders.rules import NAME_MAX, clean_text
from wristband.errors import BadValue, Conflict, NotFound
from wristband.stations.files import RejectedRow, StationRow
from wristband.stations.models import Station

# Rows written in one transaction: few enough that a report never waits long behind an import.
_BATCH = 500


@dataclass
class ImportReport:
    """What became of a station file."""

    added: int = 0
    changed: int = 0
    unchanged: int = 0
    rejected: list[RejectedRow] = field(default_factory=list)


def import_stations(
    rows: Iterable[StationRow | RejectedRow],
    *,
    demonstration: bool = False,
    on_row: Callable[[], None] = lambda: None,
    now: datetime,
) -> ImportReport:
    """Add new stations and change known ones, by source and source id: the same file twice changes nothing.

    `on_row` is called once a row, for a progress bar. Rejected rows are gathered, never dropped silently.
    """
    report = ImportReport()
    batch: list[StationRow] = []
    for row in rows:
        on_row()
        if isinstance(row, RejectedRow):
            report.rejected.append(row)
            continue
        batch.append(row)
        if len(batch) >= _BATCH:
            _write(batch, report, demonstration, now)
            batch.clear()
    if batch:
        _write(batch, report, demonstration, now)
    with transaction():
        trail.record(
            Deed.STATIONS_IMPORTED,
            actor="operator",
            subject="station:all",
            at=now,
            added=report.added,
            changed=report.changed,
            rejected=len(report.rejected),
        )
    return report


def _write(batch: list[StationRow], report: ImportReport, demonstration: bool, now: datetime) -> None:
    with transaction():
        known = {
            (station.source, station.source_id): station
            for station in db.session.scalars(
                sa.select(Station).where(
                    sa.tuple_(Station.source, Station.source_id).in_([(row.source, row.source_id) for row in batch])
                )
            )
        }
        outcomes = Counter(_put(row, known, demonstration, now) for row in batch)
    report.added += outcomes["added"]
    report.changed += outcomes["changed"]
    report.unchanged += outcomes["unchanged"]


def _put(row: StationRow, known: dict[tuple[str, str], Station], demonstration: bool, now: datetime) -> str:
    values: dict[str, object] = {
        "name": row.name,
        "address": row.address,
        "phone": row.phone.national() if row.phone else "",
        "latitude": row.position.latitude,
        "longitude": row.position.longitude,
        "org_code": row.org_code,
        "adcode": row.adcode,
        "district": row.district,
        "opening_hours": row.opening_hours,
        "licence": row.licence,
        "demonstration": demonstration,
    }
    station = known.get((row.source, row.source_id))
    if station is None:
        station = Station(source=row.source, source_id=row.source_id, imported_at=now, **values)
        db.session.add(station)
        known[(row.source, row.source_id)] = station
        return "added"
    different = {name: value for name, value in values.items() if getattr(station, name) != value}
    if not different:
        return "unchanged"
    for name, value in different.items():
        setattr(station, name, value)
    station.imported_at = now
    return "changed"


def add_officer(username: str, *, name: str, password_hash: str, role: Role, station_id: int, now: datetime) -> int:
    """Give an officer an account at a station. Returns the officer's id. Raises BadValue, NotFound, Conflict."""
    username = username.strip().lower()
    if not USERNAME.fullmatch(username):
        raise BadValue("accounts.username")
    name = clean_text(name, "accounts.name", NAME_MAX)
    officer = Officer(
        username=username, name=name, password_hash=password_hash, role=role, station_id=station_id, added_at=now
    )
    try:
        with transaction():
            if db.session.get(Station, station_id) is None:
                raise NotFound("stations.unknown")
            db.session.add(officer)
            trail.record(Deed.OFFICER_ADDED, actor="operator", subject=f"officer:{officer.id}", at=now)
    except IntegrityError:
        # The name's uniqueness is the database's: a disabled officer keeps his.
        raise Conflict("accounts.username_taken") from None
    return officer.id
