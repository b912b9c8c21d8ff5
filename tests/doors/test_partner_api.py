"""The interface at its door: who is let in, what is read, how refusals are told, and what no answer carries."""

from __future__ import annotations

import json
import secrets
from datetime import datetime
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from tests.doors.asking import ON_SQLITE
from tests.doors.partners import HOST, Caller, partner
from tests.world import ELDER, World
from wristband import clock
from wristband.db import db
from wristband.incidents.models import Report
from wristband.partners.rules import CALLS
from wristband.web.partner.operations import OPERATIONS
from wristband.web.partner.reading import LONGEST_BYTES

REPORT = {"words": "老人坐在车站"}
HOOK = {"url": f"https://{HOST}/in", "events": ["incident.closed"]}


@pytest.fixture
def now(world: World) -> datetime:
    return clock.now()


@pytest.fixture
def caller(client: FlaskClient, world: World, now: datetime) -> Caller:
    return partner(client, now)


def _reports() -> int:
    db.session.rollback()
    return db.session.scalar(sa.select(sa.func.count(Report.id))) or 0


def _address(path: str) -> str:
    return "/api/v1" + path.replace("{id}", "1").replace("{number}", "261124-001")


# ---- who is let in


@ON_SQLITE
@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.name)
def test_without_a_right_key_every_operation_answers_the_same(
    client: FlaskClient, world: World, operation: Any
) -> None:
    told = []
    for header in ({}, {"Authorization": "Bearer x"}, {"Authorization": f"Bearer wbk_{'a' * 12}_{'b' * 43}"}):
        answer = client.open(_address(operation.path), method=operation.method, headers=header)
        assert (answer.status_code, answer.content_type) == (401, "application/problem+json")
        assert answer.headers["WWW-Authenticate"] == 'Bearer realm="wristband", error="invalid_token"'
        told.append({**answer.get_json(), "request": ""})
    assert told[0] == told[1] == told[2]


@ON_SQLITE
@pytest.mark.parametrize("operation", [one for one in OPERATIONS if one.scope], ids=lambda operation: operation.name)
def test_every_operation_wants_its_own_scope(client: FlaskClient, world: World, now: datetime, operation: Any) -> None:
    others = {one.scope.value for one in OPERATIONS if one.scope} - {operation.scope.value}
    caller = partner(client, now, scopes=others)
    answer = client.open(_address(operation.path), method=operation.method, headers=caller.headers())
    assert (answer.status_code, answer.get_json()["code"]) == (403, "partners.scope_missing")
    assert f'scope="{operation.scope.value}"' in answer.headers["WWW-Authenticate"]


@ON_SQLITE
def test_a_key_tells_what_it_may_do(client: FlaskClient, world: World, now: datetime) -> None:
    caller = partner(client, now, scopes=["bands:check"], district="同安区")
    told = caller.get("/key").get_json()
    assert (told["partner"], told["scopes"], told["district"], told["station"]) == (
        "示例热线",
        ["bands:check"],
        "同安区",
        None,
    )


@ON_SQLITE
def test_each_answer_tells_what_is_left_and_a_spent_key_when_to_come_again(caller: Caller) -> None:
    first = caller.get("/key")
    assert first.headers["RateLimit-Policy"] == f'"calls";q={CALLS.burst};w=60'
    assert first.headers["RateLimit"] == f'"calls";r={CALLS.burst - 1};t=1'
    for _ in range(CALLS.burst + 20):
        answer = caller.get("/key")
        if answer.status_code == 429:
            break
    assert (answer.status_code, answer.get_json()["code"]) == (429, "partners.spent")
    assert int(answer.headers["Retry-After"]) >= 1


# ---- what is read


@ON_SQLITE
@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b"", 400, "partners.not_read"),
        (b"{", 400, "partners.not_read"),
        (b"\xff\xfe", 400, "partners.not_read"),
        (b'{"words": "a"} {}', 400, "partners.not_read"),
        (b'{"words": "a", "words": "b"}', 400, "partners.not_read"),
        (b'{"words": NaN}', 400, "partners.not_read"),
        (b'{"words": "a", "place": {"latitude": Infinity, "longitude": 1}}', 400, "partners.not_read"),
        (b'{"words": ' + b"[" * 20 + b"]" * 20 + b"}", 400, "partners.not_read"),
        (b"[" * 8000, 400, "partners.not_read"),
        (b'{"words": ' + b"9" * 8000 + b"}", 400, "partners.not_read"),
        (b"[]", 422, "partners.unfit"),
        (b"null", 422, "partners.unfit"),
        (b'"words"', 422, "partners.unfit"),
        (b"{}", 422, "partners.unfit"),
        (b'{"words": 5}', 422, "partners.unfit"),
        (b'{"words": "a", "more": 1}', 422, "partners.unfit"),
        (b'{"words": "a", "__proto__": {}}', 422, "partners.unfit"),
        (b'{"words": "a", "place": {"latitude": "24", "longitude": 118}}', 422, "partners.unfit"),
        (b'{"words": "a", "place": {"latitude": 91, "longitude": 118}}', 422, "partners.unfit"),
        (b'{"words": "a", "place": {"latitude": true, "longitude": 118}}', 422, "partners.unfit"),
        (b'{"words": "a", "reference": "no spaces"}', 422, "partners.unfit"),
        (b'{"words": "\\ud800"}', 422, "partners.unfit"),
        (b'{"words": "a\\u0000"}', 422, "text.hidden_characters"),
        ('{"words": "a\u202eb"}'.encode(), 422, "text.hidden_characters"),
        (b'{"words": "   "}', 422, "incidents.words_missing"),
        (b'{"words": "' + b"a" * 301 + b'"}', 422, "partners.unfit"),
        (b'{"words": "' + b"a" * LONGEST_BYTES + b'"}', 413, "partners.too_large"),
    ],
)
def test_a_body_that_is_not_what_the_document_says_is_refused_and_nothing_is_done(
    caller: Caller, body: bytes, status: int, code: str
) -> None:
    headers = caller.headers(Idempotency_Key=secrets.token_hex(12))
    answer = caller.client.post("/api/v1/incidents", data=body, content_type="application/json", headers=headers)
    assert (answer.status_code, answer.get_json()["code"]) == (status, code)
    assert answer.content_type == "application/problem+json"
    assert _reports() == 0


@ON_SQLITE
@pytest.mark.parametrize(
    ("content_type", "more"),
    [
        ("text/plain", {}),
        ("application/x-www-form-urlencoded", {}),
        ("multipart/form-data; boundary=x", {}),
        ("application/json; charset=gb18030", {}),
        ("application/json; version=2", {}),
        ("", {}),
        ("application/json", {"Content-Encoding": "gzip"}),
    ],
)
def test_only_json_in_utf_8_is_read(caller: Caller, content_type: str, more: dict[str, str]) -> None:
    headers = caller.headers(Idempotency_Key=secrets.token_hex(12)) | more
    answer = caller.client.post(
        "/api/v1/incidents", data=json.dumps(REPORT), content_type=content_type, headers=headers
    )
    assert (answer.status_code, answer.get_json()["code"]) == (415, "partners.not_json")


@ON_SQLITE
def test_a_place_that_is_wrong_is_pointed_at_and_not_repeated(caller: Caller) -> None:
    answer = caller.post("/incidents", {"words": "a", "place": {"latitude": 4321.5, "longitude": "x"}})
    assert answer.get_json()["errors"] == [
        {"pointer": "/place/latitude", "code": "less_than_equal"},
        {"pointer": "/place/longitude", "code": "float_type"},
    ]
    assert "4321" not in answer.get_data(as_text=True)


@ON_SQLITE
@pytest.mark.parametrize(
    "query",
    ["limit=0", "limit=101", "limit=x", "limit=+5", "limit=5.0", "limit=", "limit=5&limit=6", "cursor=x", "page=2"],
)
def test_a_query_that_is_not_what_the_document_says_is_refused(caller: Caller, query: str) -> None:
    answer = caller.get(f"/stations?{query}")
    assert (answer.status_code, answer.get_json()["code"]) == (422, "partners.unfit")


@ON_SQLITE
@pytest.mark.parametrize("accept", ["text/html", "application/xml", "image/*", "application/json;q=0"])
def test_who_takes_no_json_is_told_so(caller: Caller, accept: str) -> None:
    assert caller.get("/key", Accept=accept).status_code == 406


@ON_SQLITE
@pytest.mark.parametrize("accept", ["*/*", "application/*", "application/json", "text/html, application/json;q=0.1"])
def test_who_takes_json_gets_it(caller: Caller, accept: str) -> None:
    assert caller.get("/key", Accept=accept).content_type == "application/json"


# ---- once, and only over what was read


@ON_SQLITE
def test_a_report_needs_a_key_of_its_own_and_is_answered_the_same_again(caller: Caller) -> None:
    bare = caller.client.post("/api/v1/incidents", json=REPORT, headers=caller.headers())
    assert (bare.status_code, bare.get_json()["code"]) == (400, "partners.key_missing")
    first = caller.post("/incidents", REPORT, key="k" * 16)
    again = caller.post("/incidents", dict(reversed(REPORT.items())), key="k" * 16)
    assert (first.status_code, again.status_code, again.get_json()) == (201, 201, first.get_json())
    assert ("Idempotency-Replayed" in first.headers, again.headers["Idempotency-Replayed"]) == (False, "true")
    assert first.location == f"/api/v1/incidents/{first.get_json()['number']}"
    other = caller.post("/incidents", {"words": "另一件"}, key="k" * 16)
    assert (other.status_code, other.get_json()["code"]) == (409, "partners.key_reused")
    assert _reports() == 1


@ON_SQLITE
@pytest.mark.parametrize("key", ["short", "k" * 65, "k" * 15 + " ", "键" * 16])
def test_what_is_no_key_is_refused(caller: Caller, key: str) -> None:
    answer = caller.client.post(
        "/api/v1/incidents", json=REPORT, headers=caller.headers() | {"Idempotency-Key": key.encode().decode("latin-1")}
    )
    assert (answer.status_code, answer.get_json()["code"]) == (400, "partners.key_missing")


def test_a_reported_incident_is_read_and_another_partners_is_not_there(
    caller: Caller, client: FlaskClient, world: World, now: datetime
) -> None:
    number = caller.post("/incidents", {**REPORT, "band": world.her.code, "reference": "A-7"}).get_json()["number"]
    told = caller.get(f"/incidents/{number}").get_json()
    assert (told["state"], told["reported_by_you"], told["reference"]) == ("reported", True, "A-7")
    assert told["station"]["name"] == "大同派出所"
    assert not any(text in json.dumps(told, ensure_ascii=False) for text in ELDER.values())
    assert [one["number"] for one in caller.get("/incidents").get_json()["items"]] == [number]
    other = partner(client, now, name="另一家")
    hidden, never = other.get(f"/incidents/{number}"), other.get("/incidents/261124-999")
    assert (hidden.status_code, never.status_code) == (404, 404)
    assert {**hidden.get_json(), "request": ""} == {**never.get_json(), "request": ""}


def test_stations_are_paged_and_kept_within_the_area(
    caller: Caller, client: FlaskClient, world: World, now: datetime
) -> None:
    first = caller.get("/stations?limit=1").get_json()
    rest = caller.get(f"/stations?limit=1&cursor={first['next']}").get_json()
    assert {one["name"] for one in (*first["items"], *rest["items"])} == {"大同派出所", "祥平派出所"}
    assert rest["next"] is None
    near = caller.get("/stations/near?latitude=24.7101&longitude=118.1401").get_json()["items"]
    assert [one["name"] for one in near] == ["祥平派出所", "大同派出所"]
    mine = partner(client, now, name="只一所", station_id=world.station_id)
    assert [one["name"] for one in mine.get("/stations").get_json()["items"]] == ["大同派出所"]
    assert mine.get(f"/stations/{world.other_station_id}").status_code == 404
    near = mine.get("/stations/near?latitude=24.7101&longitude=118.1401").get_json()["items"]
    assert [one["name"] for one in near] == ["大同派出所"]


def test_a_webhook_is_changed_only_over_what_was_read(caller: Caller) -> None:
    made = caller.post("/webhooks", HOOK).get_json()
    assert made["secret"].startswith("whs_")
    path = f"/webhooks/{made['id']}"
    read = caller.get(path)
    assert (read.headers["ETag"], "secret" in read.get_json()) == ('"v1"', False)
    change = {**HOOK, "enabled": False}
    assert caller.put(path, change).status_code == 428
    assert caller.put(path, change, If_Match='"v9"').status_code == 412
    assert caller.put(path, change, If_Match="nonsense").status_code == 412
    changed = caller.put(path, change, If_Match='"v1"')
    assert (changed.status_code, changed.headers["ETag"], changed.get_json()["enabled"]) == (200, '"v2"', False)
    assert caller.post(f"{path}/test").status_code == 409
    assert caller.put(path, {**HOOK, "enabled": True}, If_Match="*").status_code == 200
    assert caller.post(f"{path}/test").status_code == 202
    assert caller.post(f"{path}/secret").get_json()["secret"] != made["secret"]
    assert caller.delete(path, If_Match='"v1"').status_code == 412
    gone = caller.delete(path)
    assert (gone.status_code, gone.data) == (204, b"")
    assert caller.get(path).status_code == 404


def test_a_band_code_is_told_to_be_ours_and_never_whose(caller: Caller, world: World) -> None:
    told = caller.post("/bands/check", {"code": world.her.code})
    assert told.get_json() == {"well_written": True, "ours": True, "live": True}
    assert caller.post("/bands/check", {"code": "不是编号"}).get_json() == {
        "well_written": False,
        "ours": False,
        "live": False,
    }


# ---- what no answer carries


@ON_SQLITE
@pytest.mark.parametrize("path", ["/api/v1", "/api/v1/openapi.json", "/api/v1/key", "/api/v1/nothing", "/api/"])
@pytest.mark.parametrize("method", ["GET", "POST", "OPTIONS", "TRACE", "PATCH"])
def test_no_cookie_and_no_other_sites_page_and_always_a_name(
    client: FlaskClient, app: Flask, path: str, method: str
) -> None:
    foreign = {"Origin": "https://elsewhere.example", "Access-Control-Request-Method": "POST"}
    answer = client.open(path, method=method, headers=foreign)
    assert "Set-Cookie" not in answer.headers
    assert not [name for name, _ in answer.headers if name.startswith("Access-Control")]
    assert len(answer.headers["Request-Id"]) == 16
    if answer.status_code >= 400:
        assert answer.content_type == "application/problem+json"
        assert answer.get_json()["request"] == answer.headers["Request-Id"]


@ON_SQLITE
@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.name)
def test_another_method_is_refused_in_the_terms_of_machines(client: FlaskClient, app: Flask, operation: Any) -> None:
    answer = client.open(_address(operation.path), method="PATCH")
    assert (answer.status_code, answer.get_json()["code"]) == (405, "page.wrong_method")
    assert operation.method in answer.headers["Allow"]


@ON_SQLITE
def test_a_browser_reads_a_page_and_a_machine_what_to_read(client: FlaskClient, app: Flask) -> None:
    assert client.get("/api/v1").get_json()["document"] == "/api/v1/openapi.json"
    for language, words in (("zh-CN", "替发现人报警"), ("en", "Report for a finder")):
        page = client.get("/api/v1", headers={"Accept": "text/html", "Accept-Language": language})
        assert page.mimetype == "text/html"
        assert words in page.get_data(as_text=True)


@ON_SQLITE
def test_the_document_has_every_operation_and_nothing_else(client: FlaskClient, app: Flask) -> None:
    paths = client.get("/api/v1/openapi.json").get_json()["paths"]
    listed = {(method.upper(), path) for path, methods in paths.items() for method in methods}
    assert listed == {(operation.method, operation.path) for operation in OPERATIONS}
    routed = {
        (method, rule.rule.removeprefix("/api/v1").replace("<", "{").replace(">", "}"))
        for rule in app.url_map.iter_rules()
        if rule.endpoint.startswith("partner.")
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }
    assert routed == listed | {("GET", ""), ("GET", "/openapi.json")}
