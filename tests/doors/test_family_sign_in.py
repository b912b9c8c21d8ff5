"""The family's way in: a phone, the code that was sent to it, and a cookie; and the way out."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests import world as cast
from tests.doors.asking import ON_SQLITE, count, tells, value_of, words
from tests.world import DAUGHTER_PHONE, NEIGHBOUR_PHONE, World
from wristband import clock
from wristband.accounts import queries
from wristband.accounts.models import Guardian, SignIn
from wristband.outbox.models import Message
from wristband.values.phone import Phone

pytestmark = ON_SQLITE
COOKIE = "wristband_family"
NEW_PHONE = "+8613900139000"


def _ask(client: FlaskClient, phone: str) -> TestResponse:
    token = cast.csrf(client, "/family/sign-in")
    return client.post("/family/sign-in", data={"csrf_token": token, "phone": phone})


def _enter(client: FlaskClient, code: str) -> TestResponse:
    token = cast.csrf(client, "/family/sign-in/code")
    return client.post("/family/sign-in/code", data={"csrf_token": token, "code": code})


def _sent(phone: str) -> str:
    found = re.search(r"\d{6}", cast.last_body(phone))
    assert found
    return found[0]


def _wrong(code: str) -> str:
    return f"{(int(code) + 1) % 1_000_000:06d}"


def _cookie(client: FlaskClient) -> str:
    cookie = client.get_cookie(COOKIE, path="/family")
    return cookie.value if cookie else ""


# ---- the phone


@pytest.mark.parametrize("typed", ["138 0013 8000", "+86 138-0013-8000", "１３８００１３８０００"])
def test_a_mobile_however_typed_is_sent_a_code(client: FlaskClient, world: World, typed: str) -> None:
    answer = _ask(client, typed)
    assert (answer.status_code, answer.location) == (303, "/family/sign-in/code")
    page = client.get(answer.location)
    assert "138****8000" in words(page)
    assert DAUGHTER_PHONE not in page.get_data(as_text=True)


NO_MOBILES = {
    "": "phone.not_a_phone",
    "110": "phone.not_a_phone",
    "12345": "phone.not_a_phone",
    "1380013800": "phone.not_a_phone",
    "138001380000": "phone.not_a_phone",
    "call me": "phone.not_a_phone",
    "1-800-GO-AWAY": "phone.not_a_phone",
    "林": "phone.not_a_phone",
    "1" * 10_000: "phone.not_a_phone",
    "<script>alert(1)</script>": "phone.not_a_phone",
    "13800138000\r\nBcc: x": "phone.not_a_phone",
    "0592 202 0000": "phone.not_a_mobile",
    "13800138000转12": "phone.not_a_mobile",
}


def test_what_is_no_mobile_is_told_and_stays_in_its_field(client: FlaskClient, app: Flask) -> None:
    for typed, code in NO_MOBILES.items():
        page = _ask(client, typed)
        assert page.status_code == 422, typed
        assert tells(page, code), typed
        assert value_of(page, "phone") == typed[:40]
    assert count(Message) == 0


def test_known_and_unknown_numbers_are_answered_alike(app: Flask, world: World) -> None:
    known, unknown = app.test_client(), app.test_client()
    one, other = _ask(known, DAUGHTER_PHONE), _ask(unknown, NEW_PHONE)
    assert (one.status_code, one.location) == (other.status_code, other.location)
    pages = [client.get("/family/sign-in/code").get_data(as_text=True) for client in (known, unknown)]
    plain = [re.sub(r'value="[^"]+"|\d{3}\*{4}\d{4}', "", page) for page in pages]
    assert plain[0] == plain[1]


def test_the_fourth_code_within_minutes_is_refused_with_the_wait(client: FlaskClient, app: Flask) -> None:
    with time_machine.travel(clock.now(), tick=False):
        for _ in range(3):
            assert _ask(client, NEW_PHONE).status_code == 303
        page = _ask(client, NEW_PHONE)
        assert page.status_code == 429
        wait_s = int(page.headers["Retry-After"])
        assert 0 < wait_s <= 600
        assert tells(page, "accounts.codes_spent", retry_after_s=wait_s)
        assert value_of(page, "phone") == NEW_PHONE
        assert count(Message) == 3
        assert _ask(client, NEIGHBOUR_PHONE).status_code == 303


# ---- the code


def test_the_code_that_was_sent_signs_in(client: FlaskClient, world: World) -> None:
    _ask(client, DAUGHTER_PHONE)
    answer = _enter(client, _sent(DAUGHTER_PHONE))
    assert (answer.status_code, answer.location) == (303, "/family/")
    assert cast.ELDER["name"] in client.get("/family").get_data(as_text=True)


@pytest.mark.parametrize("full_width", [False, True])
def test_a_code_may_be_typed_with_blanks_and_in_full_width(client: FlaskClient, world: World, full_width: bool) -> None:
    _ask(client, DAUGHTER_PHONE)
    code = _sent(DAUGHTER_PHONE)
    typed = f" {code[:3]} {code[3:]} "
    if full_width:
        typed = typed.translate({ord("0") + digit: 0xFF10 + digit for digit in range(10)} | {ord(" "): "\u3000"})
    assert _enter(client, typed).status_code == 303


def test_a_first_sign_in_makes_an_account_and_a_second_does_not(app: Flask, client: FlaskClient) -> None:
    for _ in range(2):
        cast.sign_in_guardian(app.test_client(), NEW_PHONE)
    assert count(Guardian) == 1
    assert count(SignIn) == 2


def test_a_wrong_code_is_told_and_the_sixth_try_finds_no_code(client: FlaskClient, world: World) -> None:
    _ask(client, DAUGHTER_PHONE)
    code = _sent(DAUGHTER_PHONE)
    for _ in range(5):
        page = _enter(client, _wrong(code))
        assert page.status_code == 422
        assert tells(page, "accounts.code_wrong")
    page = _enter(client, code)
    assert page.status_code == 422
    assert client.get("/family").status_code == 302


def test_a_slip_of_the_hand_costs_no_try(client: FlaskClient, world: World) -> None:
    _ask(client, DAUGHTER_PHONE)
    for slip in ("", "12345", "1234567", "letters", "１２３", "²³¹²³¹", "1" * 10_000) * 2:
        assert _enter(client, slip).status_code == 422, slip
    assert _enter(client, _sent(DAUGHTER_PHONE)).status_code == 303


def test_too_many_tries_are_told_with_the_wait(client: FlaskClient, world: World) -> None:
    with time_machine.travel(clock.now(), tick=False):
        _ask(client, DAUGHTER_PHONE)
        wrong = _wrong(_sent(DAUGHTER_PHONE))
        pages = [_enter(client, wrong) for _ in range(11)]
    assert [page.status_code for page in pages] == [422] * 10 + [429]
    assert int(pages[-1].headers["Retry-After"]) > 0
    assert tells(pages[-1], "accounts.tries_spent", retry_after_s=pages[-1].headers["Retry-After"])


def test_a_code_works_once_for_one_phone_and_for_five_minutes(app: Flask, world: World) -> None:
    first, second, third = (app.test_client() for _ in range(3))
    _ask(first, DAUGHTER_PHONE)
    code = _sent(DAUGHTER_PHONE)
    _ask(second, NEIGHBOUR_PHONE)
    assert _enter(second, code).status_code == 422
    assert _enter(first, code).status_code == 303
    _ask(third, DAUGHTER_PHONE)
    assert _enter(third, code).status_code == 422
    with time_machine.travel(clock.now() + timedelta(minutes=6), tick=False):
        assert _enter(third, _sent(DAUGHTER_PHONE)).status_code == 422


def test_nobody_enters_a_code_without_having_asked_for_one(client: FlaskClient, app: Flask) -> None:
    assert client.get("/family/sign-in/code").location == "/family/sign-in"
    token = cast.csrf(client, "/family/sign-in")
    answer = client.post("/family/sign-in/code", data={"csrf_token": token, "code": "123456"})
    assert answer.location == "/family/sign-in"


def test_whoever_had_to_sign_in_comes_to_the_page_they_wanted(client: FlaskClient, world: World) -> None:
    wanted = f"/family/elders/{world.elder_id}"
    assert client.get(wanted, headers={"Accept": "text/html,*/*;q=0.8"}).location == "/family/sign-in"
    # What the page brings along is not what they wanted: a picture, a stream, a part, a form.
    client.get(f"{wanted}/face.jpg", headers={"Accept": "image/avif,image/webp,*/*;q=0.8"})
    client.get("/family", headers={"X-Part": "calls", "Accept": "text/html"})
    client.post(f"/family/bands/{world.her.band_id}/end", headers={"Accept": "text/html"})
    _ask(client, DAUGHTER_PHONE)
    assert _enter(client, _sent(DAUGHTER_PHONE)).location == wanted


# ---- the cookie


def test_the_cookie_is_another_one_after_signing_in_and_the_old_one_opens_nothing(app: Flask, world: World) -> None:
    client, thief = app.test_client(), app.test_client()
    _ask(client, DAUGHTER_PHONE)
    before = _cookie(client)
    thief.set_cookie(COOKIE, before, path="/family")
    assert _enter(client, _sent(DAUGHTER_PHONE)).status_code == 303
    assert _cookie(client) != before
    assert thief.get("/family").location == "/family/sign-in"


def test_signing_out_ends_the_cookie_wherever_it_was_copied_to(app: Flask, world: World) -> None:
    client, copy = app.test_client(), app.test_client()
    cast.sign_in_guardian(client)
    copy.set_cookie(COOKIE, _cookie(client), path="/family")
    assert copy.get("/family").status_code == 200
    answer = client.post("/family/sign-out", data={"csrf_token": cast.csrf(client, "/family")})
    assert (answer.status_code, answer.location) == (303, "/family/sign-in")
    assert answer.headers["Clear-Site-Data"] == '"cache", "storage"'
    assert _cookie(client) != _cookie(copy)
    assert client.get("/family").location == "/family/sign-in"
    assert copy.get("/family").location == "/family/sign-in"


def test_signing_out_of_one_phone_leaves_the_other_signed_in(app: Flask, world: World) -> None:
    one, other = app.test_client(), app.test_client()
    cast.sign_in_guardian(one)
    cast.sign_in_guardian(other)
    one.post("/family/sign-out", data={"csrf_token": cast.csrf(one, "/family")})
    assert other.get("/family").status_code == 200


def test_a_sign_in_ends_after_thirty_days_without_a_page(client: FlaskClient, world: World) -> None:
    cast.sign_in_guardian(client)
    with time_machine.travel(clock.now() + timedelta(days=29), tick=False):
        assert client.get("/family").status_code == 200
    with time_machine.travel(clock.now() + timedelta(days=60), tick=False):
        assert client.get("/family").status_code == 302


def test_a_sign_in_ends_after_ninety_days_whatever_happens(client: FlaskClient, world: World) -> None:
    cast.sign_in_guardian(client)
    start = clock.now()
    for days in (25, 50, 75, 89):
        with time_machine.travel(start + timedelta(days=days), tick=False):
            assert client.get("/family").status_code == 200
    with time_machine.travel(start + timedelta(days=91), tick=False):
        assert client.get("/family").status_code == 302


def _kept(client: FlaskClient) -> dict[str, Any]:
    """What the cookie holds, as whoever finds the phone can read it."""
    signer = client.application.session_interface.get_signing_serializer(client.application)  # type: ignore[attr-defined]
    return dict(signer.loads(_cookie(client)))


def test_a_sign_in_left_half_done_leaves_no_number_that_can_be_read(client: FlaskClient, app: Flask) -> None:
    _ask(client, NEW_PHONE)
    kept = json.dumps(_kept(client))
    assert NEW_PHONE.removeprefix("+86") not in kept
    assert NEW_PHONE[-8:] not in kept


def test_a_sign_in_left_half_done_is_forgotten_after_ten_minutes(client: FlaskClient, app: Flask) -> None:
    start = clock.now()
    with time_machine.travel(start, tick=False):
        _ask(client, NEW_PHONE)
    with time_machine.travel(start + timedelta(minutes=9), tick=False):
        assert client.get("/family/sign-in/code").status_code == 200
    for days in (timedelta(minutes=11), timedelta(days=40), timedelta(minutes=-1)):
        with time_machine.travel(start + days, tick=False):
            assert client.get("/family/sign-in/code").location == "/family/sign-in"


def test_the_number_in_a_cookie_cannot_be_given_more_time(client: FlaskClient, app: Flask) -> None:
    start = clock.now()
    with time_machine.travel(start, tick=False):
        _ask(client, NEW_PHONE)
    kept = _kept(client)
    signer = app.session_interface.get_signing_serializer(app)  # type: ignore[attr-defined]
    later = start + timedelta(minutes=11)
    with time_machine.travel(later, tick=False):
        for asked in ([int(later.timestamp()), kept["asked"][1]], ["now", "x"], [], "x", None, [1], [1.5, "x"]):
            client.set_cookie(COOKIE, str(signer.dumps(kept | {"asked": asked})), path="/family")
            assert client.get("/family/sign-in/code").location == "/family/sign-in", asked


def test_a_browser_is_known_again_after_signing_out_and_holds_nothing_else(client: FlaskClient, world: World) -> None:
    cast.sign_in_guardian(client)
    reference = _kept(client)["reference"]
    for _ in range(2):
        token = cast.csrf(client, "/family/sign-in")
        client.post("/family/sign-out", data={"csrf_token": token})
        assert _kept(client) == {"device": reference}
    assert queries.knows_device(Phone(DAUGHTER_PHONE), reference)
    cast.sign_in_guardian(client)
    assert set(_kept(client)) <= {"reference", "csrf_token"}


def test_strangers_keep_the_familys_own_phone_out_of_nothing(app: Flask, world: World) -> None:
    hers = app.test_client()
    cast.sign_in_guardian(hers)
    hers.post("/family/sign-out", data={"csrf_token": cast.csrf(hers, "/family")})
    assert [_ask(app.test_client(), DAUGHTER_PHONE).status_code for _ in range(3)] == [303, 303, 429]
    cast.sign_in_guardian(hers)
    assert hers.get("/family").status_code == 200


def test_a_phone_of_another_country_is_told_where_codes_go(client: FlaskClient, app: Flask) -> None:
    page = _ask(client, "+44 7400 123456")
    assert page.status_code == 422
    assert tells(page, "phone.country_not_texted", countries="+86")
    assert value_of(page, "phone") == "+44 7400 123456"


# ---- the form's token


def test_a_form_without_its_own_token_does_nothing(client: FlaskClient, world: World) -> None:
    cast.csrf(client, "/family/sign-in")
    owed = count(Message)
    for token in ({}, *({"csrf_token": text} for text in ("", "forged", "IjEyMyI.aaaa.bbbb", "x" * 5000))):
        answer = client.post("/family/sign-in", data={"phone": DAUGHTER_PHONE, **token})
        assert answer.status_code == 403, token
        assert tells(answer, "page.form_stale")
    assert count(Message) == owed


def test_the_token_of_another_browser_or_another_door_does_nothing(app: Flask, world: World) -> None:
    client, neighbour = app.test_client(), app.test_client()
    cast.sign_in_guardian(client)
    cast.sign_in_guardian(neighbour, NEIGHBOUR_PHONE)
    for token in (cast.csrf(neighbour, "/family"), cast.csrf(client, "/police/sign-in")):
        assert client.post("/family/sign-out", data={"csrf_token": token}).status_code == 403
    assert client.get("/family").status_code == 200


@pytest.mark.parametrize(
    "headers", [{"Origin": "https://elsewhere.example"}, {"Sec-Fetch-Site": "cross-site"}, {"Origin": "https://["}]
)
def test_another_site_signs_nobody_out(client: FlaskClient, world: World, headers: dict[str, str]) -> None:
    cast.sign_in_guardian(client)
    answer = client.post("/family/sign-out", data={"csrf_token": cast.csrf(client, "/family")}, headers=headers)
    assert answer.status_code == 403
    assert tells(answer, "page.other_site")
    assert client.get("/family").status_code == 200
