"""A finder's taps: told once, however often they come, and never lost for want of a header or a stamp."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests import world as cast
from tests.doors.asking import ON_SQLITE, count, only, tells, words
from tests.world import World
from wristband import clock
from wristband.audit.models import AuditRow
from wristband.incidents.models import Incident, Report
from wristband.outbox.models import Message
from wristband.scans.models import Reach, Scan
from wristband.scans.rules import TAPS_AN_ELDER

BOTH = pytest.mark.parametrize("deed", ["family", "police"])
ELSEWHERE = "https://elsewhere.example"


def _tap(client: FlaskClient, fields: dict[str, str], deed: str, **headers: str) -> TestResponse:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return client.post(f"/s/{fields['scan']}/{deed}", data=fields, headers=named)


def _rows() -> tuple[int, ...]:
    return tuple(count(model) for model in (Scan, Reach, Report, Incident, Message, AuditRow))


@ON_SQLITE
def test_a_tap_tells_the_family_and_the_page_says_no_more_than_is_true(client: FlaskClient, world: World) -> None:
    answer = cast.tap(client, cast.open_band(client, world.her.token), "family")
    assert answer.status_code == 303
    page = words(client.get(answer.location))
    assert "正在发给家人" in page
    assert "已发给" not in page


@BOTH
def test_a_second_tap_changes_nothing_and_gets_the_first_answer(client: FlaskClient, world: World, deed: str) -> None:
    fields = cast.open_band(client, world.her.token)
    first = cast.tap(client, fields, deed)
    rows = _rows()
    for _ in range(3):
        assert cast.tap(client, fields, deed).location == first.location
    assert _rows() == rows


@BOTH
def test_two_finders_have_pages_of_their_own(client: FlaskClient, world: World, deed: str) -> None:
    one = cast.tap(client, cast.open_band(client, world.her.token), deed)
    other = cast.tap(client, cast.open_band(client, world.her.token), deed)
    assert one.location != other.location
    assert count(Scan) == 2
    assert count(Reach) == (2 if deed == "family" else 0)


def test_two_finders_of_one_elder_are_one_incident(client: FlaskClient, world: World) -> None:
    for _ in range(2):
        page = client.get(cast.tap(client, cast.open_band(client, world.her.token), "police").location)
        assert only(Incident).number in words(page)
    assert count(Report) == 2


@ON_SQLITE
def test_finders_of_two_elders_are_two_incidents(client: FlaskClient, world: World) -> None:
    for life in (world.her, world.other):
        cast.tap(client, cast.open_band(client, life.token), "police")
    assert count(Incident) == 2


@ON_SQLITE
@BOTH
def test_a_tap_without_a_stamp_of_ours_is_still_done(client: FlaskClient, world: World, deed: str) -> None:
    stamps: list[dict[str, str]] = [{}, *({"stamp": text} for text in ("", "forged", "a.b.c", "x" * 5000, "é.ü"))]
    for done, stamp in enumerate(stamps, 1):
        fields = cast.open_band(client, world.her.token)
        answer = _tap(client, {"scan": fields["scan"], "band": fields["band"], **stamp}, deed)
        assert answer.status_code == 303, stamp
        # The address a stranger may have chosen is not taken: the finder gets a page of his own.
        assert fields["scan"] not in answer.location
        assert client.get(answer.location).status_code == 200
        assert count(Reach if deed == "family" else Report) == done


@ON_SQLITE
def test_a_stamp_of_another_page_does_not_open_this_one(client: FlaskClient, world: World) -> None:
    one, other = cast.open_band(client, world.her.token), cast.open_band(client, world.other.token)
    answer = _tap(client, {**one, "stamp": other["stamp"]}, "police")
    assert answer.status_code == 303
    assert one["scan"] not in answer.location
    assert other["scan"] not in answer.location


@ON_SQLITE
def test_a_page_that_lay_open_for_a_month_still_reports(client: FlaskClient, world: World) -> None:
    with time_machine.travel(datetime(2026, 11, 24, tzinfo=UTC), tick=False):
        fields = cast.open_band(client, world.her.token)
    with time_machine.travel(datetime(2026, 11, 24, tzinfo=UTC) + timedelta(days=30), tick=False):
        assert cast.tap(client, fields, "police").status_code == 303
    assert only(Incident).elder_id == world.elder_id


@ON_SQLITE
@BOTH
def test_a_tap_that_names_neither_band_nor_scan_is_no_tap(client: FlaskClient, deed: str) -> None:
    answer = client.post(f"/s/{cast.new_reference()}/{deed}", data={"stamp": "forged", "band": ""})
    assert answer.status_code == 422
    assert tells(answer, "page.form_stale")
    assert 'href="tel:110"' in answer.get_data(as_text=True)
    assert count(Scan) == 0


FOREIGN = [
    {"Origin": ELSEWHERE},
    {"Origin": ELSEWHERE, "Sec_Fetch_Site": "same-origin"},
    {"Sec_Fetch_Site": "cross-site"},
    {"Sec_Fetch_Site": "same-site"},
    {"Origin": "null", "Sec_Fetch_Site": "cross-site"},
    {"Origin": "http://localhost.elsewhere.example"},
    {"Origin": "http://localhost:81"},
    {"Origin": "https://["},
    {"Origin": "nonsense"},
]


@ON_SQLITE
@BOTH
def test_another_site_makes_no_tap(client: FlaskClient, world: World, deed: str) -> None:
    for headers in FOREIGN:
        answer = _tap(client, cast.open_band(client, world.her.token), deed, **headers)
        assert answer.status_code == 403, headers
        assert tells(answer, "page.other_site"), headers
    assert count(Reach) == count(Report) == 0


@ON_SQLITE
@pytest.mark.parametrize(
    ("headers", "low_trust"),
    [
        ({}, True),
        ({"Origin": "null"}, True),
        ({"Origin": "null", "Sec_Fetch_Site": "same-origin"}, False),
        ({"Origin": "http://localhost"}, False),
        ({"Sec_Fetch_Site": "same-origin"}, False),
        ({"Sec_Fetch_Site": "none"}, False),
    ],
)
def test_a_browser_that_says_nothing_of_itself_taps_and_is_trusted_less(
    client: FlaskClient, world: World, headers: dict[str, str], low_trust: bool
) -> None:
    assert _tap(client, cast.open_band(client, world.her.token), "police", **headers).status_code == 303
    assert only(Scan).low_trust is low_trust


@ON_SQLITE
def test_no_address_of_a_tap_can_be_opened(app: Flask, client: FlaskClient) -> None:
    opened = {rule.rule for rule in app.url_map.iter_rules() if "GET" in (rule.methods or ())}
    posted_only = {rule.rule for rule in app.url_map.iter_rules()} - opened
    assert posted_only
    for rule in posted_only:
        path = "/".join("1" if part.startswith("<") else part for part in rule.split("/"))
        answer = client.get(path)
        assert (answer.status_code, "POST" in answer.headers.get("Allow", "")) == (405, True), path
        assert path.startswith(("/platform/", "/api/", "/pfif/", "/cap/")) or tells(
            answer, "page.wrong_method"
        )  # a machine is told in JSON


@ON_SQLITE
@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "TRACE", "PROPFIND"])
def test_a_method_nobody_serves_is_a_sentence(client: FlaskClient, world: World, method: str) -> None:
    answer = client.open(f"/t/{world.her.token}", method=method)
    assert answer.status_code == 405
    assert tells(answer, "page.wrong_method")


@ON_SQLITE
def test_many_taps_flood_no_family_and_turn_no_finder_away(client: FlaskClient, world: World) -> None:
    owed = count(Message)
    with time_machine.travel(clock.now(), tick=False):
        for _ in range(25):
            answer = cast.tap(client, cast.open_band(client, world.her.token), "family")
            assert answer.status_code == 303
    assert count(Reach) == 25
    assert count(Message) - owed == TAPS_AN_ELDER.burst == 8
    assert "正在发给家人" in words(client.get(answer.location))
