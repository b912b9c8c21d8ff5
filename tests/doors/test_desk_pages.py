"""The desk's own pages: a call entered, a report passed on, joined, noted; what is unrecognised apart."""

from __future__ import annotations

import re

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests import world as cast
from tests.doors.asking import ON_SQLITE, count, only, tells, value_of, words
from tests.services.finders import FINDER_PHONE
from tests.world import World
from wristband.accounts.models import Officer
from wristband.accounts.rules import Role
from wristband.audit.models import AuditRow
from wristband.config import Settings
from wristband.db import db, transaction
from wristband.incidents.models import Incident, Note, Report
from wristband.incidents.rules import Disposition, IncidentState

NUMBER = re.compile(r"\d{6}-\d{3}")


@pytest.fixture
def desk(client: FlaskClient, world: World) -> FlaskClient:
    """An officer's browser, signed in."""
    cast.sign_in_officer(client)
    return client


@pytest.fixture
def finder(app: Flask) -> FlaskClient:
    return app.test_client()


def _report(finder: FlaskClient, token: str) -> str:
    """Where the finder's own page is."""
    return str(cast.tap(finder, cast.open_band(finder, token), "police").location)


def _place(finder: FlaskClient, page: str, latitude: str, longitude: str, accuracy: str) -> None:
    place = {"latitude": latitude, "longitude": longitude, "accuracy": accuracy, "source": "device"}
    assert finder.post(f"{page}/place", data={"key": latitude.ljust(20, "k"), **place}).status_code == 303


def _post(desk: FlaskClient, path: str, fields: dict[str, object] | None = None) -> TestResponse:
    return desk.post(path, data={"csrf_token": cast.csrf(desk, "/police"), **(fields or {})})


def _newest() -> Incident:
    db.session.rollback()
    return db.session.scalars(sa.select(Incident).order_by(Incident.id.desc()).limit(1)).one()


def _address(incident: Incident) -> str:
    return f"/police/incidents/{incident.id}"


# ---- a call


def _call(desk: FlaskClient, **fields: str) -> TestResponse:
    key = cast.hidden(desk.get("/police/call"), "key")
    return _post(desk, "/police/call", {"key": key, "code": "", "place": "", "words": "", "phone": "", **fields})


def test_a_call_with_a_code_leads_to_the_elders_incident(desk: FlaskClient, world: World) -> None:
    answer = _call(desk, code=world.her.code, place="公园南门", phone=FINDER_PHONE)
    incident = only(Incident)
    assert (answer.status_code, answer.location) == (303, _address(incident))
    page = words(desk.get(answer.location))
    assert "拨 110 报警，民警录入" in page
    assert "公园南门" in page
    assert FINDER_PHONE in page
    assert "和发现人留言" not in page
    assert incident.number in words(desk.get("/police"))


@ON_SQLITE
def test_the_form_sent_twice_is_one_call(desk: FlaskClient, world: World) -> None:
    form = {"key": "k" * 22, "code": "", "place": "桥头", "words": "", "phone": ""}
    assert _post(desk, "/police/call", form).location == _post(desk, "/police/call", form).location
    assert count(Report) == 1


@ON_SQLITE
def test_what_cannot_be_read_is_told_at_its_field_and_stays_typed(desk: FlaskClient, world: World) -> None:
    answer = _call(desk, code="ABC", place="桥头", phone="12")
    assert answer.status_code == 422
    assert tells(answer, "code.not_a_band_code")
    assert tells(answer, "phone.not_a_phone")
    assert value_of(answer, "place") == "桥头"
    assert tells(_call(desk), "incidents.call_empty")
    assert tells(_call(desk, words="字" * 301), "incidents.words_long", longest=300)
    assert count(Incident) == 0


@ON_SQLITE
def test_where_another_station_has_the_incident_the_officer_is_told_its_number(
    desk: FlaskClient, finder: FlaskClient, world: World
) -> None:
    _report(finder, world.other.token)
    answer = _call(desk, code=world.other.code, words="在桥头")
    assert answer.status_code == 200
    assert f"已并入警情 {only(Incident).number}" in words(answer)


# ---- passing on


def test_an_incident_is_passed_on_and_both_sides_see_it(
    app: Flask, desk: FlaskClient, finder: FlaskClient, world: World
) -> None:
    page = _report(finder, world.her.token)
    incident = only(Incident)
    form = words(desk.get(f"{_address(incident)}/pass-on"))
    assert "祥平派出所" in form
    assert "大同派出所" not in form.replace("officer · 大同派出所", "")
    fields = {"station": str(world.other_station_id), "reason": "area", "words": "她住河东"}
    answer = _post(desk, f"{_address(incident)}/pass-on", fields)
    assert (answer.status_code, answer.location) == (303, "/police/")
    mine = words(desk.get("/police"))
    assert "24 小时内转出去的" in mine
    assert "祥平派出所" in mine
    assert desk.get(_address(incident)).status_code == 404
    theirs = app.test_client()
    cast.sign_in_officer(theirs, "stranger")
    assert "转来" in words(theirs.get("/police"))
    seen = words(theirs.get(_address(incident)))
    assert "她住河东" in seen
    assert "大同派出所 → 祥平派出所 · 在对方辖区" in seen
    assert cast.ELDER["name"] not in seen
    assert "祥平派出所" in words(finder.get(page))


@ON_SQLITE
def test_a_station_is_found_by_a_part_of_its_name_and_what_is_missing_is_told(
    desk: FlaskClient, finder: FlaskClient, world: World
) -> None:
    _report(finder, world.her.token)
    address = f"{_address(only(Incident))}/pass-on"
    assert "祥平派出所" in words(desk.get(f"{address}?name=祥平"))
    for nobody in ("没有这个", "%", "_", "%00", "字" * 400):
        assert "没有找到派出所" in words(desk.get(address, query_string={"name": nobody}))
    assert tells(_post(desk, address, {"station": str(world.other_station_id)}), "incidents.pass_reason")
    answer = _post(desk, address, {"reason": "busy", "station": "9" * 30, "words": "请接一下"})
    assert (answer.status_code, tells(answer, "incidents.pass_station")) == (422, True)
    assert value_of(answer, "words") == "请接一下"


# ---- joining, and closing many


def test_an_unknown_band_is_joined_by_its_number_and_undone(
    desk: FlaskClient, finder: FlaskClient, world: World
) -> None:
    _report(finder, world.her.token)
    hers = only(Incident)
    page = _report(finder, "0" * 25)
    nobodys = _newest()
    answer = _post(desk, f"{_address(nobodys)}/merge", {"number": hers.number})
    assert (answer.status_code, answer.location) == (303, _address(hers))
    assert f"并入警情 {nobodys.number}" in words(desk.get(_address(hers)))
    assert hers.number in words(finder.get(page))
    merged = words(desk.get(_address(nobodys)))
    assert f"已并入警情 {hers.number}" in merged
    assert "撤销合并" in merged
    assert _post(desk, f"{_address(nobodys)}/unmerge").location == _address(nobodys)
    assert nobodys.number in words(finder.get(page))
    late = _post(desk, f"{_address(nobodys)}/unmerge")
    assert (late.status_code, tells(late, "incidents.undo_late")) == (409, True)


@ON_SQLITE
def test_a_merge_that_cannot_be_is_told_beside_its_field(desk: FlaskClient, finder: FlaskClient, world: World) -> None:
    _report(finder, "0" * 25)
    address = f"{_address(only(Incident))}/merge"
    answer = _post(desk, address, {"number": "261124-999"})
    assert (answer.status_code, tells(answer, "incidents.merge_unknown")) == (422, True)
    assert value_of(answer, "number") == "261124-999"
    assert tells(_post(desk, address, {"number": only(Incident).number}), "incidents.merge_itself")


def test_unknown_bands_stand_folded_apart_and_are_closed_together(
    desk: FlaskClient, finder: FlaskClient, world: World
) -> None:
    for token in (world.her.token, "0" * 25, "0" * 25):
        _report(finder, token)
    page = words(desk.get("/police"))
    assert "正在处理（1）" in page
    assert "未识别的手环（2）" in page
    ids = re.findall(r'name="incidents" value="(\d+)"', desk.get("/police").get_data(as_text=True))
    nothing = _post(desk, "/police/unsorted/close", {"words": "误扫"})
    assert (nothing.status_code, tells(nothing, "incidents.none_ticked")) == (422, True)
    assert value_of(nothing, "words") == "误扫"
    closing = {"incidents": [*ids, "x"], "words": "孩子误扫"}
    assert _post(desk, "/police/unsorted/close", closing).location == "/police/"
    db.session.rollback()
    ended = db.session.scalars(sa.select(Incident.disposition).where(Incident.id.in_(map(int, ids)))).all()
    assert ended == [Disposition.FALSE_REPORT] * 2
    assert "未识别的手环" not in words(desk.get("/police"))


# ---- one incident


def test_what_happened_is_asked_for_alone_and_is_no_look_at_the_elder(
    desk: FlaskClient, finder: FlaskClient, world: World
) -> None:
    page = _report(finder, world.her.token)
    _place(finder, page, "24.7229", "118.1518", "40")
    address = _address(only(Incident))
    looks = count(AuditRow)
    part = desk.get(address, headers={"X-Part": "happenings"})
    text = words(part)
    assert "发现人报警" in text
    assert "告诉家人：有人报警" in text
    assert "24.72290, 118.15180" in text
    assert cast.ELDER["name"] not in text
    assert count(AuditRow) == looks


def test_places_are_drawn_to_scale_with_station_and_north(desk: FlaskClient, finder: FlaskClient, world: World) -> None:
    page = _report(finder, world.her.token)
    _place(finder, page, "24.7229", "118.1518", "40")
    _place(finder, page, "24.7290", "118.1600", "")
    shown = desk.get(_address(only(Incident))).get_data(as_text=True)
    assert shown.count('class="sketch-point"') == 2
    assert shown.count('class="sketch-station"') == 1
    assert "北" in shown
    assert re.search(r">\d+ 米<", shown)


def test_a_note_is_kept_and_one_too_long_stays_typed(desk: FlaskClient, finder: FlaskClient, world: World) -> None:
    _report(finder, world.her.token)
    address = _address(only(Incident))
    assert _post(desk, f"{address}/notes", {"key": "k" * 22, "words": "家人在路上"}).status_code == 303
    assert "家人在路上" in words(desk.get(address))
    long = _post(desk, f"{address}/notes", {"key": "l" * 22, "words": "字" * 501})
    assert (long.status_code, tells(long, "incidents.note_long", longest=500)) == (422, True)
    assert "字" * 501 in long.get_data(as_text=True)
    assert count(Note) == 1


@ON_SQLITE
def test_a_closed_incident_tells_whoever_acts_on_it(desk: FlaskClient, finder: FlaskClient, world: World) -> None:
    _report(finder, world.her.token)
    address = _address(only(Incident))
    _post(desk, f"{address}/move", {"state": "closed", "disposition": "with_family"})
    assert tells(_post(desk, f"{address}/notes", {"key": "k" * 22, "words": "再看"}), "incidents.over")
    passing = {"station": str(world.other_station_id), "reason": "busy"}
    assert tells(_post(desk, f"{address}/pass-on", passing), "incidents.over")
    assert tells(_post(desk, f"{address}/move", {"state": "accepted"}), "incidents.moved_on")


@ON_SQLITE
def test_every_step_has_its_own_key_and_the_finder_sees_that_the_elder_is_with_the_police(
    desk: FlaskClient, finder: FlaskClient, world: World
) -> None:
    page = _report(finder, world.her.token)
    address, states = _address(only(Incident)), list(IncidentState)[1:-1]
    keys = []
    for state in states:
        keys += re.findall(r'<div data-key="(\w)">', desk.get(address).get_data(as_text=True))
        assert _post(desk, f"{address}/move", {"state": state.value}).status_code == 303
    assert keys == ["a", "d", "e", "h"]
    assert "民警已接到老人" in words(finder.get(page))


# ---- the district


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_a_district_sees_how_every_station_does_and_opens_nothing(
    desk: FlaskClient, finder: FlaskClient, world: World
) -> None:
    for token in (world.her.token, world.other.token, "0" * 25):
        _report(finder, token)
    with transaction():
        db.session.execute(sa.update(Officer).where(Officer.id == world.officer.officer_id).values(role=Role.DISTRICT))
    page = desk.get("/police")
    assert {"大同派出所", "祥平派出所"} <= set(words(page).split())
    assert len(NUMBER.findall(words(page))) == 2
    assert "/police/incidents/" not in page.get_data(as_text=True)
    assert desk.get("/police/call").status_code == 403


class TestWithItsOwnClock:
    """An operator may set when a report is late."""

    @pytest.fixture
    def settings(self, settings: Settings) -> Settings:
        return settings.model_copy(update={"desk_amber_s": 86_400, "desk_red_s": 1})

    @ON_SQLITE
    def test_the_desk_turns_red_when_the_operator_says(
        self, desk: FlaskClient, finder: FlaskClient, world: World
    ) -> None:
        _report(finder, world.her.token)
        with transaction():
            db.session.execute(sa.update(Incident).values(opened_at=world.now))
        assert 'class="level-red"' in desk.get("/police").get_data(as_text=True)
