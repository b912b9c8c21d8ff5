"""Looking: what an officer sees of an elder, and that neither trail nor family ever misses it."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import fields
from datetime import datetime, timedelta
from itertools import product

import pytest
import sqlalchemy as sa

from tests.services.finders import owed, refused
from tests.services.lookers import glass, looks, report, with_portrait
from tests.world import DAUGHTER_PHONE, ELDER, World, every_row
from wristband.accounts.rules import OfficerAccount
from wristband.db import db
from wristband.elders.models import Contact, Elder
from wristband.elders.opened import UNREADABLE
from wristband.elders.photos import PHOTO_PLACE
from wristband.elders.rules import ElderState, Sex
from wristband.errors import TooMany
from wristband.house import house
from wristband.incidents.models import Incident
from wristband.incidents.records import ElderToHelp, ElderToMeet, Revealed
from wristband.incidents.rules import Disposition, IncidentState
from wristband.scans.levels import Reason
from wristband.services import handling, looking

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)


@pytest.fixture
def now(world: World) -> datetime:
    return world.now + MINUTE


@pytest.fixture
def incident_id(world: World, now: datetime) -> int:
    """Hers, beside the neighbour's and an unknown one."""
    report(world.other.serial, now)
    mine = report(world.her.serial, now)
    report(None, now)
    return mine


@pytest.fixture
def accepted_id(world: World, incident_id: int, now: datetime) -> int:
    """The same, accepted by her own station."""
    accept(incident_id, world.officer, now)
    return incident_id


def accept(incident_id: int, officer: OfficerAccount, now: datetime) -> None:
    handling.move(incident_id, IncidentState.ACCEPTED, officer=officer, now=now)


def close(incident_id: int, officer: OfficerAccount, now: datetime) -> None:
    handling.move(incident_id, IncidentState.CLOSED, officer=officer, disposition=Disposition.AT_STATION, now=now)


# ---- the first level


def test_an_officer_with_the_incident_sees_what_helps_and_no_address_or_number(
    world: World, incident_id: int, now: datetime
) -> None:
    seen = looking.look(incident_id, officer=world.officer, now=now)
    assert seen == ElderToHelp(
        name=ELDER["name"],
        called=ELDER["called"],
        sex=Sex.FEMALE,
        birth_year=1943,
        approach=ELDER["approach"],
        health=ELDER["health"],
        state=ElderState.PROVISIONAL,
        has_portrait=False,
    )
    assert {field.name for field in fields(ElderToHelp)}.isdisjoint({"address", "phones"})


def test_the_look_is_on_the_trail_with_its_fields_and_the_family_is_told_without_a_sensitive_word(
    world: World, incident_id: int, now: datetime
) -> None:
    looking.look(incident_id, officer=world.officer, now=now)
    (look,) = looks()
    assert (look.actor, look.subject, look.elder_id) == (
        world.officer.actor,
        f"incident:{incident_id}",
        world.elder_id,
    )
    assert look.facts == {"fields": "age approach called health name sex"}
    (message,) = owed("officer_looked")
    assert message.recipient == DAUGHTER_PHONE
    body = message.body or ""
    assert "大同派出所" in body
    assert not [word for word in (*ELDER.values(), "officer") if word in body]


def test_every_look_is_another_row_and_one_message_an_officer(world: World, incident_id: int, now: datetime) -> None:
    for minute in range(3):
        looking.look(incident_id, officer=world.officer, now=now + minute * MINUTE)
    assert len(looks()) == 3
    assert len(owed("officer_looked")) == 1


def test_the_portrait_is_shown_and_that_is_recorded_too(world: World, incident_id: int, now: datetime) -> None:
    photo_id, jpeg = with_portrait(world, now)
    assert looking.portrait_bytes(incident_id, officer=world.officer, now=now) == jpeg
    (look,) = looks()
    assert (look.elder_id, look.facts) == (world.elder_id, {"fields": "portrait", "photo": photo_id})
    assert len(owed("officer_looked")) == 1
    seen = looking.look(incident_id, officer=world.officer, now=now)
    assert seen
    assert seen.has_portrait


def test_where_there_is_no_portrait_none_is_shown(world: World, incident_id: int, now: datetime) -> None:
    said = refused(lambda: looking.portrait_bytes(incident_id, officer=world.officer, now=now))
    assert said == "elders.no_portrait"
    assert looks() == []


def test_of_an_unknown_band_there_is_nobody_to_see(world: World, now: datetime) -> None:
    nobodys = report(None, now)
    assert looking.look(nobodys, officer=world.officer, now=now) is None
    assert [look.elder_id for look in looks()] == [None]
    said = refused(lambda: looking.reveal(nobodys, Reason.REACH, officer=world.officer, now=now))
    assert said == "looks.nobody"


# ---- what an incident opens, and to whom


def _shown(world: World, incident_id: int, officer: OfficerAccount, now: datetime) -> list[Callable[[], object]]:
    return [
        lambda: looking.look(incident_id, officer=officer, now=now),
        lambda: looking.portrait_bytes(incident_id, officer=officer, now=now),
        lambda: looking.reveal(incident_id, Reason.REACH, officer=officer, now=now),
    ]


def test_another_stations_officer_sees_nothing_and_leaves_no_row(world: World, incident_id: int, now: datetime) -> None:
    before = every_row()
    for wanted in (incident_id, 1, 2**70):
        for deed in _shown(world, wanted, world.stranger, now):
            assert refused(deed) == "incidents.unknown"
    assert every_row() == before


def test_a_day_after_it_was_closed_an_incident_opens_nothing(world: World, incident_id: int, now: datetime) -> None:
    with_portrait(world, now)
    close(incident_id, world.officer, now)
    look, portrait, reveal = _shown(world, incident_id, world.officer, now + 24 * HOUR - MINUTE)
    assert look()
    assert portrait()
    assert refused(reveal) == "looks.reveal_over"
    before = every_row()
    for deed in _shown(world, incident_id, world.officer, now + 24 * HOUR):
        assert refused(deed) == "looks.incident_over"
    assert every_row() == before


def test_an_incident_of_no_station_opens_its_record_to_the_station_that_accepts_it(
    world: World, incident_id: int, now: datetime
) -> None:
    with_portrait(world, now)
    with db.engine.begin() as connection:
        connection.execute(sa.update(Incident).where(Incident.id == incident_id).values(station_id=None))
    for officer in (world.officer, world.stranger):
        for deed in _shown(world, incident_id, officer, now):
            assert refused(deed) == "looks.accept_first"
    handling.move(incident_id, IncidentState.ACCEPTED, officer=world.stranger, now=now)
    for deed in _shown(world, incident_id, world.stranger, now):
        assert deed()
    assert refused(_shown(world, incident_id, world.officer, now)[0]) == "incidents.unknown"


@pytest.fixture
def moved_id(world: World, incident_id: int, now: datetime) -> int:
    """Hers, brought to another station's desk by a place that a finder told beside it."""
    with db.engine.begin() as connection:
        values = {"station_id": world.other_station_id}
        connection.execute(sa.update(Incident).where(Incident.id == incident_id).values(**values))
    with_portrait(world, now)
    return incident_id


def test_another_station_sees_before_it_accepts_only_how_to_meet_the_elder(
    world: World, moved_id: int, now: datetime
) -> None:
    look, portrait, reveal = _shown(world, moved_id, world.stranger, now)
    assert look() == ElderToMeet(
        called=ELDER["called"], approach=ELDER["approach"], state=ElderState.PROVISIONAL, has_portrait=True
    )
    assert {field.name for field in fields(ElderToMeet)} == {"called", "approach", "state", "has_portrait"}
    assert portrait()
    assert [row.facts["fields"] for row in looks()] == ["approach called", "portrait"]
    before = every_row()
    assert refused(reveal) == "looks.accept_to_reveal"
    assert every_row() == before
    (message,) = owed("officer_looked")
    assert "祥平派出所" in (message.body or "")


def test_another_station_that_has_accepted_sees_what_helps_and_the_family_hears_which(
    world: World, moved_id: int, now: datetime
) -> None:
    accept(moved_id, world.stranger, now)
    assert isinstance(looking.look(moved_id, officer=world.stranger, now=now), ElderToHelp)
    assert looking.reveal(moved_id, Reason.ESCORT, officer=world.stranger, now=now).address == ELDER["address"]
    for wording in ("incident_accepted", "officer_looked", "officer_revealed"):
        (message,) = owed(wording)
        assert "祥平派出所" in (message.body or "")


def test_closing_what_it_never_accepted_opens_nothing_to_another_station(
    world: World, moved_id: int, now: datetime
) -> None:
    close(moved_id, world.stranger, now)
    before = every_row()
    for deed in _shown(world, moved_id, world.stranger, now):
        assert refused(deed) == "looks.not_handled"
    assert every_row() == before


def test_after_the_end_the_station_that_handled_it_sees_the_first_level_for_a_day_and_no_number(
    world: World, moved_id: int, now: datetime
) -> None:
    accept(moved_id, world.stranger, now)
    close(moved_id, world.stranger, now)
    look, portrait, reveal = _shown(world, moved_id, world.stranger, now + 23 * HOUR)
    assert isinstance(look(), ElderToHelp)
    assert portrait()
    assert refused(reveal) == "looks.reveal_over"
    assert refused(_shown(world, moved_id, world.officer, now)[0]) == "incidents.unknown"


def test_not_even_her_own_station_is_shown_address_and_numbers_before_it_accepts(
    world: World, incident_id: int, now: datetime
) -> None:
    before = every_row()
    said = refused(lambda: looking.reveal(incident_id, Reason.REACH, officer=world.officer, now=now))
    assert said == "looks.accept_to_reveal"
    assert every_row() == before


# ---- what does not open


def spoil(table: type[Elder] | type[Contact], row: int, *columns: str) -> None:
    """What is kept there is no seal of ours any more."""
    with db.engine.begin() as connection:
        spoiled = {f"{column}_sealed": "v1:x:y:z" for column in columns}
        connection.execute(sa.update(table).where(table.id == row).values(**spoiled))


def test_a_field_that_does_not_open_is_said_and_hides_no_other(world: World, accepted_id: int, now: datetime) -> None:
    (contact_id,) = db.session.scalars(sa.select(Contact.id).where(Contact.elder_id == world.elder_id))
    spoil(Elder, world.elder_id, "health", "birth_year", "address")
    spoil(Contact, contact_id, "address")
    seen = looking.look(accepted_id, officer=world.officer, now=now)
    assert isinstance(seen, ElderToHelp)
    assert (seen.health, seen.birth_year, seen.name) == (UNREADABLE, UNREADABLE, ELDER["name"])
    revealed = looking.reveal(accepted_id, Reason.REACH, officer=world.officer, now=now)
    assert revealed == Revealed(UNREADABLE, (), unreadable_phones=1)
    record = glass(world, now)
    assert (record.helpful, record.revealed) == (seen, revealed)
    assert len(looks("emergency.looked")) == 1


def test_of_an_elder_nothing_of_whom_opens_everything_is_still_answered(
    world: World, incident_id: int, now: datetime
) -> None:
    spoil(Elder, world.elder_id, "name", "called", "birth_year", "approach", "health", "address")
    seen = looking.look(incident_id, officer=world.officer, now=now)
    assert isinstance(seen, ElderToHelp)
    assert {seen.name, seen.called, seen.approach} == {UNREADABLE}
    assert glass(world, now).revealed.phones


def test_a_portrait_that_does_not_open_is_no_look_at_it(world: World, incident_id: int, now: datetime) -> None:
    photo_id, _ = with_portrait(world, now)
    house().files.remove(place=PHOTO_PLACE, row=photo_id)
    said = refused(lambda: looking.portrait_bytes(incident_id, officer=world.officer, now=now))
    assert said == "files.gone"
    assert looks() == []
    assert owed("officer_looked") == []


# ---- the reveal


def test_address_and_numbers_are_revealed_with_a_reason(world: World, accepted_id: int, now: datetime) -> None:
    revealed = looking.reveal(accepted_id, Reason.ESCORT, officer=world.officer, now=now)
    assert revealed.address == ELDER["address"]
    assert [phone.e164 for phone in revealed.phones] == [DAUGHTER_PHONE]
    assert {field.name for field in fields(Revealed)} == {"address", "phones", "unreadable_phones"}
    (row,) = looks("incident.revealed")
    assert (row.actor, row.elder_id, row.facts) == (
        world.officer.actor,
        world.elder_id,
        {"reason": "escort", "fields": "address phones"},
    )
    assert len(owed("officer_revealed")) == 1


def test_without_a_reason_nothing_is_revealed(world: World, accepted_id: int, now: datetime) -> None:
    before = every_row()
    assert refused(lambda: looking.reveal(accepted_id, None, officer=world.officer, now=now)) == "scans.reason_missing"
    assert every_row() == before


def test_every_reveal_is_another_row_and_one_message_a_reason(world: World, accepted_id: int, now: datetime) -> None:
    for reason in (Reason.ESCORT, Reason.ESCORT, Reason.REACH):
        looking.reveal(accepted_id, reason, officer=world.officer, now=now)
    assert len(looks("incident.revealed")) == 3
    assert len(owed("officer_revealed")) == 2


# ---- the budget


def test_thirty_records_an_hour_and_then_a_supervisor(world: World, accepted_id: int, now: datetime) -> None:
    shown = 0
    for second in range(0, 3600, 60):
        at = now + timedelta(seconds=second)
        with contextlib.suppress(TooMany):
            looking.reveal(accepted_id, Reason.REACH, officer=world.officer, now=at)
            shown += 1
    assert shown <= 30
    assert len(looks("incident.revealed")) == shown
    # Another officer's are not touched.
    glass(world, now)


def test_a_look_again_at_the_same_incident_is_counted_once_an_hour(
    world: World, accepted_id: int, now: datetime
) -> None:
    for minute in range(40):
        looking.look(accepted_id, officer=world.officer, now=now + minute * MINUTE)
    for _ in range(15):
        looking.reveal(accepted_id, Reason.REACH, officer=world.officer, now=now + 40 * MINUTE)
    assert len(looks()) == 55


def test_a_spent_budget_shuts_the_next_record(world: World, accepted_id: int, now: datetime) -> None:
    for _ in range(20):
        looking.reveal(accepted_id, Reason.REACH, officer=world.officer, now=now)
    before = every_row()
    for deed in _shown(world, accepted_id, world.officer, now)[::2]:
        assert refused(deed) == "looks.spent"
    assert refused(lambda: glass(world, now, officer=world.officer)) == "looks.spent"
    assert every_row() == before


# ---- nothing without a trace


def _broken(*_args: object, **_more: object) -> None:
    raise OSError("the store broke")


@pytest.mark.parametrize("where", ["wristband.outbox.family.owe", "wristband.audit.trail.record"])
def test_nothing_is_shown_whose_row_or_message_could_not_be_kept(
    world: World, accepted_id: int, now: datetime, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    with_portrait(world, now)
    kept = ("audit_row", "message", "emergency_look")
    before = {name: every_row()[name] for name in kept}
    showings = [*_shown(world, accepted_id, world.officer, now), lambda: glass(world, now)]
    for deed in showings:
        with monkeypatch.context() as fault:
            fault.setattr(where, _broken)
            with pytest.raises(OSError, match="broke"):
                deed()
        db.session.rollback()
        assert {name: every_row()[name] for name in kept} == before
    for deed in showings:
        assert deed()


def test_nothing_is_shown_when_the_trail_is_gone(world: World, accepted_id: int, now: datetime) -> None:
    with db.engine.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE audit_row RENAME TO elsewhere")
    try:
        for deed in _shown(world, accepted_id, world.officer, now)[::2]:
            with pytest.raises(sa.exc.DBAPIError):
                deed()
            db.session.rollback()
    finally:
        db.session.rollback()
        with db.engine.begin() as connection:
            connection.exec_driver_sql("ALTER TABLE elsewhere RENAME TO audit_row")
    assert looks() == []
    assert owed("officer_looked") == owed("officer_revealed") == []


def test_every_showing_of_a_long_day_has_its_row(world: World, accepted_id: int, now: datetime) -> None:
    with_portrait(world, now)
    shown = 0
    for hour, deed in product(range(3), range(3)):
        assert _shown(world, accepted_id, world.officer, now + hour * HOUR)[deed]()
        shown += 1
    assert len([row for row in looks() if row.elder_id == world.elder_id]) == shown
