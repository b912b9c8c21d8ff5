"""Looking: what an officer sees of an elder, and that neither trail nor family ever misses it."""

from __future__ import annotations

import contextlib
from dataclasses import fields
from datetime import datetime, timedelta
from itertools import product

import pytest
import sqlalchemy as sa

from tests.services.finders import owed, refused
from tests.services.lookers import accept, close, glass, looks, report, showings, with_portrait
from tests.world import DAUGHTER_PHONE, ELDER, World, every_row
from wristband.db import db
from wristband.elders.rules import ElderState, Sex
from wristband.errors import TooMany
from wristband.incidents.models import Incident
from wristband.incidents.records import ElderToHelp, Revealed
from wristband.incidents.rules import IncidentState, Reason
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
    assert {field.name for field in fields(ElderToHelp)}.isdisjoint({"address", "numbers"})


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


def test_where_there_is_no_portrait_none_isshown(world: World, incident_id: int, now: datetime) -> None:
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


def test_another_stations_officer_sees_nothing_and_leaves_no_row(world: World, incident_id: int, now: datetime) -> None:
    before = every_row()
    for wanted in (incident_id, 1, 2**70):
        for deed in showings(wanted, world.stranger, now):
            assert refused(deed) == "incidents.unknown"
    assert every_row() == before


def test_a_day_after_it_was_closed_an_incident_opens_nothing(world: World, incident_id: int, now: datetime) -> None:
    with_portrait(world, now)
    close(incident_id, world.officer, now)
    look, portrait, reveal = showings(incident_id, world.officer, now + 24 * HOUR - MINUTE)
    assert look()
    assert portrait()
    assert refused(reveal) == "looks.reveal_over"
    before = every_row()
    for deed in showings(incident_id, world.officer, now + 24 * HOUR):
        assert refused(deed) == "looks.incident_over"
    assert every_row() == before


def test_an_incident_of_no_station_opens_its_record_to_the_station_that_accepts_it(
    world: World, incident_id: int, now: datetime
) -> None:
    with_portrait(world, now)
    with db.engine.begin() as connection:
        connection.execute(sa.update(Incident).where(Incident.id == incident_id).values(station_id=None))
    for officer in (world.officer, world.stranger):
        for deed in showings(incident_id, officer, now):
            assert refused(deed) == "looks.accept_first"
    handling.move(incident_id, IncidentState.ACCEPTED, officer=world.stranger, now=now)
    for deed in showings(incident_id, world.stranger, now):
        assert deed()
    assert refused(showings(incident_id, world.officer, now)[0]) == "incidents.unknown"


# ---- the reveal


def test_address_and_numbers_are_revealed_with_a_reason(world: World, accepted_id: int, now: datetime) -> None:
    revealed = looking.reveal(accepted_id, Reason.ESCORT, officer=world.officer, now=now)
    assert revealed.address == ELDER["address"]
    assert [number.phone.e164 for number in revealed.numbers] == [DAUGHTER_PHONE]
    assert {field.name for field in fields(Revealed)} == {"address", "numbers", "unreadable_phones"}
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
    for deed in showings(accepted_id, world.officer, now)[::2]:
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
    kept = ("audit_row", "message", "break_glass_look")
    before = {name: every_row()[name] for name in kept}
    wanted = [*showings(accepted_id, world.officer, now), lambda: glass(world, now)]
    for deed in wanted:
        with monkeypatch.context() as fault:
            fault.setattr(where, _broken)
            with pytest.raises(OSError, match="broke"):
                deed()
        db.session.rollback()
        assert {name: every_row()[name] for name in kept} == before
    for deed in wanted:
        assert deed()


def test_nothing_is_shown_when_the_trail_is_gone(world: World, accepted_id: int, now: datetime) -> None:
    with db.engine.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE audit_row RENAME TO elsewhere")
    try:
        for deed in showings(accepted_id, world.officer, now)[::2]:
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
        assert showings(accepted_id, world.officer, now + hour * HOUR)[deed]()
        shown += 1
    assert len([row for row in looks() if row.elder_id == world.elder_id]) == shown
