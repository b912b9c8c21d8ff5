"""Signing in by two steps or by a passkey, and proving oneself again before what is sensitive."""

from __future__ import annotations

import html
import json
import re
from datetime import datetime

import pytest
from flask.testing import FlaskClient

from tests import world as cast
from tests.authenticator import Authenticator, from_base64url
from tests.doors.account_forms import later, post, shown_codes
from tests.doors.asking import ON_SQLITE, tells, words
from tests.services.officers import become, code_of, with_totp
from tests.world import PASSWORD, World
from wristband import clock
from wristband.accounts.queries import find_any_officer
from wristband.accounts.rules import Role
from wristband.config import Settings

pytestmark = ON_SQLITE
LOCAL = "http://localhost"


@pytest.fixture
def now(world: World) -> datetime:
    return clock.now()


# ---- two steps


class TestRequired:
    """Where a second factor has to be, as in every production."""

    @pytest.fixture
    def settings(self, settings: Settings) -> Settings:
        return settings.model_copy(update={"second_factor": "required"})

    def test_without_one_only_its_setting_up_opens(self, client: FlaskClient, world: World) -> None:
        become(Role.SUPERVISOR)
        cast.sign_in_officer(client)
        for path in ("/police", "/police/looks", "/police/staff", "/police/own", "/police/changes"):
            assert client.get(path).location == "/police/own/factors", path
        assert "先设置第二重验证" in words(client.get("/police/own/factors"))
        answer = post(client, "/police/sign-out", "/police/own/factors")
        assert answer.location == "/police/sign-in"

    def test_setting_one_up_shows_ten_codes_once_and_opens_everything(self, client: FlaskClient, world: World) -> None:
        cast.sign_in_officer(client)
        answer = post(client, "/police/own/factors/totp", "/police/own/factors")
        assert answer.location == "/police/own/factors/totp"
        page = client.get("/police/own/factors/totp")
        secret = re.search(r'factor-secret">([A-Z2-7 ]+)<', page.get_data(as_text=True))
        assert secret
        assert "<svg" in page.get_data(as_text=True)
        wrong = post(client, "/police/own/factors/totp/confirm", "/police/own/factors/totp", code="000000")
        assert wrong.status_code == 422
        assert tells(wrong, "factors.first_code_wrong")
        code = code_of(secret[1].replace(" ", ""), clock.now())
        done = post(client, "/police/own/factors/totp/confirm", "/police/own/factors/totp", code=code)
        assert done.status_code == 200
        assert len(shown_codes(done)) == 10
        assert client.get("/police").status_code == 200
        assert client.get("/police/own/factors/totp").location == "/police/own/factors"
        refused = post(client, "/police/own/factors/totp/remove", "/police/own/factors")
        assert refused.status_code == 409
        assert tells(refused, "factors.last_one")


def test_a_password_leads_to_the_second_step_and_that_to_where_one_wanted_to_go(
    client: FlaskClient, world: World, now: datetime
) -> None:
    secret, _ = with_totp(now)
    with later(2):
        client.get("/police/bands", headers={"Accept": "text/html"})
        cast.sign_in_officer(client)
        assert client.get("/police").location == "/police/sign-in/second"
        wrong = post(client, "/police/sign-in/second", means="totp", code="000000")
        assert wrong.status_code == 422
        assert tells(wrong, "accounts.totp_wrong")
        done = post(client, "/police/sign-in/second", means="totp", code=code_of(secret, clock.now()))
        assert done.status_code == 303
        assert client.get("/police").status_code == 200
        assert client.get("/police/sign-in/second").location == "/police"


def test_half_a_sign_in_opens_no_page(client: FlaskClient, world: World, now: datetime) -> None:
    with_totp(now)
    become(Role.SUPERVISOR)
    cast.sign_in_officer(client)
    for path in ("/police", "/police/own", "/police/own/factors", "/police/staff", "/police/prove", "/police/bands"):
        assert client.get(path).location == "/police/sign-in/second", path


def test_a_recovery_code_lets_in_and_is_told_of_first(client: FlaskClient, world: World, now: datetime) -> None:
    _, codes = with_totp(now)
    cast.sign_in_officer(client)
    answer = post(client, "/police/sign-in/second", means="recovery", code=codes[0])
    assert answer.location == "/police/own/told"
    assert "用备用码登录了" in words(client.get("/police/own/told"))
    assert post(client, "/police/own/told").location == "/police/"
    assert "没有要告诉您的变动" in words(client.get("/police/own/told"))


def test_an_unknown_step_is_refused(client: FlaskClient, world: World, now: datetime) -> None:
    with_totp(now)
    cast.sign_in_officer(client)
    assert post(client, "/police/sign-in/second", means="magic").status_code == 403
    assert post(client, "/police/sign-in/second", means="password", password=PASSWORD).status_code == 403


# ---- passkeys


def ask(client: FlaskClient, path: str, at: str) -> dict[str, object]:
    answer = client.post(path, headers={"X-CSRFToken": cast.csrf(client, at)})
    assert answer.status_code == 200, answer.get_data(as_text=True)
    return dict(json.loads(answer.get_data(as_text=True)))


def challenge(options: dict[str, object]) -> bytes:
    return from_base64url(str(options["challenge"]))


def test_a_passkey_is_added_and_signs_in(client: FlaskClient, world: World) -> None:
    cast.sign_in_officer(client)
    device = Authenticator()
    options = ask(client, "/police/own/factors/passkeys/ask", "/police/own/factors")
    assert options["rp"] == {"name": "同安分局黄手环", "id": "localhost"}
    made = device.create(challenge(options), party="localhost", origin=LOCAL)
    done = post(client, "/police/own/factors/passkeys", "/police/own/factors", answer=made, name="值班室电脑")
    assert len(shown_codes(done)) == 10
    assert "值班室电脑" in words(client.get("/police/own/factors"))
    post(client, "/police/sign-out", "/police/own")
    options = ask(client, "/police/sign-in/passkey/ask", "/police/sign-in")
    assert options["userVerification"] == "required"
    answer = device.get(challenge(options), party="localhost", origin=LOCAL)
    assert post(client, "/police/sign-in/passkey", "/police/sign-in", answer=answer).location == "/police/"
    assert client.get("/police").status_code == 200


def test_an_answer_for_another_origin_or_without_a_question_is_refused(client: FlaskClient, world: World) -> None:
    device = Authenticator()
    options = ask(client, "/police/sign-in/passkey/ask", "/police/sign-in")
    answer = device.get(challenge(options), party="localhost", origin="http://evil.example")
    refused = post(client, "/police/sign-in/passkey", "/police/sign-in", answer=answer)
    assert refused.status_code == 422
    assert tells(refused, "accounts.passkey_unknown")
    again = post(client, "/police/sign-in/passkey", "/police/sign-in", answer=answer)
    assert tells(again, "accounts.passkey_late")


def test_under_a_bare_address_the_page_says_why_there_is_no_passkey(client: FlaskClient, world: World) -> None:
    bare = {"base_url": "http://127.0.0.1:8000"}
    token = cast.hidden(client.get("/police/sign-in", **bare), "csrf_token")
    fields = {"csrf_token": token, "username": "officer", "password": PASSWORD}
    client.post("/police/sign-in", data=fields, **bare)
    page = client.get("/police/own/factors", **bare)
    assert "http://localhost" in words(page)
    asked = {"X-CSRFToken": cast.hidden(page, "csrf_token")}
    assert client.post("/police/own/factors/passkeys/ask", headers=asked, **bare).status_code == 409


# ---- proving oneself again


def test_what_is_sensitive_asks_for_the_password_after_ten_minutes_and_leads_on(
    client: FlaskClient, world: World
) -> None:
    become(Role.SUPERVISOR)
    cast.sign_in_officer(client)
    assert client.get("/police/staff/new").status_code == 200
    with later(11):
        assert client.get("/police/staff", headers={"Accept": "text/html"}).status_code == 200
        assert client.get("/police/staff/new", headers={"Accept": "text/html"}).location == "/police/prove"
        wrong = post(client, "/police/prove", means="password", password="four quiet wooden fridges")
        assert wrong.status_code == 422
        assert tells(wrong, "accounts.proof_wrong")
        before = client.get_cookie("wristband_police", path="/police")
        done = post(client, "/police/prove", means="password", password=PASSWORD)
        assert done.location == "/police/staff/new"
        assert client.get_cookie("wristband_police", path="/police") != before
        assert client.get("/police/staff/new").status_code == 200


def test_a_form_that_came_too_late_keeps_its_words(client: FlaskClient, world: World) -> None:
    become(Role.SUPERVISOR)
    cast.sign_in_officer(client)
    token = cast.csrf(client, "/police/staff/new")
    fields = {"name": "王<敏>", "username": "wang.min", "role": "officer"}
    with later(11):
        asked = client.post("/police/staff/new", data={"csrf_token": token, **fields})
        assert asked.status_code == 401
        assert "您填的内容还在" in words(asked)
        assert find_any_officer("wang.min") is None
        kept = {name: cast.hidden(asked, name) for name in ("csrf_token", "action", "kept")}
        kept = {name: html.unescape(value) for name, value in kept.items()}
        wrong = client.post("/police/prove", data={**kept, "means": "password", "password": "no"})
        assert wrong.status_code == 422
        assert html.unescape(cast.hidden(wrong, "kept")) == kept["kept"]
        proved = client.post("/police/prove", data={**kept, "means": "password", "password": PASSWORD})
        assert proved.status_code == 200
        again = {name: html.unescape(cast.hidden(proved, name)) for name in ("csrf_token", *fields)}
        assert {name: again[name] for name in fields} == fields
        assert "激活码" in words(client.post("/police/staff/new", data=again))
    assert find_any_officer("wang.min")


@pytest.mark.parametrize(
    ("action", "kept"),
    [
        ("https://evil.example/police", "[]"),
        ("//evil.example/police", "[]"),
        ("/police//evil.example", "[]"),
        ("/family", "[]"),
        ("/police/staff/new", "{"),
        ("/police/staff/new", '{"a": 1}'),
        ("/police/staff/new", "[" * 10_000),
    ],
)
def test_a_kept_form_that_is_none_of_ours_goes_nowhere(
    client: FlaskClient, world: World, action: str, kept: str
) -> None:
    cast.sign_in_officer(client)
    answer = post(client, "/police/prove", means="password", password=PASSWORD, action=action, kept=kept)
    assert answer.status_code == 303
    assert answer.location == "/police/"
