"""The host that a request names: in production one of ours, in a demonstration whatever leads here."""

from __future__ import annotations

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests import world as cast
from tests.client import CheckedClient
from tests.doors.asking import ON_SQLITE, count, tells
from tests.world import World
from wristband import create_app
from wristband.config import Mode, Settings
from wristband.db import db
from wristband.incidents.models import Incident

pytestmark = ON_SQLITE
ELSEWHERE = ["elsewhere.example", "hb.example.elsewhere.example", "hb.example:81", "127.0.0.1", "[::1]", "", "a b"]


@pytest.fixture
def production(settings: Settings, world: World) -> FlaskClient:
    """A client of a production on the same store, which it has not asked anything yet."""
    sms_key = settings.data_dir / "sms.key"
    sms_key.write_text("s" * 32)
    named = {"mode": Mode.PRODUCTION, "base_url": "https://hb.example", "other_hosts": ("desk.example",)}
    ours: Flask = create_app(
        settings.model_copy(update={**named, "sms_url": "https://sms.example/send", "sms_key_file": sms_key})
    )
    ours.test_client_class = CheckedClient
    return ours.test_client()


@pytest.mark.parametrize("host", ELSEWHERE)
def test_another_host_opens_nothing_and_is_told_so(production: FlaskClient, world: World, host: str) -> None:
    for path in ("/", f"/t/{world.her.token}", "/family/sign-in", "/police/sign-in", "/nothing"):
        answer = production.get(path, headers={"Host": host}, base_url="https://hb.example")
        assert answer.status_code == 400, path
        assert tells(answer, "page.other_host")


def test_an_origin_that_agrees_with_a_forged_host_reports_nothing(production: FlaskClient, world: World) -> None:
    opened = production.get(f"/t/{world.her.token}", base_url="https://hb.example")
    assert opened.status_code == 200
    forged = {"Host": "elsewhere.example", "Origin": "https://elsewhere.example"}
    address = f"/s/{cast.new_reference()}/police"
    fields = {name: cast.hidden(opened, name) for name in ("band", "stamp")}
    answer = production.post(address, data=fields, headers=forged, base_url="https://hb.example")
    assert answer.status_code == 400
    db.session.rollback()
    assert count(Incident) == 0


@pytest.mark.parametrize("host", ["hb.example", "HB.example", "hb.example:443", "desk.example"])
def test_a_host_of_ours_is_served(production: FlaskClient, host: str) -> None:
    assert production.get("/", headers={"Host": host}, base_url="https://hb.example").status_code == 200


def test_a_balancer_asks_for_health_by_address(production: FlaskClient) -> None:
    for path in ("/healthz", "/readyz"):
        assert production.get(path, headers={"Host": "127.0.0.1:8000"}).status_code == 200


def test_a_demonstration_is_opened_by_any_address_of_this_machine(client: FlaskClient) -> None:
    for host in ("192.0.2.7:8000", "localhost", "demonstration.local"):
        assert client.get("/", headers={"Host": host}).status_code == 200
