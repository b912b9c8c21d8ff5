"""Somebody comes for the elder: the code on the family's page, at the counter, and where the finder types it."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
import sqlalchemy as sa
import time_machine
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests import world as cast
from tests.doors.asking import ON_SQLITE, only, tells, words
from tests.world import World
from wristband.db import db
from wristband.incidents.models import Incident
from wristband.incidents.rules import Disposition, IncidentState
from wristband.scans.models import Reach

pytestmark = ON_SQLITE
DONE = "可以放心把老人交给"


@pytest.fixture(autouse=True)
def _a_day_later(world: World) -> object:
    with time_machine.travel(world.now + timedelta(hours=25), tick=True) as journey:
        yield journey


@pytest.fixture
def opened(client: FlaskClient, world: World) -> dict[str, str]:
    """A finder who has told her family."""
    fields = cast.open_band(client, world.her.token)
    cast.tap(client, fields, "family")
    return fields


@pytest.fixture
def scan(opened: dict[str, str]) -> str:
    return f"/s/{opened['scan']}"


@pytest.fixture
def daughter(client: FlaskClient, world: World) -> FlaskClient:
    other = client.application.test_client()
    cast.sign_in_guardian(other)
    return other


@pytest.fixture
def officer(client: FlaskClient, world: World) -> FlaskClient:
    other = client.application.test_client()
    cast.sign_in_officer(other)
    return other


def call(world: World) -> str:
    db.session.rollback()
    return f"/family/calls/{db.session.scalars(sa.select(Reach.id)).one()}"


def make(who: FlaskClient, path: str, **fields: str) -> TestResponse:
    return who.post(f"{path}/hand-over", data={"csrf_token": cast.csrf(who, path), **fields})


def code_on(page: TestResponse) -> str:
    found = re.search(r'<p class="hand-code figures">(\d{3} \d{3})</p>', page.get_data(as_text=True))
    assert found
    return found[1]


def enter(client: FlaskClient, scan: str, code: str) -> TestResponse:
    return client.post(f"{scan}/hand-over", data={"code": code})


def wrong(code: str) -> str:
    return f"{(int(code.replace(' ', '')) + 1) % 10**6:06d}"


def test_a_guardians_code_tells_the_finder_that_it_is_the_family(
    client: FlaskClient, world: World, scan: str, daughter: FlaskClient
) -> None:
    page = make(daughter, call(world))
    assert "先见到老人，再说交接码" in words(page)
    answer = enter(client, scan, code_on(page))
    assert (answer.status_code, answer.location) == (303, scan)
    after = words(client.get(scan))
    assert f"家人已核实，{DONE}他" in after
    assert "谢谢您" in after
    assert "老人已交给来接的人" in words(daughter.get(call(world)))


def asked(page: str) -> list[str]:
    """What the finder's page still waits for or asks of the finder."""
    waits = ("正在发给家人", "还没有人看到", "等家人回话", "报给警方", "通知家人", "您和老人在哪里", "有人来接了")
    return [wait for wait in waits if wait in page]


def test_after_the_right_code_the_finders_page_waits_for_nothing_and_asks_nothing(
    client: FlaskClient, world: World, scan: str, daughter: FlaskClient
) -> None:
    code = code_on(make(daughter, call(world)))
    assert "报给警方" in asked(words(client.get(scan)))
    enter(client, scan, code)
    for page in (client.get(scan), client.get(scan, headers={"X-Part": "progress"})):
        assert asked(page.get_data(as_text=True).partition("<div data-while-open hidden>")[0]) == []
    assert "这里没有别的事要做了" in words(client.get(scan))


def test_after_the_right_code_a_report_shows_how_it_ended(
    client: FlaskClient, world: World, opened: dict[str, str], scan: str, daughter: FlaskClient
) -> None:
    cast.tap(client, opened, "police")
    enter(client, scan, code_on(make(daughter, call(world))))
    page = words(client.get(scan))
    assert only(Incident).number in page
    assert "老人已经和家人团聚" in page
    assert "等家人回话" not in page


def test_a_report_made_after_the_right_code_is_followed_as_any(
    client: FlaskClient, world: World, opened: dict[str, str], scan: str, daughter: FlaskClient
) -> None:
    enter(client, scan, code_on(make(daughter, call(world))))
    cast.tap(client, opened, "police")
    page = client.get(scan)
    assert "等警方受理" in words(page)
    assert "这里没有别的事要做了" not in words(page)
    assert "data-while-open hidden" not in page.get_data(as_text=True)


def test_an_officers_code_tells_the_finder_that_it_is_the_police_and_the_desk_shows_it_closed(
    client: FlaskClient, world: World, opened: dict[str, str], scan: str, officer: FlaskClient
) -> None:
    cast.tap(client, opened, "police")
    incident = only(Incident)
    page = make(officer, f"/police/incidents/{incident.id}", end="at_station")
    assert "在派出所等家人" in words(page)
    enter(client, scan, code_on(page))
    assert f"民警已核实，{DONE}他" in words(client.get(scan))
    closed = only(Incident)
    assert (closed.state, closed.disposition) == (IncidentState.CLOSED, Disposition.AT_STATION)
    desk = words(officer.get("/police"))
    assert "现在没有警情" in desk
    assert closed.number in desk


def test_the_family_closes_its_incident_by_the_code_and_is_asked_to_confirm(
    client: FlaskClient, world: World, opened: dict[str, str], scan: str, daughter: FlaskClient
) -> None:
    cast.tap(client, opened, "police")
    path = f"/family/incidents/{only(Incident).id}"
    enter(client, scan, code_on(make(daughter, path)))
    page = words(daughter.get(path))
    assert "老人已交给来接的人" in page
    assert "确认：老人平安" in page
    assert "我到了，显示交接码" not in page


def test_a_wrong_code_says_what_is_left_and_the_sixth_only_the_police(
    client: FlaskClient, world: World, scan: str, daughter: FlaskClient
) -> None:
    code = code_on(make(daughter, call(world)))
    first = enter(client, scan, wrong(code))
    assert first.status_code == 422
    assert tells(first, "hand_over.wrong", left=4)
    for _ in range(4):
        enter(client, scan, wrong(code))
    sixth = enter(client, scan, code)
    assert sixth.status_code == 409
    assert "请只把老人交给民警" in words(sixth)
    assert "110" in words(sixth)
    assert DONE not in words(client.get(scan))


def test_whoever_reads_the_finders_page_learns_nothing_of_a_code(
    client: FlaskClient, world: World, scan: str, daughter: FlaskClient
) -> None:
    def seen() -> list[str]:
        pages = (client.get(scan), client.get(f"{scan}/hand-over"))
        return [re.sub(r'value="[^"]*"', "", page.get_data(as_text=True)) for page in pages]

    daughter.get(call(world))
    before = seen()
    make(daughter, call(world))
    assert seen() == before


def test_the_code_is_on_the_page_that_answers_and_on_no_other(
    client: FlaskClient, world: World, scan: str, daughter: FlaskClient
) -> None:
    make(daughter, call(world))
    assert "hand-code" not in daughter.get(call(world)).get_data(as_text=True)
    assert daughter.get(f"{call(world)}/hand-over").status_code == 405


def test_a_neighbour_makes_no_code_for_her(client: FlaskClient, world: World, scan: str) -> None:
    neighbour = client.application.test_client()
    cast.sign_in_guardian(neighbour, cast.NEIGHBOUR_PHONE)
    data = {"csrf_token": cast.csrf(neighbour, "/family/elders/new")}
    assert neighbour.post(f"{call(world)}/hand-over", data=data).status_code == 404


def test_an_officer_chooses_where_the_elder_goes(
    client: FlaskClient, world: World, opened: dict[str, str], officer: FlaskClient
) -> None:
    cast.tap(client, opened, "police")
    path = f"/police/incidents/{only(Incident).id}"
    for end in ("", "bored", "not_found"):
        answer = make(officer, path, end=end)
        assert answer.status_code == 422
        assert tells(answer, "incidents.disposition_needed")


def test_where_nothing_was_done_yet_nobody_types_anything(client: FlaskClient, world: World) -> None:
    fields = cast.open_band(client, world.her.token)
    assert client.get(f"/s/{fields['scan']}/hand-over").status_code == 404
    assert enter(client, f"/s/{fields['scan']}", "123456").status_code == 404


def test_a_band_that_is_not_ours_has_no_family_that_could_come(client: FlaskClient, world: World) -> None:
    page = cast.tap(client, cast.open_band(client, "0" * 25), "police")
    assert "有人来接了" not in words(client.get(page.location))
