"""Cookies: one a signed-in door, for that door alone; elsewhere none."""

from __future__ import annotations

import pytest
from flask import Flask
from flask.testing import FlaskClient
from itsdangerous import URLSafeTimedSerializer

from tests import world as cast
from tests.doors.asking import ON_SQLITE
from tests.world import World

pytestmark = ON_SQLITE
DOORS = pytest.mark.parametrize("door", ["family", "police"])


@DOORS
@pytest.mark.parametrize(("scheme", "secure"), [("http", False), ("https", True)])
def test_a_doors_cookie_is_for_the_server_alone_and_below_its_own_prefix(
    client: FlaskClient, door: str, scheme: str, secure: bool
) -> None:
    answer = client.get(f"/{door}/sign-in", base_url=f"{scheme}://localhost")
    name, _, rest = answer.headers["Set-Cookie"].partition("=")
    flags = {flag.strip() for flag in rest.split(";")[1:]}
    assert name == ("__Secure-" if secure else "") + f"wristband_{door}"
    assert {"HttpOnly", f"Path=/{door}", "SameSite=Lax"} <= flags
    assert ("Secure" in flags) is secure
    assert not [flag for flag in flags if flag.startswith("Domain")]


@DOORS
def test_a_page_that_depends_on_a_cookie_says_so_to_caches(client: FlaskClient, door: str) -> None:
    assert "Cookie" in client.get(f"/{door}/sign-in").headers["Vary"]


def test_the_cookie_of_one_door_opens_no_other(app: Flask, client: FlaskClient, world: World) -> None:
    cast.sign_in_officer(client)
    cookie = client.get_cookie("wristband_police", path="/police")
    assert cookie
    thief = app.test_client()
    thief.set_cookie("wristband_family", cookie.value, path="/family")
    assert thief.get("/family").location == "/family/sign-in"


@DOORS
def test_a_cookie_that_is_not_ours_is_no_cookie(client: FlaskClient, door: str) -> None:
    for cookie in ("", "x", "a.b.c", "e30.aaaa.bbbb", "x" * 20_000, "%00", '"', "\u00e9"):
        answer = client.get(f"/{door}", headers={"Cookie": f"wristband_{door}={cookie}"})
        assert (answer.status_code, answer.location) == (302, f"/{door}/sign-in"), cookie


def test_a_cookie_altered_by_one_character_signs_nobody_in(app: Flask, world: World) -> None:
    client = app.test_client()
    cast.sign_in_guardian(client)
    cookie = client.get_cookie("wristband_family", path="/family")
    assert cookie
    for place in (0, 5, len(cookie.value) - 3):
        other = "A" if cookie.value[place] != "A" else "B"
        thief = app.test_client()
        thief.set_cookie("wristband_family", cookie.value[:place] + other + cookie.value[place + 1 :], path="/family")
        assert thief.get("/family").location == "/family/sign-in"


def test_a_signed_cookie_with_other_content_signs_nobody_in(app: Flask, world: World) -> None:
    signer = app.session_interface.get_signing_serializer(app)  # type: ignore[attr-defined]
    assert isinstance(signer, URLSafeTimedSerializer)
    contents: list[object] = [{"reference": "guessed"}, {"reference": ""}, {}, [], "text"]
    for content in contents:
        client = app.test_client()
        client.set_cookie("wristband_family", str(signer.dumps(content)), path="/family")
        assert client.get("/family").location == "/family/sign-in", content


def test_no_cookie_is_set_where_none_is_needed(client: FlaskClient, world: World) -> None:
    for path in ("/", "/b", "/stations", "/healthz", "/readyz", "/api/v1", "/nothing", "/static/base.css"):
        with client.get(path) as answer:
            assert "Set-Cookie" not in answer.headers
    opened = cast.open_band(client, world.her.token)
    assert "Set-Cookie" not in cast.tap(client, opened, "police").headers


def test_a_cookie_holds_no_name_and_no_whole_number(client: FlaskClient, world: World) -> None:
    cast.sign_in_guardian(client)
    cookie = client.get_cookie("wristband_family", path="/family")
    assert cookie
    signer = client.application.session_interface.get_signing_serializer(client.application)  # type: ignore[attr-defined]
    assert set(signer.loads(cookie.value)) <= {"reference", "csrf_token"}
