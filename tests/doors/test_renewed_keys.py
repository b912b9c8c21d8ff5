"""While keys are renewed nobody notices: who is signed in stays so, open pages work, nothing is done twice."""

from __future__ import annotations

import shutil
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests import world as cast
from tests.doors.asking import ON_SQLITE, count, send, words
from tests.services.test_subscribing import FCM
from tests.values.test_push import told
from tests.world import DAUGHTER_PHONE, ELDER, World
from wristband import clock, keys
from wristband.accounts.models import Guardian
from wristband.bands import tokens
from wristband.config import Settings
from wristband.db import db
from wristband.elders.models import Elder
from wristband.elders.rules import Purpose
from wristband.errors import Conflict
from wristband.house import house
from wristband.incidents.models import Incident, Sighting
from wristband.outbox.models import Message
from wristband.scans.models import Reach, Scan
from wristband.services import rekeying, subscribing

pytestmark = ON_SQLITE
REGISTRATION = "/family/elders/new"
EACH = pytest.mark.parametrize("purpose", sorted(keys.PURPOSES))


@pytest.fixture
def own_keys(furnished: tuple[Path, World], keys_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The keys of every test, in a folder that this one may renew; new ones are looked for, and write, at once.

    After the making of the cast, which has a house of its own.
    """
    monkeypatch.setattr(keys, "LOOK_EVERY_S", 0.0)
    monkeypatch.setattr(keys, "READ_FIRST_S", 0.0)
    return Path(shutil.copytree(keys_folder, tmp_path / "keys"))


@pytest.fixture
def settings(tmp_path: Path, own_keys: Path, engine_url: str) -> Settings:
    folder = tmp_path / "instance"
    return Settings(data_dir=folder, keys_dir=own_keys, database_url=engine_url, second_factor="offered")


def _renew(purpose: str) -> None:
    assert rekeying.rotate(purpose) == f"{purpose}-2.key"
    assert house().ring.current(purpose)[0] == "2"
    db.session.remove()


def _rows() -> tuple[int, ...]:
    return tuple(count(model) for model in (Elder, Guardian, Scan, Reach, Incident, Sighting, Message))


@EACH
def test_who_is_signed_in_stays_signed_in(client: FlaskClient, world: World, purpose: str) -> None:
    cast.sign_in_guardian(client)
    cast.sign_in_officer(client)
    _renew(purpose)
    assert ELDER["name"] in client.get("/family/").get_data(as_text=True)
    assert client.get("/police/").status_code == 200


@EACH
def test_a_code_that_was_sent_before_signs_in_after_and_makes_no_second_account(
    client: FlaskClient, world: World, purpose: str
) -> None:
    before = count(Guardian)
    token = cast.csrf(client, "/family/sign-in")
    client.post("/family/sign-in", data={"csrf_token": token, "phone": DAUGHTER_PHONE})
    db.session.rollback()
    code = "".join(filter(str.isdigit, cast.last_body(DAUGHTER_PHONE)))[:6]
    token = cast.csrf(client, "/family/sign-in/code")
    _renew(purpose)
    answer = client.post("/family/sign-in/code", data={"csrf_token": token, "code": code})
    assert answer.status_code == 303
    assert ELDER["name"] in client.get("/family/").get_data(as_text=True)
    assert count(Guardian) == before


@EACH
@pytest.mark.parametrize("deed", ["family", "police"])
def test_a_finders_page_opens_and_a_second_tap_changes_nothing(
    client: FlaskClient, world: World, purpose: str, deed: str
) -> None:
    opened = cast.open_band(client, world.her.token)
    told = cast.tap(client, opened, deed).location
    before = _rows()
    _renew(purpose)
    assert client.get(told).status_code == 200
    assert cast.tap(client, opened, deed).location == told
    assert _rows() == before


@EACH
def test_a_page_that_was_open_can_still_be_acted_on(client: FlaskClient, world: World, purpose: str) -> None:
    opened = cast.open_band(client, world.her.token)
    _renew(purpose)
    answer = cast.tap(client, opened, "family")
    assert answer.status_code == 303
    assert "正在发给家人" in words(client.get(answer.location))


@EACH
def test_a_band_of_before_and_one_of_after_both_open(client: FlaskClient, world: World, purpose: str) -> None:
    _renew(purpose)
    assert client.get(f"/t/{world.her.token}").status_code == 200
    cast.open_band(client, tokens.sign(world.her.serial, house().band_keys))


@EACH
def test_the_same_registration_sent_again_is_one_elder(client: FlaskClient, world: World, purpose: str) -> None:
    cast.sign_in_guardian(client)
    form = {**ELDER, "guardian_name": "林家的女儿", "key": "k" * 22, "consents": [one.value for one in Purpose]}
    form["csrf_token"] = cast.csrf(client, REGISTRATION)
    first = send(client, REGISTRATION, form)
    assert first.status_code == 303, words(first)
    before = _rows()
    _renew(purpose)
    again = send(client, REGISTRATION, form)
    assert again.status_code == 303
    assert again.location == first.location
    assert _rows() == before


def test_all_at_once_and_moved_and_dropped_it_is_the_same_family(
    app: Flask, client: FlaskClient, world: World, own_keys: Path
) -> None:
    cast.sign_in_guardian(client)
    for purpose in sorted(keys.PURPOSES):
        _renew(purpose)
    assert sum(rekeying.rewrap()) > 0
    for name in ("fields-1", "index-1"):
        rekeying.drop(name, now=clock.now() + timedelta(minutes=2))
    db.session.remove()
    assert ELDER["name"] in client.get("/family/").get_data(as_text=True)
    cast.sign_in_guardian(app.test_client())


def test_a_push_key_stays_while_a_browser_is_subscribed_with_it(app: Flask, world: World) -> None:
    key_id, _ = subscribing.push_offer()
    me = {"guardian_id": world.daughter_id, "now": clock.now()}
    contact_id = subscribing.add_push(told(endpoint=FCM), key_id, **me)  # type: ignore[arg-type]
    _renew("push")
    later = clock.now() + timedelta(minutes=2)
    with pytest.raises(Conflict) as refused:
        rekeying.drop("push-1", now=later)
    assert (refused.value.code, refused.value.facts["values"]) == ("keys.in_use", 1)
    subscribing.remove(contact_id, **me)  # type: ignore[arg-type]
    rekeying.drop("push-1", now=later)
    assert [one.name for one in rekeying.usage(now=later) if one.purpose == "push"] == ["push-2"]
