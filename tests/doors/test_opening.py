"""Opening a band: one page for every token, made of the address alone, and nobody is told."""

from __future__ import annotations

import re
from collections.abc import Callable
from urllib.parse import quote

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests import world as cast
from tests.doors.asking import ON_SQLITE, count, only, opened, statements, tells, words
from tests.world import World
from wristband.audit.models import AuditRow
from wristband.bands import tokens
from wristband.bands.rules import BandEnd
from wristband.house import house
from wristband.incidents.models import Incident, Report
from wristband.outbox.models import Message
from wristband.scans.models import Reach, Scan
from wristband.services import issuing

FOREIGN_KEYS = tokens.BandKeys({"1": bytes(range(32))})


def _altered(token: str) -> str:
    return token[:-1] + ("0" if token[-1] != "0" else "1")


def _ended(world: World) -> str:
    issuing.end(world.her.band_id, BandEnd.LOST, guardian_id=world.daughter_id, now=world.now)
    return world.her.token


def _never_issued(world: World) -> str:
    serial = next(f"{number:012d}" for number in range(3) if f"{number:012d}" != world.her.serial)
    return tokens.sign(serial, house().band_keys)


OURS: dict[str, Callable[[World], str]] = {
    "live": lambda world: world.her.token,
    "in lower case": lambda world: world.her.token.lower(),
    "its typed code": lambda world: world.her.code,
}
NOT_OURS: dict[str, Callable[[World], str]] = {
    "ended": _ended,
    "never issued": _never_issued,
    "forged": lambda world: _altered(world.her.token),
    "signed by another": lambda world: tokens.sign(world.her.serial, FOREIGN_KEYS),
    "cut": lambda world: world.her.token[:-1],
    "lengthened": lambda world: world.her.token + "0",
    "of other digits": lambda world: world.her.token.translate({ord("0") + n: 0xFF10 + n for n in range(10)}),
    "a blank": lambda world: " ",
    "a dot": lambda world: ".",
    "huge": lambda world: "7" * 20_000,
    "words": lambda world: "老人回家👵",
    "control characters": lambda world: "\0\r\nSet-Cookie: a=b\x1b[2J\x7f",
    "markup": lambda world: "\"'><script>alert(1)<{{ 7*7 }}",
    "SQL": lambda world: "' OR 1=1; DROP TABLE band; --",
}
ALL = {**OURS, **NOT_OURS}


def _get(client: FlaskClient, band: str, prefix: str = "/t/") -> TestResponse:
    return client.get(prefix + quote(band, safe=""))


def _same_for_all(page: TestResponse) -> str:
    """The page without what is the scan's own: its reference and stamp, the band (twice), the code's tail."""
    text = page.get_data(as_text=True)
    text = re.sub(r'name="(stamp|band)" value="[^"]*"', r'name="\1"', text)
    text = re.sub(r"/s/[A-Za-z0-9_-]{22}/", "/s/SCAN/", text)
    text = re.sub(r'href="/family/bind\?code=[^"&]*', 'href="/family/bind?code=', text)
    return re.sub(r'(<b class="figures">)[0-9A-Z]{3}(</b>)', r"\1TAIL\2", text)


def _headers(page: TestResponse) -> dict[str, str]:
    return {name: value for name, value in page.headers if name != "Content-Length"}


@ON_SQLITE
def test_every_token_opens_the_same_page(client: FlaskClient, world: World) -> None:
    other = _get(client, world.other.token)
    for kind, band in ALL.items():
        page = _get(client, band(world))
        assert page.status_code == 200, kind
        assert _headers(page) == _headers(other), kind
        assert _same_for_all(page) == _same_for_all(other), kind


@ON_SQLITE
def test_opening_reads_no_row_and_writes_none(client: FlaskClient, world: World) -> None:
    bands = {kind: band(world) for kind, band in ALL.items()}
    with statements() as seen:
        for kind, text in bands.items():
            assert _get(client, text).status_code == 200, kind
            assert client.head(f"/t/{quote(text, safe='')}").status_code == 200, kind
            assert seen == [], kind


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_an_opening_owes_nobody_a_message_and_tells_no_police(
    app: Flask, client: FlaskClient, world: World, method: str
) -> None:
    before = count(Message), count(AuditRow)
    client.open(f"/t/{world.her.token}", method=method)
    app.extensions["scan_log"].flush()
    assert (count(Message), count(AuditRow)) == before
    assert count(Reach) == count(Report) == count(Incident) == 0


def test_an_opening_is_a_quiet_line_for_the_family(app: Flask, client: FlaskClient, world: World) -> None:
    _get(client, world.her.token)
    app.extensions["scan_log"].flush()
    scan = only(Scan)
    assert (scan.band_id, scan.acted_at) == (world.her.band_id, None)


@pytest.mark.parametrize("band", [NOT_OURS["never issued"], NOT_OURS["control characters"]])
def test_an_opening_of_what_is_no_band_leaves_no_line(
    app: Flask, client: FlaskClient, world: World, band: Callable[[World], str]
) -> None:
    _get(client, band(world))
    app.extensions["scan_log"].flush()
    assert count(Scan) == 0


@ON_SQLITE
def test_a_preview_by_head_leaves_no_line(app: Flask, client: FlaskClient, world: World) -> None:
    page = client.head(f"/t/{world.her.token}")
    app.extensions["scan_log"].flush()
    assert count(Scan) == 0
    assert page.data == b""
    assert _headers(page) == _headers(_get(client, world.her.token))


@ON_SQLITE
def test_both_cases_of_the_address_answer_alike_and_nobody_is_sent_on(client: FlaskClient, world: World) -> None:
    small, large = _get(client, world.her.token), _get(client, world.her.token, "/T/")
    assert small.status_code == large.status_code == 200
    assert _same_for_all(small) == _same_for_all(large)


@ON_SQLITE
def test_two_openings_share_neither_scan_nor_stamp(client: FlaskClient, world: World) -> None:
    one, other = opened(client, world.her.token), opened(client, world.her.token)
    assert one["scan"] != other["scan"]
    assert one["stamp"] != other["stamp"]


@ON_SQLITE
def test_the_page_shows_the_end_of_the_code_that_stands_on_the_band(client: FlaskClient, world: World) -> None:
    assert world.her.code[-3:] in words(_get(client, world.her.token))


@ON_SQLITE
def test_an_address_without_a_token_leads_to_110(client: FlaskClient, app: Flask) -> None:
    for path in ("/t/", "/t", "/t/a/b", "/T/../b"):
        answer = client.get(path)
        assert answer.status_code == 404, path
        assert 'href="tel:110"' in answer.get_data(as_text=True), path


@ON_SQLITE
def test_a_doubled_stroke_sends_nobody_anywhere(client: FlaskClient, world: World) -> None:
    for path in ("//t//{}", "/t//{}", "//elsewhere.example/t/{}"):
        answer = client.get("/", environ_overrides={"PATH_INFO": path.format(world.her.token)})
        assert answer.status_code == 404, path
        assert "Location" not in answer.headers, path


@ON_SQLITE
@pytest.mark.parametrize("band", OURS.values(), ids=OURS)
def test_a_band_of_ours_reports_and_reaches_the_family(
    client: FlaskClient, world: World, band: Callable[[World], str]
) -> None:
    fields = opened(client, band(world))
    told = cast.tap(client, fields, "family")
    assert cast.tap(client, fields, "police").location == told.location
    assert only(Reach).elder_id == only(Incident).elder_id == world.elder_id
    page = words(client.get(told.location))
    assert only(Incident).number in page
    assert "没有在本站登记" not in page


@ON_SQLITE
@pytest.mark.parametrize("band", NOT_OURS.values(), ids=NOT_OURS)
def test_a_token_that_is_not_ours_still_reports_and_its_finder_is_told_the_truth(
    client: FlaskClient, world: World, band: Callable[[World], str]
) -> None:
    fields = opened(client, band(world))
    owed = count(Message)
    told = cast.tap(client, fields, "family")
    reported = cast.tap(client, fields, "police")
    assert told.status_code == reported.status_code == 303
    assert count(Reach) == 0
    assert count(Message) == owed
    assert only(Incident).elder_id is None
    page = words(client.get(reported.location))
    assert only(Incident).number in page
    assert "没有在本站登记" in page
    assert "已发给" not in page
    assert "正在发给" not in page


@ON_SQLITE
def test_a_refused_tap_says_so_and_shows_110(client: FlaskClient, world: World) -> None:
    fields = opened(client, world.her.token)
    answer = client.post(f"/s/{fields['scan']}/police", data=fields, headers={"Sec-Fetch-Site": "cross-site"})
    assert answer.status_code == 403
    assert tells(answer, "page.other_site")
    assert 'href="tel:110"' in answer.get_data(as_text=True)
