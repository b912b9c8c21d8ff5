"""Registering at the counter: whose number it is, and what stands afterwards."""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta
from functools import partial

import pytest
import sqlalchemy as sa

from tests.life import keep_photo, small_jpeg
from tests.services.finders import next_day, refused
from tests.services.records_cast import AUNT_PHONE, elder, told
from tests.world import DAUGHTER_PHONE, ELDER, World, every_row, last_body
from wristband.accounts.models import Guardian
from wristband.bands.models import Band
from wristband.bands.rules import BandForm
from wristband.db import db
from wristband.elders.models import Elder, Invitation
from wristband.elders.queries import (
    consented,
    find_portrait,
    list_contacts,
    list_elders,
    list_guardians,
    list_invitations_to,
)
from wristband.elders.rules import REQUIRED, ElderState, Particulars, Purpose
from wristband.errors import BadFields
from wristband.scans.openness import is_open
from wristband.services import counter, family_circle, issuing, signing_in
from wristband.values.phone import Phone

PHONE = Phone(AUNT_PHONE)


@pytest.fixture
def now(world: World) -> datetime:
    return next_day(world)


def ask(world: World, now: datetime, phone: Phone = PHONE) -> str:
    counter.ask_code(phone, officer=world.officer, now=now)
    code = re.search(r"\d{6}", last_body(phone.e164))
    assert code
    return code[0]


def register(
    world: World, now: datetime, *, confirmed: bool = True, key: str = "the-form-at-the-counter", **more: object
) -> int:
    given = {"consents": set(Purpose), "photo_id": None, "second_phone": None, **more}
    return counter.register(
        "the-form-at-the-counter",
        Particulars.of(today=date(2026, 11, 24), consents=set(Purpose), **ELDER),
        phone=PHONE,
        guardian_id=signing_in.join(PHONE, language="zh-CN", now=now),
        guardian_name="林家的姑姑",
        confirmed=confirmed,
        officer=world.officer,
        now=now,
        **given,  # type: ignore[arg-type]
    )


def test_the_code_that_is_read_out_confirms_the_number_for_this_officer(world: World, now: datetime) -> None:
    code = ask(world, now)
    assert "大同派出所" in last_body(AUNT_PHONE)
    assert not counter.is_confirmed(PHONE, officer=world.officer, now=now)
    counter.enter_code(PHONE, code, officer=world.officer, now=now)
    assert counter.is_confirmed(PHONE, officer=world.officer, now=now)
    assert not counter.is_confirmed(PHONE, officer=world.stranger, now=now)
    assert not counter.is_confirmed(PHONE, officer=world.officer, now=now + timedelta(minutes=11))


def test_a_wrong_code_a_late_one_and_another_officers_are_refused_alike(world: World, now: datetime) -> None:
    code = ask(world, now)
    enter = partial(counter.enter_code, PHONE)
    wrong = f"{(int(code) + 1) % 1_000_000:06}"
    assert refused(lambda: enter(wrong, officer=world.officer, now=now)) == "accounts.code_wrong"
    assert refused(lambda: enter(code, officer=world.stranger, now=now)) == "accounts.code_wrong"
    late = now + timedelta(minutes=11)
    assert refused(lambda: enter(code, officer=world.officer, now=late)) == "accounts.code_wrong"


def test_a_number_abroad_gets_no_code(world: World, now: datetime) -> None:
    ask_abroad = lambda: counter.ask_code(Phone("+12025550123"), officer=world.officer, now=now)  # noqa: E731
    assert refused(ask_abroad) == "phone.country_not_texted"


def test_a_number_gets_three_codes_and_then_waits(world: World, now: datetime) -> None:
    for _ in range(3):
        ask(world, now)
    assert refused(lambda: ask(world, now)) == "accounts.codes_spent"


def test_who_registers_at_the_counter_is_believed_at_once(world: World, now: datetime) -> None:
    elder_id = register(world, now)
    made = elder(elder_id)
    assert (made.state, made.station_id, made.name) == (ElderState.CONFIRMED, world.station_id, ELDER["name"])
    assert is_open(made, now=now)
    ((link, guardian),) = list_guardians(elder_id)
    assert (link.rank, guardian.phone, guardian.name) == (1, AUNT_PHONE, "林家的姑姑")
    assert all(consented(elder_id, purpose) for purpose in Purpose)
    (contact,) = list_contacts(elder_id)
    assert (contact.guardian_id, contact.confirmed_at) == (guardian.id, now)
    assert len(told("record_changed", AUNT_PHONE)) == 1


def test_a_number_that_was_not_confirmed_makes_nobody_a_guardian(world: World, now: datetime) -> None:
    elder_id = register(world, now, confirmed=False)
    assert list_guardians(elder_id) == []
    (contact,) = list_contacts(elder_id)
    assert (contact.address, contact.guardian_id, contact.confirmed_at) == (AUNT_PHONE, None, None)
    guardian_id = signing_in.join(PHONE, language="zh-CN", now=now)
    assert list_elders(guardian_id=guardian_id) == []
    ((invitation, _),) = list_invitations_to(guardian_id, now=now)
    family_circle.accept(invitation.id, name="林家的姑姑", relation="relative", guardian_id=guardian_id, now=now)
    assert [one.id for one in list_elders(guardian_id=guardian_id)] == [elder_id]


def test_a_slip_in_the_number_changes_no_strangers_name(world: World, now: datetime) -> None:
    stranger = db.session.get_one(Guardian, world.daughter_id).name
    counter.register(
        "a-slip-in-the-number",
        Particulars.of(today=date(2026, 11, 24), consents=set(Purpose), **ELDER),
        phone=Phone(DAUGHTER_PHONE),
        guardian_id=world.daughter_id,
        guardian_name="别人",
        consents=set(Purpose),
        photo_id=None,
        second_phone=None,
        confirmed=False,
        officer=world.officer,
        now=now,
    )
    assert db.session.get_one(Guardian, world.daughter_id, populate_existing=True).name == stranger


def test_the_same_form_twice_registers_one(world: World, now: datetime) -> None:
    first = register(world, now)
    before = every_row()
    assert register(world, now) == first
    assert every_row() == before


def test_without_the_consents_that_are_needed_nothing_is_kept(world: World, now: datetime) -> None:
    count = lambda: db.session.scalar(sa.select(sa.func.count()).select_from(Elder))  # noqa: E731
    before = count()
    with pytest.raises(BadFields):
        register(world, now, consents=set(Purpose) - REQUIRED)
    with pytest.raises(BadFields):
        register(world, now, consents=REQUIRED, photo_id=1)
    assert count() == before


def test_a_photograph_waits_for_the_form_though_the_number_is_typed_anew(world: World, now: datetime) -> None:
    before = signing_in.join(Phone("+8613800138008"), language="zh-CN", now=now)
    photo_id = keep_photo(before, small_jpeg(), now)
    guardian_id = signing_in.join(PHONE, language="zh-CN", now=now)
    assert counter.adopt_photo(photo_id, guardian_id=guardian_id)
    elder_id = register(world, now, photo_id=photo_id)
    portrait = find_portrait(elder_id)
    assert portrait is not None
    assert portrait.id == photo_id
    assert not counter.adopt_photo(photo_id, guardian_id=before)


def test_a_band_is_made_at_the_counter_for_the_stations_own_alone(world: World, now: datetime) -> None:
    elder_id = register(world, now, confirmed=False)
    make = partial(issuing.issue_at_counter, "a-band-made-at-the-counter")
    band_id = make(elder_id, BandForm.WRISTBAND, officer=world.officer, now=now)
    assert make(elder_id, BandForm.WRISTBAND, officer=world.officer, now=now) == band_id
    band = db.session.get_one(Band, band_id)
    assert (band.elder_id, band.issued_by) == (elder_id, world.officer.actor)
    theirs = lambda: make(elder_id, BandForm.CARD, officer=world.stranger, now=now)  # noqa: E731
    assert refused(theirs) == "records.unknown"


def test_an_invitation_is_for_the_number_that_was_said(world: World, now: datetime) -> None:
    register(world, now, confirmed=False)
    invitation = db.session.scalars(sa.select(Invitation)).one()
    assert invitation.phone == AUNT_PHONE
    assert len(told("guardian_invited", AUNT_PHONE)) == 1
