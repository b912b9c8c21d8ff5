"""Which language a page speaks, and that a chosen one goes along."""

from __future__ import annotations

import re
from urllib.parse import quote

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests import world as cast
from tests.doors.asking import ON_SQLITE, fields_of, tells
from tests.world import World

pytestmark = ON_SQLITE


def _language(answer: TestResponse) -> str:
    found = re.search(r'<html lang="([^"]*)"', answer.get_data(as_text=True))
    assert found
    return found[1]


SPOKEN = [
    (None, None, "zh-CN"),
    (None, "en", "en"),
    (None, "en-GB,en;q=0.9", "en"),
    (None, "zh-TW,zh;q=0.9,en;q=0.8", "zh-CN"),
    (None, "zh-Hans-CN", "zh-CN"),
    (None, "fr;q=0.9, en;q=0.1", "en"),
    (None, "*", "zh-CN"),
    (None, "xx", "zh-CN"),
    (None, ";;;q=,q=9,en;q=nan", "zh-CN"),
    (None, "x" * 5000, "zh-CN"),
    ("en", None, "en"),
    ("en", "zh-CN", "en"),
    ("zh-CN", "en", "zh-CN"),
    ("xx", "en", "en"),
    ("", "en", "en"),
    (None, "en;q=0", "zh-CN"),
    (None, "zh;q=0.9,en;q=0.8", "zh-CN"),
    ("EN", None, "zh-CN"),
    ("../../en", None, "zh-CN"),
    ("x" * 5000, None, "zh-CN"),
]


def test_what_is_chosen_goes_before_the_browser_and_the_browser_before_chinese(
    client: FlaskClient, world: World
) -> None:
    for chosen, asked_for, spoken in SPOKEN:
        query = "" if chosen is None else f"?lang={chosen}"
        headers = {"Accept-Language": asked_for} if asked_for else {}
        for path in (f"/t/{world.her.token}", "/b", "/nothing"):
            assert _language(client.get(f"{path}{query}", headers=headers)) == spoken, (chosen, asked_for)


@pytest.mark.parametrize("asked_for", ["zh-CN", "en"])
@pytest.mark.parametrize("chosen", ["en", "zh-CN", None])
def test_a_chosen_language_goes_along_with_every_tap_and_one_of_the_browsers_does_not(
    client: FlaskClient, world: World, asked_for: str, chosen: str | None
) -> None:
    spoken, headers = chosen or asked_for, {"Accept-Language": asked_for}
    query = f"?lang={chosen}" if chosen else ""
    page = client.get(f"/t/{world.her.token}{query}", headers=headers)
    taps = re.findall(r'action="(/s/[^"]+/(?:family|police)[^"]*)"', page.get_data(as_text=True))
    assert len(taps) == 2
    for tap in taps:
        scan = tap.split("/")[2]
        assert tap in (f"/s/{scan}/family{query}", f"/s/{scan}/police{query}")
        answer = client.post(tap, data=fields_of(page), headers=headers)
        assert answer.location == f"/s/{scan}{query}"
        assert _language(client.get(answer.location, headers=headers)) == spoken
    assert f'href="/stations{query}"' in page.get_data(as_text=True)


def test_a_language_nobody_knows_is_not_carried_along(client: FlaskClient, world: World) -> None:
    fields = cast.open_band(client, world.her.token)
    hostile = quote("\r\nSet-Cookie: a=b")
    answer = client.post(f"/s/{fields['scan']}/police?lang={hostile}", data=fields)
    assert answer.location.partition("?")[2] in ("", "lang=zh-CN")
    assert "Set-Cookie" not in answer.headers


def test_a_refusal_speaks_the_finders_language(client: FlaskClient, world: World) -> None:
    page = client.get("/nothing?lang=en")
    assert not tells(page, "page.unknown")
    assert 'href="/stations?lang=en"' in page.get_data(as_text=True)


def _switch(answer: TestResponse, tag: str) -> str:
    found = re.search(rf'<a href="([^"]*)" lang="{tag}"', answer.get_data(as_text=True))
    assert found
    return found[1].replace("&amp;", "&")


def test_the_switch_keeps_the_district(client: FlaskClient, world: World) -> None:
    page = client.get("/stations?district=同安区")
    answer = client.get(f"/stations{_switch(page, 'en')}")
    assert _language(answer) == "en"
    assert "大同派出所" in answer.get_data(as_text=True)


def test_the_switch_carries_nothing_a_stranger_put_into_an_address(client: FlaskClient, world: World) -> None:
    for path in ("/", "/b", "/stations", f"/t/{world.her.token}"):
        page = client.get(f"{path}?district=elsewhere&next=//elsewhere.example&lang=zh-CN").get_data(as_text=True)
        assert "elsewhere" not in page


def test_the_switch_on_the_answer_to_a_form_leads_to_a_page(client: FlaskClient, world: World) -> None:
    finder = cast.tap(client, cast.open_band(client, world.her.token), "police").location
    refused = client.post(f"{finder}/place", data={"key": "k" * 20})
    assert refused.status_code == 422
    assert client.get(_switch(refused, "en")).status_code == 200
    cast.sign_in_guardian(client)
    token = cast.csrf(client, "/family")
    refused = client.post(f"/family/bands/{world.her.band_id}/end", data={"csrf_token": token, "why": ""})
    assert client.get(_switch(refused, "en")).status_code == 200
    code = client.post("/b", data={"code": "wrong"})
    assert client.get(f"/b{_switch(code, 'en')}").status_code == 200


def test_a_family_is_texted_in_the_language_it_asked_in(client: FlaskClient, world: World) -> None:
    token = cast.csrf(client, "/family/sign-in?lang=en")
    client.post("/family/sign-in?lang=en", data={"csrf_token": token, "phone": cast.DAUGHTER_PHONE})
    assert not re.search(r"[\u4e00-\u9fff]", cast.last_body(cast.DAUGHTER_PHONE).replace("同安分局黄手环", ""))
