"""No budget is a weapon: who tries on does not keep the right person out."""

from __future__ import annotations

from datetime import datetime

import pytest

from tests.world import DAUGHTER_PHONE, PASSWORD, World, last_body, new_reference
from wristband.clock import now as today
from wristband.db import db
from wristband.errors import BadValue, TooMany
from wristband.incidents.queries import list_open
from wristband.incidents.rules import PlaceSource
from wristband.services import reporting, signing_in
from wristband.values.phone import Phone
from wristband.values.position import Position

HERS = Phone(DAUGHTER_PHONE)


@pytest.fixture
def now() -> datetime:
    return today()


def ask(device: str, now: datetime) -> str:
    signing_in.ask_code(HERS, address="192.0.2.1", language="zh-CN", device=device, now=now)
    db.session.rollback()
    return "".join(character for character in last_body(DAUGHTER_PHONE).split("，")[0] if character.isdigit())


def test_a_stranger_who_guesses_uses_up_none_of_her_tries(world: World, now: datetime) -> None:
    code = ask("her phone", now)
    for _ in range(20):
        with pytest.raises((BadValue, TooMany)):
            signing_in.enter_code(HERS, "000000", language="zh-CN", device="a stranger", now=now)
    assert signing_in.enter_code(HERS, code, language="zh-CN", device="her phone", now=now)


def test_a_code_is_of_use_only_where_it_was_asked_for(world: World, now: datetime) -> None:
    code = ask("her phone", now)
    with pytest.raises(BadValue):
        signing_in.enter_code(HERS, code, language="zh-CN", device="another", now=now)


def test_an_officer_comes_in_while_a_stranger_tries_his_name(world: World, now: datetime) -> None:
    for _ in range(10):
        with pytest.raises((BadValue, TooMany)):
            signing_in.enter_password("officer", "a wrong password", address="198.51.100.7", now=now)
    assert signing_in.enter_password("officer", PASSWORD, address="192.0.2.1", now=now)


def report(world: World, now: datetime) -> str:
    reference = new_reference()
    reporting.report(reference, world.her.serial, language="zh-CN", low_trust=False, now=now)
    return reference


def tell_place(reference: str, latitude: float, longitude: float, now: datetime) -> None:
    reporting.add_place(
        reference,
        new_reference(),
        source=PlaceSource.DEVICE,
        position=Position(latitude, longitude),
        accuracy_m=10,
        words="",
        now=now,
    )


def test_a_second_finder_takes_an_incident_from_no_desk(world: World, now: datetime) -> None:
    report(world, now)
    later = report(world, now)
    tell_place(later, 24.7100, 118.1400, now)  # at the other station's door
    assert [one.elder_id for one in list_open(station_id=world.station_id)] == [world.elder_id]
    assert not list_open(station_id=world.other_station_id)


@pytest.mark.parametrize("place", [(0.0, 0.0), (40.7, -74.0)], ids=["no fix", "another continent"])
def test_a_place_that_cannot_be_moves_no_incident(world: World, now: datetime, place: tuple[float, float]) -> None:
    tell_place(report(world, now), *place, now)
    assert [one.elder_id for one in list_open(station_id=world.station_id)] == [world.elder_id]
