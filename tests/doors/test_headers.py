"""What every answer carries, whatever it answers."""

from __future__ import annotations

import re

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests import world as cast
from tests.doors.asking import ON_SQLITE, tells, words
from tests.world import World

pytestmark = ON_SQLITE
ANSWERS = [
    ("GET", "/", 200),
    ("HEAD", "/", 200),
    ("GET", "/t/0000000000001AAAAAAAAAAAA", 200),
    ("GET", "/b", 200),
    ("POST", "/b", 422),
    ("GET", "/stations", 200),
    ("GET", "/s/unknown", 404),
    ("GET", "/nothing", 404),
    ("DELETE", "/", 405),
    ("OPTIONS", "/", 200),
    ("GET", "/family", 302),
    ("GET", "/family/sign-in", 200),
    ("POST", "/family/sign-in", 403),
    ("POST", "/family/elders/new", 401),
    ("GET", "/police/sign-in", 200),
    ("GET", "/police/changes", 302),
    ("GET", "/api/v1", 200),
    ("GET", "/api/v1/nothing", 404),
    ("GET", "/healthz", 200),
    ("GET", "/readyz", 200),
    ("GET", "/static/base.css", 200),
    ("GET", "/static/nothing.css", 404),
    ("GET", "/static/../wsgi.py", 404),
    ("GET", "/static/%2e%2e/wsgi.py", 404),
    ("GET", "/static/", 404),
]
EVERYWHERE = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
    "X-Frame-Options": "DENY",
}
CLOSED = {
    "default-src": "'none'",
    "base-uri": "'none'",
    "form-action": "'self'",
    "frame-ancestors": "'none'",
    "object-src": "'none'",
    "require-trusted-types-for": "'script'",
}


def _policy(answer: TestResponse) -> dict[str, str]:
    return dict(part.strip().split(" ", 1) for part in answer.headers["Content-Security-Policy"].split(";"))


def test_every_answer_is_closed_to_others(app: Flask, world: World) -> None:
    client = FlaskClient(app, app.response_class)
    for method, path, status in ANSWERS:
        with client.open(path, method=method) as answer:
            assert answer.status_code == status, path
            assert _policy(answer).items() >= CLOSED.items(), path
            assert "unsafe" not in answer.headers["Content-Security-Policy"], path
            assert set(answer.headers.items()) >= set(EVERYWHERE.items()), path
            assert "geolocation=(self)" in answer.headers["Permissions-Policy"], path
            assert not {"Server", "X-Powered-By", "Access-Control-Allow-Origin"} & set(answer.headers.keys()), path


def test_the_scan_page_allows_its_own_style_and_nothing_more(client: FlaskClient, world: World) -> None:
    page = client.get(f"/t/{world.her.token}")
    policy = _policy(page)
    assert (policy["script-src"], policy["connect-src"]) == ("'none'", "'none'")
    assert re.fullmatch(r"'sha256-[A-Za-z0-9+/]{43}='", policy["style-src"])
    text = page.get_data(as_text=True)
    assert not re.search(r"<script|<link[^>]*stylesheet|<img|<iframe|@import", text)


def test_no_page_of_the_finders_asks_another_host_for_anything(client: FlaskClient, world: World) -> None:
    finder = cast.tap(client, cast.open_band(client, world.her.token), "police").location
    for path in ("/", "/b", "/stations", f"/t/{world.her.token}", finder):
        text = client.get(path).get_data(as_text=True)
        assert not re.findall(r"(?:src|action)=\"(?:https?:)?//[^\"]*|<link[^>]*href=\"(?:https?:)?//[^\"]*", text)


# ---- files that never change


def _static(client: FlaskClient) -> str:
    found = re.search(r'href="(/static/base\.css\?v=[0-9a-f]{12})"', client.get("/b").get_data(as_text=True))
    assert found
    return found[1]


def test_a_file_whose_address_names_its_content_is_kept_for_ever(client: FlaskClient, app: Flask) -> None:
    path = _static(client)
    with client.get(path) as answer:
        assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
        tag = answer.headers["ETag"]
    with client.get(path, headers={"If-None-Match": tag}) as answer:
        assert answer.status_code == 304
        assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"


def test_a_file_under_another_version_is_not_kept(client: FlaskClient, app: Flask) -> None:
    for version in ("", "?v=", "?v=000000000000", "?v=0&v=1"):
        with client.get(f"/static/base.css{version}") as answer:
            assert (answer.status_code, answer.headers["Cache-Control"]) == (200, "no-store"), version


# ---- https


@pytest.mark.parametrize("path", ["/", "/nothing", "/healthz", "/static/base.css"])
def test_strict_transport_is_asked_for_over_https_alone(client: FlaskClient, app: Flask, path: str) -> None:
    with client.get(path, base_url="https://localhost") as answer:
        assert answer.headers["Strict-Transport-Security"].startswith("max-age=63072000")
    with client.get(path) as answer:
        assert "Strict-Transport-Security" not in answer.headers


def test_a_forwarded_header_is_believed_of_nobody_unless_set(client: FlaskClient, app: Flask) -> None:
    forged = {"X-Forwarded-Proto": "https", "X-Forwarded-Host": "elsewhere.example", "X-Forwarded-For": "1.2.3.4"}
    answer = client.get("/family", headers=forged)
    assert "Strict-Transport-Security" not in answer.headers
    assert answer.location == "/family/sign-in"


@pytest.mark.parametrize("host", ["elsewhere.example", "localhost:1", "[::1]", "x" * 300, "a b", '"><script>'])
def test_a_forged_host_changes_nothing_on_a_page(client: FlaskClient, world: World, host: str) -> None:
    answer = client.get("/b", headers={"Host": host})
    assert answer.status_code in (200, 400)
    assert host not in answer.get_data(as_text=True)


# ---- unknown addresses


@pytest.mark.parametrize(
    "path", ["/nothing", "/t", "/s/", "/s/x/y/z", "/favicon.ico", "/.env", "/wp-login.php", "/B/x"]
)
def test_an_unknown_address_is_a_sentence_with_110_and_the_way(client: FlaskClient, app: Flask, path: str) -> None:
    answer = client.get(path)
    assert answer.status_code == 404
    assert tells(answer, "page.unknown")
    text = answer.get_data(as_text=True)
    assert 'href="tel:110"' in text
    assert 'href="/stations"' in text
    assert "Traceback" not in text
    assert path not in words(answer)
