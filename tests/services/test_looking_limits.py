"""Looking: what another station sees before it accepts, what ends with the incident, and what does not open."""

from __future__ import annotations

from dataclasses import fields
from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa

from tests.services.finders import owed, refused
from tests.services.lookers import accept, close, glass, looks, report, showings, with_portrait
from tests.world import ELDER, World, every_row
from wristband.db import db
from wristband.elders.models import Contact, Elder
from wristband.elders.opened import UNREADABLE
from wristband.elders.photos import PHOTO_PLACE
from wristband.elders.rules import ElderState
from wristband.house import house
from wristband.incidents.models import Incident
from wristband.incidents.records import ElderToHelp, ElderToMeet, Revealed
from wristband.incidents.rules import Reason
from wristband.services import looking

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)


@pytest.fixture
def now(world: World) -> datetime:
    return world.now + MINUTE


@pytest.fixture
def incident_id(world: World, now: datetime) -> int:
    """Hers, beside the neighbour's."""
    report(world.other.serial, now)
    return report(world.her.serial, now)


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
    look, portrait, reveal = showings(moved_id, world.stranger, now)
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
    for deed in showings(moved_id, world.stranger, now):
        assert refused(deed) == "looks.not_handled"
    assert every_row() == before


def test_after_the_end_the_station_that_handled_it_sees_the_first_level_for_a_day_and_no_number(
    world: World, moved_id: int, now: datetime
) -> None:
    accept(moved_id, world.stranger, now)
    close(moved_id, world.stranger, now)
    look, portrait, reveal = showings(moved_id, world.stranger, now + 23 * HOUR)
    assert isinstance(look(), ElderToHelp)
    assert portrait()
    assert refused(reveal) == "looks.reveal_over"
    assert refused(showings(moved_id, world.officer, now)[0]) == "incidents.unknown"


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


def test_a_field_that_does_not_open_is_said_and_hides_no_other(world: World, incident_id: int, now: datetime) -> None:
    accept(incident_id, world.officer, now)
    (contact_id,) = db.session.scalars(sa.select(Contact.id).where(Contact.elder_id == world.elder_id))
    spoil(Elder, world.elder_id, "health", "birth_year", "address")
    spoil(Contact, contact_id, "address")
    seen = looking.look(incident_id, officer=world.officer, now=now)
    assert isinstance(seen, ElderToHelp)
    assert (seen.health, seen.birth_year, seen.name) == (UNREADABLE, UNREADABLE, ELDER["name"])
    revealed = looking.reveal(incident_id, Reason.REACH, officer=world.officer, now=now)
    assert revealed == Revealed(UNREADABLE, (), unreadable_phones=1)
    record = glass(world, now)
    assert (record.helpful, record.revealed) == (seen, revealed)
    assert len(looks("break_glass.looked")) == 1


def test_of_an_elder_nothing_of_whom_opens_everything_is_still_answered(
    world: World, incident_id: int, now: datetime
) -> None:
    spoil(Elder, world.elder_id, "name", "called", "birth_year", "approach", "health", "address")
    seen = looking.look(incident_id, officer=world.officer, now=now)
    assert isinstance(seen, ElderToHelp)
    assert {seen.name, seen.called, seen.approach} == {UNREADABLE}
    assert glass(world, now).revealed.numbers


def test_a_portrait_that_does_not_open_is_no_look_at_it(world: World, incident_id: int, now: datetime) -> None:
    photo_id, _ = with_portrait(world, now)
    house().files.remove(place=PHOTO_PLACE, row=photo_id)
    said = refused(lambda: looking.portrait_bytes(incident_id, officer=world.officer, now=now))
    assert said == "files.gone"
    assert looks() == []
    assert owed("officer_looked") == []
