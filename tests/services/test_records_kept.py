"""Records at their station: found, listed, opened, edited."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from functools import partial

import pytest
import sqlalchemy as sa

from tests.services.finders import next_day, refused
from tests.services.records_cast import colleague, deeds, elder, register, told
from tests.world import DAUGHTER_PHONE, ELDER, World, every_row
from wristband import limits
from wristband.db import db, transaction
from wristband.elders import changes, search
from wristband.elders.keeping import OPEN_FOR, RecordReason, Standing
from wristband.elders.models import ElderChange
from wristband.elders.queries import list_guardians
from wristband.elders.readiness import CONFIRMED_LASTS
from wristband.elders.rules import Particulars, Purpose
from wristband.elders.search import Ready
from wristband.incidents.rules import LOOKS_AN_OFFICER
from wristband.services import (
    consenting,
    disputing,
    editing,
    erasing,
    family_circle,
    records_keeping,
    transferring,
)
from wristband.values.code import BandCode
from wristband.values.phone import Phone


@pytest.fixture
def now(world: World) -> datetime:
    return next_day(world)


def hers(**changed: str) -> Particulars:
    return Particulars.of(today=date(2026, 11, 24), consents=set(Purpose), **{**ELDER, **changed})


def opens(world: World, now: datetime, elder_id: int | None = None) -> None:
    chosen = elder_id or world.elder_id
    records_keeping.open_record(chosen, RecordReason.COUNTER, officer=world.officer, now=now)


# ---- found


@pytest.mark.parametrize("typed", ["林秀英", " 林秀英 ", "林 秀 英", "林\u3000秀英"])
def test_a_name_is_found_however_it_is_spaced(world: World, now: datetime, typed: str) -> None:
    found = search.find_by_name(typed, station_id=world.station_id, now=now)
    assert [(row.id, row.name) for row in found] == [(world.elder_id, "林某")]


@pytest.mark.parametrize("typed", ["林秀", "秀英", "林秀瑛", "%", "林秀英' OR 1=1 --"])
def test_a_part_of_a_name_or_another_spelling_finds_nobody(world: World, now: datetime, typed: str) -> None:
    assert search.find_by_name(typed, station_id=world.station_id, now=now) == []


def test_another_stations_elders_are_found_by_nobody_here(world: World, now: datetime) -> None:
    assert search.find_by_name("陈美兰", station_id=world.station_id, now=now) == []
    assert len(search.find_by_name("陈美兰", station_id=world.other_station_id, now=now)) == 1


def test_a_number_finds_whom_it_is_called_for(world: World, now: datetime) -> None:
    second = Phone("+8613800138006")
    family_circle.add_contact(world.elder_id, second, guardian_id=world.daughter_id, now=now)
    for phone in (Phone(DAUGHTER_PHONE), second):
        found = search.find_by_phone(phone, station_id=world.station_id, now=now)
        assert [row.id for row in found] == [world.elder_id]
    assert search.find_by_phone(Phone(DAUGHTER_PHONE), station_id=world.other_station_id, now=now) == []


def test_a_changed_name_is_found_by_the_new_one_alone(world: World, now: datetime) -> None:
    editing.edit_at_counter(world.elder_id, hers(name="林秀云"), seen=world.now, officer=world.officer, now=now)
    assert search.find_by_name("林秀英", station_id=world.station_id, now=now) == []
    assert len(search.find_by_name("林秀云", station_id=world.station_id, now=now)) == 1


def test_an_elder_of_no_station_is_found_by_every_one_and_taken_by_the_first(world: World, now: datetime) -> None:
    lonely = register(world, now, station_id=None, name="吴阿婆")
    for station_id in (world.station_id, world.other_station_id):
        found = search.find_by_name("吴阿婆", station_id=station_id, now=now)
        assert [(row.id, row.here) for row in found] == [(lonely, False)]
    transferring.take(lonely, officer=world.officer, now=now)
    assert elder(lonely).station_id == world.station_id
    assert refused(lambda: transferring.take(lonely, officer=world.stranger, now=now)) == "records.unknown"


def test_any_station_learns_whose_a_band_is_and_the_family_reads_it(world: World, now: datetime) -> None:
    worn = records_keeping.look_up_band(BandCode.from_serial(world.her.serial), officer=world.stranger, now=now)
    assert (worn.station_name, worn.elder_id) == ("大同派出所", world.elder_id)
    assert deeds(world.elder_id)[-1] == "band.looked_up"


def test_a_code_of_no_band_is_refused_and_counted(world: World, now: datetime) -> None:
    nobodys = BandCode.from_serial("000000000001")
    look_up = lambda: records_keeping.look_up_band(nobodys, officer=world.officer, now=now)  # noqa: E731
    assert refused(look_up) == "looks.no_such_band"


# ---- listed


def test_a_list_has_the_stations_records_and_no_other(world: World, now: datetime) -> None:
    mine = register(world, now)
    page = search.list_page(station_id=world.station_id, now=now)
    assert [row.id for row in page.rows] == [mine, world.elder_id]
    assert {row.name for row in page.rows} == {"林某"}


def test_pages_follow_each_other_without_a_gap(world: World, now: datetime) -> None:
    made = [register(world, now, name=f"林{number}") for number in "一二三"]
    first = search.list_page(station_id=world.station_id, now=now, limit=2)
    assert [row.id for row in first.rows] == [made[2], made[1]]
    second = search.list_page(station_id=world.station_id, now=now, limit=2, before=first.before)
    assert [row.id for row in second.rows] == [made[0], world.elder_id]
    assert second.before is None


@pytest.mark.parametrize("standing", list(Standing))
def test_each_standing_lists_its_own(world: World, now: datetime, standing: Standing) -> None:
    one = register(world, now, name="林一")
    if standing is Standing.DISPUTED:
        disputing.open_dispute(one, "弟弟不同意", officer=world.officer, now=now)
    elif standing is Standing.DECEASED:
        records_keeping.note_death(one, "林一", officer=world.officer, now=now)
    elif standing is Standing.WITHDRAWN:
        guardian_id = list_guardians(one)[0][1].id
        erasing.ask(one, "林一", guardian_id=guardian_id, officer=world.officer, now=now)
    elif standing is Standing.ACTIVE:
        records_keeping.confirm(one, officer=world.officer, now=now)
    page = search.list_page(station_id=world.station_id, now=now, standing=standing)
    rest = [world.elder_id] if standing is Standing.PROVISIONAL else []
    assert [row.id for row in page.rows] == [one, *rest]
    assert page.rows[0].standing is standing


def test_stale_numbers_and_what_is_lacking_are_filtered_by_the_familys_own_rules(world: World, now: datetime) -> None:
    def listed(ready: Ready, at: datetime) -> list[int]:
        return [row.id for row in search.list_page(station_id=world.station_id, now=at, ready=ready).rows]

    assert listed(Ready.STALE, now) == []
    assert listed(Ready.LACKING, now) == [world.elder_id]
    assert listed(Ready.READY, now) == []
    assert listed(Ready.STALE, world.now + CONFIRMED_LASTS + timedelta(days=1)) == [world.elder_id]


# ---- opened


def test_a_record_is_shut_until_it_is_opened_with_a_reason_and_shut_again_soon(world: World, now: datetime) -> None:
    me = world.officer
    assert refused(lambda: records_keeping.show(world.elder_id, officer=me, now=now)) == "records.shut"
    assert refused(lambda: records_keeping.open_record(world.elder_id, None, officer=me, now=now)) == (
        "records.reason_missing"
    )
    opens(world, now)
    shown = records_keeping.show(world.elder_id, officer=me, now=now)
    assert (shown.helpful.name, shown.revealed.address) == (ELDER["name"], ELDER["address"])
    late = now + OPEN_FOR + timedelta(seconds=1)
    assert refused(lambda: records_keeping.show(world.elder_id, officer=me, now=late)) == "records.shut"
    other = colleague(world)
    assert refused(lambda: records_keeping.show(world.elder_id, officer=other, now=now)) == "records.shut"


def test_every_showing_is_recorded_and_the_opening_told_once(world: World, now: datetime) -> None:
    opens(world, now)
    opens(world, now)
    for _ in range(2):
        records_keeping.show(world.elder_id, officer=world.officer, now=now)
    assert deeds(world.elder_id)[-4:] == ["record.opened"] * 2 + ["record.shown"] * 2
    assert len(told("record_opened")) == 1
    assert "大同派出所" in told("record_opened")[0]


def test_an_officer_who_opens_record_after_record_is_sent_to_a_supervisor(world: World, now: datetime) -> None:
    made = [register(world, now, name=f"林{number}") for number in range(5)]
    for _ in range(LOOKS_AN_OFFICER.burst - 1):  # the rest of what an hour allows, spent elsewhere
        with transaction():
            limits.spend(LOOKS_AN_OFFICER, world.officer.actor, now=now)
    opens(world, now, made[0])
    assert refused(lambda: opens(world, now, made[1])) == "looks.spent"
    opens(world, now, made[0])  # one that is open already costs nothing more


def test_another_stations_officer_opens_nothing(world: World, now: datetime) -> None:
    before = every_row()
    look = partial(records_keeping.open_record, reason=RecordReason.VERIFY, officer=world.stranger, now=now)
    assert refused(lambda: look(world.elder_id)) == "records.unknown"
    assert refused(lambda: look(12345)) == "records.unknown"
    assert every_row() == before


# ---- edited


def test_what_stood_there_before_is_kept_sealed_and_told(world: World, now: datetime) -> None:
    editing.edit_at_counter(
        world.elder_id, hers(address="新住址", health=""), seen=world.now, officer=world.officer, now=now
    )
    rows = changes.list_changes(world.elder_id)
    assert {(row.field, changes.before_of(row), row.actor) for row in rows} == {
        ("address", ELDER["address"], world.officer.actor),
        ("health", ELDER["health"], world.officer.actor),
    }
    stored = db.session.execute(sa.select(ElderChange.before_sealed)).scalars()
    assert all(text and ELDER["address"] not in text for text in stored)
    assert "改了" in told("record_changed")[0]


def test_a_guardians_own_change_is_in_the_same_history(world: World, now: datetime) -> None:
    editing.edit(
        world.elder_id, hers(called="阿嬷"), world.station_id, seen=world.now, guardian_id=world.daughter_id, now=now
    )
    (row,) = changes.list_changes(world.elder_id)
    assert (row.field, changes.before_of(row), row.actor) == (
        "called",
        ELDER["called"],
        f"guardian:{world.daughter_id}",
    )


def test_of_two_who_edit_at_once_the_second_is_told_and_nothing_is_lost(world: World, now: datetime) -> None:
    editing.edit_at_counter(world.elder_id, hers(called="阿嬷"), seen=world.now, officer=world.officer, now=now)
    before = every_row()
    late = lambda: editing.edit_at_counter(  # noqa: E731
        world.elder_id, hers(called="阿婆"), seen=world.now, officer=world.officer, now=now
    )
    assert refused(late) == "elders.changed_meanwhile"
    assert every_row() == before


def test_with_the_consent_for_health_goes_what_was_said_of_it_before(world: World, now: datetime) -> None:
    editing.edit_at_counter(world.elder_id, hers(health="每天吃药"), seen=world.now, officer=world.officer, now=now)
    consenting.withdraw(world.elder_id, Purpose.HEALTH, guardian_id=world.daughter_id, now=now)
    db.session.expire_all()
    assert [changes.before_of(row) for row in changes.list_changes(world.elder_id)] == [None]
