"""A supervisor with a sheet, and a worker's steps until nothing moves any more."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa

from tests.crafts.sheets import csv_of, headings, row
from tests.world import World
from wristband import clock
from wristband.accounts.models import Officer
from wristband.accounts.queries import find_officer_account
from wristband.accounts.rules import OfficerAccount, Role
from wristband.db import db, transaction
from wristband.services import exporting_records, importing, importing_rows, staffing
from wristband.sheets import queries
from wristband.sheets.models import SheetExport, SheetImport


def supervisor(world: World, username: str = "supervisor", role: Role = Role.SUPERVISOR) -> OfficerAccount:
    """A colleague of the officer's at the same station."""
    officer_id = staffing.add_officer(
        username, name=username, password_hash="", role=role, station_id=world.station_id, now=world.now
    )
    account = find_officer_account(officer_id)
    assert account is not None
    return account


def promote(role: Role) -> None:
    with transaction():
        db.session.execute(sa.update(Officer).where(Officer.username == "officer").values(role=role))


def families(count: int) -> bytes:
    """A sheet of so many elders, each of a family of its own."""
    rows = [row(name=f"黄水{number}", phone=f"1380013{8100 + number}") for number in range(count)]
    return csv_of([headings(), *rows])


def work(now: datetime | None = None) -> int:
    """Every step a worker has to do for imports; how many there were."""
    db.session.rollback()
    steps = 0
    for _ in importing_rows.go_on(now or clock.now()):
        db.session.rollback()
        steps += 1
    return steps


def make_exports() -> None:
    db.session.rollback()
    for _ in exporting_records.go_on(clock.now()):
        db.session.rollback()


def sent(data: bytes, officer: OfficerAccount, *, invites: bool = False) -> int:
    """A sheet that was sent and looked through."""
    import_id = importing.begin(data, "登记表.csv", invites=invites, officer=officer, now=clock.now())
    work()
    return import_id


def taken(data: bytes, officer: OfficerAccount, *, invites: bool = False) -> SheetImport:
    """A sheet that was sent, looked through and taken."""
    import_id = sent(data, officer, invites=invites)
    importing.start(import_id, officer=officer, now=clock.now())
    work()
    return import_of(import_id, officer)


def import_of(import_id: int, officer: OfficerAccount) -> SheetImport:
    db.session.rollback()
    return queries.get_import(import_id, station_id=officer.station_id)


def export_of(export_id: int) -> SheetExport:
    db.session.rollback()
    return db.session.get_one(SheetExport, export_id, populate_existing=True)
