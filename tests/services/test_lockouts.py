"""No budget is a weapon: who tries on does not keep the right person out."""

from __future__ import annotations

from collections import Counter
from contextlib import suppress
from datetime import datetime, timedelta

import pytest

from tests.world import DAUGHTER_PHONE, NEIGHBOUR_PHONE, PASSWORD, World, last_body, new_reference
from wristband.accounts import queries
from wristband.accounts.rules import Door
from wristband.clock import now as today
from wristband.db import db
from wristband.errors import BadValue, TooMany
from wristband.incidents.desk import list_work
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


def enter(code: str, device: str, now: datetime, phone: Phone = HERS) -> str:
    return signing_in.enter_code(phone, code, language="zh-CN", device=device, now=now)


def refusals_of_strangers(now: datetime, *, minutes: int) -> Counter[str]:
    """Each quarter of an hour a new browser asks for a code to her phone and guesses five times: what it was told."""
    told: Counter[str] = Counter()
    for minute in range(0, minutes, 15):
        at, device = now + timedelta(minutes=minute), f"stranger {minute}"
        with suppress(TooMany):
            signing_in.ask_code(HERS, address=f"192.0.2.{minute % 200}", language="zh-CN", device=device, now=at)
        for nth in range(5):
            with pytest.raises((BadValue, TooMany)) as refusal:
                enter(f"{nth:06d}", device, at)
            told[refusal.value.code] += 1
    return told


def test_strangers_with_ever_new_browsers_guess_fifteen_times_a_day(world: World, now: datetime) -> None:
    told = refusals_of_strangers(now, minutes=24 * 60)
    assert told["accounts.code_wrong"] <= 15
    assert told["accounts.code_wrong"] > 10


def test_who_has_signed_in_before_comes_in_again_whatever_strangers_do(world: World, now: datetime) -> None:
    hers = enter(ask("her phone", now), "her phone", now)
    signing_in.sign_out(hers, Door.FAMILY, now=now)
    told = refusals_of_strangers(now, minutes=60)
    later = now + timedelta(hours=1)
    assert told["accounts.tries_spent"]
    with pytest.raises(TooMany):
        ask("one more stranger", later)
    code = ask(hers, later)
    with pytest.raises(BadValue):
        enter(f"{(int(code) + 1) % 1_000_000:06d}", hers, later)
    assert enter(code, hers, later)


def test_one_who_signed_in_for_herself_is_a_stranger_to_everybody_else(world: World, now: datetime) -> None:
    neighbour = Phone(NEIGHBOUR_PHONE)
    signing_in.ask_code(neighbour, address="192.0.2.1", language="zh-CN", device="theirs", now=now)
    db.session.rollback()
    code = "".join(each for each in last_body(NEIGHBOUR_PHONE).split("，")[0] if each.isdigit())
    theirs = enter(code, "theirs", now, neighbour)
    assert queries.knows_device(neighbour, theirs)
    assert not queries.knows_device(HERS, theirs)


@pytest.mark.parametrize("word", ["", "her phone", "a stranger", "x" * 10_000])
def test_a_word_that_signed_nobody_in_is_known_to_nobody(world: World, now: datetime, word: str) -> None:
    enter(ask("her phone", now), "her phone", now)
    assert not queries.knows_device(HERS, word)


def test_an_officers_sign_in_makes_no_browser_a_familys(world: World, now: datetime) -> None:
    assert not queries.knows_device(HERS, signing_in.enter_password("officer", PASSWORD, now=now))


def test_a_known_browser_has_its_own_end_of_guessing(world: World, now: datetime) -> None:
    hers = enter(ask("her phone", now), "her phone", now)
    told = Counter[str]()
    for nth in range(12):
        with pytest.raises((BadValue, TooMany)) as refusal:
            enter(f"{nth:06d}", hers, now)
        told[refusal.value.code] += 1
    assert told == {"accounts.code_wrong": 10, "accounts.tries_spent": 2}


def test_right_codes_use_up_no_tries(world: World, now: datetime) -> None:
    for nth in range(5):
        at = now + timedelta(days=nth)
        for guess in range(3):
            with pytest.raises(BadValue):
                enter(f"{guess:06d}", "no code of this", at)
        assert enter(ask(f"new phone {nth}", at), f"new phone {nth}", at)


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
    assert [one.elder_id for one in list_work(station_id=world.station_id)] == [world.elder_id]
    assert not list_work(station_id=world.other_station_id)


@pytest.mark.parametrize("place", [(0.0, 0.0), (40.7, -74.0)], ids=["no fix", "another continent"])
def test_a_place_that_cannot_be_moves_no_incident(world: World, now: datetime, place: tuple[float, float]) -> None:
    tell_place(report(world, now), *place, now)
    assert [one.elder_id for one in list_work(station_id=world.station_id)] == [world.elder_id]
