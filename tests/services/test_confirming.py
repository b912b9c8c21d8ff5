"""Confirming a telephone: a code goes to it, five tries, ten minutes; and signing in confirms one's own."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from functools import partial

import pytest
import sqlalchemy as sa

from tests.services.finders import deeds, next_day, owed, refused
from tests.services.relatives import son_of
from tests.world import DAUGHTER_PHONE, World, last_body
from wristband.audit.deeds import Deed
from wristband.db import db, transaction
from wristband.elders.models import Contact
from wristband.elders.rules import CONTACT_CODE_LASTS
from wristband.scans.rules import CODE_TRIES
from wristband.sealing import box
from wristband.services import confirming, family_circle, signing_in
from wristband.values.phone import Phone

AUNT = Phone("+8613800138006")
SECOND = timedelta(seconds=1)


@pytest.fixture
def now(world: World) -> datetime:
    return next_day(world)


@pytest.fixture
def aunt(world: World, now: datetime) -> int:
    """Her telephone was noted by the daughter; nobody has confirmed it."""
    family_circle.add_contact(world.elder_id, AUNT, guardian_id=world.daughter_id, now=now)
    return contact_of(world, AUNT.e164).id


def contact_of(world: World, number: str) -> Contact:
    db.session.rollback()
    contacts = db.session.scalars(
        sa.select(Contact).where(Contact.elder_id == world.elder_id), execution_options={"populate_existing": True}
    )
    return next(contact for contact in contacts if contact.address == number)


def ask(world: World, contact_id: int, now: datetime, *, address: str = "192.0.2.1") -> str:
    me = {"guardian_id": world.daughter_id, "address": address, "now": now}
    confirming.ask_code(world.elder_id, contact_id, **me)  # type: ignore[arg-type]
    db.session.rollback()
    found = re.search(r"\d{6}", last_body(AUNT.e164))
    assert found
    return found[0]


def enter(world: World, contact_id: int, code: str, now: datetime) -> None:
    confirming.enter_code(world.elder_id, contact_id, code, guardian_id=world.daughter_id, now=now)


def wrong(code: str) -> str:
    return f"{(int(code) + 1) % 1_000_000:06d}"


def test_who_types_the_code_confirms_the_number_once_and_the_log_says_so(
    world: World, aunt: int, now: datetime
) -> None:
    code = ask(world, aunt, now)
    enter(world, aunt, code, now + SECOND)
    assert contact_of(world, AUNT.e164).confirmed_at == now + SECOND
    assert deeds(world.elder_id).count(Deed.CONTACT_CONFIRMED) == 1
    assert refused(lambda: enter(world, aunt, code, now + 2 * SECOND)) == "accounts.code_wrong"
    assert contact_of(world, AUNT.e164).confirmed_at == now + SECOND


def test_the_text_names_the_service_and_no_elder(world: World, aunt: int, now: datetime) -> None:
    ask(world, aunt, now)
    (message,) = owed("contact_code")
    assert message.recipient == AUNT.e164
    assert message.expires_at == now + CONTACT_CODE_LASTS
    assert "同安分局黄手环" in (message.body or "")
    assert "林" not in (message.body or "")


def test_a_code_lives_ten_minutes(world: World, aunt: int, now: datetime) -> None:
    enter(world, aunt, ask(world, aunt, now), now + CONTACT_CODE_LASTS - SECOND)
    assert contact_of(world, AUNT.e164).confirmed_at is not None
    late = now + timedelta(days=1)
    code = ask(world, aunt, late)
    assert refused(lambda: enter(world, aunt, code, late + CONTACT_CODE_LASTS)) == "accounts.code_wrong"


def test_the_code_before_is_closed_by_the_next(world: World, aunt: int, now: datetime) -> None:
    first, second = ask(world, aunt, now), ask(world, aunt, now)
    if first != second:
        assert refused(lambda: enter(world, aunt, first, now)) == "accounts.code_wrong"
    enter(world, aunt, second, now)


def test_five_wrong_tries_close_the_code(world: World, aunt: int, now: datetime) -> None:
    code = ask(world, aunt, now)
    for _ in range(CODE_TRIES):
        assert refused(lambda: enter(world, aunt, wrong(code), now)) == "accounts.code_wrong"
    assert refused(lambda: enter(world, aunt, code, now)) == "accounts.code_wrong"
    assert contact_of(world, AUNT.e164).confirmed_at is None


def test_wrong_tries_at_one_number_run_out_over_several_codes(world: World, aunt: int, now: datetime) -> None:
    refusals = []
    for _ in range(3):
        slip = wrong(ask(world, aunt, now))
        refusals += [refused(partial(enter, world, aunt, slip, now)) for _ in range(CODE_TRIES)]
    assert refusals == ["accounts.code_wrong"] * 10 + ["accounts.tries_spent"] * 5


def test_one_number_is_sent_three_codes_whoever_asks(world: World, aunt: int, now: datetime) -> None:
    for each in range(3):
        ask(world, aunt, now, address=f"192.0.2.{each}")
    assert refused(lambda: ask(world, aunt, now)) == "accounts.codes_spent"
    assert len(owed("contact_code")) == 3


def test_a_strangers_contact_is_unknown(world: World, aunt: int, now: datetime) -> None:
    them = {"guardian_id": world.neighbour_id, "now": now}
    assert refused(
        lambda: confirming.ask_code(world.elder_id, aunt, address="192.0.2.1", **them)  # type: ignore[arg-type]
    ) == ("elders.unknown")
    assert refused(
        lambda: confirming.enter_code(world.elder_id, aunt, "123456", **them)  # type: ignore[arg-type]
    ) == ("elders.unknown")
    own = {**them, "address": "192.0.2.1"}
    assert (
        refused(
            lambda: confirming.ask_code(world.other.elder_id, aunt, **own)  # type: ignore[arg-type]
        )
        == "elders.contact_unknown"
    )
    assert not owed("contact_code")


def test_a_number_taken_out_meanwhile_is_not_confirmed(world: World, aunt: int, now: datetime) -> None:
    code = ask(world, aunt, now)
    family_circle.remove_contact(world.elder_id, aunt, guardian_id=world.daughter_id, now=now)
    assert refused(lambda: enter(world, aunt, code, now)) == "elders.contact_unknown"


def test_a_landline_is_told_why_it_cannot_be_confirmed(world: World, aunt: int, now: datetime) -> None:
    landline = "+865921234567"
    with transaction():
        contact = db.session.get_one(Contact, aunt)
        contact.address = landline
        contact.address_index = box().blind(landline, place="contact.address")
    assert refused(lambda: ask(world, aunt, now)) == "elders.contact_landline"
    assert not owed("contact_code")


def test_signing_in_confirms_ones_own_number_and_no_other(world: World, aunt: int, now: datetime) -> None:
    phone, later = Phone(DAUGHTER_PHONE), now + timedelta(days=100)
    son_of(world, now)
    before = {contact.address: contact.confirmed_at for contact in contacts(world)}
    signing_in.ask_code(phone, address="192.0.2.1", language="zh-CN", now=later)
    db.session.rollback()
    found = re.search(r"\d{6}", last_body(DAUGHTER_PHONE))
    assert found
    signing_in.enter_code(phone, found[0], language="zh-CN", now=later)
    after = {contact.address: contact.confirmed_at for contact in contacts(world)}
    assert after == before | {DAUGHTER_PHONE: later}


def contacts(world: World) -> list[Contact]:
    db.session.rollback()
    question = sa.select(Contact).where(Contact.elder_id == world.elder_id).order_by(Contact.id)
    return list(db.session.scalars(question, execution_options={"populate_existing": True}))
