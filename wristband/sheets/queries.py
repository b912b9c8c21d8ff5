"""Imports and exports asked for: a station's own, those of a district that wait for a second person."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from wristband.accounts.models import Officer
from wristband.accounts.rules import OfficerAccount, sees_district
from wristband.db import db
from wristband.elders.at_station import alive
from wristband.elders.keeping import Standing
from wristband.elders.models import Elder, Erasure
from wristband.elders.rules import ElderState
from wristband.errors import NotFound
from wristband.sheets.models import SheetExport, SheetImport
from wristband.sheets.rows import Fault
from wristband.sheets.rules import MOVED_ON_WITHIN, UNDER_WAY, ExportState, ImportState
from wristband.stations.models import Station

SHOWN = 20


def get_import(import_id: int, *, station_id: int) -> SheetImport:
    """An import of this station. Raises NotFound."""
    # A worker moves it on beside the unit of work: what was read before is not believed.
    found: SheetImport | None = db.session.scalar(
        sa.select(SheetImport)
        .where(SheetImport.id == import_id, SheetImport.station_id == station_id)
        .execution_options(populate_existing=True)
    )
    if found is None:
        raise NotFound("sheets.import_unknown")
    return found


def list_imports(*, station_id: int) -> Sequence[SheetImport]:
    """The station's latest imports, newest first."""
    return db.session.scalars(
        sa.select(SheetImport).where(SheetImport.station_id == station_id).order_by(SheetImport.id.desc()).limit(SHOWN)
    ).all()


def find_under_way(digest: str, *, station_id: int) -> SheetImport | None:
    """The station's import of this very file that is not over."""
    open_states = [state for state in ImportState if state in UNDER_WAY or state is ImportState.CHECKED]
    return db.session.scalar(
        sa.select(SheetImport)
        .where(SheetImport.digest == digest, SheetImport.station_id == station_id, SheetImport.state.in_(open_states))
        .order_by(SheetImport.id.desc())
        .limit(1)
    )


def find_import_to_move(now: datetime) -> SheetImport | None:
    """The oldest import that is a worker's to go on with, and that no other one is at."""
    # The states as they stand in the index: nobody has to look through what is over.
    under_way = sa.or_(
        *(
            SheetImport.state == sa.literal(state, SheetImport.state.type, literal_execute=True)
            for state in (ImportState.CHECKING, ImportState.IMPORTING)
        )
    )
    alone = sa.or_(SheetImport.moved_at.is_(None), SheetImport.moved_at <= now - MOVED_ON_WITHIN)
    return db.session.scalar(sa.select(SheetImport).where(under_way, alone).order_by(SheetImport.id).limit(1))


@dataclass(frozen=True, slots=True)
class Told:
    """What was wrong with a sheet: its first faults, and the headings of columns that were not read."""

    faults: list[Fault]
    unused: list[str]


def told_of(one: SheetImport) -> Told:
    """What the check of an import has found; nothing before it, and nothing once it has been cleared away."""
    if not one.faults:
        return Told([], [])
    kept = json.loads(one.faults)
    return Told([Fault(*fault) for fault in kept["faults"]], kept["unused"])


# ---- exports


def get_export(export_id: int, *, officer_id: int) -> SheetExport:
    """An export that this officer asked for. Raises NotFound."""
    # A worker moves it on beside the unit of work: what was read before is not believed.
    found: SheetExport | None = db.session.scalar(
        sa.select(SheetExport)
        .where(SheetExport.id == export_id, SheetExport.officer_id == officer_id)
        .execution_options(populate_existing=True)
    )
    if found is None:
        raise NotFound("sheets.export_unknown")
    return found


def list_exports(*, officer_id: int) -> Sequence[SheetExport]:
    """The latest exports this officer asked for, newest first."""
    return db.session.scalars(
        sa.select(SheetExport).where(SheetExport.officer_id == officer_id).order_by(SheetExport.id.desc()).limit(SHOWN)
    ).all()


@dataclass(frozen=True, slots=True)
class Asked:
    """An export that waits for a second person, and who asks for it."""

    export: SheetExport
    officer: str
    station: str


def list_waiting(*, officer: OfficerAccount, now: datetime) -> list[Asked]:
    """What waits for this officer to agree: of the own station, or of the whole district; nobody's own."""
    rows = db.session.execute(
        sa.select(SheetExport, Officer, Station.name)
        .join(Officer, Officer.id == SheetExport.officer_id)
        .join(Station, Station.id == SheetExport.station_id)
        .where(waits(officer, now))
        .order_by(SheetExport.id)
    )
    return [Asked(export, asker.name, station) for export, asker, station in rows]


def waits(officer: OfficerAccount, now: datetime) -> sa.ColumnElement[bool]:
    """The condition of an export that this officer may agree to."""
    if sees_district(officer.role):
        mine = sa.select(Station.district).where(Station.id == officer.station_id, Station.district != "")
        stations: sa.ColumnElement[bool] = SheetExport.station_id.in_(
            sa.select(Station.id).where(Station.district.in_(mine))
        )
    else:
        stations = SheetExport.station_id == officer.station_id
    return sa.and_(
        stations,
        SheetExport.state == ExportState.WAITING,
        SheetExport.officer_id != officer.officer_id,
        SheetExport.expires_at > now,
    )


def count_alone(*, officer_id: int, since: datetime) -> int:
    """Rows that this officer has asked for since then and that no second person looked at."""
    counted = sa.select(sa.func.coalesce(sa.func.sum(SheetExport.count), 0)).where(
        SheetExport.officer_id == officer_id,
        SheetExport.asked_at > since,
        SheetExport.decided_by.is_(None),
        SheetExport.state.in_((ExportState.MAKING, ExportState.MADE, ExportState.TAKEN, ExportState.LAPSED)),
    )
    return db.session.scalar(counted) or 0


def exported(*, station_id: int, standing: Standing | None) -> sa.ColumnElement[bool]:
    """The condition of an elder that such an export holds."""
    leaving = Elder.id.in_(sa.select(Erasure.elder_id).where(Erasure.ended_at.is_(None)))
    conditions = {
        Standing.DECEASED: Elder.deceased_at.is_not(None),
        Standing.WITHDRAWN: sa.and_(leaving, Elder.deceased_at.is_(None)),
        Standing.DISPUTED: sa.and_(Elder.disputed_at.is_not(None), Elder.deceased_at.is_(None), ~leaving),
        Standing.PROVISIONAL: sa.and_(Elder.state == ElderState.PROVISIONAL, _calm(leaving)),
        Standing.ACTIVE: sa.and_(Elder.state == ElderState.CONFIRMED, _calm(leaving)),
    }
    own = sa.and_(Elder.station_id == station_id, alive())
    return own if standing is None else sa.and_(own, conditions[standing])


def _calm(leaving: sa.ColumnElement[bool]) -> sa.ColumnElement[bool]:
    return sa.and_(Elder.deceased_at.is_(None), Elder.disputed_at.is_(None), ~leaving)


def count_exported(*, station_id: int, standing: Standing | None) -> int:
    """How many elders such an export would hold now."""
    counted = sa.select(sa.func.count()).select_from(Elder)
    return db.session.scalar(counted.where(exported(station_id=station_id, standing=standing))) or 0
