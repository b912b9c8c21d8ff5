"""The police's way in and out: a name, a password, a role."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests import world as cast
from tests.doors.asking import ON_SQLITE, count, only, tells, value_of, words
from tests.world import PASSWORD, World
from wristband import clock, gates
from wristband.accounts.models import Officer, SignIn
from wristband.accounts.rules import Role
from wristband.db import db, transaction
from wristband.incidents.models import Incident
from wristband.scans import challenges

pytestmark = ON_SQLITE


def _enter(client: FlaskClient, username: str, password: str) -> TestResponse:
    token = cast.csrf(client, "/police/sign-in")
    return client.post("/police/sign-in", data={"csrf_token": token, "username": username, "password": password})


def _become(username: str, role: Role) -> None:
    with transaction():
        db.session.query(Officer).filter_by(username=username).one().role = role


@pytest.mark.parametrize("username", ["officer", "Officer", "  officer "])
def test_an_officer_comes_to_the_desk_of_the_station(client: FlaskClient, world: World, username: str) -> None:
    answer = _enter(client, username, PASSWORD)
    assert answer.status_code == 303
    assert "大同派出所" in words(client.get(answer.location))


def test_a_wrong_password_and_an_unknown_name_are_told_in_the_same_words(app: Flask, world: World) -> None:
    pages = [_enter(app.test_client(), *tried) for tried in (("officer", "wrong"), ("nobody-here", PASSWORD))]
    assert [page.status_code for page in pages] == [422, 422]
    assert tells(pages[0], "accounts.password_wrong")
    plain = [re.sub(r'value="[^"]+"', "", page.get_data(as_text=True)) for page in pages]
    assert plain[0] == plain[1]


def test_what_does_not_fit_is_told_and_the_password_is_not_sent_back(client: FlaskClient, world: World) -> None:
    for username, password in (
        ("", ""),
        ("officer", ""),
        ("officer", PASSWORD + " "),
        ("officer", "x" * 5000),
        ("officer", "密码" * 30),
        ("officer' --", PASSWORD),
        ("林" * 3000, PASSWORD),
        ("<script>alert(1)</script>", "x"),
    ):
        page = _enter(client, username, password)
        assert page.status_code == 422, username
        assert tells(page, "accounts.password_wrong"), username
        assert value_of(page, "username") == username[:64]
        assert value_of(page, "password") == ""
        assert client.get("/police").status_code == 302


def test_too_many_tries_are_told_with_the_wait_for_a_known_and_an_unknown_name(app: Flask, world: World) -> None:
    with time_machine.travel(clock.now(), tick=False):
        for username in ("officer", "nobody-here"):
            pages = [_enter(app.test_client(), username, "wrong") for _ in range(7)]
            assert [page.status_code for page in pages] == [422] * 6 + [429]
            wait_s = pages[-1].headers["Retry-After"]
            assert tells(pages[-1], "accounts.tries_spent", retry_after_s=wait_s)


def test_a_gate_without_a_place_is_told_before_anything_else_is_looked_at(client: FlaskClient, world: World) -> None:
    gates.install(2)
    with challenges.hash_slot():
        page = _enter(client, "officer", PASSWORD)
        # Not even a form without its token, or with a name that no store could hold.
        alike = [client.post("/police/sign-in", data=data) for data in ({}, {"username": "officer\0"})]
    assert (page.status_code, page.headers["Retry-After"]) == (503, "5")
    assert tells(page, "accounts.busy")
    assert [(one.status_code, one.data) for one in alike] == [(503, page.data)] * 2
    assert _enter(client, "officer", PASSWORD).status_code == 303


def test_who_is_told_that_the_gate_is_full_gets_a_whole_page_in_his_language_and_no_cookie(
    app: Flask, world: World
) -> None:
    gates.install(2)
    usual = app.test_client().get("/police/sign-in")
    client = app.test_client()
    with challenges.hash_slot():
        chinese, english, asked = (
            client.post("/police/sign-in", headers={"Accept-Language": "zh-CN"}),
            client.post("/police/sign-in", headers={"Accept-Language": "en-GB, en"}),
            client.post("/police/sign-in?lang=en", headers={"Accept-Language": "zh-CN"}),
        )
    assert "Try again" in words(english)
    assert tells(chinese, "accounts.busy")
    # A language that was asked for goes along in the links, one the browser speaks does not.
    assert ('href="/police?lang=en"' in asked.text, 'href="/police"' in english.text) == (True, True)
    for page in (chinese, english, asked):
        assert "Set-Cookie" not in page.headers
        for name in ("Content-Security-Policy", "Cache-Control", "X-Content-Type-Options", "Vary", "Content-Type"):
            assert page.headers[name] == usual.headers[name], name


def test_an_officer_who_is_disabled_is_out_at_once(client: FlaskClient, world: World) -> None:
    cast.sign_in_officer(client)
    with transaction():
        db.session.query(Officer).filter_by(username="officer").one().disabled_at = world.now
    assert client.get("/police").status_code == 302
    assert _enter(client, "officer", PASSWORD).status_code == 422


def test_a_sign_in_ends_after_fifteen_minutes_without_a_page_and_after_twelve_hours(
    client: FlaskClient, world: World
) -> None:
    cast.sign_in_officer(client)
    start = clock.now()
    for minutes in range(14, 12 * 60, 14):  # never idle for as long as would end it
        with time_machine.travel(start + timedelta(minutes=minutes), tick=False):
            assert client.get("/police").status_code == 200
    with time_machine.travel(start + timedelta(hours=12, minutes=1), tick=False):
        assert client.get("/police").status_code == 302
    cast.sign_in_officer(client)
    with time_machine.travel(clock.now() + timedelta(minutes=16), tick=False):
        assert client.get("/police").status_code == 302


# ---- roles


@pytest.mark.parametrize("role", [Role.AUDITOR, Role.ADMINISTRATOR])
def test_a_role_without_a_desk_sees_none_and_can_leave(client: FlaskClient, world: World, role: Role) -> None:
    cast.tap(client, cast.open_band(client, world.her.token), "police")
    _become("officer", role)
    cast.sign_in_officer(client)
    assert client.get("/police").location == {Role.AUDITOR: "/police/looks", Role.ADMINISTRATOR: "/police/staff"}[role]
    for path in ("/police/changes", f"/police/incidents/{only(Incident).id}"):
        answer = client.get(path)
        assert answer.status_code == 403
        assert tells(answer, "accounts.not_your_role")
        assert only(Incident).number not in answer.get_data(as_text=True)
    token = cast.csrf(client, "/police/sign-in")
    assert client.post("/police/sign-out", data={"csrf_token": token}).status_code == 303
    assert only(SignIn).ended_at is not None


def test_a_district_sees_the_desk_and_handles_nothing(client: FlaskClient, world: World) -> None:
    cast.tap(client, cast.open_band(client, world.her.token), "police")
    _become("officer", Role.DISTRICT)
    cast.sign_in_officer(client)
    assert only(Incident).number in client.get("/police").get_data(as_text=True)
    path = f"/police/incidents/{only(Incident).id}"
    assert client.get(path).status_code == 403
    token = cast.csrf(client, "/police")
    answer = client.post(f"{path}/move", data={"csrf_token": token, "state": "accepted"})
    assert answer.status_code == 403


def test_a_role_that_changes_bites_at_the_next_page(client: FlaskClient, world: World) -> None:
    cast.sign_in_officer(client)
    assert client.get("/police").status_code == 200
    _become("officer", Role.AUDITOR)
    assert client.get("/police").location == "/police/looks"
    assert client.get("/police/changes").status_code == 403


# ---- going out


def test_the_cookie_changes_at_sign_in_and_ends_at_sign_out(app: Flask, world: World) -> None:
    client, copy = app.test_client(), app.test_client()
    cast.csrf(client, "/police/sign-in")
    before = client.get_cookie("wristband_police", path="/police")
    cast.sign_in_officer(client)
    after = client.get_cookie("wristband_police", path="/police")
    assert before
    assert after
    assert before.value != after.value
    copy.set_cookie("wristband_police", after.value, path="/police")
    answer = client.post("/police/sign-out", data={"csrf_token": cast.csrf(client, "/police")})
    assert answer.headers["Clear-Site-Data"] == '"cache", "storage"'
    assert copy.get("/police").location == "/police/sign-in"


def test_leaving_twice_is_leaving_once(client: FlaskClient, world: World) -> None:
    cast.sign_in_officer(client)
    for _ in range(2):
        token = cast.csrf(client, "/police/sign-in")
        assert client.post("/police/sign-out", data={"csrf_token": token}).location == "/police/sign-in"
    assert count(SignIn) == 1
