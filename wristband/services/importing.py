"""Importing: a sheet of elders is sent in and looked through; an officer decides, and a worker takes it or not."""

from __future__ import annotations

import hashlib
import io
from datetime import datetime
from typing import BinaryIO

import sqlalchemy as sa

from wristband import data_keys, limits
from wristband.accounts.rules import OfficerAccount
from wristband.audit import trail
from wristband.audit.deeds import Deed
from wristband.db import db, new_id, transaction
from wristband.errors import BadValue, Conflict, NotFound
from wristband.house import house
from wristband.sealing import Keyed, box
from wristband.sheets import queries
from wristband.sheets.models import SheetImport
from wristband.sheets.places import REFUSED_PLACE, SHEET_PLACE
from wristband.sheets.reading import read
from wristband.sheets.rules import (
    IMPORT_MOVES,
    IMPORTS_AN_OFFICER,
    LARGEST_BYTES,
    LARGEST_COMMAND_BYTES,
    MOST_COMMAND_ROWS,
    MOST_ROWS,
    UNDER_WAY,
    ImportState,
    SheetKind,
)

_NAME_MAX = 120


def begin(data: bytes, name: str, *, invites: bool, officer: OfficerAccount, now: datetime) -> int:
    """Keep a sheet to be looked through; nothing else is written. Returns the import's id.

    The same file again, while it is not over, is the import there is. Raises BadValue for what is no sheet of ours,
    TooMany, Unavailable.
    """
    stream = io.BytesIO(data)
    kind, digest = _looked_at(stream, LARGEST_BYTES, MOST_ROWS)
    known = queries.find_under_way(digest, station_id=officer.station_id)
    if known is not None:
        return known.id
    with transaction():
        limits.spend(IMPORTS_AN_OFFICER, officer.actor, now=now)
    import_id = new_id()
    with transaction():
        data_keys.make(import_id)
    house().files.write(data, place=SHEET_PLACE, row=import_id, owner=import_id)
    _keep(import_id, kind, digest, name, invites, officer, now)
    return import_id


def begin_file(data: BinaryIO, name: str, *, invites: bool, officer: OfficerAccount, now: datetime) -> int:
    """The same for an operator's file, which stays where it is and may be larger. Raises BadValue."""
    kind, digest = _looked_at(data, LARGEST_COMMAND_BYTES, MOST_COMMAND_ROWS)
    known = queries.find_under_way(digest, station_id=officer.station_id)
    if known is not None:
        return known.id
    import_id = new_id()
    with transaction():
        data_keys.make(import_id)
    _keep(import_id, kind, digest, name, invites, officer, now, held=True)
    return import_id


def _looked_at(data: BinaryIO, largest_bytes: int, most_rows: int) -> tuple[SheetKind, Keyed]:
    """What kind of sheet it is, and the hash by which it is known again. Raises BadValue."""
    sheet = read(data, largest_bytes=largest_bytes, most_rows=most_rows)
    if next(sheet.rows, None) is None:
        raise BadValue("sheets.no_rows")
    data.seek(0)
    digest = hashlib.file_digest(data, "sha256").hexdigest()  # type: ignore[arg-type]
    return sheet.kind, box().keyed_hash("sheet", digest)


def _keep(
    import_id: int,
    kind: SheetKind,
    digest: Keyed,
    name: str,
    invites: bool,
    officer: OfficerAccount,
    now: datetime,
    *,
    held: bool = False,
) -> None:
    """The job's row; one that is `held` is the caller's to go on with, since no worker has its file."""
    with transaction():
        db.session.add(
            SheetImport(
                id=import_id,
                officer_id=officer.officer_id,
                station_id=officer.station_id,
                state=ImportState.CHECKING,
                kind=kind,
                digest=digest,
                name=" ".join(name.split())[-_NAME_MAX:],
                invites=invites,
                asked_at=now,
                moved_at=now if held else None,
            )
        )
        _record(Deed.IMPORT_ASKED, import_id, officer, now)


def start(import_id: int, *, officer: OfficerAccount, held: bool = False, now: datetime) -> None:
    """Take the rows that the check found fit. Twice is once. Raises Conflict while it is checked or over, NotFound.

    One that is `held` is the caller's to go on with, and no worker's.
    """
    with transaction():
        one = queries.get_import(import_id, station_id=officer.station_id)
        if one.state is ImportState.IMPORTING:
            return
        if not _move(import_id, ImportState.IMPORTING, begun_at=now, moved_at=now if held else None):
            raise Conflict("sheets.moved_on")
        _record(Deed.IMPORT_BEGUN, import_id, officer, now)


def cancel(import_id: int, *, officer: OfficerAccount, now: datetime) -> None:
    """Leave it: what was taken stays, nothing more is, and the file goes. Twice is once. Raises Conflict, NotFound."""
    with transaction():
        one = queries.get_import(import_id, station_id=officer.station_id)
        if one.state is ImportState.CANCELLED:
            return
        if not _move(import_id, ImportState.CANCELLED, ended_at=now):
            raise Conflict("sheets.moved_on")
        _record(Deed.IMPORT_ENDED, import_id, officer, now, state=ImportState.CANCELLED.value)
    house().files.remove(place=SHEET_PLACE, row=import_id)


def refused_rows(import_id: int, *, officer: OfficerAccount) -> bytes:
    """The rows that are not taken, each with its reason, as a CSV. Raises NotFound, also once it is shredded."""
    one = queries.get_import(import_id, station_id=officer.station_id)
    if not one.refused or one.state in UNDER_WAY - {ImportState.IMPORTING}:
        raise NotFound("sheets.import_unknown")
    return house().files.read(place=REFUSED_PLACE, row=import_id)


def _move(import_id: int, state: ImportState, **values: object) -> bool:
    before = [one for one, after in IMPORT_MOVES.items() if state in after]
    moved = db.session.execute(
        sa.update(SheetImport)
        .where(SheetImport.id == import_id, SheetImport.state.in_(before))
        .values(state=state, **values)
        .execution_options(synchronize_session=False)
    )
    return bool(moved.rowcount == 1)  # type: ignore[attr-defined]


def _record(deed: Deed, import_id: int, officer: OfficerAccount, now: datetime, state: str | None = None) -> None:
    facts = {"station": officer.station_id, "state": state} if state else {"station": officer.station_id}
    trail.record(deed, actor=officer.actor, subject=f"import:{import_id}", at=now, elder_id=None, **facts)
