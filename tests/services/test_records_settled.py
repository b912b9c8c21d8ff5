"""Records at their station: confirmed, disputed, transferred, closed after a death, erased."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest
import sqlalchemy as sa

from tests.services.finders import next_day, refused
from tests.services.lookers import report
from tests.services.records_cast import AUNT_PHONE, colleague, deeds, elder, register, told
from tests.world import ELDER, World, every_row
from wristband.accounts.rules import Act, OfficerAccount, Role
from wristband.bands.models import Band
from wristband.bands.rules import BandEnd, BandForm, BandState
from wristband.db import db, transaction
from wristband.elders import at_station, search
from wristband.elders import erasing as erasing_rows
from wristband.elders.keeping import RecordReason, TransferEnd
from wristband.elders.models import ElderTransfer, Guardianship
from wristband.elders.queries import list_contacts, list_going_stale, list_guardians, list_invitations_to
from wristband.elders.readiness import CONFIRMED_LASTS
from wristband.elders.rules import ElderState, Particulars, Purpose
from wristband.incidents.models import Incident
from wristband.scans.openness import is_open
from wristband.services import (
    disputing,
    editing,
    erasing,
    family_circle,
    issuing,
    records_keeping,
    signing_in,
    transferring,
)
from wristband.values.phone import Phone


@pytest.fixture
def now(world: World) -> datetime:
    return next_day(world)


def hers(**changed: str) -> Particulars:
    return Particulars.of(today=date(2026, 11, 24), consents=set(Purpose), **{**ELDER, **changed})


def opens(world: World, now: datetime) -> None:
    records_keeping.open_record(world.elder_id, RecordReason.COUNTER, officer=world.officer, now=now)


# ---- confirmed


def test_a_confirmed_registration_is_believed_at_once(world: World, now: datetime) -> None:
    soon = world.now + timedelta(minutes=1)
    one = register(world, soon)
    assert not is_open(elder(one), now=soon)
    records_keeping.confirm(one, officer=world.officer, now=soon)
    records_keeping.confirm(one, officer=world.officer, now=soon)
    assert is_open(elder(one), now=soon)
    assert deeds(one).count("elder.confirmed") == 1
    assert len(told("record_changed", AUNT_PHONE)) == 1


# ---- disputed


def test_a_dispute_freezes_what_finders_see_and_never_the_police(world: World, now: datetime) -> None:
    disputing.open_dispute(world.elder_id, "弟弟说不是她照顾", officer=world.officer, now=now)
    assert not is_open(elder(world.elder_id), now=now)
    assert refused(lambda: records_keeping.confirm(world.elder_id, officer=world.officer, now=now)) == (
        "records.confirm_disputed"
    )
    incident_id = report(world.her.serial, now)
    assert db.session.get_one(Incident, incident_id).elder_id == world.elder_id
    disputing.settle(world.elder_id, "看过户口本", officer=world.officer, now=now)
    assert is_open(elder(world.elder_id), now=now)
    late = lambda: disputing.settle(world.elder_id, "再来", officer=world.officer, now=now)  # noqa: E731
    assert refused(late) == "records.dispute_over"


def test_an_officer_settles_a_guardians_objection_to_an_erasure(world: World, now: datetime) -> None:
    son = second_guardian(world, now)
    erasing.ask(world.elder_id, ELDER["name"], guardian_id=world.daughter_id, now=now)
    erasing.object_to(world.elder_id, guardian_id=son, now=now)
    disputing.settle(world.elder_id, "两人谈好了", officer=world.officer, now=now)
    assert elder(world.elder_id).disputed_at is None


def second_guardian(world: World, now: datetime) -> int:
    guardian_id = signing_in.join(Phone(AUNT_PHONE), language="zh-CN", now=now)
    family_circle.invite(world.elder_id, Phone(AUNT_PHONE), guardian_id=world.daughter_id, now=now)
    (invitation, _), *_ = list_invitations_to(guardian_id, now=now)
    family_circle.accept(invitation.id, name="儿子", relation="child", guardian_id=guardian_id, now=now)
    return guardian_id


def test_a_guardian_is_sent_away_by_two_officers_and_hears_of_it(world: World, now: datetime) -> None:
    son, me, other = second_guardian(world, now), world.officer, colleague(world)
    ask = lambda: disputing.ask_removal(world.elder_id, son, "不是亲属", officer=me, now=now)  # noqa: E731
    assert refused(ask) == "records.removal_undisputed"
    disputing.open_dispute(world.elder_id, "女儿说不认识他", officer=me, now=now)
    ask()
    ask()
    (removal,) = at_station.list_removals(world.elder_id)
    settle = lambda: disputing.settle(world.elder_id, "好了", officer=me, now=now)  # noqa: E731
    assert refused(settle) == "records.removal_waits"

    def decide(officer: OfficerAccount, agreed: bool) -> None:
        disputing.decide_removal(world.elder_id, removal.id, agreed=agreed, officer=officer, now=now)

    assert refused(lambda: decide(me, True)) == "records.removal_own"
    assert refused(lambda: decide(world.stranger, True)) == "records.unknown"
    decide(other, True)
    assert refused(lambda: decide(other, True)) == "records.removal_over"
    assert [guardian.id for _, guardian in list_guardians(world.elder_id)] == [world.daughter_id]
    assert [contact.guardian_id for contact in list_contacts(world.elder_id)] == [world.daughter_id]
    assert any("取消了一位监护人" in body for body in told("record_changed", AUNT_PHONE))


def test_the_last_guardian_is_sent_away_by_nobody(world: World, now: datetime) -> None:
    disputing.open_dispute(world.elder_id, "有人来说", officer=world.officer, now=now)
    disputing.ask_removal(world.elder_id, world.daughter_id, "不是亲属", officer=world.officer, now=now)
    (removal,) = at_station.list_removals(world.elder_id)
    decide = lambda: disputing.decide_removal(  # noqa: E731
        world.elder_id, removal.id, agreed=True, officer=colleague(world), now=now
    )
    assert refused(decide) == "records.removal_last"
    assert db.session.scalar(sa.select(Guardianship.ended_at)) is None


# ---- transferred


def test_a_record_goes_to_another_station_when_that_one_takes_it(world: World, now: datetime) -> None:
    transferring.offer(world.elder_id, world.other_station_id, officer=world.officer, now=now)
    again = lambda: transferring.offer(  # noqa: E731
        world.elder_id, world.other_station_id, officer=world.officer, now=now
    )
    assert refused(again) == "records.transfer_offered"
    assert elder(world.elder_id).station_id == world.station_id
    assert [offered.id for _, offered, _ in at_station.list_offers(station_id=world.other_station_id)] == [
        world.elder_id
    ]
    transferring.take(world.elder_id, officer=world.stranger, now=now)
    transferring.take(world.elder_id, officer=world.stranger, now=now)
    assert elder(world.elder_id).station_id == world.other_station_id
    assert deeds(world.elder_id)[-2:] == ["transfer.offered", "elder.transferred"]
    assert refused(lambda: opens(world, now)) == "records.unknown"


@pytest.mark.parametrize("ours", [True, False])
def test_an_offer_is_taken_back_or_declined(world: World, now: datetime, ours: bool) -> None:
    transferring.offer(world.elder_id, world.other_station_id, officer=world.officer, now=now)
    transferring.decline(world.elder_id, officer=world.officer if ours else world.stranger, now=now)
    row = db.session.scalars(sa.select(ElderTransfer)).one()
    assert row.end is (TransferEnd.TAKEN_BACK if ours else TransferEnd.DECLINED)
    take = lambda: transferring.take(world.elder_id, officer=world.stranger, now=now)  # noqa: E731
    assert refused(take) == "records.unknown"


# ---- death


def test_after_a_death_the_bands_are_off_and_the_family_is_left_in_peace(world: World, now: datetime) -> None:
    wrong = lambda: records_keeping.note_death(world.elder_id, "林秀", officer=world.officer, now=now)  # noqa: E731
    assert refused(wrong) == "records.name_differs"
    records_keeping.note_death(world.elder_id, ELDER["name"], officer=world.officer, now=now)
    assert db.session.get_one(Band, world.her.band_id).state is BandState.ENDED
    assert len(told("elder_deceased")) == 1
    make = lambda: issuing.issue(  # noqa: E731
        "a-form-after-her-death", world.elder_id, BandForm.CARD, guardian_id=world.daughter_id, now=now
    )
    assert refused(make) == "elders.deceased"
    stale = list_going_stale(now=world.now + CONFIRMED_LASTS, limit=10)
    assert [contact.elder_id for contact in stale] == [world.other.elder_id]
    incident_id = report(world.her.serial, now)
    assert db.session.get_one(Incident, incident_id).elder_id is None


def test_a_death_noted_by_mistake_is_taken_back_within_a_day(world: World, now: datetime) -> None:
    card = issuing.issue("a-form-before-it", world.elder_id, BandForm.CARD, guardian_id=world.daughter_id, now=now)
    issuing.end(card, BandEnd.LOST, guardian_id=world.daughter_id, now=now)
    records_keeping.note_death(world.elder_id, ELDER["name"], officer=world.officer, now=now)
    records_keeping.undo_death(world.elder_id, officer=world.officer, now=now + timedelta(hours=23))
    assert elder(world.elder_id).deceased_at is None
    states = {band.id: band.state for band in db.session.scalars(sa.select(Band))}
    assert (states[world.her.band_id], states[card]) == (BandState.ACTIVE, BandState.ENDED)


def test_a_death_is_not_taken_back_after_a_day(world: World, now: datetime) -> None:
    records_keeping.note_death(world.elder_id, ELDER["name"], officer=world.officer, now=now)
    undo = lambda: records_keeping.undo_death(  # noqa: E731
        world.elder_id, officer=world.officer, now=now + timedelta(hours=25)
    )
    assert refused(undo) == "records.death_undo_late"


def test_no_death_is_noted_while_an_incident_is_open(world: World, now: datetime) -> None:
    report(world.her.serial, now)
    note = lambda: records_keeping.note_death(  # noqa: E731
        world.elder_id, ELDER["name"], officer=world.officer, now=now
    )
    assert refused(note) == "records.death_incident_open"


# ---- erased


def test_of_an_erased_record_nothing_is_found_and_no_word_is_left(world: World, now: datetime) -> None:
    editing.edit_at_counter(world.elder_id, hers(name="林秀云"), seen=world.now, officer=world.officer, now=now)
    disputing.open_dispute(world.elder_id, "弟弟不同意", officer=world.officer, now=now)
    with transaction():
        erasing_rows.erase(world.elder_id, now=now)
    assert search.find_by_name("林秀云", station_id=world.station_id, now=now) == []
    assert elder(world.elder_id).name_index is None
    kept = every_row()
    assert {row["before"] for row in kept["elder_change"]} == {None}
    assert {(row["words"], row["settlement"]) for row in kept["elder_dispute"]} == {(None, None)}
    assert elder(world.elder_id).state is ElderState.ERASED


def test_who_supervises_may_merge_and_an_officer_may_not(world: World) -> None:
    leader = colleague(world, "leader", Role.SUPERVISOR)
    assert Act.MERGE_RECORDS in leader.acts
    assert Act.MERGE_RECORDS not in world.officer.acts
