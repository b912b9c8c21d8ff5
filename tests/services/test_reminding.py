"""Reminding that a number is to be confirmed anew: a week before and at the day, by day, once."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from tests.services.finders import owed
from tests.services.relatives import son_of
from tests.services.test_confirming import AUNT, ask, contact_of, enter
from tests.world import DAUGHTER_PHONE, SON_PHONE, World
from wristband.clock import ZONE
from wristband.services import family_circle
from wristband.services.reminding import remind_due

DAY, HOUR = timedelta(days=1), timedelta(hours=1)


@pytest.fixture
def now(world: World) -> datetime:
    """At noon of the day on which the aunt's number is confirmed."""
    return (world.now + 2 * DAY).astimezone(ZONE).replace(hour=12, minute=0, second=0, microsecond=0)


@pytest.fixture
def aunt(world: World, now: datetime) -> int:
    """Of all numbers hers alone grows old: the others are confirmed much later."""
    family_circle.add_contact(world.elder_id, AUNT, guardian_id=world.daughter_id, now=now)
    contact_id = contact_of(world, AUNT.e164).id
    enter(world, contact_id, ask(world, contact_id, now), now)
    return contact_id


@pytest.fixture(autouse=True)
def others_are_young(world: World, now: datetime) -> None:
    from wristband.db import transaction
    from wristband.elders.contacts import confirm_own

    with transaction():
        for guardian_id in (world.daughter_id, world.neighbour_id):
            confirm_own(guardian_id, now=now + 365 * DAY)


def told(wording: str) -> list[str]:
    return [message.recipient for message in owed(wording)]


def test_her_guardians_are_told_a_week_before_and_at_the_day_each_once(world: World, aunt: int, now: datetime) -> None:
    assert remind_due(now + 82 * DAY) == 0
    assert [remind_due(now + 83 * DAY) for _ in range(3)] == [1, 0, 0]
    assert told("number_due") == [DAUGHTER_PHONE]
    assert "138****8006" in (owed("number_due")[0].body or "")
    assert [remind_due(now + days * DAY) for days in (89, 90, 91, 200)] == [0, 1, 0, 0]
    assert told("number_stale") == [DAUGHTER_PHONE]


def test_every_guardian_is_told_and_no_neighbour(world: World, aunt: int, now: datetime) -> None:
    son_of(world, now)
    remind_due(now + 90 * DAY)
    assert set(told("number_stale")) >= {DAUGHTER_PHONE, SON_PHONE}
    assert {message.elder_id for message in owed("number_stale")} == {world.elder_id}


def test_a_worker_that_was_away_for_long_reminds_once(world: World, aunt: int, now: datetime) -> None:
    assert [remind_due(now + 120 * DAY) for _ in range(2)] == [1, 0]
    assert not told("number_due")


def test_nobody_is_reminded_at_night_but_in_the_morning(world: World, aunt: int, now: datetime) -> None:
    night = now + 83 * DAY + 10 * HOUR
    assert remind_due(night) == 0
    assert remind_due(night + 11 * HOUR) == 1


def test_a_number_confirmed_anew_is_young_again(world: World, aunt: int, now: datetime) -> None:
    remind_due(now + 90 * DAY)
    later = now + 91 * DAY
    enter(world, aunt, ask(world, aunt, later), later)
    assert remind_due(later + 82 * DAY) == 0
    assert remind_due(later + 83 * DAY) == 1
    assert len(told("number_due")) == 1
