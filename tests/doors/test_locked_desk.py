"""A desk that nobody touches: it warns, locks, and rings on without opening anything."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta

import pytest
import sqlalchemy as sa
import time_machine
from flask import Flask
from flask.testing import FlaskClient

from tests import world as cast
from tests.doors.asking import ON_SQLITE, only, words
from tests.world import World
from wristband import clock
from wristband.accounts.models import Officer
from wristband.accounts.rules import IDLE, LASTS, Door
from wristband.db import db, transaction
from wristband.incidents import desk as desks
from wristband.incidents.desk import Ring
from wristband.incidents.models import Incident

pytestmark = ON_SQLITE
RESTED = IDLE[Door.POLICE] + timedelta(minutes=1)
PART = {"X-Part": "desk"}


@pytest.fixture
def traveller(world: World) -> Iterator[time_machine.Traveller]:
    with time_machine.travel(clock.now(), tick=False) as traveller:
        yield traveller


@pytest.fixture
def desk(app: Flask, world: World, traveller: time_machine.Traveller) -> FlaskClient:
    client = app.test_client()
    cast.sign_in_officer(client)
    return client


def _report(app: Flask, token: str) -> None:
    finder = app.test_client()
    assert cast.tap(finder, cast.open_band(finder, token), "police").status_code == 303


def _bell(desk: FlaskClient, **headers: str) -> Iterator[str]:
    """What the bell says, piece by piece, without its marks; closing the generator hangs up."""
    answer = desk.get("/police/bell", buffered=False, headers={"Accept": "text/event-stream"} | headers)
    assert (answer.status_code, answer.mimetype) == (200, "text/event-stream")
    with closing(answer):
        for chunk in answer.iter_encoded():
            yield re.sub(r"^id: \d+\n", "", chunk.decode(), flags=re.M)


def test_a_page_is_told_how_long_its_sign_in_goes_on_and_asking_by_itself_is_no_use(
    desk: FlaskClient, traveller: time_machine.Traveller
) -> None:
    desk.get("/police")
    told = []
    for _ in range(3):
        traveller.shift(timedelta(minutes=4))
        told.append(desk.get("/police", headers=PART).headers["X-Left-S"])
    assert told == ["660", "420", "180"]
    assert 'data-rest-s="180"' not in desk.get("/police").get_data(as_text=True)


def test_still_being_there_is_told_by_a_tap_and_counts_as_use(
    desk: FlaskClient, traveller: time_machine.Traveller
) -> None:
    token = cast.csrf(desk, "/police")
    traveller.shift(IDLE[Door.POLICE] - timedelta(minutes=1))
    answer = desk.post("/police/here", data={"csrf_token": token})
    assert (answer.status_code, answer.headers["X-Left-S"]) == (204, "900")
    traveller.shift(IDLE[Door.POLICE] - timedelta(minutes=1))
    assert desk.get("/police", headers=PART).status_code == 200


def test_a_rested_desk_rings_for_what_comes_and_says_nothing_of_it(
    app: Flask, desk: FlaskClient, world: World, traveller: time_machine.Traveller
) -> None:
    traveller.shift(RESTED)
    with closing(_bell(desk)) as bell:
        assert next(bell).startswith("retry: 2000")
        _report(app, world.her.token)
        assert next(bell) == "event: rang\ndata: new\n\n"
        traveller.shift(timedelta(minutes=5, seconds=1))
        assert next(bell) == "event: rang\ndata: late\n\n"


def test_another_station_s_report_does_not_ring(app: Flask, world: World, traveller: time_machine.Traveller) -> None:
    since = clock.now() - timedelta(seconds=1)
    _report(app, world.other.token)
    told = [
        desks.list_rings(frozenset({station}), since=since, now=clock.now(), red_s=300)
        for station in (world.station_id, world.other_station_id)
    ]
    assert told == [set(), {(only(Incident).id, Ring.NEW)}]


def test_what_came_between_two_streams_rings_in_the_second(
    app: Flask, desk: FlaskClient, world: World, traveller: time_machine.Traveller
) -> None:
    traveller.shift(RESTED)
    mark = str(int(clock.now().timestamp() * 1000))
    _report(app, world.her.token)
    traveller.shift(timedelta(minutes=1))
    with closing(_bell(desk, **{"Last-Event-ID": mark})) as bell:
        assert next(bell).startswith("retry")
        assert next(bell) == "event: rang\ndata: new\n\n"


@pytest.mark.parametrize("mark", ["", "x", "-1", "9" * 15, "9" * 400, "²"])
def test_a_mark_that_is_none_is_now(
    app: Flask, desk: FlaskClient, world: World, traveller: time_machine.Traveller, mark: str
) -> None:
    traveller.shift(RESTED)
    with closing(_bell(desk, **{"Last-Event-ID": mark})) as bell:
        assert next(bell).startswith("retry")
        _report(app, world.her.token)
        assert next(bell) == "event: rang\ndata: new\n\n"


def test_any_number_of_unrecognised_bands_rings_once(
    app: Flask, desk: FlaskClient, world: World, traveller: time_machine.Traveller
) -> None:
    traveller.shift(RESTED)
    with closing(_bell(desk)) as bell:
        next(bell)
        for _ in range(3):
            _report(app, "0" * 25)
        assert next(bell) == "event: rang\ndata: unsorted\n\n"
        _report(app, "0" * 25)
        _report(app, world.her.token)
        assert next(bell) == "event: rang\ndata: new\n\n"


def test_with_the_bell_of_a_rested_desk_every_other_address_answers_as_signed_out(
    app: Flask, desk: FlaskClient, world: World, traveller: time_machine.Traveller
) -> None:
    _report(app, world.her.token)
    traveller.shift(RESTED)
    with closing(_bell(desk)) as bell:
        next(bell)
        incident = only(Incident)
        for rule in app.url_map.iter_rules():
            view = app.view_functions[rule.endpoint]
            guard = getattr(view, "guard", "")
            if not rule.rule.startswith("/police") or not guard.startswith(("officer", "halfway")):
                continue
            address = re.sub(r"<[^>]*>", str(incident.id), rule.rule)
            for method in sorted((rule.methods or set()) & {"GET", "POST"}):
                answer = desk.open(address, method=method, headers={"X-Part": "desk"})
                assert answer.status_code == 401, f"{method} {address}"
                assert incident.number not in answer.get_data(as_text=True)
                assert cast.ELDER["name"] not in answer.get_data(as_text=True)
    assert desk.get("/police").location == "/police/sign-in"


def test_the_bell_ends_with_the_sign_in_s_hours(desk: FlaskClient, traveller: time_machine.Traveller) -> None:
    traveller.shift(LASTS[Door.POLICE] - timedelta(minutes=1))
    with closing(_bell(desk)) as bell:
        next(bell)
        traveller.shift(timedelta(minutes=2))
        assert next(bell) == "event: over\ndata: over\n\n"
        assert next(bell, None) is None
    assert desk.get("/police/bell").location == "/police/sign-in"


def test_signing_out_by_hand_ends_both_streams(desk: FlaskClient, traveller: time_machine.Traveller) -> None:
    token = cast.csrf(desk, "/police")
    with closing(_bell(desk)) as bell:
        next(bell)
        answer = desk.post("/police/sign-out", data={"csrf_token": token})
        assert answer.status_code == 303
        assert next(bell) == "event: over\ndata: over\n\n"
    assert desk.get("/police/bell").location == "/police/sign-in"


def test_an_officer_who_is_disabled_hears_nothing_more(
    app: Flask, desk: FlaskClient, world: World, traveller: time_machine.Traveller
) -> None:
    traveller.shift(RESTED)
    with closing(_bell(desk)) as bell:
        next(bell)
        with transaction():
            disabled = sa.update(Officer).where(Officer.id == world.officer.officer_id)
            db.session.execute(disabled.values(disabled_at=clock.now()))
        _report(app, world.her.token)
        assert next(bell) == "event: over\ndata: over\n\n"


def test_a_stranger_hears_no_bell(client: FlaskClient, world: World) -> None:
    assert client.get("/police/bell").location == "/police/sign-in"


# ---- what a desk says of bands that are not ours, and an incident's page of the desk


def test_the_desk_does_not_say_that_nothing_is_there_while_unrecognised_bands_wait(
    app: Flask, desk: FlaskClient, world: World, traveller: time_machine.Traveller
) -> None:
    for _ in range(3):
        _report(app, "0" * 25)
    traveller.shift(timedelta(minutes=6))
    page = desk.get("/police")
    assert "现在没有警情" not in words(page)
    assert "还有 3 起未识别手环的报警在等" in words(page)
    summary = re.search(r'<details[^>]* id="unsorted".*?</summary>', page.get_data(as_text=True), re.S)
    assert summary
    assert "超时 最久 6 分钟" in summary[0]


def test_an_incident_s_page_brings_marks_of_the_desk_that_grow_with_it(
    app: Flask, desk: FlaskClient, world: World, traveller: time_machine.Traveller
) -> None:
    _report(app, world.her.token)
    address = f"/police/incidents/{only(Incident).id}"

    def marks() -> list[int]:
        page = desk.get(address, headers={"X-Part": "happenings"}).get_data(as_text=True)
        found = re.search(r'data-newest="(\d+)" data-work="(\d+)" data-late-count="(\d+)"', page)
        assert found
        return [int(value) for value in found.groups()]

    before = marks()
    traveller.shift(timedelta(seconds=10))
    _report(app, "0" * 25)
    unsorted = marks()
    assert unsorted[0] > before[0]
    assert unsorted[1:] == before[1:]
    traveller.shift(timedelta(minutes=6))
    assert marks()[2] == before[2] + 1
