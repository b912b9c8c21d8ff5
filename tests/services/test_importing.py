"""Importing: looked through first, taken then, no row twice, whatever is sent again or killed."""

from __future__ import annotations

import csv
import io
from datetime import timedelta

import pytest
import sqlalchemy as sa

from tests.crafts.sheets import csv_of, headings, row
from tests.services.finders import refused
from tests.services.sheets import families, import_of, sent, supervisor, taken, work
from tests.world import DAUGHTER_PHONE, ELDER, World, every_row, new_rows
from wristband import clock
from wristband.accounts.models import Guardian
from wristband.accounts.rules import OfficerAccount
from wristband.db import db, transaction
from wristband.elders import erasing
from wristband.elders.models import Consent, Contact, Elder, Guardianship, Invitation
from wristband.elders.rules import ElderState, Purpose
from wristband.house import house
from wristband.outbox.models import Message
from wristband.services import importing, importing_rows, inviting, purging
from wristband.sheets import queries
from wristband.sheets.places import SHEET_PLACE
from wristband.sheets.rules import ImportState


@pytest.fixture
def boss(world: World) -> OfficerAccount:
    return supervisor(world)


def newest() -> Elder:
    db.session.rollback()
    return db.session.scalars(sa.select(Elder).order_by(Elder.id.desc()).limit(1)).one()


def count(model: type) -> int:
    db.session.rollback()
    return db.session.scalar(sa.select(sa.func.count()).select_from(model)) or 0


def test_a_sheet_is_looked_through_and_nobody_is_registered(world: World, boss: OfficerAccount) -> None:
    before = every_row()
    one = import_of(sent(csv_of([headings(), row(), row(name="", phone="1")]), boss), boss)
    assert (one.state, one.rows, one.fit, one.known, one.refused) == (ImportState.CHECKED, 2, 1, 0, 1)
    assert set(new_rows(before)) <= {"sheet_import", "data_key", "audit_row", "spent_budget"}
    assert [(fault.number, fault.code) for fault in queries.told_of(one).faults] == [
        (3, "elders.name_missing"),
        (3, "phone.not_a_phone"),
    ]


def test_a_row_becomes_what_a_registration_is(world: World, boss: OfficerAccount) -> None:
    sheet = csv_of([headings(), row(health="对青霉素过敏", agreed_health="2026-11-02", second_phone="0592 201 0000")])
    one = taken(sheet, boss)
    assert (one.state, one.added) == (ImportState.DONE, 1)
    elder = newest()
    assert (elder.state, elder.station_id) == (ElderState.PROVISIONAL, world.station_id)
    assert (elder.name, elder.birth_year, elder.health) == ("黄水妹", "1943", "对青霉素过敏")
    contacts = db.session.scalars(sa.select(Contact).where(Contact.elder_id == elder.id).order_by(Contact.id)).all()
    assert [(contact.address, contact.confirmed_at) for contact in contacts] == [
        ("+8613800138007", None),
        ("+865922010000", None),
    ]
    consents = db.session.scalars(sa.select(Consent).where(Consent.elder_id == elder.id)).all()
    assert {consent.purpose: f"{consent.given_at:%Y-%m-%d}" for consent in consents} == {
        Purpose.SERVICE: "2026-11-01",
        Purpose.POLICE: "2026-11-01",
        Purpose.HEALTH: "2026-11-02",
    }


def test_a_number_on_paper_makes_nobody_a_guardian_before_its_owner_says_so(world: World, boss: OfficerAccount) -> None:
    links = count(Guardianship)
    taken(csv_of([headings(), row()]), boss)
    assert count(Guardianship) == links
    invitation = db.session.scalars(sa.select(Invitation)).one()
    assert (invitation.elder_id, invitation.phone) == (newest().id, "+8613800138007")


def test_a_family_that_has_an_account_keeps_it_and_its_name(world: World, boss: OfficerAccount) -> None:
    guardians = count(Guardian)
    taken(csv_of([headings(), row(phone=DAUGHTER_PHONE.removeprefix("+86"))]), boss)
    assert count(Guardian) == guardians
    assert db.session.get_one(Guardian, world.daughter_id).name == "林家的女儿"


def test_an_elder_who_is_registered_is_left_as_she_is(world: World, boss: OfficerAccount) -> None:
    her = row(name=f" {ELDER['name']} ", phone=DAUGHTER_PHONE, birth_year="", address="别的地址")
    before = count(Elder)
    one = import_of(sent(csv_of([headings(), her]), boss), boss)
    assert (one.fit, one.known) == (0, 1)
    importing.start(one.id, officer=boss, now=clock.now())
    work()
    assert count(Elder) == before
    assert db.session.get_one(Elder, world.elder_id).address == ELDER["address"]


def test_the_same_name_and_telephone_with_another_birth_year_is_another_elder(
    world: World, boss: OfficerAccount
) -> None:
    one = taken(csv_of([headings(), row(), row(birth_year="1951"), row(), row(name="黄 水妹")]), boss)
    assert (one.fit, one.known, one.added) == (2, 2, 2)


def test_one_telephone_may_stand_for_several_elders(world: World, boss: OfficerAccount) -> None:
    guardians = count(Guardian)
    assert taken(csv_of([headings(), row(), row(name="陈福")]), boss).added == 2
    assert count(Guardian) == guardians + 1


def test_a_sheet_taken_twice_adds_nobody(world: World, boss: OfficerAccount) -> None:
    assert taken(families(3), boss).added == 3
    before = count(Elder)
    again = taken(families(3), boss)
    assert (again.added, again.known) == (0, 3)
    assert count(Elder) == before


def test_who_was_erased_does_not_come_back_with_the_same_sheet(world: World, boss: OfficerAccount) -> None:
    taken(families(1), boss)
    elder_id = newest().id
    with transaction():
        erasing.erase(elder_id, now=clock.now())
    assert taken(families(1), boss).added == 0


def test_killed_in_the_middle_it_goes_on_where_it_was(world: World, boss: OfficerAccount) -> None:
    import_id = sent(csv_of([headings(), *[row(name=f"黄{n}", phone=f"1380013{n:04d}") for n in range(120)]]), boss)
    importing.start(import_id, officer=boss, now=clock.now())
    steps = importing_rows.go_on(clock.now())
    next(steps)
    db.session.rollback()
    del steps  # the worker is gone
    one = import_of(import_id, boss)
    assert (one.added, one.reached, one.state) == (50, 51, ImportState.IMPORTING)
    assert work() == 0  # a moment later it may still be alive
    work(clock.now() + timedelta(minutes=1))
    one = import_of(import_id, boss)
    assert (one.added, one.met, one.state) == (120, 0, ImportState.DONE)


def test_a_worker_that_was_thought_dead_writes_nothing_more(world: World, boss: OfficerAccount) -> None:
    import_id = sent(csv_of([headings(), *[row(name=f"黄{n}", phone=f"1380013{n:04d}") for n in range(120)]]), boss)
    importing.start(import_id, officer=boss, now=clock.now())
    slow = importing_rows.go_on(clock.now())
    next(slow)
    db.session.rollback()
    work(clock.now() + timedelta(minutes=1))
    before = every_row()
    assert list(slow) == []
    assert every_row() == before


def test_cancelled_what_is_taken_stays_and_the_file_goes(world: World, boss: OfficerAccount) -> None:
    import_id = sent(csv_of([headings(), *[row(name=f"黄{n}", phone=f"1380013{n:04d}") for n in range(120)]]), boss)
    importing.start(import_id, officer=boss, now=clock.now())
    steps = importing_rows.go_on(clock.now())
    next(steps)
    db.session.rollback()
    importing.cancel(import_id, officer=boss, now=clock.now())
    assert list(steps) == []
    one = import_of(import_id, boss)
    assert (one.added, one.state) == (50, ImportState.CANCELLED)
    assert refused(lambda: house().files.read(place=SHEET_PLACE, row=import_id)) == "files.gone"


def test_the_rows_not_taken_come_back_with_their_reasons(world: World, boss: OfficerAccount) -> None:
    import_id = sent(csv_of([headings(), row(), row(name="陈福", birth_year="2031")]), boss)
    table = csv.reader(io.StringIO(importing.refused_rows(import_id, officer=boss).decode("utf-8-sig")))
    head, bad = list(table)
    assert head[-2:] == ["第几行", "为什么没有采用"]
    assert bad[0] == "陈福"
    assert bad[-2] == "3"
    assert bad[-1].startswith("「出生年」：")


def test_another_station_sees_nothing_of_it(world: World, boss: OfficerAccount) -> None:
    import_id = sent(csv_of([headings(), row(), row(name="")]), boss)
    for deed in (importing.start, importing.cancel):
        assert refused(lambda deed=deed: deed(import_id, officer=world.stranger, now=clock.now())) == (
            "sheets.import_unknown"
        )
    assert refused(lambda: importing.refused_rows(import_id, officer=world.stranger)) == "sheets.import_unknown"


def test_families_are_texted_by_day_a_few_at_once_and_only_those_who_are_invited(
    world: World, boss: OfficerAccount
) -> None:
    taken(families(3), boss, invites=True)
    night = clock.now().replace(hour=17)  # one in the morning
    day = (night + timedelta(days=1)).replace(hour=2)  # ten in the morning
    before = count(Message)
    assert inviting.invite_due(night) == 0
    assert [inviting.invite_due(day) for _ in range(3)] == [2, 1, 0]
    assert count(Message) == before + 3


def test_without_invitations_nobody_is_texted(world: World, boss: OfficerAccount) -> None:
    before = count(Message)
    taken(families(2), boss)
    assert inviting.invite_due(clock.now().replace(hour=2)) == 0
    assert count(Message) == before


def test_after_a_week_file_words_and_key_are_gone(world: World, boss: OfficerAccount) -> None:
    import_id = sent(csv_of([headings(), row(), row(name="")]), boss)
    for _ in purging.purge(clock.now() + timedelta(days=8)):
        pass
    one = import_of(import_id, boss)
    assert (one.name, one.faults, one.state) == (None, None, ImportState.CANCELLED)
    assert refused(lambda: importing.refused_rows(import_id, officer=boss)) == "files.gone"
    assert refused(lambda: importing.start(import_id, officer=boss, now=clock.now())) == "sheets.moved_on"


def test_the_same_file_while_it_is_under_way_is_the_import_there_is(world: World, boss: OfficerAccount) -> None:
    first = importing.begin(families(1), "a.csv", invites=False, officer=boss, now=clock.now())
    assert importing.begin(families(1), "b.csv", invites=False, officer=boss, now=clock.now()) == first


def test_a_sheet_without_rows_is_refused_and_nothing_is_kept(world: World, boss: OfficerAccount) -> None:
    before = every_row()
    begin = lambda: importing.begin(csv_of([headings()]), "a.csv", invites=False, officer=boss, now=clock.now())  # noqa: E731
    assert refused(begin) == "sheets.no_rows"
    assert every_row() == before
