"""The cast of the tests: one elder and who matters to her, others who must see nothing, and noise around them.

Telephone numbers are number-plan examples; every name is a canary that no finder's page may hold.

    the elder       林秀英, with a wristband, at the station of 大同
    the daughter    her guardian
    the neighbour   guardian of another elder: must see nothing of the first
    the officer     of 大同
    the stranger    an officer of 祥平: another station
"""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

import argon2
import sqlalchemy as sa
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests.pagecheck import kept_from_everybody, kept_from_finders
from wristband import clock
from wristband.accounts.queries import find_officer_account
from wristband.accounts.rules import OfficerAccount, Role
from wristband.bands import tokens
from wristband.bands.models import Band
from wristband.bands.rules import BandForm
from wristband.data_keys import DataKey
from wristband.db import db
from wristband.elders.rules import Particulars, Purpose
from wristband.house import house
from wristband.outbox.models import Message
from wristband.services import issuing, registration, signing_in, staffing
from wristband.stations.models import Station
from wristband.values.code import BandCode
from wristband.values.phone import Phone

DAUGHTER_PHONE = "+8613800138000"
SON_PHONE = "+8613800138005"
NEIGHBOUR_PHONE = "+8613800138001"
PASSWORD = kept_from_everybody("four quiet wooden bridges")
ELDER = {
    "name": kept_from_finders("林秀英"),
    "relation": "child",
    "called": kept_from_finders("林阿姨"),
    "sex": "female",
    "birth_year": "1943",
    "address": kept_from_finders("同安区示例路九号"),
    "approach": kept_from_finders("说闽南语请慢慢说"),
    "health": kept_from_finders("对青霉素过敏"),
}
NEIGHBOURS_ELDER = {**ELDER, "name": kept_from_finders("陈美兰"), "called": kept_from_finders("陈奶奶")}
for _phone in (DAUGHTER_PHONE, SON_PHONE, NEIGHBOUR_PHONE):
    kept_from_finders(_phone.removeprefix("+86"))


@dataclass(frozen=True)
class Life:
    """One elder, a guardian, a band."""

    elder_id: int
    guardian_id: int
    band_id: int
    serial: str
    token: str

    @property
    def code(self) -> str:
        return BandCode.from_serial(self.serial).shown


@dataclass(frozen=True)
class World:
    """Everybody, with the stations they belong to."""

    her: Life
    other: Life
    station_id: int
    other_station_id: int
    officer: OfficerAccount
    stranger: OfficerAccount
    now: datetime

    @property
    def elder_id(self) -> int:
        return self.her.elder_id

    @property
    def daughter_id(self) -> int:
        return self.her.guardian_id

    @property
    def neighbour_id(self) -> int:
        return self.other.guardian_id


Rows = dict[str, list[dict[str, Any]]]


def destroyed_keys() -> list[int]:
    """Whose data keys were destroyed, the oldest first."""
    gone = sa.select(DataKey.id).where(DataKey.destroyed_at.is_not(None))
    return list(db.session.scalars(gone.order_by(DataKey.destroyed_at, DataKey.id)))


def every_row() -> Rows:
    """Every row of every table as it is stored, by the table's name: what "changes nothing" is measured with."""
    with db.engine.connect() as connection:
        return {
            table.name: [
                dict(row) for row in connection.execute(sa.select(table).order_by(*table.primary_key)).mappings()
            ]
            for table in db.metadata.sorted_tables
        }


def new_rows(before: Rows) -> dict[str, int]:
    """How many rows each table has more than `before`; tables without any are left out."""
    more = {name: len(rows) - len(before[name]) for name, rows in every_row().items()}
    return {name: count for name, count in more.items() if count}


@dataclass(frozen=True)
class Cast:
    """The world and its rows. Ids and seals belong to the rows, so they hold in any database under the same keys."""

    world: World
    rows: Rows

    def enter(self) -> World:
        """Into the empty database of the pushed application."""
        with db.engine.begin() as connection:
            for table in db.metadata.sorted_tables:
                if self.rows[table.name]:
                    connection.execute(sa.insert(table), self.rows[table.name])
        return self.world


def make_cast() -> Cast:
    """The cast, made once: drawing bands and hashing passwords for every test would take most of its time."""
    world = make_world()
    return Cast(world, every_row())


def make_world() -> World:
    """The cast, in the database of the pushed application, made by the services everybody uses."""
    now = clock.now()
    here = _station("大同派出所", 24.7230, 118.1520, now)
    there = _station("祥平派出所", 24.7100, 118.1400, now)
    # Noise first, so that "the first row" is never the right one.
    other = _life(NEIGHBOUR_PHONE, NEIGHBOURS_ELDER, there, now)
    her = _life(DAUGHTER_PHONE, ELDER, here, now)
    return World(
        her=her,
        other=other,
        station_id=here,
        other_station_id=there,
        stranger=_officer("stranger", there, now),
        officer=_officer("officer", here, now),
        now=now,
    )


def _station(name: str, latitude: float, longitude: float, now: datetime) -> int:
    from wristband.db import transaction

    station = Station(
        source="tests",
        source_id=name,
        name=name,
        address="示例街道",
        latitude=latitude,
        longitude=longitude,
        district="同安区",
        imported_at=now,
    )
    with transaction():
        db.session.add(station)
    return station.id


def _life(phone: str, texts: dict[str, str], station_id: int, now: datetime) -> Life:
    guardian_id = signing_in.join(Phone(phone), language="zh-CN", now=now)
    elder_id = registration.register(
        "the-only-form-of-this-family",
        Particulars.of(today=now.date(), consents=set(Purpose), **texts),
        guardian_id=guardian_id,
        guardian_name=kept_from_finders("林家的女儿"),
        consents=set(Purpose),
        photo_id=None,
        station_id=station_id,
        second_phone=None,
        now=now,
    )
    band_id = issuing.issue("the-only-band-form", elder_id, BandForm.WRISTBAND, guardian_id=guardian_id, now=now)
    serial = db.session.get_one(Band, band_id).serial
    return Life(elder_id, guardian_id, band_id, serial, tokens.sign(serial, house().band_keys))


def _officer(username: str, station_id: int, now: datetime) -> OfficerAccount:
    officer_id = staffing.add_officer(
        username,
        name=username,
        password_hash=_hashed_once(),
        role=Role.OFFICER,
        station_id=station_id,
        now=now,
    )
    account = find_officer_account(officer_id)
    assert account is not None
    return account


@cache
def _hashed_once() -> str:
    """The officers' password as argon2id keeps it, at the least cost it knows: a hash says itself what it takes."""
    cheap = argon2.PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    return kept_from_everybody(cheap.hash(PASSWORD))


def new_reference() -> str:
    """An address for a finder's scan, as a page would have made it."""
    return secrets.token_urlsafe(16)


# ---- at the doors


def hidden(page: TestResponse, name: str) -> str:
    """The value of a page's first hidden field of that name."""
    found = re.search(rf'<input type="hidden" name="{name}" value="([^"]*)"', page.get_data(as_text=True))
    assert found, f"no hidden {name} at {page.request.path}"
    return found[1]


def csrf(client: FlaskClient, path: str) -> str:
    return hidden(client.get(path), "csrf_token")


def last_body(recipient: str) -> str:
    """The newest message owed to an address, as it will be sent."""
    messages = db.session.scalars(sa.select(Message).order_by(Message.id.desc()))
    return next(message.body for message in messages if message.recipient == recipient)


def sign_in_guardian(client: FlaskClient, phone: str = DAUGHTER_PHONE) -> TestResponse:
    """Through the family's door: phone, then the code that was texted. The answer leads on."""
    client.post("/family/sign-in", data={"csrf_token": csrf(client, "/family/sign-in"), "phone": phone})
    db.session.rollback()
    code = re.search(r"\d{6}", last_body(phone))
    assert code
    token = csrf(client, "/family/sign-in/code")
    answer = client.post("/family/sign-in/code", data={"csrf_token": token, "code": code[0]})
    assert answer.status_code == 303, answer.get_data(as_text=True)
    return answer


def sign_in_officer(client: FlaskClient, username: str = "officer") -> None:
    """Through the police door."""
    token = csrf(client, "/police/sign-in")
    answer = client.post("/police/sign-in", data={"csrf_token": token, "username": username, "password": PASSWORD})
    assert answer.status_code == 303, answer.get_data(as_text=True)


def open_band(client: FlaskClient, token: str) -> dict[str, str]:
    """A finder opens a band: the fields its page would send, and where to (`scan`)."""
    page = client.get(f"/t/{token}")
    assert page.status_code == 200
    text = page.get_data(as_text=True)
    scan = re.search(r'action="/s/([^/"]+)/family"', text)
    assert scan
    return {"band": hidden(page, "band"), "stamp": hidden(page, "stamp"), "scan": scan[1]}


def tap(client: FlaskClient, opened: dict[str, str], deed: str) -> TestResponse:
    """The finder's tap: `family` or `police`. The answer leads to the finder's own page."""
    return client.post(f"/s/{opened['scan']}/{deed}", data={"band": opened["band"], "stamp": opened["stamp"]})
