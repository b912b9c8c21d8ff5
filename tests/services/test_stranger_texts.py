"""A telephone that somebody typed in and nobody confirmed is not flooded by taps; who has confirmed hears them all."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from tests.services.finders import met, next_day, owed
from tests.services.relatives import son_of
from tests.world import DAUGHTER_PHONE, SON_PHONE, World, new_reference
from wristband.elders import queries
from wristband.outbox.models import Message
from wristband.services import family_circle, reporting
from wristband.values.phone import Phone

A_DAY = timedelta(hours=24)
FOUR_HOURS = timedelta(hours=4)


@pytest.fixture
def now(world: World) -> datetime:
    return next_day(world)


@pytest.fixture
def stranger(world: World, now: datetime) -> int:
    """The contact of the son's telephone, which he has not confirmed."""
    return add(world, now)


def add(world: World, now: datetime) -> int:
    family_circle.add_contact(world.elder_id, Phone(SON_PHONE), guardian_id=world.daughter_id, now=now)
    return queries.list_contacts(world.elder_id)[-1].id


def to(phone: str, wording: str = "band_scanned") -> list[Message]:
    return [message for message in owed(wording) if message.recipient == phone]


@pytest.mark.usefixtures("stranger")
def test_within_a_day_it_hears_of_three_taps_and_the_confirmed_one_of_all(world: World, now: datetime) -> None:
    for nth in range(6):
        met(world, now + nth * FOUR_HOURS)
    assert len(to(SON_PHONE)) == 3
    assert len(to(DAUGHTER_PHONE)) == 6
    met(world, now + A_DAY)
    assert len(to(SON_PHONE)) == 4


def test_taken_away_and_added_again_it_has_no_more(world: World, now: datetime, stranger: int) -> None:
    for _ in range(3):
        met(world, now)
    family_circle.remove_contact(world.elder_id, stranger, guardian_id=world.daughter_id, now=now)
    add(world, now)
    met(world, now)
    assert len(to(SON_PHONE)) == 3


@pytest.mark.usefixtures("stranger")
def test_noted_by_two_families_it_hears_three_of_both(world: World, now: datetime) -> None:
    family_circle.add_contact(world.other.elder_id, Phone(SON_PHONE), guardian_id=world.neighbour_id, now=now)
    for serial in (world.her.serial, world.other.serial) * 2:
        met(world, now, serial)
    assert len(to(SON_PHONE)) == 3


@pytest.mark.usefixtures("stranger")
def test_once_confirmed_it_is_never_limited(world: World, now: datetime) -> None:
    son_of(world, now)
    for _ in range(6):
        met(world, now)
    assert len(to(SON_PHONE)) == 6


@pytest.mark.usefixtures("stranger")
def test_a_report_is_told_to_everybody_however_many_have_tapped(world: World, now: datetime) -> None:
    for _ in range(4):
        met(world, now)
    reporting.report(new_reference(), world.her.serial, language="zh-CN", low_trust=False, now=now)
    assert len(to(SON_PHONE, "incident_reported")) == 1
