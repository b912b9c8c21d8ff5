"""What a finder proves at the door, and what each proof lets which page show."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
import sqlalchemy as sa
import time_machine
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests import world as cast
from tests.doors.asking import ON_SQLITE, tells, words
from tests.pagecheck import shown_on_cards
from tests.world import DAUGHTER_PHONE, ELDER, NEIGHBOUR_PHONE, World
from wristband.audit.models import AuditRow
from wristband.bands.models import Band
from wristband.db import db
from wristband.scans.models import Grant

pytestmark = ON_SQLITE

FINDER = "13800138009"
CARD = (ELDER["called"], ELDER["approach"], ELDER["health"])


@pytest.fixture(autouse=True)
def _a_day_later(world: World) -> object:
    with time_machine.travel(world.now + timedelta(hours=25), tick=True) as journey:
        yield journey


@pytest.fixture
def scan(client: FlaskClient, world: World) -> str:
    """The address of a finder who has told her family."""
    return cast.tap(client, cast.open_band(client, world.her.token), "family").location


def check_digits(world: World) -> str:
    digits = db.session.get_one(Band, world.her.band_id).check_code
    assert digits
    return digits


def enter_check(client: FlaskClient, world: World, scan: str) -> TestResponse:
    with shown_on_cards(*CARD):
        return client.post(f"{scan}/check", data={"check": check_digits(world)})


def ask(client: FlaskClient, scan: str) -> tuple[str, str]:
    """The digits and the token of a page that waits for the family."""
    page = client.post(f"{scan}/ask")
    number = re.search(r"<b>(\d\d)</b>", page.get_data(as_text=True))
    assert number
    return number[1], cast.hidden(page, "grant")


def approve(daughter: FlaskClient, number: str, **fields: object) -> TestResponse:
    db.session.rollback()
    grant_id = db.session.scalars(sa.select(Grant.id).order_by(Grant.id.desc())).first()
    path = f"/family/asks/{grant_id}"
    data = {"csrf_token": cast.csrf(daughter, path), "number": number, "level": "card", **fields}
    return daughter.post(f"{path}/approve", data=data)


@pytest.fixture
def daughter(client: FlaskClient, world: World) -> FlaskClient:
    other = client.application.test_client()
    cast.sign_in_guardian(other, DAUGHTER_PHONE)
    return other


def test_the_card_shows_its_fields_and_no_name_number_or_address(client: FlaskClient, world: World, scan: str) -> None:
    page = enter_check(client, world, scan)
    assert page.status_code == 200
    assert all(word in words(page) for word in CARD)
    assert not [word for word in (ELDER["name"], ELDER["address"], "1380013") if word in words(page)]


def test_an_sms_code_shows_how_to_address_the_elder_and_no_more(client: FlaskClient, world: World, scan: str) -> None:
    page = client.post(f"{scan}/phone", data={"phone": FINDER})
    assert "138****8009" in words(page)
    db.session.rollback()
    code = re.search(r"\d{6}", cast.last_body(f"+86{FINDER}"))
    assert code
    with shown_on_cards(ELDER["called"]):
        page = client.post(f"{scan}/phone/code", data={"phone": cast.hidden(page, "phone"), "code": code[0]})
    assert ELDER["called"] in words(page)
    assert ELDER["health"] not in words(page)


def test_a_card_is_shown_by_no_address(client: FlaskClient, world: World, scan: str) -> None:
    enter_check(client, world, scan)
    assert client.get(f"{scan}/card").status_code == 405
    assert client.get(f"{scan}/check").status_code == 405
    assert "再看一次" in words(client.get(f"{scan}/help"))


def test_a_card_is_kept_by_no_cache_and_told_to_no_other_page(client: FlaskClient, world: World, scan: str) -> None:
    page = enter_check(client, world, scan)
    assert page.headers["Cache-Control"] == "no-store"
    assert page.headers["Referrer-Policy"] == "no-referrer"


def test_the_grants_cookie_is_closed_to_scripts_and_other_sites(client: FlaskClient, world: World, scan: str) -> None:
    with shown_on_cards(*CARD):
        page = client.post(f"{scan}/check", data={"check": check_digits(world)}, base_url="https://localhost")
    cookie = page.headers["Set-Cookie"]
    assert cookie.startswith("__Host-wristband_grant=")
    assert {"Secure", "HttpOnly", "Path=/", "SameSite=Strict"} <= set(cookie.split("; "))


def test_a_browser_that_loses_cookies_sees_the_card_again_by_the_pages_form(
    client: FlaskClient, world: World, scan: str
) -> None:
    token = cast.hidden(enter_check(client, world, scan), "grant")
    bare = client.application.test_client(use_cookies=False)
    with shown_on_cards(*CARD):
        assert ELDER["called"] in words(bare.post(f"{scan}/card", data={"grant": token}))
    assert tells(bare.post(f"{scan}/card"), "scans.grant_over")


def test_each_showing_is_a_row_of_the_trail(client: FlaskClient, world: World, scan: str) -> None:
    page = enter_check(client, world, scan)
    with shown_on_cards(*CARD):
        for _ in range(2):
            client.post(f"{scan}/card", data={"grant": cast.hidden(page, "grant")})
    db.session.rollback()
    shown = db.session.scalar(sa.select(sa.func.count()).where(AuditRow.deed == "grant.shown"))
    assert shown == 3


def test_the_family_chooses_the_fields_and_the_finder_sees_those(
    client: FlaskClient, daughter: FlaskClient, scan: str
) -> None:
    number, token = ask(client, scan)
    assert approve(daughter, number, level="fields", fields=["name", "sex"]).status_code == 303
    with shown_on_cards(ELDER["name"]):
        page = words(client.post(f"{scan}/card", data={"grant": token}))
    assert ELDER["name"] in page
    assert "女" in page
    assert not [word for word in CARD if word in page]


def test_until_the_family_has_answered_the_page_waits(client: FlaskClient, world: World, scan: str) -> None:
    number, token = ask(client, scan)
    assert client.get(f"{scan}/ask").get_data(as_text=True) == "asked"
    page = client.post(f"{scan}/card", data={"grant": token})
    assert "家人还没有回" in words(page)
    assert number in words(page)


def test_a_wrong_number_tells_the_guardian_and_ends_the_question(
    client: FlaskClient, daughter: FlaskClient, scan: str
) -> None:
    number, token = ask(client, scan)
    wrong = str(10 + (int(number) - 9) % 90)
    assert tells(approve(daughter, wrong), "scans.number_wrong")
    assert client.get(f"{scan}/ask").get_data(as_text=True) == "ended"
    assert tells(client.post(f"{scan}/card", data={"grant": token}), "scans.grant_over")


def test_the_neighbour_can_neither_see_nor_answer(client: FlaskClient, world: World, scan: str) -> None:
    ask(client, scan)
    db.session.rollback()
    grant_id = db.session.scalars(sa.select(Grant.id)).one()
    neighbour = client.application.test_client()
    cast.sign_in_guardian(neighbour, NEIGHBOUR_PHONE)
    assert neighbour.get(f"/family/asks/{grant_id}").status_code == 404
    token = cast.csrf(neighbour, "/family/elders/new")
    for deed in ("approve", "refuse"):
        sent = neighbour.post(f"/family/asks/{grant_id}/{deed}", data={"csrf_token": token, "number": "10"})
        assert sent.status_code == 404
    assert neighbour.get(f"/family/elders/{world.elder_id}/log").status_code == 404


def test_the_log_says_who_looked_at_what_and_why(
    client: FlaskClient, daughter: FlaskClient, world: World, scan: str
) -> None:
    enter_check(client, world, scan)
    page = words(daughter.get(f"/family/elders/{world.elder_id}/log"))
    assert "看了称呼、照片、怎样和老人说话、健康提示" in page
    assert "输对了核对码" in page
    assert "现在就收回" in page


def test_no_look_is_buried_among_those_who_only_opened(
    client: FlaskClient, daughter: FlaskClient, world: World, scan: str
) -> None:
    enter_check(client, world, scan)
    for _ in range(60):
        client.get(f"/t/{world.her.token}")
    client.application.extensions["scan_log"].flush()
    page = words(daughter.get(f"/family/elders/{world.elder_id}/log"))
    assert "输对了核对码" in page
    assert "另有 60 次只是打开了扫码页" in page


def test_the_family_may_call_who_asks(client: FlaskClient, daughter: FlaskClient, scan: str) -> None:
    client.post(f"{scan}/ask", data={"call_me": FINDER})
    db.session.rollback()
    grant_id = db.session.scalars(sa.select(Grant.id)).one()
    assert f'href="tel:+86{FINDER}"' in daughter.get(f"/family/asks/{grant_id}").get_data(as_text=True)


def test_the_log_turns_its_pages_and_takes_any_address(
    client: FlaskClient, daughter: FlaskClient, world: World
) -> None:
    for _ in range(51):
        cast.tap(client, cast.open_band(client, world.her.token), "family")
    page = daughter.get(f"/family/elders/{world.elder_id}/log")
    older = re.search(r'href="([^"]*log\?before=[^"]*)"', page.get_data(as_text=True))
    assert older
    assert "请人帮忙" in words(daughter.get(older[1].replace("&amp;", "&")))
    for before in (
        "",
        "x",
        "2026",
        "9999-99-99",
        "-1",
        "%00",
        "0001-01-01T00:00:00%2B23:59",
        "9999-12-31T23:59:59-23:59",
    ):
        assert daughter.get(f"/family/elders/{world.elder_id}/log?before={before}").status_code == 200


@pytest.mark.parametrize("check", ["", "1", "123456789", "abcdefghi", "9" * 5000, "１２３４５６７８９", "1\n2"])
def test_a_mistyped_check_code_spends_nothing(client: FlaskClient, world: World, scan: str, check: str) -> None:
    page = client.post(f"{scan}/check", data={"check": check})
    assert page.status_code == 422
    db.session.rollback()
    assert db.session.get_one(Band, world.her.band_id).check_tries == 0


@pytest.mark.parametrize("deed", ["check", "phone", "phone/code", "ask", "card"])
def test_another_site_makes_no_finder_prove_anything(client: FlaskClient, scan: str, deed: str) -> None:
    sent = client.post(f"{scan}/{deed}", headers={"Sec-Fetch-Site": "cross-site"})
    assert sent.status_code == 403


@pytest.mark.parametrize("deed", ["check", "phone", "phone/code", "ask", "card"])
@pytest.mark.parametrize("reference", ["x", "A" * 22, "%00", "../family"])
def test_an_address_of_nobody_opens_nothing(client: FlaskClient, world: World, deed: str, reference: str) -> None:
    sent = client.post(f"/s/{reference}/{deed}", data={"check": check_digits(world), "phone": FINDER, "code": "000000"})
    assert sent.status_code in {404, 403, 422}


def test_a_band_of_nobody_offers_no_proof_and_still_reports(client: FlaskClient, world: World) -> None:
    opened = cast.open_band(client, "0" * 25)
    scan = cast.tap(client, opened, "police").location
    page = client.get(f"{scan}/help")
    assert "没有在本站登记" in words(page)
    assert 'name="check"' not in page.get_data(as_text=True)


# Every page a finder can open, after every proof: which of the elder's words it may hold. `shown_on_cards` is given
# nothing here, so the client fails on any word of hers anywhere.
@pytest.mark.parametrize("path", ["", "/help", "/ask"])
def test_no_page_with_an_address_holds_a_word_of_hers_after_any_proof(
    client: FlaskClient, world: World, scan: str, path: str
) -> None:
    enter_check(client, world, scan)
    ask(client, scan)
    assert client.get(f"{scan}{path}").status_code == 200
    for other in (f"/t/{world.her.token}", "/b", "/stations", "/"):
        assert client.get(other).status_code == 200
