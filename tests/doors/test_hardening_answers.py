"""What an answer leaves behind: in caches, in the browser, in its cookies; and what it allows the page to load."""

from __future__ import annotations

import re

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests import world as cast
from tests.doors.asking import ON_SQLITE
from tests.world import World

pytestmark = ON_SQLITE
HER_PAGES = ["/family", "/family/elders/{elder}", "/family/elders/{elder}/log", "/family/elders/{elder}/consents"]
ENTRANCES = ["/debug", "/console", "/__debugger__", "/admin", "/metrics", "/server-status", "/.git/HEAD", "/.env"]
ENTRANCES += ["/wsgi.py", "/setup.cfg", "/backup.sql", "/swagger.json", "/actuator", "/phpinfo.php"]


def _pictures(answer: TestResponse) -> str:
    return next(part for part in answer.headers["Content-Security-Policy"].split("; ") if part.startswith("img-src"))


# ---- T010: no cache crosses persons


def test_what_one_person_is_shown_is_kept_by_no_cache_and_shown_to_no_other(app: Flask, world: World) -> None:
    hers, neighbours = app.test_client(), app.test_client()
    cast.sign_in_guardian(hers)
    cast.sign_in_guardian(neighbours, cast.NEIGHBOUR_PHONE)
    for page in HER_PAGES:
        path = page.format(elder=world.elder_id)
        answer = hers.get(path)
        assert (answer.status_code, answer.headers["Cache-Control"]) == (200, "no-store"), path
        assert "Cookie" in answer.headers["Vary"], path
        assert "ETag" not in answer.headers, path
        assert "Last-Modified" not in answer.headers, path
        assert cast.ELDER["called"] not in neighbours.get(path).get_data(as_text=True), path


@pytest.mark.parametrize("suffix", ["/x.css", ".css", "%2ecss", ";a.css", "/..%2fa.css", "%23.js"])
def test_no_ending_makes_a_persons_page_a_file_for_caches(client: FlaskClient, world: World, suffix: str) -> None:
    cast.sign_in_guardian(client)
    answer = client.get(f"/family/elders/{world.elder_id}{suffix}")
    assert (answer.status_code, answer.headers["Cache-Control"]) == (404, "no-store")


def test_a_page_is_not_kept_whatever_a_cache_asks_for(client: FlaskClient, world: World) -> None:
    cast.sign_in_guardian(client)
    for header in (
        {"If-None-Match": "*"},
        {"If-Modified-Since": "Fri, 01 Jan 2100 00:00:00 GMT"},
        {"Range": "bytes=0-9"},
    ):
        answer = client.get("/family", headers=header)
        assert (answer.status_code, answer.headers["Cache-Control"]) == (200, "no-store"), header


# ---- T011: the browser keeps nothing


@pytest.mark.parametrize("door", ["family", "police"])
def test_signing_out_empties_the_browser_of_what_it_was_shown(client: FlaskClient, world: World, door: str) -> None:
    cast.sign_in_guardian(client) if door == "family" else cast.sign_in_officer(client)
    token = cast.csrf(client, "/family" if door == "family" else "/police/look")
    answer = client.post(f"/{door}/sign-out", data={"csrf_token": token})
    assert answer.headers["Clear-Site-Data"] == '"cache", "storage"'
    # The family's browser keeps the word by which its own codes are known, and no sign-in.
    assert door == "family" or "Max-Age=0" in answer.headers["Set-Cookie"]
    assert client.get(f"/{door}").status_code == 302  # on to the sign-in page


# ---- T040: pictures from where a page needs them


def test_only_the_answers_that_carry_a_portrait_inside_may_show_one_from_inside(app: Flask, world: World) -> None:
    client = app.test_client()
    opened = cast.open_band(client, world.her.token)
    cast.tap(client, opened, "family")
    shows = [client.post(f"/s/{opened['scan']}/{way}", data={}) for way in ("check", "phone/code", "card")]
    shows.append(client.post("/police/look"))
    assert {_pictures(answer) for answer in shows} == {"img-src 'self' data:"}
    others = [
        "/",
        f"/t/{world.her.token}",
        "/stations",
        f"/s/{opened['scan']}",
        f"/s/{opened['scan']}/help",
        "/nothing",
    ]
    others += ["/family", "/family/sign-in", "/police/sign-in", "/police/look", "/api/v1", "/static/base.css"]
    for path in others:
        with client.get(path) as answer:
            assert _pictures(answer) == "img-src 'self'", path


# ---- T072: cookies


def test_a_cookie_is_renewed_with_the_same_flags_and_never_for_another_host(client: FlaskClient, world: World) -> None:
    answers = [client.get("/family/sign-in"), cast.sign_in_guardian(client)]
    for answer in answers:
        cookies = answer.headers.getlist("Set-Cookie")
        assert cookies
        for cookie in cookies:
            assert {"HttpOnly", "Path=/family", "SameSite=Lax"} <= {flag.strip() for flag in cookie.split(";")}
            assert "Domain" not in cookie


def test_a_sign_in_of_before_is_not_taken_over(app: Flask, world: World) -> None:
    """T071: what a stranger has planted in her browser does not become her sign-in."""
    stranger, her = app.test_client(), app.test_client()
    stranger.get("/family/sign-in")
    planted = stranger.get_cookie("wristband_family", path="/family")
    assert planted
    her.set_cookie("wristband_family", planted.value, path="/family")
    cast.sign_in_guardian(her)
    own = her.get_cookie("wristband_family", path="/family")
    assert own
    assert own.value != planted.value
    assert stranger.get("/family").location == "/family/sign-in"


# ---- T119: nothing is left open


@pytest.mark.parametrize("path", ENTRANCES)
def test_no_entrance_of_development_or_of_others_is_there(client: FlaskClient, world: World, path: str) -> None:
    assert client.get(path).status_code == 404
    assert client.get(f"{path}?__debugger__=yes&cmd=resource&f=style.css").status_code == 404


@pytest.mark.parametrize("method", ["TRACE", "TRACK", "CONNECT", "PUT", "PATCH", "DELETE", "PROPFIND", "X" * 200])
def test_a_method_that_is_not_ours_is_refused(client: FlaskClient, world: World, method: str) -> None:
    for path in ("/", f"/t/{world.her.token}", "/family", "/police/sign-in", "/api/v1", "/static/base.css"):
        with client.open(path, method=method) as answer:
            assert answer.status_code == 405, path


def test_nothing_is_debugged_and_a_fault_shows_nothing_of_us(app: Flask, client: FlaskClient) -> None:
    assert not [
        name for name in ("DEBUG", "TESTING", "PROPAGATE_EXCEPTIONS", "TRAP_HTTP_EXCEPTIONS") if app.config[name]
    ]

    @app.get("/falls-over")
    def falls_over() -> str:
        raise RuntimeError("a secret of the inside")

    answer = client.get("/falls-over")
    page = answer.get_data(as_text=True)
    assert answer.status_code == 500
    assert not re.search(r"RuntimeError|Traceback|a secret of|\.py|Werkzeug|Flask|SQLAlchemy", page)
    assert client.get("/").status_code == 200
