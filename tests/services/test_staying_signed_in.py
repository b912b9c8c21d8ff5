"""Signing in as an officer, and staying signed in no longer than agreed, at either door."""

from __future__ import annotations

import re
from collections import Counter
from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa
from flask import Flask

from tests.together import raised, together
from tests.world import DAUGHTER_PHONE, PASSWORD, World, every_row, last_body, new_rows
from wristband import gates
from wristband.accounts.models import Officer
from wristband.accounts.rules import IDLE, LASTS, Door, OfficerAccount
from wristband.audit.models import AuditRow
from wristband.db import db, transaction
from wristband.errors import BadValue, TooMany, Unavailable
from wristband.scans import challenges
from wristband.services import signing_in
from wristband.values.phone import Phone

DAUGHTER = Phone(DAUGHTER_PHONE)
MINUTE = timedelta(minutes=1)
# What is decided before the database is asked needs no second one.
ONE_ENGINE = pytest.mark.parametrize("engine", ["sqlite"], indirect=True)


@pytest.fixture
def now(world: World) -> datetime:
    return world.now + MINUTE


def by_phone(now: datetime) -> str:
    """The daughter signs in once more."""
    signing_in.ask_code(DAUGHTER, address="192.0.2.1", language="zh-CN", now=now)
    db.session.rollback()
    code = re.search(r"\d{6}", last_body(DAUGHTER_PHONE))
    assert code
    return signing_in.enter_code(DAUGHTER, code[0], language="zh-CN", now=now)


def deeds() -> list[str]:
    db.session.rollback()
    return list(db.session.scalars(sa.select(AuditRow.deed).order_by(AuditRow.id)))


def test_an_officer_signs_in_by_name_and_password(world: World, now: datetime) -> None:
    reference = signing_in.enter_password(" Officer ", PASSWORD, now=now)
    account = signing_in.resume(reference, Door.POLICE, now=now)
    assert account == world.officer
    assert deeds()[-1] == "officer.signed_in"


@pytest.mark.parametrize(
    ("username", "password"),
    [
        ("officer", "five quiet wooden bridges"),
        ("officer", ""),
        ("officer", PASSWORD + "\0"),
        ("officer", PASSWORD + "x" * 1000),
        ("nobody", PASSWORD),
        ("", PASSWORD),
        ("off\0icer", PASSWORD),
        ("民警", PASSWORD),
        ("o" * 10_000, PASSWORD),
    ],
)
def test_a_wrong_name_and_a_wrong_password_are_answered_alike(
    world: World, now: datetime, username: str, password: str
) -> None:
    before = every_row()
    with pytest.raises(BadValue) as refusal:
        signing_in.enter_password(username, password, now=now)
    assert refusal.value.code == "accounts.password_wrong"
    assert new_rows(before) == {"audit_row": 1, "spent_budget": 2}
    subject = f"officer:{world.officer.officer_id}" if username == "officer" else "officer:unknown"
    assert db.session.scalars(sa.select(AuditRow).order_by(AuditRow.id.desc())).first().subject == subject  # type: ignore[union-attr]


def test_six_wrong_passwords_shut_out_the_right_one_for_a_while(world: World, now: datetime) -> None:
    for _ in range(6):
        with pytest.raises(BadValue):
            signing_in.enter_password("officer", "", now=now)
    with pytest.raises(TooMany) as refusal:
        signing_in.enter_password("officer", PASSWORD, now=now)
    assert refusal.value.code == "accounts.tries_spent"
    assert signing_in.enter_password("officer", PASSWORD, now=now + timedelta(minutes=2))


def _disable(world: World, now: datetime) -> None:
    with transaction():
        db.session.execute(sa.update(Officer).where(Officer.id == world.officer.officer_id).values(disabled_at=now))


def test_a_disabled_officer_is_nobody_at_the_door_and_at_the_next_page(world: World, now: datetime) -> None:
    reference = signing_in.enter_password("officer", PASSWORD, now=now)
    _disable(world, now)
    assert signing_in.resume(reference, Door.POLICE, now=now) is None
    with pytest.raises(BadValue) as refusal:
        signing_in.enter_password("officer", PASSWORD, now=now)
    assert refusal.value.code == "accounts.password_wrong"
    assert signing_in.enter_password("stranger", PASSWORD, now=now)


def test_whoever_finds_no_place_at_the_gate_has_spent_no_try(world: World, now: datetime) -> None:
    before = every_row()
    gates.install(2)
    with challenges.hash_slot():  # the half of two threads
        with pytest.raises(Unavailable) as refusal:
            signing_in.enter_password("officer", PASSWORD, now=now)
        assert refusal.value.code == "accounts.busy"
        with pytest.raises(Unavailable) as refusal, challenges.hash_slot():
            pass
        assert refusal.value.code == "scans.busy"
    assert every_row() == before
    assert signing_in.enter_password("officer", PASSWORD, now=now)


def test_of_a_flood_at_the_gate_whoever_is_not_refused_has_spent_a_try(app: Flask, world: World, now: datetime) -> None:
    """A wrong password at once from everywhere: whoever is not refused at the gate has spent a try."""
    deeds = [lambda nth=nth: signing_in.enter_password(f"name{nth}", "wrong", now=now) for nth in range(12)]
    told = Counter(type(fault) for fault in raised(together(app, deeds)))
    assert set(told) <= {BadValue, Unavailable}
    assert sum(told.values()) == 12
    db.session.rollback()
    refused = sa.select(sa.func.count(AuditRow.id)).where(AuditRow.deed == "officer.refused")
    assert db.session.scalar(refused) == told[BadValue] >= 1


# ---- staying signed in


@pytest.fixture
def family(world: World, now: datetime) -> str:
    return by_phone(now)


@pytest.fixture
def police(world: World, now: datetime) -> str:
    return signing_in.enter_password("officer", PASSWORD, now=now)


def test_a_reference_is_long_and_never_kept(family: str) -> None:
    assert len(family) >= 43
    assert family not in str(every_row())


def test_a_sign_in_holds_at_its_own_door_only(family: str, police: str, now: datetime) -> None:
    assert signing_in.resume(family, Door.POLICE, now=now) is None
    assert signing_in.resume(police, Door.FAMILY, now=now) is None


@pytest.mark.parametrize("reference", [None, "", "x" * 43, "\0", "林"])
def test_a_reference_that_is_not_ours_is_nobody(world: World, now: datetime, reference: str | None) -> None:
    for door in Door:
        assert signing_in.resume(reference, door, now=now) is None


def test_an_officer_who_is_away_for_fifteen_minutes_is_signed_out(police: str, now: datetime) -> None:
    assert signing_in.resume(police, Door.POLICE, now=now + IDLE[Door.POLICE])
    later = now + IDLE[Door.POLICE] * 2
    assert signing_in.resume(police, Door.POLICE, now=later)  # the page in between counted
    assert signing_in.resume(police, Door.POLICE, now=later + IDLE[Door.POLICE] + MINUTE) is None


def test_a_page_a_minute_keeps_an_officer_in_but_not_longer_than_a_shift(police: str, now: datetime) -> None:
    last = now + LASTS[Door.POLICE]
    for minutes in range(10, int(LASTS[Door.POLICE].total_seconds() // 60), 10):
        assert isinstance(signing_in.resume(police, Door.POLICE, now=now + minutes * MINUTE), OfficerAccount)
    assert signing_in.resume(police, Door.POLICE, now=last) is None


def test_pages_within_a_minute_write_nothing(police: str, now: datetime) -> None:
    before = every_row()
    assert signing_in.resume(police, Door.POLICE, now=now + timedelta(seconds=59))
    assert every_row() == before


# ---- signing out


def test_signing_out_ends_this_sign_in_and_no_other(family: str, world: World, now: datetime) -> None:
    other = by_phone(now + MINUTE)
    signing_in.sign_out(family, Door.FAMILY, now=now + MINUTE)
    assert signing_in.resume(family, Door.FAMILY, now=now + MINUTE) is None
    assert signing_in.resume(other, Door.FAMILY, now=now + MINUTE)
    assert deeds()[-1] == "sign_in.ended"


def test_signing_out_twice_is_signing_out_once(family: str, now: datetime) -> None:
    signing_in.sign_out(family, Door.FAMILY, now=now)
    before = every_row()
    signing_in.sign_out(family, Door.FAMILY, now=now + MINUTE)
    assert every_row() == before


def test_signing_out_many_times_at_once_is_signing_out_once(app: Flask, family: str, now: datetime) -> None:
    assert raised(together(app, [lambda: signing_in.sign_out(family, Door.FAMILY, now=now)] * 6)) == []
    assert deeds().count("sign_in.ended") == 1


@ONE_ENGINE
@pytest.mark.parametrize("reference", [None, "", "x" * 43])
def test_signing_out_a_stranger_changes_nothing(world: World, now: datetime, reference: str | None) -> None:
    before = every_row()
    signing_in.sign_out(reference, Door.FAMILY, now=now)
    assert every_row() == before


def test_signing_out_at_the_other_door_changes_nothing(family: str, now: datetime) -> None:
    signing_in.sign_out(family, Door.POLICE, now=now)
    assert signing_in.resume(family, Door.FAMILY, now=now)
