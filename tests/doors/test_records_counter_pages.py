"""Registering at the counter's page: a code read out, nothing lost by a mistake, the band on the next page."""

from __future__ import annotations

import io
import re

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests import world as cast
from tests.doors.asking import ON_SQLITE, send, tells, value_of, words
from tests.life import small_jpeg
from tests.services.records_cast import AUNT_PHONE
from tests.world import ELDER, World, every_row, last_body
from wristband.db import db
from wristband.elders.models import Elder
from wristband.elders.queries import list_guardians

pytestmark = ON_SQLITE
CONSENTS = ["service", "police", "portrait", "health", "card", "whereabouts"]


@pytest.fixture
def officer(client: FlaskClient, world: World) -> FlaskClient:
    cast.sign_in_officer(client)
    return client


def post(client: FlaskClient, path: str, **fields: object) -> TestResponse:
    return client.post(path, data={"csrf_token": cast.csrf(client, "/police/records"), **fields})


def fill(client: FlaskClient, **changed: object) -> TestResponse:
    form = client.get("/police/records/new")
    fields = {
        "csrf_token": cast.hidden(form, "csrf_token"),
        "key": cast.hidden(form, "key"),
        **{name: text for name, text in ELDER.items() if name not in ("name", "called")},
        "name": "吴阿婆",
        "called": "阿婆",
        "phone": AUNT_PHONE,
        "guardian_name": "林家的姑姑",
        "consents": CONSENTS,
        "do": "register",
        **changed,
    }
    return send(client, "/police/records/new", fields)


def newest() -> Elder:
    db.session.rollback()
    return db.session.scalars(sa.select(Elder).order_by(Elder.id.desc()).limit(1)).one()


def test_an_elder_is_registered_in_two_steps_and_the_band_is_printed_on_the_next_page(
    officer: FlaskClient, world: World
) -> None:
    sent = fill(officer, do="code")
    assert "验证码已发出" in words(sent)
    assert value_of(sent, "name") == "吴阿婆"
    code = re.search(r"\d{6}", last_body(AUNT_PHONE))
    assert code
    answer = fill(officer, code=code[0], photo=(io.BytesIO(small_jpeg()), "camera.jpg"))
    assert answer.status_code == 303, words(answer)
    made = newest()
    assert (made.name, made.station_id) == ("吴阿婆", world.station_id)
    page = officer.get(answer.headers["Location"])
    band = post(
        officer, f"/police/records/{made.id}/bands", form="wristband", key=cast.hidden(page, "key"), then="registered"
    )
    assert band.headers["Location"].endswith("/registered")
    page = officer.get(band.headers["Location"])
    band_id = cast.hidden(page, "bands")
    printed = post(
        officer, "/police/bands/print", form="wristband", bands=band_id, look="loud", language="zh", kind="sheets"
    )
    assert printed.mimetype == "application/pdf"


def test_nothing_of_the_form_is_lost_by_a_mistake_the_photograph_neither(officer: FlaskClient, world: World) -> None:
    answer = fill(
        officer, name="", unconfirmed="yes", consents=CONSENTS[:1], photo=(io.BytesIO(small_jpeg()), "camera.jpg")
    )
    assert answer.status_code == 422
    assert tells(answer, "elders.name_missing")
    assert tells(answer, "elders.consent_needed")
    assert value_of(answer, "address") == ELDER["address"]
    kept = cast.hidden(answer, "photo_kept")
    assert kept
    assert "照片已收好" in words(answer)
    # The number is typed anew: the photograph goes along.
    again = fill(officer, unconfirmed="yes", photo_kept=kept, phone="138 0013 8011")
    assert again.status_code == 303
    assert list_guardians(newest().id) == []


def test_without_a_code_somebody_has_to_say_that_there_is_none(officer: FlaskClient, world: World) -> None:
    before = newest().id
    assert tells(fill(officer), "records.code_missing")
    fill(officer, do="code")
    assert tells(fill(officer, code="000000"), "accounts.code_wrong")
    assert newest().id == before
    assert fill(officer, unconfirmed="yes").status_code == 303


@pytest.mark.parametrize("phone", ["", "110", "0592 5550123", "abc", "1" * 400, "\u202e13800138007"])
def test_a_number_that_is_none_is_told_and_gets_no_code(officer: FlaskClient, world: World, phone: str) -> None:
    before = every_row()["message"]
    answer = fill(officer, do="code", phone=phone)
    assert answer.status_code in (200, 422)
    if answer.status_code == 422:
        assert every_row()["message"] == before


def test_a_photograph_without_a_number_says_what_to_do(officer: FlaskClient) -> None:
    answer = fill(officer, phone="x", photo=(io.BytesIO(small_jpeg()), "camera.jpg"))
    assert tells(answer, "records.phone_missing")


def test_a_file_that_is_no_picture_costs_no_word(officer: FlaskClient) -> None:
    answer = fill(officer, unconfirmed="yes", photo=(io.BytesIO(b"%PDF-1.7 nothing"), "camera.jpg"))
    assert tells(answer, "photo.not_a_picture")
    assert value_of(answer, "name") == "吴阿婆"


def test_the_camera_is_asked_for_at_the_counter_and_nowhere_else(officer: FlaskClient, world: World) -> None:
    assert "camera=(self)" in officer.get("/police/records/new").headers["Permissions-Policy"]
    assert "camera=()" in officer.get("/police/records").headers["Permissions-Policy"]


def test_the_enter_key_looks_at_a_typed_code_and_sends_no_other(officer: FlaskClient, world: World) -> None:
    fill(officer, do="code")
    code = re.search(r"\d{6}", last_body(AUNT_PHONE))
    assert code
    before = every_row()["message"]
    page = fill(officer, do="code", code=code[0])
    assert "手机已确认" in words(page)
    assert every_row()["message"] == before
    assert fill(officer).status_code == 303
