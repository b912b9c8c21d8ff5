"""Registering an elder: whole or not at all, once, and nothing that was not agreed to."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from tests.life import keep_photo, small_jpeg
from tests.photographs import encoded, portrait
from tests.together import raised, together
from tests.world import DAUGHTER_PHONE, ELDER, SON_PHONE, World, every_row, new_rows
from wristband.audit.models import AuditRow
from wristband.db import db
from wristband.elders import photos, queries
from wristband.elders.models import Consent, Contact, Elder, Guardianship, Photo
from wristband.elders.rules import (
    ELDERS_A_GUARDIAN,
    PHOTOS_A_GUARDIAN,
    REQUIRED,
    ElderState,
    Particulars,
    Purpose,
    text_sha256,
)
from wristband.errors import BadFields, BadValue, NotFound, TooMany
from wristband.house import house
from wristband.services import registration
from wristband.values.phone import Phone

MINUTE = timedelta(minutes=1)
KEY = "the-second-form-of-hers"
FATHER = {**ELDER, "name": "林国强", "called": "林伯伯", "sex": "male"}
ALL = frozenset(Purpose)


@pytest.fixture
def now(world: World) -> datetime:
    return world.now + MINUTE


def register(world: World, now: datetime, key: str = KEY, **other: Any) -> int:
    consents = other.pop("consents", ALL)
    given: dict[str, Any] = {
        "guardian_id": world.daughter_id,
        "guardian_name": "林家的女儿",
        "consents": consents,
        "photo_id": None,
        "station_id": world.station_id,
        "second_phone": None,
        "now": now,
    }
    particulars = Particulars.of(today=now.date(), consents=ALL, **FATHER)
    return registration.register(key, particulars, **{**given, **other})


# ---- whole


def test_an_elder_is_registered_with_everything_that_belongs_to_it(world: World, now: datetime) -> None:
    photo_id = keep_photo(world.daughter_id, small_jpeg(), now)
    before = every_row()
    elder_id = register(world, now, photo_id=photo_id, second_phone=Phone(SON_PHONE))
    assert new_rows(before) == {
        "elder": 1,
        "data_key": 1,
        "guardianship": 1,
        "contact": 2,
        "consent": 7,
        "audit_row": 9,
    }
    elder = queries.get_elder(elder_id, guardian_id=world.daughter_id)
    assert (elder.name, elder.called, elder.birth_year) == ("林国强", "林伯伯", "1943")
    assert elder.state is ElderState.PROVISIONAL
    assert (elder.station_id, elder.registered_at) == (world.station_id, now)
    kept = queries.find_portrait(elder_id)
    assert kept
    assert kept.id == photo_id


def test_an_elder_is_protected_by_a_name_and_two_consents_alone(world: World, now: datetime) -> None:
    elder_id = registration.register(
        KEY,
        Particulars.of(today=now.date(), consents=REQUIRED, name="林国强", relation="child"),
        guardian_id=world.daughter_id,
        guardian_name="林家的女儿",
        consents=REQUIRED,
        photo_id=None,
        station_id=None,
        second_phone=None,
        now=now,
    )
    elder = queries.get_elder(elder_id, guardian_id=world.daughter_id)
    assert (elder.called, elder.sex, elder.birth_year, elder.address, elder.approach, elder.health) == (None,) * 6
    assert [state.purpose for state in queries.consent_states(elder_id) if state.given] == [
        Purpose.SERVICE,
        Purpose.POLICE,
    ]


def test_the_family_is_called_in_order_its_own_confirmed_phone_first(world: World, now: datetime) -> None:
    elder_id = register(world, now, second_phone=Phone(SON_PHONE))
    contacts = queries.list_contacts(elder_id)
    assert [(one.address, one.calling_order, one.guardian_id, one.confirmed_at) for one in contacts] == [
        (DAUGHTER_PHONE, 1, world.daughter_id, now),
        (SON_PHONE, 2, None, None),
    ]


@pytest.mark.parametrize("extension", ["", "12"])
def test_a_second_phone_that_is_the_first_is_one_contact(world: World, now: datetime, extension: str) -> None:
    elder_id = register(world, now, second_phone=Phone(DAUGHTER_PHONE, extension))
    assert [contact.address for contact in queries.list_contacts(elder_id)] == [DAUGHTER_PHONE]


# ---- consents


def test_every_consent_is_kept_with_the_digest_of_its_words(world: World, now: datetime) -> None:
    elder_id = register(world, now)
    consents = db.session.scalars(sa.select(Consent).where(Consent.elder_id == elder_id)).all()
    assert {consent.purpose: consent.text_sha256 for consent in consents} == {
        purpose: text_sha256(purpose) for purpose in Purpose
    }
    assert {(one.guardian_id, one.given_at, one.withdrawn_at) for one in consents} == {(world.daughter_id, now, None)}
    given = db.session.scalars(
        sa.select(AuditRow.facts).where(AuditRow.deed == "consent.given", AuditRow.elder_id == elder_id)
    )
    assert sorted(str(facts["purpose"]) for facts in given) == sorted(Purpose)


@pytest.mark.parametrize("consents", [frozenset(), {Purpose.SERVICE}, {Purpose.POLICE}, ALL - {Purpose.SERVICE}])
def test_a_consent_nobody_gave_is_never_written_down(world: World, now: datetime, consents: set[Purpose]) -> None:
    before = every_row()
    with pytest.raises(BadFields) as refusal:
        register(world, now, consents=consents)
    assert {name: fault.code for name, fault in refusal.value.fields.items()} == {"consents": "elders.consent_needed"}
    assert every_row() == before


def test_a_photo_without_the_consent_to_print_it_is_refused(world: World, now: datetime) -> None:
    photo_id = keep_photo(world.daughter_id, small_jpeg(), now)
    before = every_row()
    with pytest.raises(BadFields) as refusal:
        register(world, now, photo_id=photo_id, consents=ALL - {Purpose.PORTRAIT})
    assert refusal.value.fields["consents"].code == "elders.portrait_without_consent"
    assert every_row() == before


# ---- absent


def _changed(before: dict[str, Any]) -> set[str]:
    after = every_row()
    return {name for name in after if after[name] != before[name]}


def test_a_strangers_photo_registers_nobody(world: World, now: datetime) -> None:
    theirs = keep_photo(world.neighbour_id, small_jpeg(), now)
    before = every_row()
    with pytest.raises(NotFound) as refusal:
        register(world, now, photo_id=theirs)
    assert refusal.value.code == "elders.photo_gone"
    assert _changed(before) == {"spent_budget"}


def test_a_photo_that_hangs_already_registers_nobody(world: World, now: datetime) -> None:
    photo_id = keep_photo(world.daughter_id, small_jpeg(), now)
    register(world, now, photo_id=photo_id)
    before = every_row()
    with pytest.raises(NotFound):
        register(world, now, "another-form", photo_id=photo_id)
    assert _changed(before) == {"spent_budget"}


@pytest.mark.parametrize("number", [1, 2**63, 10**30])
def test_a_station_or_photo_that_is_not_there_registers_nobody(world: World, now: datetime, number: int) -> None:
    before = every_row()
    with pytest.raises(NotFound) as refusal:
        register(world, now, station_id=number)
    assert refusal.value.code == "stations.unknown"
    with pytest.raises(NotFound):
        register(world, now, photo_id=number)
    assert _changed(before) == {"spent_budget"}


# ---- once


def test_the_same_form_twice_is_one_elder_and_the_second_time_changes_nothing(world: World, now: datetime) -> None:
    first = register(world, now)
    before = every_row()
    assert register(world, now + MINUTE) == first
    assert every_row() == before


def test_the_same_form_many_times_at_once_is_one_elder(app: Flask, world: World, now: datetime) -> None:
    answers = together(app, [lambda: register(world, now, second_phone=Phone(SON_PHONE))] * 4)
    assert raised(answers) == []
    assert len(set(answers)) == 1
    assert db.session.scalar(sa.select(sa.func.count(Elder.id))) == 3
    assert db.session.scalar(sa.select(sa.func.count(Guardianship.id))) == 3
    assert db.session.scalar(sa.select(sa.func.count(Contact.id))) == 4


def test_another_form_is_another_elder(world: World, now: datetime) -> None:
    assert register(world, now) != register(world, now, "another-form")


def test_the_key_of_one_family_is_not_the_key_of_another(world: World, now: datetime) -> None:
    first = register(world, now)
    other = register(world, now, guardian_id=world.neighbour_id)
    assert other != first
    assert queries.get_elder(other, guardian_id=world.neighbour_id)


def test_a_guardian_registers_so_many_a_day_and_no_more(world: World, now: datetime) -> None:
    # The cast's own registration was the first of them.
    for nth in range(ELDERS_A_GUARDIAN.burst - 1):
        register(world, now, f"form-{nth}")
    before = every_row()
    with pytest.raises(TooMany) as refusal:
        register(world, now, "one-form-more")
    assert refusal.value.code == "elders.registrations_spent"
    assert every_row() == before
    assert register(world, now, "form-0")  # which is there already


# ---- the neighbour


def test_the_neighbour_sees_nothing_of_a_new_elder(world: World, now: datetime) -> None:
    photo_id = keep_photo(world.daughter_id, small_jpeg(), now)
    elder_id = register(world, now, photo_id=photo_id)
    before = every_row()
    theirs = world.neighbour_id
    square = photos.Crop(0.2, 0.2, 0.3)
    another = keep_photo(theirs, small_jpeg(), now)
    for deed in (
        lambda: registration.portrait_bytes(elder_id, guardian_id=theirs),
        lambda: registration.face_bytes(elder_id, guardian_id=theirs),
        lambda: registration.adjust_crop(elder_id, square, guardian_id=theirs, now=now),
        lambda: registration.replace_portrait(elder_id, another, guardian_id=theirs, now=now),
    ):
        with pytest.raises(NotFound) as refusal:
            deed()
        assert refusal.value.code == "elders.unknown"
    assert new_rows(before) == {"photo": 1, "data_key": 1}


# ---- portraits


@pytest.fixture
def hung(world: World, now: datetime) -> int:
    """Her portrait."""
    photo_id = keep_photo(world.daughter_id, small_jpeg(), now)
    registration.replace_portrait(world.elder_id, photo_id, guardian_id=world.daughter_id, now=now)
    return photo_id


def test_a_kept_picture_is_cleaned_counted_and_sealed(world: World, now: datetime) -> None:
    before = every_row()
    given = encoded(portrait().resize((400, 500)), "JPEG")
    photo_id = registration.keep_photo(given, guardian_id=world.daughter_id, now=now)
    assert new_rows(before) == {"photo": 1, "data_key": 1, "spent_budget": 1}
    photo = queries.find_kept_photo(photo_id, guardian_id=world.daughter_id)
    assert photo
    assert (photo.elder_id, photo.kept_at) == (None, now)
    kept = house().files.read(place=registration.PHOTO_PLACE, row=photo_id)
    assert kept.startswith(b"\xff\xd8")
    assert queries.find_kept_photo(photo_id, guardian_id=world.neighbour_id) is None


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_what_is_no_picture_is_refused_and_costs_a_try(world: World, now: datetime) -> None:
    for _ in range(PHOTOS_A_GUARDIAN.burst):
        with pytest.raises(BadValue):
            registration.keep_photo(b"no picture", guardian_id=world.daughter_id, now=now)
    with pytest.raises(TooMany) as refusal:
        registration.keep_photo(b"no picture", guardian_id=world.daughter_id, now=now)
    assert refusal.value.code == "elders.photos_spent"
    assert db.session.scalar(sa.select(sa.func.count(Photo.id))) == 0


def test_a_new_portrait_replaces_the_old_which_is_kept(world: World, hung: int, now: datetime) -> None:
    photo_id = keep_photo(world.daughter_id, small_jpeg(), now)
    registration.replace_portrait(world.elder_id, photo_id, guardian_id=world.daughter_id, now=now + MINUTE)
    kept = queries.find_portrait(world.elder_id)
    assert kept
    assert kept.id == photo_id
    old = db.session.get_one(Photo, hung)
    assert (old.elder_id, old.replaced_at) == (world.elder_id, now + MINUTE)


def test_a_portrait_that_cannot_be_hung_leaves_the_old_one(world: World, hung: int, now: datetime) -> None:
    theirs = keep_photo(world.neighbour_id, small_jpeg(), now)
    before = every_row()
    for photo_id in (theirs, hung, 1):
        with pytest.raises(NotFound) as refusal:
            registration.replace_portrait(world.elder_id, photo_id, guardian_id=world.daughter_id, now=now)
        assert refusal.value.code == "elders.photo_gone"
    assert every_row() == before


def test_the_square_of_the_face_is_moved(world: World, hung: int, now: datetime) -> None:
    before = every_row()
    registration.adjust_crop(world.elder_id, photos.Crop(0.2, 0.3, 0.4), guardian_id=world.daughter_id, now=now)
    photo = db.session.get_one(Photo, hung)
    assert (photo.crop_left, photo.crop_top, photo.crop_size) == (0.2, 0.3, 0.4)
    assert new_rows(before) == {"audit_row": 1}


def test_her_own_family_sees_the_portrait_and_the_face(world: World, hung: int) -> None:
    assert registration.portrait_bytes(world.elder_id, guardian_id=world.daughter_id) == small_jpeg()
    assert registration.face_bytes(world.elder_id, guardian_id=world.daughter_id).startswith(b"\xff\xd8")


def test_where_no_portrait_hangs_none_is_shown_or_moved(world: World, now: datetime) -> None:
    for deed in (
        lambda: registration.portrait_bytes(world.elder_id, guardian_id=world.daughter_id),
        lambda: registration.face_bytes(world.elder_id, guardian_id=world.daughter_id),
        lambda: registration.adjust_crop(
            world.elder_id, photos.Crop(0.2, 0.2, 0.2), guardian_id=world.daughter_id, now=now
        ),
    ):
        with pytest.raises(NotFound) as refusal:
            deed()
        assert refusal.value.code == "elders.no_portrait"
