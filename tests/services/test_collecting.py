"""A finder cannot stay: where the elder waits and until when, who goes, and a clock of its own."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from flask import Flask

from tests.services.finders import deeds, met, owed, refused
from tests.services.reports import KEY, close, incident_of, leave, pickup, reported
from tests.together import raised, together
from tests.world import World, every_row, new_rows
from wristband.db import db
from wristband.reports import queries
from wristband.reports.disclosure import PickupWaiting
from wristband.reports.rules import WAITS_FOR, Waits
from wristband.services import collecting

MINUTE = timedelta(minutes=1)


@pytest.fixture
def now(world: World) -> datetime:
    return world.now + MINUTE


@pytest.fixture
def finder(world: World, now: datetime) -> str:
    return reported(world, now)


def waiting(world: World) -> list[PickupWaiting]:
    db.session.rollback()
    return queries.list_waiting_pickups(station_id=world.station_id)


def test_a_pickup_stands_before_the_desk_and_the_family_hears_of_it(world: World, finder: str, now: datetime) -> None:
    before = every_row()
    leave(finder, now, "药店门口，店员陪着", Waits.THIRTY)
    assert new_rows(before)["pickup"] == 1
    (told,) = waiting(world)
    assert (told.words, told.waits_until, told.asked_at) == ("药店门口，店员陪着", now + 30 * MINUTE, now)
    assert (told.number, told.incident_id, told.taken_at) == (incident_of(finder).number, incident_of(finder).id, None)
    assert queries.list_pickups(told.incident_id) == [told]
    assert queries.list_waiting_pickups(station_id=world.other_station_id) == []
    assert all("不能久留" in (message.body or "") for message in owed("finder_news"))
    assert owed("finder_news")
    assert incident_of(finder).changed_at == now


def test_the_same_form_again_changes_nothing_and_another_content_under_its_key_is_refused(
    finder: str, now: datetime
) -> None:
    leave(finder, now)
    before = every_row()
    leave(finder, now + MINUTE)
    assert refused(lambda: leave(finder, now, "车站")) == "reports.key_reused"
    assert refused(lambda: leave(finder, now, waits=Waits.NOT)) == "reports.key_reused"
    assert every_row() == before


def test_asked_again_it_is_the_same_pickup_with_the_newer_words_and_its_clock_goes_on(
    finder: str, now: datetime
) -> None:
    leave(finder, now)
    leave(finder, now + MINUTE, "车站", Waits.NOT, KEY + "2")
    kept = pickup()
    assert (kept.words, kept.asked_at, kept.waits_until) == ("车站", now, now + MINUTE)
    assert len({(message.recipient, message.channel) for message in owed("finder_news")}) == len(owed("finder_news"))


def test_asked_many_times_at_once_it_is_one(app: Flask, finder: str, now: datetime) -> None:
    assert raised(together(app, [lambda k=k: leave(finder, now, key=f"{k:016d}") for k in range(5)])) == []
    assert pickup().asked_at == now


def test_who_leaves_first_stands_on_top(world: World, finder: str, now: datetime) -> None:
    leave(finder, now, "先问的", Waits.HOUR)
    leave(reported(world, now), now, "后问的", Waits.NOT)
    assert [one.words for one in waiting(world)] == ["后问的", "先问的"]
    assert list(WAITS_FOR) == list(Waits)


def test_one_officer_goes_and_the_other_is_told(app: Flask, world: World, finder: str, now: datetime) -> None:
    leave(finder, now)
    pickup_id = pickup().id
    at_once = together(app, [lambda: collecting.take(pickup_id, officer=world.officer, now=now)] * 3)
    assert [str(fault) for fault in raised(at_once)] == ["reports.pickup_moved"] * 2
    assert (waiting(world)[0].taken_at, waiting(world)[0].taken_by) == (now, "officer")
    collecting.finish(pickup_id, officer=world.officer, now=now + MINUTE)
    assert waiting(world) == []
    assert deeds()[-2:] == ["pickup.taken", "pickup.done"]
    assert refused(lambda: leave(finder, now, key=KEY + "2")) == "reports.pickup_over"
    assert refused(lambda: collecting.finish(pickup_id, officer=world.officer, now=now)) == "reports.pickup_moved"


def test_another_stations_pickup_is_nobodys(world: World, finder: str, now: datetime) -> None:
    leave(finder, now)
    before = every_row()
    for deed in (collecting.take, collecting.finish):
        assert refused(lambda d=deed: d(pickup().id, officer=world.stranger, now=now)) == "reports.pickup_unknown"
    assert every_row() == before


def test_called_off_it_leaves_the_desk_and_can_be_asked_for_again(world: World, finder: str, now: datetime) -> None:
    assert refused(lambda: collecting.call_off(finder, now=now)) == "reports.pickup_none"
    leave(finder, now)
    collecting.call_off(finder, now=now + MINUTE)
    assert waiting(world) == []
    before = every_row()
    collecting.call_off(finder, now=now + 2 * MINUTE)
    assert every_row() == before
    assert refused(lambda: collecting.take(pickup().id, officer=world.officer, now=now)) == "reports.pickup_moved"
    leave(finder, now + 3 * MINUTE, key=KEY + "2")
    assert len(waiting(world)) == 1


def test_with_the_incident_the_pickup_leaves_the_desk(world: World, finder: str, now: datetime) -> None:
    leave(finder, now)
    close(world, incident_of(finder).id, now)
    assert waiting(world) == []


def test_who_has_not_reported_is_told_to(world: World, now: datetime) -> None:
    assert refused(lambda: leave(met(world, now), now)) == "reports.none"
