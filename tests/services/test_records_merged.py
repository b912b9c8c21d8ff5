"""Two records of one person become one, and two again within a day."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import partial

import pytest
import sqlalchemy as sa
from flask import Flask

from tests.life import keep_photo, small_jpeg
from tests.services.finders import next_day, refused
from tests.services.lookers import report
from tests.services.records_cast import AUNT_PHONE, colleague, deeds, elder, register, told
from tests.together import together
from tests.world import DAUGHTER_PHONE, World, every_row
from wristband.accounts.queries import find_guardian_by_phone
from wristband.accounts.rules import OfficerAccount, Role
from wristband.bands.models import Band
from wristband.bands.rules import BandForm
from wristband.db import db, transaction
from wristband.elders import at_station, search
from wristband.elders import erasing as erasing_rows
from wristband.elders.models import ElderMerge, Photo
from wristband.elders.queries import find_portrait, list_contacts, list_elders, list_guardians
from wristband.incidents.models import Incident
from wristband.services import disputing, family_circle, issuing, merging_elders, registration
from wristband.values.phone import Phone


@pytest.fixture
def now(world: World) -> datetime:
    return next_day(world)


@pytest.fixture
def leader(world: World) -> OfficerAccount:
    return colleague(world, "leader", Role.SUPERVISOR)


@pytest.fixture
def twin(world: World, now: datetime) -> int:
    """The same elder, registered a second time by an aunt."""
    return register(world, now)


def aunt(twin: int) -> int:
    return list_guardians(twin)[0][1].id


def band_of(elder_id: int, guardian_id: int, now: datetime) -> int:
    return issuing.issue("a-band-of-the-second-one", elder_id, BandForm.CARD, guardian_id=guardian_id, now=now)


def test_candidates_are_of_the_same_name_and_no_other_year_or_of_the_same_number(
    world: World, now: datetime, twin: int
) -> None:
    register(world, now, phone="+8613800138008", birth_year="1950")
    by_phone = register(world, now, phone="+8613800138009", name="林阿妹")
    family_circle.add_contact(by_phone, Phone(DAUGHTER_PHONE), guardian_id=aunt(by_phone), now=now)
    register(world, now, phone="+8613800138010", station_id=world.other_station_id)
    found = search.find_candidates(elder(world.elder_id), now=now)
    assert {row.id for row in found} == {twin, by_phone}


def test_the_one_that_goes_on_has_bands_family_and_numbers_of_both(
    world: World, now: datetime, twin: int, leader: OfficerAccount
) -> None:
    her_aunt = aunt(twin)
    card = band_of(twin, her_aunt, now)
    merging_elders.merge(twin, world.elder_id, officer=leader, now=now)
    db.session.expire_all()
    assert db.session.get_one(Band, card).elder_id == world.elder_id
    assert [guardian.id for _, guardian in list_guardians(world.elder_id)] == [world.daughter_id, her_aunt]
    assert [link.rank for link, _ in list_guardians(world.elder_id)] == [1, 2]
    assert [contact.address for contact in list_contacts(world.elder_id)] == [DAUGHTER_PHONE, AUNT_PHONE]
    assert [one.id for one in list_elders(guardian_id=her_aunt)] == [world.elder_id]
    assert [row.id for row in search.list_page(station_id=world.station_id, now=now).rows] == [world.elder_id]
    assert deeds(twin)[-1] == deeds(world.elder_id)[-1] == "elder.merged"
    assert len(told("record_changed", AUNT_PHONE)) == len(told("record_changed")) == 1


def test_what_both_have_is_there_once(world: World, now: datetime, leader: OfficerAccount) -> None:
    again = register(world, now, phone=DAUGHTER_PHONE)
    merging_elders.merge(again, world.elder_id, officer=leader, now=now)
    db.session.expire_all()
    assert [guardian.id for _, guardian in list_guardians(world.elder_id)] == [world.daughter_id]
    assert [contact.address for contact in list_contacts(world.elder_id)] == [DAUGHTER_PHONE]
    assert [one.id for one in list_elders(guardian_id=world.daughter_id)] == [world.elder_id]


def test_undone_each_has_again_what_was_its_own(world: World, now: datetime, twin: int, leader: OfficerAccount) -> None:
    card = band_of(twin, aunt(twin), now)
    incident_id = report(db.session.get_one(Band, card).serial, now)
    both = {one: (family(one), numbers(one)) for one in (twin, world.elder_id)}
    merging_elders.merge(twin, world.elder_id, officer=leader, now=now)
    assert db.session.get_one(Incident, incident_id, populate_existing=True).elder_id == world.elder_id
    (merge,) = at_station.list_merges(world.elder_id, now=now)
    merging_elders.undo(world.elder_id, merge.id, officer=leader, now=now + timedelta(hours=23))
    db.session.expire_all()
    assert {one: (family(one), numbers(one)) for one in (twin, world.elder_id)} == both
    assert db.session.get_one(Band, card).elder_id == twin
    assert db.session.get_one(Incident, incident_id).elder_id == twin
    undo = lambda: merging_elders.undo(world.elder_id, merge.id, officer=leader, now=now)  # noqa: E731
    assert refused(undo) == "records.undo_late"


def family(elder_id: int) -> list[int]:
    return [guardian.id for _, guardian in list_guardians(elder_id)]


def numbers(elder_id: int) -> list[str]:
    return [contact.address for contact in list_contacts(elder_id)]


def test_what_was_done_after_the_merge_stays_with_the_one_that_went_on(
    world: World, now: datetime, twin: int, leader: OfficerAccount
) -> None:
    merging_elders.merge(twin, world.elder_id, officer=leader, now=now)
    tag = issuing.issue("after-the-merge-it-was", world.elder_id, BandForm.KEY_TAG, guardian_id=aunt_now(), now=now)
    (merge,) = at_station.list_merges(world.elder_id, now=now)
    merging_elders.undo(world.elder_id, merge.id, officer=leader, now=now)
    assert db.session.get_one(Band, tag, populate_existing=True).elder_id == world.elder_id


def aunt_now() -> int:
    found = find_guardian_by_phone(Phone(AUNT_PHONE))
    assert found is not None
    return found.id


def test_after_a_day_nothing_is_undone(world: World, now: datetime, twin: int, leader: OfficerAccount) -> None:
    merging_elders.merge(twin, world.elder_id, officer=leader, now=now)
    row = db.session.scalars(sa.select(ElderMerge)).one()
    before = every_row()
    undo = lambda: merging_elders.undo(  # noqa: E731
        world.elder_id, row.id, officer=leader, now=now + timedelta(hours=24, seconds=1)
    )
    assert refused(undo) == "records.undo_late"
    assert every_row() == before


def test_two_open_incidents_are_settled_by_people_first(
    world: World, now: datetime, twin: int, leader: OfficerAccount
) -> None:
    card = band_of(twin, aunt(twin), now)
    report(world.her.serial, now)
    report(db.session.get_one(Band, card).serial, now)
    before = every_row()
    merge = lambda: merging_elders.merge(twin, world.elder_id, officer=leader, now=now)  # noqa: E731
    assert refused(merge) == "records.merge_incidents"
    assert every_row() == before


def test_a_disputed_record_and_another_stations_are_merged_with_nothing(
    world: World, now: datetime, twin: int, leader: OfficerAccount
) -> None:
    disputing.open_dispute(twin, "姑姑不是亲属", officer=leader, now=now)
    merge = lambda: merging_elders.merge(twin, world.elder_id, officer=leader, now=now)  # noqa: E731
    assert refused(merge) == "records.merge_disputed"
    theirs = lambda: merging_elders.merge(world.other.elder_id, world.elder_id, officer=leader, now=now)  # noqa: E731
    assert refused(theirs) == "records.unknown"
    itself = lambda: merging_elders.merge(world.elder_id, world.elder_id, officer=leader, now=now)  # noqa: E731
    assert refused(itself) == "records.merge_itself"


def test_of_two_who_merge_each_into_the_other_one_wins(
    app: Flask, world: World, now: datetime, twin: int, leader: OfficerAccount
) -> None:
    one = partial(merging_elders.merge, twin, world.elder_id, officer=leader, now=now)
    other = partial(merging_elders.merge, world.elder_id, twin, officer=leader, now=now)
    answers = together(app, [one, other])
    assert sum(isinstance(answer, Exception) for answer in answers) == 1
    assert db.session.scalar(sa.select(sa.func.count()).select_from(ElderMerge)) == 1


def test_a_photograph_goes_along_so_that_a_consent_withdrawn_reaches_it(
    world: World, now: datetime, twin: int, leader: OfficerAccount
) -> None:
    her_aunt = aunt(twin)
    photo_id = keep_photo(her_aunt, small_jpeg(), now)
    registration.replace_portrait(twin, photo_id, guardian_id=her_aunt, now=now)
    merging_elders.merge(twin, world.elder_id, officer=leader, now=now)
    portrait = find_portrait(world.elder_id)
    assert portrait is not None
    assert portrait.id == photo_id


def test_with_the_one_that_went_on_goes_what_was_merged_into_it(
    world: World, now: datetime, twin: int, leader: OfficerAccount
) -> None:

    merging_elders.merge(twin, world.elder_id, officer=leader, now=now)
    with transaction():
        erasing_rows.erase(world.elder_id, now=now)
    assert elder(twin).erased_at is not None
    assert elder(twin).name == "已删除"
    assert db.session.scalars(sa.select(Photo)).all() == []
