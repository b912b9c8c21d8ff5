"""Binding a blank band and replacing a worn one, at the family's door."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
import time_machine
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests import world as cast
from tests.doors.asking import ON_SQLITE, tells
from tests.world import World
from wristband import clock
from wristband.bands import queries
from wristband.bands.models import Band
from wristband.bands.rules import BIND_TRIES_A_BAND, BandEnd, BandForm, BandState
from wristband.db import db
from wristband.services import stocking
from wristband.values.code import CheckCode

pytestmark = ON_SQLITE


@pytest.fixture
def blank(world: World) -> Band:
    batch_id = stocking.begin(BandForm.WRISTBAND, 1, now=clock.now())
    with ThreadPoolExecutor(1) as workers:
        list(stocking.mint(batch_id, workers=workers, now=clock.now()))
    return queries.list_minted(batch_id, 1, 1)[0]


def bind(client: FlaskClient, world: World, code: str, check: str) -> TestResponse:
    token = cast.csrf(client, "/family/bind")
    fields = {"csrf_token": token, "code": code, "check": check, "elder_id": str(world.elder_id)}
    return client.post("/family/bind", data=fields)


def test_a_family_binds_the_band_it_holds(client: FlaskClient, world: World, blank: Band) -> None:
    cast.sign_in_guardian(client)
    answer = bind(client, world, blank.code.shown.lower(), CheckCode.parse(blank.check_code).shown)
    assert answer.status_code == 303
    assert "使用中" in client.get(answer.location).get_data(as_text=True)
    db.session.rollback()
    assert db.session.get_one(Band, blank.id).elder_id == world.elder_id


def test_slips_are_named_beside_their_fields_and_cost_no_try(client: FlaskClient, world: World, blank: Band) -> None:
    cast.sign_in_guardian(client)
    answer = bind(client, world, "ABC", "12345")
    assert answer.status_code == 422
    assert tells(answer, "code.not_a_band_code")
    assert tells(answer, "code.not_a_check_code")
    assert 'value="ABC"' in answer.get_data(as_text=True)
    db.session.rollback()
    assert db.session.get_one(Band, blank.id).check_tries == 0


def test_a_guesser_is_told_how_long_to_wait(client: FlaskClient, world: World, blank: Band) -> None:
    cast.sign_in_guardian(client)
    answers = [
        bind(client, world, blank.code.text, CheckCode.random().digits) for _ in range(BIND_TRIES_A_BAND.burst + 1)
    ]
    assert [answer.status_code for answer in answers] == [422] * BIND_TRIES_A_BAND.burst + [429]
    assert tells(answers[-1], "bands.tries_spent", retry_after_s=answers[-1].headers["Retry-After"])


@pytest.mark.parametrize("elder_id", ["", "0", "-1", "9" * 30, "x"])
def test_an_elder_that_is_none_is_a_sentence(client: FlaskClient, world: World, blank: Band, elder_id: str) -> None:
    cast.sign_in_guardian(client)
    token = cast.csrf(client, "/family/bind")
    fields = {"csrf_token": token, "code": blank.code.text, "check": blank.check_code, "elder_id": elder_id}
    assert client.post("/family/bind", data=fields).status_code == 404


def test_whoever_is_not_signed_in_comes_back_to_the_binding(client: FlaskClient, world: World) -> None:
    as_a_browser = {"Accept": "text/html,application/xhtml+xml"}
    assert client.get("/family/bind", headers=as_a_browser).location.endswith("/family/sign-in")
    assert cast.sign_in_guardian(client).location.endswith("/family/bind")


def test_a_band_is_replaced_in_one_step_and_sent_twice_it_is_replaced_once(client: FlaskClient, world: World) -> None:
    cast.sign_in_guardian(client)
    page = client.get(f"/family/bands/{world.her.band_id}")
    fields = {
        "csrf_token": cast.hidden(page, "csrf_token"),
        "key": cast.hidden(page, "key"),
        "replace_why": BandEnd.WORN_OUT.value,
    }
    first, second = (client.post(f"/family/bands/{world.her.band_id}/replace", data=fields) for _ in range(2))
    assert first.location == second.location
    db.session.rollback()
    old = db.session.get_one(Band, world.her.band_id)
    assert (old.state, old.end) == (BandState.ENDED, BandEnd.WORN_OUT)
    assert queries.count_active(world.elder_id) == 1


def test_a_band_worn_for_a_year_is_proposed_for_renewal(client: FlaskClient, world: World) -> None:
    cast.sign_in_guardian(client)
    assert "已经满一年" not in client.get(f"/family/bands/{world.her.band_id}").get_data(as_text=True)
    with time_machine.travel(clock.now() + timedelta(days=366)):
        cast.sign_in_guardian(client)
        page = client.get(f"/family/bands/{world.her.band_id}").get_data(as_text=True)
    assert "已经满一年" in page
