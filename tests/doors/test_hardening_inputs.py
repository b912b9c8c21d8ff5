"""Words meant for another machine than ours: SQL, templates, headers, messages, addresses of elsewhere."""

from __future__ import annotations

from urllib.parse import quote, urlencode

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests import world as cast
from tests.doors.asking import ON_SQLITE, count, tells
from tests.world import World
from wristband.db import db
from wristband.elders.models import Elder
from wristband.incidents.models import Incident, Sighting
from wristband.outbox.models import Message

pytestmark = ON_SQLITE
SQL = [
    "' OR '1'='1",
    "'; DROP TABLE elder;--",
    '" UNION SELECT name FROM elder--',
    "\\'; --",
    "%' OR 1=1 --",
    "1) OR (1=1",
]
TEMPLATES = [
    "{{7*191}}",
    "{% print(7*191) %}",
    "${7*191}",
    "#{7*191}",
    "%(wait)s",
    "{organisation}",
    "%s%n",
    "<%= 7*191 %>",
]
BREAKS = ["\r\nX-Forged: yes", "%0d%0aX-Forged:%20yes", "\nSet-Cookie: a=b", "\u2028X-Forged: yes", "\x85X-Forged: yes"]
ELSEWHERE = [
    "https://evil.example/",
    "//evil.example/",
    "/\\evil.example/",
    "\\\\evil.example",
    "javascript:alert(1)",
    "%2f%2fevil.example",
    "/familyevil.example",
]


def _asked_everywhere(client: FlaskClient, word: str) -> list[TestResponse]:
    """A word in every field and address that asks the store for something, signed in at no door."""
    scan = quote(word, safe="")
    return [
        client.get(f"/t/{scan}"),
        client.get(f"/s/{scan}"),
        client.get(f"/s/{scan}/help"),
        client.post(f"/s/{scan}/police", data={"band": word, "stamp": word}),
        client.post(f"/s/{scan}/place", data={"words": word, "key": word, "latitude": word, "longitude": word}),
        client.post(f"/s/{scan}/check", data={"check": word}),
        client.post(f"/s/{scan}/card", data={"grant": word}, headers={"Cookie": f"wristband_grant={scan}"}),
        client.post("/b", data={"code": word}),
        client.get("/stations", query_string={"district": word}),
        client.post("/stations", data={"latitude": word, "longitude": word}),
        client.get("/b", query_string={"lang": word}, headers={"Accept-Language": scan}),
    ]


# ---- T044, T045: neither SQL nor template


@pytest.mark.parametrize("word", SQL)
def test_words_of_sql_are_words(client: FlaskClient, world: World, word: str) -> None:
    for answer in _asked_everywhere(client, word):
        assert answer.status_code < 500, answer.request.path
    token = cast.csrf(client, "/police/sign-in")
    signing_in = {"csrf_token": token, "username": f"officer{word}", "password": word}
    assert client.post("/police/sign-in", data=signing_in).status_code == 422
    assert count(Elder) == 2


def test_a_district_of_sql_is_a_district_without_a_station(client: FlaskClient, world: World) -> None:
    for word in SQL:
        page = client.get("/stations", query_string={"district": word}).get_data(as_text=True)
        assert "大同派出所" not in page


@pytest.mark.parametrize("word", TEMPLATES)
def test_words_of_a_template_are_words(client: FlaskClient, world: World, word: str) -> None:
    for answer in _asked_everywhere(client, word):
        assert answer.status_code < 500, answer.request.path
        assert "1337" not in answer.get_data(as_text=True), answer.request.path


@pytest.mark.parametrize("word", TEMPLATES)
def test_a_message_holds_what_was_typed_and_reckons_nothing(client: FlaskClient, world: World, word: str) -> None:
    opened = cast.open_band(client, world.her.token)
    cast.tap(client, opened, "police")
    place = {"words": word, "key": "a-key-of-a-place"}
    assert client.post(f"/s/{opened['scan']}/place", data=place).status_code == 303
    db.session.rollback()
    bodies = [message.body for message in db.session.query(Message) if message.recipient == cast.DAUGHTER_PHONE]
    assert bodies
    assert not [body for body in bodies if "1337" in body or word in body]
    assert db.session.query(Sighting).one().words == word


# ---- T046: no line break in a header or a message


@pytest.mark.parametrize("word", BREAKS)
def test_no_line_break_reaches_a_header(client: FlaskClient, world: World, word: str) -> None:
    for answer in _asked_everywhere(client, word):
        assert answer.status_code < 500
        assert "X-Forged" not in answer.headers
        assert not [value for _, value in answer.headers.items() if "\r" in value or "\n" in value]


@pytest.mark.parametrize("word", ["两行\n的名字", "返回\r的名字", "带\u2028分隔", "带\x85分隔", "零\u0000号"])
def test_no_line_break_reaches_a_message(client: FlaskClient, world: World, word: str) -> None:
    cast.sign_in_guardian(client)
    fields = {**cast.ELDER, "name": word, "called": word, "guardian_name": word, "consents": ["service", "police"]}
    fields |= {"csrf_token": cast.csrf(client, "/family/elders/new"), "form_key": "a-form-of-two-lines"}
    answer = client.post("/family/elders/new", data=fields)
    assert answer.status_code in (422, 400)
    assert count(Elder) == 2


# ---- T047: the way back stays inside


@pytest.mark.parametrize("elsewhere", ELSEWHERE)
def test_signing_in_leads_to_no_address_that_somebody_gave(client: FlaskClient, world: World, elsewhere: str) -> None:
    for name in ("next", "then", "url", "return_to"):
        client.get(f"/family?{urlencode({name: elsewhere})}", headers={"Accept": "text/html"})
        client.get(f"/family/sign-in?{urlencode({name: elsewhere})}")
    way = cast.sign_in_guardian(client).location
    assert way.startswith("/family?") or way == "/family"
    assert client.get("/family").status_code == 200


@pytest.mark.parametrize("then", [*ELSEWHERE, "/police", "/police/looks?x=1", "", "family", "/familyx"])
def test_a_way_back_out_of_this_door_leads_home(app: Flask, client: FlaskClient, world: World, then: str) -> None:
    client.get("/family/sign-in")
    with client.session_transaction(path="/family/sign-in") as session:
        session["then"] = then
    landed = cast.sign_in_guardian(client).location
    assert landed == "/family/"


@pytest.mark.parametrize(
    "path", ["//evil.example/family", "/%2f%2fevil.example", "/\\evil.example", "/family/%2e%2e//evil.example"]
)
def test_no_address_of_ours_leads_elsewhere(client: FlaskClient, world: World, path: str) -> None:
    answer = client.get(path)
    assert answer.status_code in (302, 404)
    assert "evil" not in answer.headers.get("Location", "")


# ---- T048: no forged host in what is sent on or owed


@pytest.mark.parametrize(
    "header", ["Host", "X-Forwarded-Host", "X-Original-URL", "X-Rewrite-URL", "X-HTTP-Method-Override"]
)
def test_a_forged_host_is_in_no_answer_and_in_no_message(client: FlaskClient, world: World, header: str) -> None:
    forged = {header: "evil.example"}
    opened = cast.open_band(client, world.her.token)
    tapped = client.post(
        f"/s/{opened['scan']}/family", data={"band": opened["band"], "stamp": opened["stamp"]}, headers=forged
    )
    assert tapped.location.startswith("/s/")
    for path in ("/", f"/t/{world.her.token}", "/stations", "/family", "/police/sign-in", "/api/v1"):
        answer = client.get(path, headers=forged)
        assert "evil.example" not in answer.get_data(as_text=True) + str(answer.headers)
    assert "evil.example" not in cast.last_body(cast.DAUGHTER_PHONE)


# ---- T049: a form of words is small


def test_every_form_without_a_file_is_small(app: Flask, client: FlaskClient, world: World) -> None:
    large = b"words=" + b"x" * 70_000
    files = {
        "/family/elders/new",
        "/family/elders/<int:elder_id>/portrait",
        "/family/elders/<int:elder_id>/voice",
        "/family/boards/<int:scan_id>",
        "/police/incidents/<int:incident_id>/boards/<int:scan_id>",
        "/s/<scan>/board",
        "/s/<scan>/photos",
        "/police/records/new",
        "/police/imports",
    }
    cast.sign_in_guardian(client)
    cast.sign_in_officer(client)
    tokens = {door: cast.csrf(client, page) for door, page in (("family", "/family"), ("police", "/police/look"))}
    for rule in app.url_map.iter_rules():
        if (
            "POST" not in (rule.methods or ())
            or rule.rule in files
            or rule.rule.startswith(("/platform/", "/api/", "/pfif/"))  # machines prove themselves first
            or getattr(app.view_functions[rule.endpoint], "guard", "") == "halfway"  # nobody is
            or rule.rule.endswith("sign-out")
        ):
            continue
        path = "/".join("1" if part.startswith("<") else part for part in rule.rule.split("/"))
        headers = {"X-CSRFToken": tokens.get(path.split("/")[1], "")}
        answer = client.post(path, data=large, content_type="application/x-www-form-urlencoded", headers=headers)
        assert answer.status_code in (403, 413), (rule.rule, answer.status_code)
        assert tells(answer, "page.too_large") or tells(answer, "accounts.not_your_role"), rule.rule


def test_words_of_every_length_a_form_takes_fit_into_a_small_one(client: FlaskClient, world: World) -> None:
    opened = cast.open_band(client, world.her.token)
    cast.tap(client, opened, "police")
    body = urlencode({"words": "墙" * 200, "key": "a-key-of-a-place", "latitude": "24.7", "longitude": "118.1"})
    answer = client.post(f"/s/{opened['scan']}/place", data=body, content_type="application/x-www-form-urlencoded")
    assert answer.status_code == 303
    assert count(Sighting) == 1


# ---- T050, T053, T056


def test_fields_of_the_record_that_a_form_does_not_offer_do_nothing(client: FlaskClient, world: World) -> None:
    opened = cast.open_band(client, world.her.token)
    more = {"state": "closed", "elder_id": str(world.other.elder_id), "number": "1", "made_at": "2000-01-01", "id": "7"}
    data = {"band": opened["band"], "stamp": opened["stamp"], **more}
    assert client.post(f"/s/{opened['scan']}/police", data=data).status_code == 303
    incident = db.session.query(Incident).one()
    assert (incident.state, incident.elder_id, incident.id == 7) == ("reported", world.elder_id, False)


@pytest.mark.parametrize("hidden", ["\u202e", "\u2066", "\u200f", "\u061c", "\ufeff", "\u200b", "\u00ad"])
def test_direction_marks_and_unseen_characters_mislead_nobody(client: FlaskClient, world: World, hidden: str) -> None:
    opened = cast.open_band(client, world.her.token)
    cast.tap(client, opened, "police")
    words = {"words": f"东门{hidden}在西边", "key": "a-key-of-a-place"}
    answer = client.post(f"/s/{opened['scan']}/place", data=words)
    assert answer.status_code == 422
    assert tells(answer, "text.hidden_characters")
    assert count(Sighting) == 0


@pytest.mark.parametrize(
    "address", ["https://evil.example/x", "http://evil.example", "www.evil.example", "tel:12345678"]
)
def test_an_address_in_words_is_no_link_for_anybody(client: FlaskClient, world: World, address: str) -> None:
    opened = cast.open_band(client, world.her.token)
    finder = cast.tap(client, opened, "police").location
    client.post(f"/s/{opened['scan']}/place", data={"words": address, "key": "a-key-of-a-place"})
    cast.sign_in_guardian(client)
    cast.sign_in_officer(client)
    incident = db.session.query(Incident).one().id
    pages = {path: client.get(path).get_data(as_text=True) for path in (finder, f"/police/incidents/{incident}")}
    assert address in pages[f"/police/incidents/{incident}"]
    assert not [path for path, page in pages.items() if f'"{address}' in page]
