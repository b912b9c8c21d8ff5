"""What the streams of a process share: each desk hears of its own changes, one look for all of them."""

from __future__ import annotations

import threading
from datetime import datetime, timedelta

import pytest
from flask import Flask

from tests.doors.asking import statements
from tests.world import World, new_reference
from wristband.incidents import desk
from wristband.incidents.rules import IncidentState, PassReason
from wristband.services import handling, merging, passing_on, reporting, taking_calls
from wristband.services.taking_calls import Call
from wristband.web.officer.watch import Watch

MINUTE = timedelta(minutes=1)


@pytest.fixture
def now(world: World) -> datetime:
    return world.now + MINUTE


@pytest.fixture
def seen() -> Watch:
    """A watch that has heard of everything there is."""
    return Watch()


def _versions(watch: Watch, world: World) -> tuple[int, int]:
    """This station's version and the other's, after a look."""
    seat = threading.Event()
    for station in (world.station_id, world.other_station_id):
        known = watch.version({station})
        watch.wait(frozenset({station}), known, seat, timeout_s=0.01)
    return watch.version({world.station_id}), watch.version({world.other_station_id})


def test_a_desk_hears_of_its_own_changes_and_of_no_other(world: World, now: datetime, seen: Watch) -> None:
    call = Call(None, "桥头", "", None)
    here = taking_calls.take_call("k" * 22, call, officer=world.officer, now=now).incident_id
    before = _versions(seen, world)
    assert _versions(seen, world) == before
    handling.move(here, IncidentState.ACCEPTED, officer=world.officer, now=now + MINUTE)
    after = _versions(seen, world)
    assert (after[0] != before[0], after[1] == before[1]) == (True, True)


def test_both_stations_hear_of_what_is_passed_on(world: World, now: datetime, seen: Watch) -> None:
    call = Call(None, "桥头", "", None)
    here = taking_calls.take_call("k" * 22, call, officer=world.officer, now=now).incident_id
    before = _versions(seen, world)
    passing_on.pass_on(here, world.other_station_id, PassReason.AREA, officer=world.officer, now=now + MINUTE)
    after = _versions(seen, world)
    assert [one != other for one, other in zip(before, after, strict=True)] == [True, True]


def test_every_desk_hears_of_what_no_station_has_and_when_it_is_closed(
    world: World, now: datetime, seen: Watch
) -> None:
    before = _versions(seen, world)
    reporting.report(new_reference(), None, language="zh-CN", low_trust=False, now=now)
    told = _versions(seen, world)
    assert [one != other for one, other in zip(before, told, strict=True)] == [True, True]
    [nobodys] = desk.list_unsorted(station_id=world.station_id, page=1).incidents
    merging.close_as_false([nobodys.id], "误扫", officer=world.officer, now=now + MINUTE)
    after = _versions(seen, world)
    assert [one != other for one, other in zip(told, after, strict=True)] == [True, True]


def test_a_look_asks_three_questions_whatever_there_is(world: World, now: datetime, seen: Watch) -> None:
    for _ in range(30):
        reporting.report(new_reference(), None, language="zh-CN", low_trust=False, now=now)
    _versions(seen, world)
    with statements() as asked:
        known = seen.version({world.station_id})
        seen.wait(frozenset({world.station_id}), known, threading.Event(), timeout_s=0.01)
    assert len([one for one in asked if one.startswith("SELECT")]) == 3


def test_a_stream_that_waits_is_woken_by_anothers_look(app: Flask, world: World, now: datetime, seen: Watch) -> None:
    _versions(seen, world)
    heard: list[bool] = []
    seat = threading.Event()

    def listen(station: int) -> None:
        with app.app_context():
            known = seen.version({station})
            heard.append(seen.wait(frozenset({station}), known, seat, timeout_s=20) != known)

    streams = [threading.Thread(target=listen, args=(world.station_id,)) for _ in range(4)]
    for stream in streams:
        stream.start()
    reporting.report(new_reference(), world.her.serial, language="zh-CN", low_trust=False, now=now)
    for stream in streams:
        stream.join(30)
    assert heard == [True] * 4
