"""Stations and their staff: an import that may be run again, accounts that are given with care."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa
from flask import Flask

from tests.together import raised, together
from tests.world import World, every_row, new_rows
from wristband.accounts.hashing import hash_password
from wristband.accounts.models import Officer
from wristband.accounts.queries import find_officer_account
from wristband.accounts.rules import Role
from wristband.audit.models import AuditRow
from wristband.db import db, transaction
from wristband.errors import BadValue, Conflict, NotFound
from wristband.services import staffing
from wristband.stations import queries
from wristband.stations.files import RejectedRow, StationRow
from wristband.stations.models import Station
from wristband.values.phone import Phone
from wristband.values.position import Position

MINUTE = timedelta(minutes=1)
ROW = StationRow(
    line=2,
    source="example",
    source_id="1",
    name="示例派出所",
    address="示例路 1 号",
    phone=Phone("+865920000000"),
    position=Position(24.7, 118.1),
    org_code="350212000000",
    adcode="350212",
    district="示例区",
    opening_hours="24/7",
    licence="",
)
OTHER = replace(ROW, line=3, source_id="2", name="示例二所", position=Position(24.8, 118.2))
REJECTED = RejectedRow(line=4, code="station.no_name", facts={})


@pytest.fixture
def now(world: World) -> datetime:
    return world.now + MINUTE


def stations() -> list[Station]:
    db.session.rollback()
    return list(db.session.scalars(sa.select(Station).where(Station.source == "example").order_by(Station.id)))


# ---- the import


def test_new_stations_are_added_and_put_on_the_trail(world: World, now: datetime) -> None:
    before = every_row()
    report = staffing.import_stations([ROW, OTHER], now=now)
    assert (report.added, report.changed, report.unchanged, report.rejected) == (2, 0, 0, [])
    assert new_rows(before) == {"station": 2, "audit_row": 1}
    first = stations()[0]
    assert (first.name, first.address, first.district, first.adcode) == (
        "示例派出所",
        "示例路 1 号",
        "示例区",
        "350212",
    )
    assert (first.latitude, first.longitude, first.imported_at, first.demonstration) == (24.7, 118.1, now, False)
    row = db.session.scalars(sa.select(AuditRow).where(AuditRow.deed == "stations.imported")).one()
    assert row.facts == {"added": 2, "changed": 0, "rejected": 0}


def test_the_same_file_again_changes_nothing(world: World, now: datetime) -> None:
    staffing.import_stations([ROW, OTHER], now=now)
    before = every_row()
    report = staffing.import_stations([ROW, OTHER], now=now + MINUTE)
    assert (report.added, report.changed, report.unchanged) == (0, 0, 2)
    assert every_row()["station"] == before["station"]


def test_a_row_that_has_changed_is_changed_and_the_others_are_left(world: World, now: datetime) -> None:
    staffing.import_stations([ROW, OTHER], now=now)
    moved = replace(ROW, name="示例派出所（新址）", position=Position(24.71, 118.11))
    report = staffing.import_stations([moved, OTHER], now=now + MINUTE)
    assert (report.added, report.changed, report.unchanged) == (0, 1, 1)
    first, second = stations()
    assert (first.name, first.latitude, first.imported_at) == ("示例派出所（新址）", 24.71, now + MINUTE)
    assert second.imported_at == now


def test_rejected_rows_are_reported_and_the_others_go_in(world: World, now: datetime) -> None:
    rows_seen: list[int] = []
    report = staffing.import_stations([ROW, REJECTED, OTHER], on_row=lambda: rows_seen.append(1), now=now)
    assert report.added == 2
    assert report.rejected == [REJECTED]
    assert len(rows_seen) == 3


def test_the_same_id_of_another_source_is_another_station(world: World, now: datetime) -> None:
    staffing.import_stations([ROW, replace(ROW, source="other")], now=now)
    assert len(stations()) == 1
    assert db.session.scalar(sa.select(sa.func.count(Station.id))) == 4


def test_a_file_longer_than_a_batch_goes_in_whole_and_again_changes_nothing(world: World, now: datetime) -> None:
    rows = [replace(ROW, source_id=str(nth), line=nth) for nth in range(1201)]
    assert staffing.import_stations(rows, now=now).added == 1201
    assert staffing.import_stations(iter(rows), now=now + MINUTE).unchanged == 1201


def test_an_empty_file_is_an_import_of_nothing(world: World, now: datetime) -> None:
    before = every_row()
    report = staffing.import_stations([], now=now)
    assert (report.added, report.changed, report.unchanged, report.rejected) == (0, 0, 0, [])
    assert new_rows(before) == {"audit_row": 1}


def test_demonstration_stations_are_marked(world: World, now: datetime) -> None:
    staffing.import_stations([ROW], demonstration=True, now=now)
    assert stations()[0].demonstration is True
    assert staffing.import_stations([ROW], now=now + MINUTE).changed == 1
    assert stations()[0].demonstration is False


def test_the_nearest_station_follows_an_import(world: World, now: datetime) -> None:
    here = Position(24.70001, 118.10001)
    before = queries.nearest(here, 1)[0].station.name
    staffing.import_stations([ROW], now=now)
    assert queries.nearest(here, 1)[0].station.name == "示例派出所" != before
    staffing.import_stations([replace(ROW, position=Position(30.0, 110.0))], now=now + MINUTE)
    assert queries.nearest(here, 1)[0].station.name == before


# ---- officers


def add(
    world: World, now: datetime, username: str = "newcomer", name: str = "王民警", station: int | None = None
) -> int:
    return staffing.add_officer(
        username,
        name=name,
        password_hash="$argon2id$",
        role=Role.OFFICER,
        station_id=world.station_id if station is None else station,
        now=now,
    )


def test_an_officer_is_given_an_account_at_a_station(world: World, now: datetime) -> None:
    before = every_row()
    officer_id = add(world, now, " Newcomer ", " 王民警 ")
    assert new_rows(before) == {"officer": 1, "audit_row": 1}
    account = find_officer_account(officer_id)
    assert account
    assert (account.name, account.role, account.station_id, account.station_name) == (
        "王民警",
        Role.OFFICER,
        world.station_id,
        "大同派出所",
    )
    row = db.session.scalars(sa.select(AuditRow).order_by(AuditRow.id.desc())).first()
    assert row
    assert (row.deed, row.actor, row.subject) == ("officer.added", "operator", f"officer:{officer_id}")


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
@pytest.mark.parametrize("username", ["", "ab", "民警", "-abc", "a b c", "a\0bc", "abc\nd", "a" * 65])
def test_a_name_to_sign_in_with_has_its_form(world: World, now: datetime, username: str) -> None:
    before = every_row()
    with pytest.raises(BadValue) as refusal:
        add(world, now, username)
    assert refusal.value.code == "accounts.username"
    assert every_row() == before


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    ("name", "code"),
    [("", "accounts.name_missing"), ("名" * 41, "accounts.name_long"), ("王\u202e民", "text.hidden_characters")],
)
def test_an_officer_has_a_name_that_can_be_read(world: World, now: datetime, name: str, code: str) -> None:
    with pytest.raises(BadValue) as refusal:
        add(world, now, name=name)
    assert refusal.value.code == code


@pytest.mark.parametrize("station", [1, 2**63])
def test_an_officer_belongs_to_a_station_that_is_there(world: World, now: datetime, station: int) -> None:
    before = every_row()
    with pytest.raises(NotFound) as refusal:
        add(world, now, station=station)
    assert refusal.value.code == "stations.unknown"
    assert every_row() == before


def test_a_name_that_is_taken_is_refused(world: World, now: datetime) -> None:
    before = every_row()
    with pytest.raises(Conflict) as refusal:
        add(world, now, "OFFICER")
    assert refusal.value.code == "accounts.username_taken"
    assert every_row() == before


def test_a_disabled_officer_keeps_his_name(world: World, now: datetime) -> None:
    with transaction():
        db.session.execute(sa.update(Officer).values(disabled_at=now))
    with pytest.raises(Conflict) as refusal:
        add(world, now, "officer")
    assert refusal.value.code == "accounts.username_taken"


def test_of_officers_added_at_once_under_one_name_one_has_it(app: Flask, world: World, now: datetime) -> None:
    answers = together(app, [lambda: add(world, now)] * 5)
    assert len(raised(answers)) == 4
    assert {str(fault) for fault in raised(answers)} == {"accounts.username_taken"}


# ---- passwords


def test_a_password_is_kept_as_argon2id_and_never_alike_twice() -> None:
    one, other = (hash_password("four quiet wooden bridges") for _ in range(2))
    assert one != other
    assert one.startswith("$argon2id$v=19$m=65536,t=3,p=1$")
