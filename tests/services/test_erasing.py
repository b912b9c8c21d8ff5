"""Erasing: asked, waited for, undone or objected to; then nothing is kept but ids, and a backup brings nothing back."""

from __future__ import annotations

import shutil
from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa
from flask import Flask

from tests.life import Lived, whole_journey
from tests.services.finders import deeds, next_day, owed, refused
from tests.services.keepsakes import place, reported
from tests.services.relatives import son_of
from tests.services.reports import close
from tests.together import together
from tests.world import DAUGHTER_PHONE, ELDER, World, destroyed_keys, every_row, new_reference
from wristband.audit import chain, queries
from wristband.bands.models import Band
from wristband.bands.rules import BandState
from wristband.db import db
from wristband.elders import tombstones
from wristband.elders.models import Consent, Contact, Elder, Erasure, Guardianship, Photo
from wristband.elders.queries import find_erasure, get_elder, list_elders
from wristband.elders.rules import ElderState, Purpose
from wristband.house import house
from wristband.incidents.models import Incident, Sighting
from wristband.outbox.models import Message
from wristband.outbox.rules import MessageState
from wristband.scans.models import Grant
from wristband.sealing import Erased, box
from wristband.services import consenting, erasing, purging, reaching, reporting

DAY = timedelta(hours=24)
SECOND = timedelta(seconds=1)


@pytest.fixture
def now(world: World) -> datetime:
    return next_day(world)


def ask(world: World, now: datetime, name: str = ELDER["name"], *, guardian_id: int | None = None) -> datetime:
    return erasing.ask(world.elder_id, name, guardian_id=guardian_id or world.daughter_id, now=now)


def purge(now: datetime) -> int:
    erased = sum(count for name, count in purging.purge(now=now) if name == "erased")
    db.session.rollback()
    db.session.expire_all()
    return erased


def is_erased(world: World) -> bool:
    db.session.expire_all()
    return db.session.get_one(Elder, world.elder_id).erased_at is not None


# ---- asked, undone


def test_her_name_has_to_be_typed_as_it_is_kept(world: World, now: datetime) -> None:
    before = every_row()
    for typed in ("林秀", "林秀英英", "陈美兰"):
        assert refused(lambda typed=typed: ask(world, now, typed)) == "elders.name_differs"
    assert refused(lambda: ask(world, now, " ")) == "elders.name_missing"
    assert every_row() == before
    ask(world, now, f" {ELDER['name']} ")


def test_alone_it_is_done_after_a_day_and_not_a_second_before(world: World, now: datetime) -> None:
    assert ask(world, now) == now + DAY
    assert purge(now + DAY - SECOND) == 0
    assert purge(now + DAY) == 1
    assert is_erased(world)


def test_asked_twice_the_first_stands(world: World, now: datetime) -> None:
    due_at = ask(world, now)
    assert ask(world, now + timedelta(hours=3)) == due_at
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Erasure)) == 1


def test_undone_in_time_nothing_is_erased_and_bands_have_worked_all_the_while(world: World, now: datetime) -> None:
    ask(world, now)
    assert reaching.tell_family(new_reference(), world.her.serial, language="en", low_trust=False, now=now)
    erasing.undo(world.elder_id, guardian_id=world.daughter_id, now=now + DAY - SECOND)
    assert purge(now + DAY) == 0
    assert not is_erased(world)
    assert {"erasure.asked", "erasure.undone"} <= set(deeds(world.elder_id))


def test_a_stranger_neither_asks_nor_undoes_nor_objects(world: World, now: datetime) -> None:
    ask(world, now)
    stranger = {"guardian_id": world.neighbour_id, "now": now}
    assert refused(lambda: ask(world, now, guardian_id=world.neighbour_id)) == "elders.unknown"
    assert refused(lambda: erasing.undo(world.elder_id, **stranger)) == "elders.unknown"
    assert refused(lambda: erasing.object_to(world.elder_id, **stranger)) == "elders.unknown"
    assert refused(lambda: erasing.end_objection(world.elder_id, **stranger)) == "elders.unknown"


def test_an_open_incident_keeps_her_until_it_is_closed(world: World, now: datetime) -> None:
    _, incident_id = reported(world, now)
    assert refused(lambda: ask(world, now)) == "elders.erase_incident_open"
    close(world, incident_id, now)
    ask(world, now)
    _, later = reported(world, now + timedelta(hours=1))
    assert purge(now + DAY) == 0
    close(world, later, now + DAY)
    assert purge(now + DAY + SECOND) == 1


def test_she_is_told_herself_so_that_nobody_asks_in_her_stead_unseen(world: World, now: datetime) -> None:
    ask(world, now)
    assert [message.recipient for message in owed("erasure_yours")] == [DAUGHTER_PHONE]
    assert owed("erasure_asked") == []


def test_undone_in_the_moment_it_is_due_it_is_either_undone_or_done(app: Flask, world: World, now: datetime) -> None:
    ask(world, now)
    due = now + DAY
    together(
        app,
        [
            lambda: erasing.undo(world.elder_id, guardian_id=world.daughter_id, now=due),
            lambda: list(purging.purge(now=due)),
        ],
    )
    done = {"erasure.undone", "elder.erased"} & set(deeds(world.elder_id))
    assert len(done) == 1
    assert is_erased(world) == (done == {"elder.erased"})


# ---- the other guardian


def test_with_another_guardian_it_waits_three_days_and_he_is_told(world: World, now: datetime) -> None:
    son_of(world, now)
    assert ask(world, now) == now + 3 * DAY
    assert len(owed("erasure_asked")) == 1
    assert purge(now + 3 * DAY - SECOND) == 0
    assert purge(now + 3 * DAY) == 1
    assert len(owed("elder_erased")) == 2


def test_his_objection_stops_it_and_shuts_what_finders_see(world: World, now: datetime) -> None:
    son_id = son_of(world, now)
    ask(world, now)
    erasing.object_to(world.elder_id, guardian_id=son_id, now=now)
    elder = get_elder(world.elder_id, guardian_id=son_id)
    assert elder.disputed_at == now
    assert find_erasure(world.elder_id) is None
    assert len(owed("erasure_objected")) == 1
    assert purge(now + 30 * DAY) == 0
    assert refused(lambda: ask(world, now)) == "elders.erase_disputed"


def test_only_who_objected_says_that_they_agree_again(world: World, now: datetime) -> None:
    son_id = son_of(world, now)
    ask(world, now)
    erasing.object_to(world.elder_id, guardian_id=son_id, now=now)
    mine = {"guardian_id": world.daughter_id, "now": now}
    assert refused(lambda: erasing.end_objection(world.elder_id, **mine)) == "elders.objection_not_yours"
    erasing.end_objection(world.elder_id, guardian_id=son_id, now=now)
    assert get_elder(world.elder_id, guardian_id=son_id).disputed_at is None
    ask(world, now)


def test_nobody_objects_to_her_own_wish_or_undoes_anothers(world: World, now: datetime) -> None:
    son_id = son_of(world, now)
    ask(world, now)
    mine = {"guardian_id": world.daughter_id, "now": now}
    assert refused(lambda: erasing.object_to(world.elder_id, **mine)) == "elders.erase_yours"
    his = {"guardian_id": son_id, "now": now}
    assert refused(lambda: erasing.undo(world.elder_id, **his)) == "elders.erase_not_yours"
    erasing.undo(world.elder_id, **mine)
    assert refused(lambda: erasing.object_to(world.elder_id, **his)) == "elders.erase_over"


# ---- what is left


@pytest.fixture
def lived(world: World) -> Lived:
    """A whole journey with portrait, places and officers' words; its bands and incident are over."""
    return whole_journey(world)


def test_nothing_of_her_can_be_opened_any_more(world: World, lived: Lived) -> None:
    now = world.now + timedelta(days=2)
    name = {"guardian_id": world.daughter_id, "now": now}
    erasing.ask(lived.elder_id, ELDER["name"], **name)
    sealed_before = db.session.get_one(Elder, lived.elder_id).name_sealed
    assert purge(now + DAY) == 1
    elder = db.session.get_one(Elder, lived.elder_id)
    assert (elder.state, elder.erased_at, elder.name, elder.name_sealed) == (
        ElderState.ERASED,
        now + DAY,
        "已删除",
        "",
    )
    assert [elder.called, elder.birth_year, elder.sex, elder.address, elder.approach, elder.health] == [None] * 6
    with pytest.raises(Erased):
        box().open(sealed_before, place="elder.name", row=lived.elder_id)
    assert not db.session.scalars(sa.select(Photo).where(Photo.elder_id == lived.elder_id)).all()
    assert not list((house().settings.data_dir).glob("**/*.sealed"))


def test_of_the_past_only_ids_and_times_stay(world: World, lived: Lived) -> None:
    now = world.now + timedelta(days=2)
    erasing.ask(lived.elder_id, ELDER["name"], guardian_id=world.daughter_id, now=now)
    purge(now + DAY)
    hers = {"elder_id": lived.elder_id}
    assert not db.session.scalars(sa.select(Contact).filter_by(**hers)).all()
    assert all(link.ended_at for link in db.session.scalars(sa.select(Guardianship).filter_by(**hers)))
    assert all(consent.withdrawn_at for consent in db.session.scalars(sa.select(Consent).filter_by(**hers)))
    bands = db.session.scalars(sa.select(Band).filter_by(**hers)).all()
    assert {(band.state, band.check_code_sealed, band.photo_id) for band in bands} == {(BandState.ENDED, None, None)}
    messages = db.session.scalars(sa.select(Message).filter_by(**hers)).all()
    assert {(message.recipient_sealed, message.body_sealed) for message in messages} == {("", None)}
    assert {message.state for message in messages} == {MessageState.STOPPED}
    incidents = db.session.scalars(sa.select(Incident).filter_by(**hers)).all()
    assert [incident.number[-4:-3] for incident in incidents] == ["-"]
    assert {(row.place_sealed, row.words_sealed) for row in db.session.scalars(sa.select(Sighting))} == {(None, None)}
    assert not db.session.scalars(sa.select(Grant).where(Grant.phone_sealed.is_not(None))).all()
    assert {lived.elder_id, *(incident.id for incident in incidents)} <= set(destroyed_keys())


def test_the_other_family_keeps_everything(world: World, now: datetime) -> None:
    other = {"guardian_id": world.neighbour_id}
    before = get_elder(world.other.elder_id, **other).name_sealed
    ask(world, now)
    purge(now + DAY)
    assert get_elder(world.other.elder_id, **other).name_sealed == before
    assert list_elders(guardian_id=world.neighbour_id)[0].name == "陈美兰"
    assert list_elders(guardian_id=world.daughter_id) == []


def test_her_bands_answer_like_unknown_ones_and_the_police_can_still_be_told(world: World, now: datetime) -> None:
    ask(world, now)
    purge(now + DAY)
    later, reference = now + 2 * DAY, new_reference()
    told = reaching.tell_family(reference, world.her.serial, language="en", low_trust=False, now=later)
    unknown = reaching.tell_family(new_reference(), "000000000000", language="en", low_trust=False, now=later)
    assert (told, unknown) == (None, None)
    reporting.report(new_reference(), world.her.serial, language="en", low_trust=False, now=later)
    incident = db.session.scalars(sa.select(Incident).order_by(Incident.id.desc())).first()
    assert incident is not None
    assert incident.elder_id is None


def test_a_finder_of_the_day_can_still_tell_the_police_a_place(world: World, now: datetime) -> None:
    ask(world, now)
    reference = new_reference()
    reaching.tell_family(reference, world.her.serial, language="en", low_trust=False, now=now + DAY - SECOND)
    purge(now + DAY)
    place(reference, now + DAY + SECOND)
    assert db.session.scalars(sa.select(Sighting)).one().words == "影剧院后门"
    purge(now + 10 * DAY)
    assert db.session.scalars(sa.select(Sighting)).one().words_sealed is None


def test_the_trail_is_whole_afterwards(world: World, now: datetime) -> None:
    ask(world, now)
    purge(now + DAY)
    before, rows = chain.START, list(queries.read_links())
    for link in rows:
        assert link.body is not None
        assert link.hash == chain.digest(link.i, before, link.body)
        before = link.hash
    assert "elder.erased" in deeds(world.elder_id)


def test_everybody_who_answered_for_her_is_told_without_a_word_about_her(world: World, now: datetime) -> None:
    ask(world, now)
    purge(now + DAY)
    (message,) = owed("elder_erased")
    assert message.elder_id is None
    assert message.body
    assert ELDER["name"] not in message.body


# ---- backups


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_an_old_backup_brings_nobody_back(world: World, now: datetime, engine_url: str) -> None:
    database = db.engine.url.database
    assert database
    _copy(database, f"{database}.backup")
    ask(world, now)
    purge(now + DAY)
    consenting.withdraw(world.other.elder_id, Purpose.HEALTH, guardian_id=world.neighbour_id, now=now)
    _copy(f"{database}.backup", database)
    assert not is_erased(world)
    purge(now + 2 * DAY)
    assert is_erased(world)
    other = db.session.get_one(Elder, world.other.elder_id)
    assert (other.health_sealed, other.name) == (None, "陈美兰")
    assert owed("elder_erased") == []
    before = every_row()
    purge(now + 2 * DAY)
    assert {name for name, rows in every_row().items() if rows != before[name]} == {"audit_row"}


def _copy(old: str, new: str) -> None:
    db.session.remove()
    with db.engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    db.engine.dispose()
    shutil.copyfile(old, new)


def test_a_tombstone_that_a_crash_has_left_unwritten_is_written_by_the_next_purge(world: World, now: datetime) -> None:
    ask(world, now)
    purge(now + DAY)
    path = house().settings.data_dir / tombstones.NAME
    whole = {(stone.kind, stone.id) for stone in tombstones.read(path)}
    assert whole == {("elder", world.elder_id)}
    path.unlink()
    purge(now + DAY)
    assert {(stone.kind, stone.id) for stone in tombstones.read(path)} == whole


def test_two_purges_at_once_erase_once(world: World, now: datetime) -> None:
    ask(world, now)
    first, second = purging.purge(now=now + DAY), purging.purge(now=now + DAY)
    assert next(first) == ("erased", 1)
    assert [count for name, count in second if name == "erased"] == []
    assert deeds(world.elder_id).count("elder.erased") == 1
