"""A guardian's rights at the door: consents, taking everything along, erasing, editing, the family around."""

from __future__ import annotations

import io
import json
import re
import zipfile
from datetime import timedelta

import pytest
import sqlalchemy as sa
import time_machine
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests import world as cast
from tests.doors.asking import ON_SQLITE, tells, value_of, words
from tests.world import DAUGHTER_PHONE, ELDER, SON_PHONE, World
from wristband.db import db
from wristband.elders import queries
from wristband.elders.models import Elder
from wristband.elders.rules import KEPT_WITH_SERVICE, WITHDRAWAL_EFFECTS, Purpose
from wristband.incidents.models import Incident
from wristband.incidents.rules import Disposition, IncidentState
from wristband.services import handling, purging, reporting

pytestmark = ON_SQLITE


@pytest.fixture
def daughter(client: FlaskClient, world: World) -> FlaskClient:
    cast.sign_in_guardian(client)
    return client


@pytest.fixture
def son(app: Flask, daughter: FlaskClient, world: World) -> FlaskClient:
    """A second browser, whose owner was invited and has accepted."""
    post(daughter, f"/family/elders/{world.elder_id}/guardians", guardian_phone="13800138005")
    other = app.test_client()
    cast.sign_in_guardian(other, SON_PHONE)
    (invitation,) = re.findall(r"/family/invitations/(\d+)", other.get("/family").get_data(as_text=True))
    accepted = post(other, f"/family/invitations/{invitation}/accept", name="林家的儿子", relation="child")
    assert accepted.location == f"/family/elders/{world.elder_id}"
    return other


def post(client: FlaskClient, path: str, **fields: str) -> TestResponse:
    return client.post(path, data={"csrf_token": cast.csrf(client, "/family"), **fields})


def at(world: World, path: str = "") -> str:
    return f"/family/elders/{world.elder_id}{path}"


# ---- consents


def test_every_purpose_says_what_its_withdrawal_does_before_it_is_made(daughter: FlaskClient, world: World) -> None:
    page = words(daughter.get(at(world, "/consents")))
    assert all(text in page for text in (*WITHDRAWAL_EFFECTS.values(), *KEPT_WITH_SERVICE.values()))


@pytest.mark.parametrize("purpose", sorted(WITHDRAWAL_EFFECTS))
def test_a_purpose_is_withdrawn_and_given_again_with_one_tap_each(
    daughter: FlaskClient, world: World, purpose: Purpose
) -> None:
    taken = post(daughter, at(world, f"/consents/{purpose}/withdraw"))
    assert taken.location == at(world, f"/consents#consent-{purpose}")
    assert not queries.consented(world.elder_id, purpose)
    daughter.get(at(world, "/consents"))
    post(daughter, at(world, f"/consents/{purpose}/give"), health="每天吃降压药")
    assert queries.consented(world.elder_id, purpose)


def test_what_the_service_stands_on_is_refused_with_the_reason(daughter: FlaskClient, world: World) -> None:
    answer = post(daughter, at(world, "/consents/police/withdraw"))
    assert answer.status_code == 403
    assert tells(answer, "elders.consent_required")


def test_health_without_words_keeps_what_was_typed(daughter: FlaskClient, world: World) -> None:
    post(daughter, at(world, "/consents/health/withdraw"))
    answer = post(daughter, at(world, "/consents/health/give"), health="药" * 301)
    assert answer.status_code == 422
    assert value_of(answer, "health") == "药" * 301
    assert tells(answer, "elders.health_long", longest=300)


def test_a_purpose_that_is_none_is_no_page(daughter: FlaskClient, world: World) -> None:
    assert post(daughter, at(world, "/consents/everything/give")).status_code == 404
    assert post(daughter, at(world, "/consents/everything/withdraw")).status_code == 404


# ---- everything as one file


def code_of(phone: str = DAUGHTER_PHONE) -> str:
    db.session.rollback()
    found = re.search(r"\d{6}", cast.last_body(phone))
    assert found
    return found[0]


def test_a_code_opens_the_download_and_the_file_has_a_plain_name(daughter: FlaskClient, world: World) -> None:
    assert post(daughter, at(world, "/export")).status_code == 403
    asked = post(daughter, at(world, "/export/code"))
    assert "138****8000" in words(asked)
    assert post(daughter, at(world, "/export/confirm"), code=code_of()).status_code == 303
    daughter.get(at(world, "/export"))
    file = post(daughter, at(world, "/export"))
    assert file.mimetype == "application/zip"
    assert re.search(r"filename=wristband-\d{8}-\d{4}\.zip", file.headers["Content-Disposition"])
    assert file.headers["Cache-Control"] == "no-store"
    data = json.loads(zipfile.ZipFile(io.BytesIO(file.data)).read("data.json"))
    assert data["particulars"][0]["name"] == ELDER["name"]


def test_a_wrong_code_is_told_and_a_slip_of_the_hand_costs_no_try(daughter: FlaskClient, world: World) -> None:
    post(daughter, at(world, "/export/code"))
    for typed in ["", "12", "abcdef"] * 5:
        assert post(daughter, at(world, "/export/confirm"), code=typed).status_code == 422
    right = code_of()
    wrong = post(daughter, at(world, "/export/confirm"), code=f"{(int(right) + 1) % 10**6:06d}")
    assert tells(wrong, "accounts.code_wrong")
    assert post(daughter, at(world, "/export/confirm"), code=right).status_code == 303


def test_codes_and_downloads_have_their_budgets(daughter: FlaskClient, world: World) -> None:
    answers = [post(daughter, at(world, "/export/code")) for _ in range(4)]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
    post(daughter, at(world, "/export/confirm"), code=code_of())
    assert [post(daughter, at(world, "/export")).status_code for _ in range(4)] == [200, 200, 200, 429]


# ---- erasing


def test_her_name_starts_it_and_one_tap_undoes_it(daughter: FlaskClient, world: World) -> None:
    page = daughter.get(at(world, "/erase"))
    assert "24 小时" in words(page)
    wrong = post(daughter, at(world, "/erase"), name="林秀")
    assert (wrong.status_code, value_of(wrong, "name")) == (422, "林秀")
    assert tells(wrong, "elders.name_differs")
    assert post(daughter, at(world, "/erase"), name=ELDER["name"]).status_code == 303
    assert "撤回，不删除了" in words(daughter.get(at(world, "/erase")))
    assert "查看，撤回或反对" in words(daughter.get(at(world)))
    post(daughter, at(world, "/erase/undo"))
    assert queries.find_erasure(world.elder_id) is None


def test_while_an_incident_is_open_it_is_refused_in_words(daughter: FlaskClient, world: World) -> None:
    reporting.report(cast.new_reference(), world.her.serial, language="zh-CN", low_trust=False, now=world.now)
    answer = post(daughter, at(world, "/erase"), name=ELDER["name"])
    assert answer.status_code == 409
    assert tells(answer, "elders.erase_incident_open")


def test_the_son_objects_with_one_tap_and_says_when_they_agree(
    daughter: FlaskClient, son: FlaskClient, world: World
) -> None:
    assert "72 小时" in words(daughter.get(at(world, "/erase")))
    post(daughter, at(world, "/erase"), name=ELDER["name"])
    assert "有人要求删除" in words(son.get("/family"))
    assert "我不同意" in words(son.get(at(world, "/erase")))
    assert post(son, at(world, "/erase/object")).status_code == 303
    assert "家人还没有商量好" in words(daughter.get(at(world)))
    assert "我们商量好了" not in words(daughter.get(at(world, "/erase")))
    assert post(daughter, at(world, "/erase/settle")).status_code == 403
    assert "我们商量好了" in words(son.get(at(world, "/erase")))
    assert post(son, at(world, "/erase/settle")).status_code == 303
    assert "确认删除" in words(daughter.get(at(world, "/erase")))


def test_once_erased_every_page_that_listed_her_goes_on(daughter: FlaskClient, app: Flask, world: World) -> None:
    opened = cast.open_band(daughter, world.her.token)
    progress = cast.tap(daughter, opened, "family").location
    cast.tap(daughter, opened, "police")
    incident_id = db.session.scalars(sa.select(Incident.id)).one()
    closed = {"officer": world.officer, "disposition": Disposition.WITH_FAMILY, "words": "已送回", "now": world.now}
    handling.move(incident_id, IncidentState.CLOSED, **closed)
    post(daughter, at(world, "/erase"), name=ELDER["name"])
    with time_machine.travel(world.now + timedelta(hours=25), tick=True):
        for _ in purging.purge(now=world.now + timedelta(hours=25)):
            pass
        assert db.session.get_one(Elder, world.elder_id).erased_at
        home = daughter.get("/family")
        assert home.status_code == 200
        assert "还没有登记老人" in words(home)
        assert daughter.get(at(world)).status_code == 404
        assert daughter.get(f"/family/bands/{world.her.band_id}").status_code == 404
        assert daughter.get(progress).status_code == 200
        fresh = cast.open_band(daughter, world.her.token)
        unknown = cast.open_band(daughter, f"{world.her.token[:-1]}X")
        told = [daughter.get(cast.tap(daughter, one, "family").location) for one in (fresh, unknown)]
        assert len({re.sub(r"[A-Za-z0-9_-]{20,}", "-", words(page)) for page in told}) == 1
        officer = app.test_client()
        cast.sign_in_officer(officer)
        for path in ("/police", "/police/bands"):
            assert officer.get(path).status_code == 200
        old = officer.get(f"/police/incidents/{incident_id}")
        assert old.status_code in (200, 403)
        assert not [value for value in ELDER.values() if len(value) > 4 and value in words(old)]


# ---- particulars


def test_the_form_comes_with_what_is_kept_and_keeps_what_is_typed(daughter: FlaskClient, world: World) -> None:
    page = daughter.get(at(world, "/edit"))
    names = ("name", "called", "birth_year", "address", "approach", "health", "relation", "seen", "station_id")
    fields = {name: value_of(page, name) for name in names} | {"sex": "female"}
    assert {name: fields[name] for name in ("name", "called", "address", "approach", "health")} == {
        name: ELDER[name] for name in ("name", "called", "address", "approach", "health")
    }
    wrong = post(daughter, at(world, "/edit"), **{**fields, "name": "", "birth_year": "1", "address": "新的住址"})
    assert (wrong.status_code, value_of(wrong, "address")) == (422, "新的住址")
    assert tells(wrong, "elders.name_missing")
    assert tells(wrong, "elders.birth_year")
    assert post(daughter, at(world, "/edit"), **{**fields, "address": "新的住址"}).location == at(world)
    late = post(daughter, at(world, "/edit"), **{**fields, "approach": "请大声说"})
    assert late.status_code == 409
    assert tells(late, "elders.changed_meanwhile")
    assert value_of(late, "approach") == "请大声说"
    assert "新的住址" in words(late)
    again = {**fields, "approach": "请大声说", "seen": value_of(late, "seen")}
    assert post(daughter, at(world, "/edit"), **again).status_code == 303


@pytest.mark.parametrize("seen", ["", "yesterday", "2026-11-24T06:05:00"])
def test_a_form_that_no_page_of_ours_has_made_is_refused(daughter: FlaskClient, world: World, seen: str) -> None:
    fields = {"name": "林", "relation": "child", "seen": seen}
    assert post(daughter, at(world, "/edit"), **fields).status_code == 422


def test_without_the_consent_no_field_asks_for_health(daughter: FlaskClient, world: World) -> None:
    post(daughter, at(world, "/consents/health/withdraw"))
    page = daughter.get(at(world, "/edit")).get_data(as_text=True)
    assert 'name="health"' not in page
    assert f'href="{at(world, "/consents#consent-health")}"' in page


# ---- the family around


def test_a_telephone_is_added_moved_up_and_taken_away(daughter: FlaskClient, world: World) -> None:
    wrong = post(daughter, at(world, "/contacts"), contact_phone="123")
    assert (wrong.status_code, value_of(wrong, "contact_phone")) == (422, "123")
    post(daughter, at(world, "/contacts"), contact_phone="138 0013 8005")
    page = daughter.get(at(world, "/family")).get_data(as_text=True)
    (contact,) = re.findall(r"/contacts/(\d+)/remove", page)
    post(daughter, at(world, f"/contacts/{contact}/raise"))
    assert queries.list_contacts(world.elder_id)[0].address == SON_PHONE
    assert post(daughter, at(world, f"/contacts/{contact}/remove")).status_code == 303
    own = queries.list_contacts(world.elder_id)[0].id
    refused = post(daughter, at(world, f"/contacts/{own}/remove"))
    assert refused.status_code == 403
    assert tells(refused, "elders.contact_of_guardian")


def test_who_is_invited_sees_it_at_home_and_may_decline(daughter: FlaskClient, app: Flask, world: World) -> None:
    post(daughter, at(world, "/guardians"), guardian_phone="13800138005")
    assert "已邀请，待回复" in words(daughter.get(at(world, "/family")))
    son = app.test_client()
    cast.sign_in_guardian(son, SON_PHONE)
    home = son.get("/family").get_data(as_text=True)
    assert ELDER["name"] not in home
    (invitation,) = re.findall(r"/family/invitations/(\d+)", home)
    page = f"/family/invitations/{invitation}"
    assert son.get(page).status_code == 200
    empty = post(son, f"{page}/accept", name="儿子", relation="")
    assert (empty.status_code, value_of(empty, "name")) == (422, "儿子")
    post(son, f"{page}/decline")
    assert son.get(page).status_code == 404
    assert "/family/invitations/" not in son.get("/family").get_data(as_text=True)


def test_an_invitation_is_taken_back(daughter: FlaskClient, world: World) -> None:
    post(daughter, at(world, "/guardians"), guardian_phone="13800138005")
    page = daughter.get(at(world, "/family")).get_data(as_text=True)
    (path,) = re.findall(r'action="([^"]*/invitations/\d+/end)"', page)
    assert post(daughter, path).status_code == 303
    assert post(daughter, path).status_code == 404


def test_nobody_sends_another_away_and_each_may_leave(daughter: FlaskClient, son: FlaskClient, world: World) -> None:
    refused = post(son, at(world, f"/guardians/{world.daughter_id}/end"))
    assert refused.status_code == 403
    assert tells(refused, "elders.guardian_of_another")
    assert "我要退出" in words(daughter.get(at(world, "/family")))
    assert post(daughter, at(world, f"/guardians/{world.daughter_id}/end")).location == "/family/"
    assert daughter.get(at(world)).status_code == 404
    last = re.search(r"/guardians/(\d+)/end", son.get(at(world, "/family")).get_data(as_text=True))
    assert last is None


def test_what_the_son_does_is_a_line_of_the_daughters_log(
    daughter: FlaskClient, son: FlaskClient, world: World
) -> None:
    post(son, at(world, "/consents/health/withdraw"))
    post(son, f"/family/bands/{world.her.band_id}/end", why="lost")
    post(son, at(world, "/contacts"), contact_phone="13800138007")
    log = " ".join(words(daughter.get(at(world, "/log"))).split())
    lines = ("加了一个联系电话", "停用了一条手环", "撤回了一项同意 健康提示", "成为监护人")
    places = [log.find(f"另一位监护人 {line}") for line in lines]
    assert places == sorted(places)
    assert min(places) > 0
    assert "您 邀请了一位监护人" in log
    assert "您 加了一个联系电话" in " ".join(words(son.get(at(world, "/log"))).split())


def test_the_log_names_the_fields_that_were_changed(daughter: FlaskClient, world: World) -> None:
    page = daughter.get(at(world, "/edit"))
    names = ("name", "called", "birth_year", "address", "approach", "health", "relation", "seen", "station_id")
    fields = {name: value_of(page, name) for name in names} | {"sex": "female"}
    post(daughter, at(world, "/edit"), **{**fields, "address": "新的住址", "name": "林秀"})
    assert re.search(r"您\s*改了资料：姓名、住址", words(daughter.get(at(world, "/log"))))


def test_where_the_family_is_shown_it_says_who_helps_against_one_of_them(daughter: FlaskClient, world: World) -> None:
    assert "请带身份证件到老人的派出所说明" in words(daughter.get(at(world, "/family")))


def test_another_familys_pages_are_unknown(client: FlaskClient, world: World) -> None:
    cast.sign_in_guardian(client, cast.NEIGHBOUR_PHONE)
    for path in ("/consents", "/export", "/erase", "/edit", "/family"):
        assert client.get(at(world, path)).status_code == 404
    for path in (
        "/consents/card/give",
        "/consents/card/withdraw",
        "/export",
        "/export/code",
        "/erase/undo",
        "/erase/object",
        "/erase/settle",
        "/contacts/1/raise",
        "/contacts/1/remove",
        "/invitations/1/end",
        "/guardians/1/end",
    ):
        assert post(client, at(world, path)).status_code == 404, path
    phone = {"contact_phone": "13800138005", "guardian_phone": "13800138005", "name": ELDER["name"]}
    for path in ("/contacts", "/guardians", "/erase"):
        assert post(client, at(world, path), **phone).status_code == 404, path
