"""An incident at the station: who it is, where, and one step after the other."""

from __future__ import annotations

import io
import re
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from PIL import Image
from werkzeug.test import TestResponse

from tests import photographs
from tests import world as cast
from tests.doors.asking import ON_SQLITE, count, only, tells, value_of, words
from tests.world import World
from wristband import clock
from wristband.audit.models import AuditRow
from wristband.clock import ZONE
from wristband.incidents.models import Incident, IncidentMove
from wristband.incidents.rules import MOVES, Disposition, IncidentState
from wristband.reports.rules import Claimed
from wristband.services import registration, reporting

STATES = list(IncidentState)


@pytest.fixture
def address(client: FlaskClient, world: World) -> str:
    """The address of the elder's incident; an officer of its station is signed in."""
    cast.tap(client, cast.open_band(client, world.her.token), "police")
    cast.sign_in_officer(client)
    return f"/police/incidents/{only(Incident).id}"


def _move(client: FlaskClient, address: str, state: str, **fields: str) -> TestResponse:
    token = cast.csrf(client, "/police")
    return client.post(f"{address}/move", data={"csrf_token": token, "state": state, **fields})


def _bring_to(client: FlaskClient, address: str, state: IncidentState) -> None:
    if state is IncidentState.CLOSED:
        assert _move(client, address, "closed", disposition="with_family").status_code == 303
    else:
        for step in STATES[1 : STATES.index(state) + 1]:
            assert _move(client, address, step).status_code == 303


def test_the_page_shows_whom_to_look_for_and_the_look_is_recorded_each_time(
    client: FlaskClient, world: World, address: str
) -> None:
    looks = [row for row in AuditRow.query if row.deed == "incident.looked_at"]
    for number in (1, 2):
        page = words(client.get(address))
        assert cast.ELDER["name"] in page
        assert cast.ELDER["health"] in page
        assert "138 0013 8000" not in page
        assert cast.ELDER["address"] not in page
        seen = [row for row in AuditRow.query if row.deed == "incident.looked_at"]
        assert len(seen) == len(looks) + number
        assert seen[-1].actor == world.officer.actor


@ON_SQLITE
def test_the_portrait_is_shown_where_there_is_one(client: FlaskClient, world: World, address: str) -> None:
    answer = client.get(f"{address}/portrait.jpg")
    assert answer.status_code == 404
    assert tells(answer, "elders.no_portrait")
    picture = photographs.encoded(photographs.portrait().resize((300, 375)), "JPEG")
    photo_id = registration.keep_photo(picture, guardian_id=world.daughter_id, now=world.now)
    registration.replace_portrait(world.elder_id, photo_id, guardian_id=world.daughter_id, now=world.now)
    answer = client.get(f"{address}/portrait.jpg")
    assert (answer.mimetype, answer.headers["Cache-Control"]) == ("image/jpeg", "no-store")
    assert Image.open(io.BytesIO(answer.data)).size == (300, 375)


@ON_SQLITE
def test_a_band_that_is_not_ours_makes_an_incident_without_an_elder(client: FlaskClient, world: World) -> None:
    cast.tap(client, cast.open_band(client, "0" * 25), "police")
    cast.sign_in_officer(client)
    page = words(client.get(f"/police/incidents/{only(Incident).id}"))
    assert "手环未识别" in page
    assert cast.ELDER["name"] not in page


def test_from_report_to_home_each_step_is_taken_by_a_tap(client: FlaskClient, world: World, address: str) -> None:
    for state in ("accepted", "dispatched", "on_scene"):
        answer = _move(client, address, state)
        assert (answer.status_code, answer.location) == (303, address)
    answer = _move(client, address, "closed", disposition="with_family", words="交给女儿")
    assert answer.location == address
    incident = only(Incident)
    assert (incident.state, incident.disposition) == (IncidentState.CLOSED, Disposition.WITH_FAMILY)
    assert count(IncidentMove) == 5
    page = words(client.get(address))
    assert "交给女儿" in page
    assert "办结" in page


@ON_SQLITE
@pytest.mark.parametrize("before", STATES)
def test_a_step_that_is_not_in_the_table_is_refused_on_the_page_with_the_state_of_now(
    client: FlaskClient, world: World, address: str, before: IncidentState
) -> None:
    _bring_to(client, address, before)
    steps = count(IncidentMove)
    for after in set(STATES) - MOVES[before]:
        closing = {"disposition": "with_family"} if after is IncidentState.CLOSED else {}
        answer = _move(client, address, after, **closing)
        assert answer.status_code == 409
        assert tells(answer, "incidents.moved_on")
        assert only(Incident).number in words(answer)
    assert (only(Incident).state, count(IncidentMove)) == (before, steps)


@ON_SQLITE
@pytest.mark.parametrize("before", [state for state in STATES if state is not IncidentState.CLOSED])
def test_an_incident_can_be_closed_from_every_state(
    client: FlaskClient, world: World, address: str, before: IncidentState
) -> None:
    _bring_to(client, address, before)
    assert _move(client, address, "closed", disposition="at_station").status_code == 303
    assert only(Incident).disposition is Disposition.AT_STATION


@ON_SQLITE
def test_an_end_that_is_a_finder_s_deed_or_that_what_is_known_rules_out_is_not_offered(
    client: FlaskClient, world: World, address: str
) -> None:
    def offered() -> set[str]:
        choice = re.search(
            r'<select[^>]* name="disposition".*?</select>', client.get(address).get_data(as_text=True), re.S
        )
        assert choice
        return set(re.findall(r'value="([a-z_]+)"', choice[0]))

    ends = {"with_family", "at_station", "to_hospital", "not_found", "false_report"}
    assert offered() == ends
    _bring_to(client, address, IncidentState.HANDED_OVER)
    assert offered() == ends - {"not_found"}


@ON_SQLITE
@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"state": ""}, "page.bad_request"),
        ({"state": "teleported"}, "page.bad_request"),
        ({"state": "closed", "disposition": "bored"}, "page.bad_request"),
        ({"state": "closed"}, "incidents.disposition_needed"),
        ({"state": "closed", "disposition": "withdrawn"}, "incidents.disposition_needed"),
        ({"state": "closed", "disposition": "duplicate"}, "incidents.disposition_needed"),
        ({"state": "accepted", "disposition": "with_family"}, "incidents.disposition_needed"),
        ({"state": "closed", "disposition": "with_family", "words": "\u202e"}, "text.hidden_characters"),
    ],
)
def test_a_step_that_is_none_is_told(
    client: FlaskClient, world: World, address: str, fields: dict[str, str], code: str
) -> None:
    answer = _move(client, address, **fields)
    assert answer.status_code == 422
    assert tells(answer, code)
    assert only(Incident).state is IncidentState.REPORTED


@ON_SQLITE
def test_words_too_long_are_told_and_stay_in_their_field(client: FlaskClient, world: World, address: str) -> None:
    typed = "很长的说明" * 61
    answer = _move(client, address, "closed", disposition="with_family", words=typed)
    assert answer.status_code == 422
    assert tells(answer, "incidents.words_long", longest=300)
    assert value_of(answer, "words") == typed


@ON_SQLITE
def test_a_second_officer_who_is_late_is_told_and_the_first_step_stands(
    app: Flask, client: FlaskClient, world: World, address: str
) -> None:
    late = app.test_client()
    cast.sign_in_officer(late)
    assert _move(client, address, "accepted").status_code == 303
    assert _move(late, address, "accepted").status_code == 409
    assert count(IncidentMove) == 2


@ON_SQLITE
def test_a_form_without_its_token_moves_nothing(client: FlaskClient, world: World, address: str) -> None:
    assert client.post(f"{address}/move", data={"state": "accepted"}).status_code == 403
    assert only(Incident).state is IncidentState.REPORTED


@ON_SQLITE
def test_a_place_a_finder_told_is_shown_with_the_way_and_as_plain_words(
    client: FlaskClient, world: World, address: str
) -> None:
    fields = cast.open_band(client, world.her.token)
    finder = cast.tap(client, fields, "police").location
    client.post(
        f"{finder}/place",
        # Vague, so that the incident stays at this station.
        data={"key": "k" * 20, "latitude": "24.71", "longitude": "118.14", "accuracy": "9000", "words": "<u>桥</u>"},
    )
    page = client.get(address).get_data(as_text=True)
    assert "24.71000, 118.14000" in page
    assert "&lt;u&gt;桥" in page
    assert "amap.com" in page
    assert "2 人报过警" in words(client.get(address))


@ON_SQLITE
def test_what_a_phone_kept_without_network_says_when_it_was_done(client: FlaskClient, world: World) -> None:
    cast.sign_in_officer(client)
    opened, now = cast.open_band(client, world.her.token), clock.now()
    made = Claimed(now - timedelta(hours=3), 0)
    reporting.report(opened["scan"], world.her.serial, language="zh-CN", low_trust=False, claimed=made, now=now)
    page = words(client.get(f"/police/incidents/{only(Incident).id}"))
    assert re.search(rf"发现人 \S+ {made.at.astimezone(ZONE):%H:%M} 就发了，手机没有网络，晚到了", page)


@ON_SQLITE
def test_what_came_at_once_says_nothing_of_the_phones_clock_however_wrong(client: FlaskClient, world: World) -> None:
    cast.sign_in_officer(client)
    opened, now = cast.open_band(client, world.her.token), clock.now()
    wrong = Claimed(now - timedelta(days=1), -86_400)
    reporting.report(opened["scan"], world.her.serial, language="zh-CN", low_trust=False, claimed=wrong, now=now)
    assert "晚到了" not in words(client.get(f"/police/incidents/{only(Incident).id}"))
