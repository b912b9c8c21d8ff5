"""Bodies no page of ours sends: a quick refusal with a sentence, never a fault."""

from __future__ import annotations

import io
from urllib.parse import urlencode

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests import world as cast
from tests.doors.asking import ON_SQLITE, count, tells
from tests.world import World
from wristband.accounts.models import Officer
from wristband.elders.models import Elder
from wristband.incidents.models import Incident

pytestmark = ON_SQLITE
FORM = "application/x-www-form-urlencoded"
MULTIPART = "multipart/form-data; boundary=x"
PART = b'--x\r\nContent-Disposition: form-data; name="%b"\r\n\r\n%b\r\n'
POSTS = [
    "/b",
    "/stations",
    "/s/AAAAAAAAAAAAAAAAAAAAAA/family",
    "/s/AAAAAAAAAAAAAAAAAAAAAA/police",
    "/s/AAAAAAAAAAAAAAAAAAAAAA/place",
    "/family/sign-in",
    "/family/sign-in/code",
    "/family/elders/new",
    "/police/sign-in",
]
BODIES: dict[str, tuple[str, bytes]] = {
    "empty": (FORM, b""),
    "of no type": ("", b"band=x&stamp=y"),
    "JSON": ("application/json", b'{"band": "x"}'),
    "of nonsense type": ("a/b; c=d; ;;", b"band=x"),
    "multipart without boundary": ("multipart/form-data", b"--x\r\n"),
    "multipart cut short": (MULTIPART, PART % (b"band", b"x")),
    "multipart without end of header": (MULTIPART, b"--x\r\nContent-Disposition: form-data; name="),
    "multipart of noise": (MULTIPART, bytes(range(256)) * 40),
    "invalid UTF-8": (FORM, b"code=%ff%fe&stamp=%c0%80&phone=%ed%a0%80&username=%f5"),
    "raw bytes": (FORM, bytes(range(1, 256))),
    "NUL": (FORM, b"code=%00&phone=%00&username=%00&words=%00&latitude=%00&district=%00"),
    "a hundred fields and one": (FORM, urlencode({f"f{number}": 1 for number in range(101)}).encode()),
    "ten thousand fields": (FORM, urlencode({f"f{number}": 1 for number in range(10_000)}).encode()),
    "ten thousand parts": (
        MULTIPART,
        b"".join(PART % (b"f%d" % number, b"1") for number in range(10_000)) + b"--x--\r\n",
    ),
    "one field of a megabyte": (FORM, b"words=" + b"x" * 1_000_000),
    "one part of a megabyte": (MULTIPART, PART % (b"words", b"x" * 1_000_000) + b"--x--\r\n"),
    "20 MB": (FORM, b"words=" + b"x" * 20_000_000),
    "20 MB of parts": (MULTIPART, PART % (b"words", b"x" * 20_000_000) + b"--x--\r\n"),
}


def _is_a_sentence(answer: TestResponse) -> bool:
    page = answer.get_data(as_text=True)
    return answer.mimetype == "text/html" and "Traceback" not in page and "</html>" in page


@pytest.mark.parametrize("path", POSTS)
def test_a_body_nobody_sends_is_refused_quickly_and_in_words(client: FlaskClient, app: Flask, path: str) -> None:
    for kind, (content_type, data) in BODIES.items():
        answer = client.post(path, data=data, content_type=content_type)
        assert 400 <= answer.status_code < 500, kind
        assert _is_a_sentence(answer), kind
    assert count(Incident) == 0


def test_a_signed_in_guardians_form_is_no_exception(client: FlaskClient, world: World) -> None:
    cast.sign_in_guardian(client)
    token = {"X-CSRFToken": cast.csrf(client, "/family")}
    for kind, (content_type, data) in BODIES.items():
        answer = client.post("/family/elders/new", data=data, content_type=content_type, headers=token)
        assert 400 <= answer.status_code < 500, kind
        assert _is_a_sentence(answer), kind
    assert count(Elder) == 2


@pytest.mark.parametrize("path", ["/b", "/s/AAAAAAAAAAAAAAAAAAAAAA/police"])
def test_too_large_a_body_is_told_as_that_with_110(client: FlaskClient, app: Flask, path: str) -> None:
    content_type, data = BODIES["20 MB"]
    answer = client.post(path, data=data, content_type=content_type)
    assert answer.status_code == 413
    assert tells(answer, "page.too_large")
    assert 'href="tel:110"' in answer.get_data(as_text=True)


@pytest.mark.parametrize("path", ["/b", "/family/elders/new", "/police/sign-in"])
def test_a_body_that_is_refused_unread_is_taken_to_its_end_so_that_the_sentence_arrives(
    client: FlaskClient, app: Flask, path: str
) -> None:
    content_type, data = BODIES["20 MB"]
    body = io.BytesIO(data)
    answer = client.post(
        path,
        input_stream=body,
        content_type=content_type,
        content_length=len(data),
        environ_overrides={"wsgi.input_terminated": True},
    )
    assert 400 <= answer.status_code < 500
    assert body.tell() == len(data)


def test_a_field_sent_twice_is_refused(client: FlaskClient, world: World) -> None:
    fields = cast.open_band(client, world.her.token)
    body = urlencode([("band", fields["band"]), ("stamp", fields["stamp"]), ("band", world.other.token)])
    answer = client.post(f"/s/{fields['scan']}/police", data=body, content_type=FORM)
    assert answer.status_code == 422
    assert tells(answer, "page.bad_request")
    assert count(Incident) == 0


def test_a_field_sent_twice_signs_nobody_in(client: FlaskClient, world: World) -> None:
    token = cast.csrf(client, "/police/sign-in")
    body = urlencode([("csrf_token", token), *[("username", name) for name in ("officer", "stranger")]])
    answer = client.post("/police/sign-in", data=f"{body}&password={cast.PASSWORD}", content_type=FORM)
    assert answer.status_code == 422
    assert tells(answer, "page.bad_request")


def test_fields_nobody_asked_for_do_nothing(client: FlaskClient, world: World) -> None:
    fields = cast.open_band(client, world.her.token)
    more = {"elder_id": "1", "station_id": str(world.other_station_id), "low_trust": "0", "state": "closed"}
    assert client.post(f"/s/{fields['scan']}/police", data={**fields, **more}).status_code == 303
    incident = Incident.query.one()
    assert (incident.station_id, incident.state) == (world.station_id, "reported")
    token = cast.csrf(client, "/police/sign-in")
    client.post("/police/sign-in", data={"csrf_token": token, "username": "x", "password": "y", "role": "supervisor"})
    assert {officer.role for officer in Officer.query} == {"officer"}


@pytest.mark.parametrize("query", ["%00", "%ff", "lang=%00", "lang=%ff&lang=en", "=&&==&", "a=" + "x" * 20_000, "%"])
def test_a_query_of_nonsense_opens_the_page(client: FlaskClient, world: World, query: str) -> None:
    for path in (f"/t/{world.her.token}", "/b", "/stations", "/family/sign-in", "/police/sign-in"):
        assert client.get(f"{path}?{query}").status_code == 200
