"""What a network address buys, and what it never costs: no try by a forged header, no door closed to a finder."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from tests import world as cast
from tests.doors.asking import ON_SQLITE, count, tells
from tests.world import World
from wristband import clock, create_app
from wristband.accounts.rules import CODE_BY_ADDRESS, PASSWORD_BY_ADDRESS
from wristband.config import Settings
from wristband.db import db
from wristband.incidents.models import Incident
from wristband.limits import SpentBudget
from wristband.scans.models import Reach
from wristband.scans.rules import FINDER_CODE_BY_ADDRESS
from wristband.values.budget import Budget
from wristband.web.forms import network

pytestmark = ON_SQLITE
FORWARDED = ["X-Forwarded-For", "X-Real-IP", "Forwarded", "X-Client-IP", "True-Client-IP", "CF-Connecting-IP"]


def from_address(app: Flask, address: str, **headers: str) -> str:
    with app.test_request_context("/", environ_overrides={"REMOTE_ADDR": address}, headers=headers):
        return network()


@pytest.mark.parametrize(
    ("address", "known_as"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2:ffff:ffff:ffff:ffff", "2001:db8:1:2::/64"),
        ("2001:db8:1:3::1", "2001:db8:1:3::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("", ""),
        ("unix", ""),
    ],
)
def test_an_ipv6_customer_is_one_network_and_an_ipv4_address_another(app: Flask, address: str, known_as: str) -> None:
    assert from_address(app, address) == known_as


@pytest.mark.parametrize("header", FORWARDED)
def test_no_forwarded_header_makes_another_network(app: Flask, header: str) -> None:
    assert from_address(app, "192.0.2.7", **{header: "198.51.100.1"}) == "192.0.2.7"


def test_behind_one_proxy_only_what_that_proxy_wrote_counts(settings: Settings, app: Flask) -> None:
    behind = create_app(settings.model_copy(update={"trusted_proxies": 1}))
    seen: list[str] = []
    behind.add_url_rule("/seen", view_func=lambda: seen.append(network()) or "")  # type: ignore[func-returns-value]
    forged = {"X-Forwarded-For": "198.51.100.1, 203.0.113.9"}  # the visitor wrote the first, the proxy the second
    behind.test_client().get("/seen", headers=forged, environ_overrides={"REMOTE_ADDR": "127.0.0.1"})
    behind.extensions["scan_log"].flush()
    assert seen == ["203.0.113.9"]


def ask_for_code(client: FlaskClient, number: int, address: str, **headers: str) -> Any:
    token = cast.csrf(client, "/family/sign-in")
    return client.post(
        "/family/sign-in",
        data={"csrf_token": token, "phone": f"1380{number:02}13800"},
        headers=headers,
        environ_overrides={"REMOTE_ADDR": address},
    )


def test_headers_and_other_addresses_of_one_customer_buy_no_further_code(client: FlaskClient, world: World) -> None:
    for number in range(CODE_BY_ADDRESS.burst):
        assert ask_for_code(client, 10 + number, f"2001:db8::{number:x}").status_code == 303
    for header in FORWARDED:
        refused = ask_for_code(client, 60, "2001:db8::ffff", **{header: "198.51.100.1"})
        assert refused.status_code == 429, header
    assert ask_for_code(client, 61, "2001:db8:0:1::1").status_code == 303


def spend_all(budget: Budget, address: str) -> None:
    from wristband import limits
    from wristband.db import transaction

    with transaction():
        for _ in range(budget.burst):
            limits.spend(budget, address, now=clock.now())


def test_who_has_spent_every_budget_of_a_network_still_reaches_family_police_and_stations(
    client: FlaskClient, world: World
) -> None:
    before = count(SpentBudget)
    for budget in (CODE_BY_ADDRESS, PASSWORD_BY_ADDRESS, FINDER_CODE_BY_ADDRESS):
        spend_all(budget, "127.0.0.1")
    assert count(SpentBudget) == before + 3
    opened = cast.open_band(client, world.her.token)
    assert cast.tap(client, opened, "family").status_code == 303
    assert cast.tap(client, opened, "police").status_code == 303
    assert (
        client.post(f"/s/{opened['scan']}/place", data={"words": "公园东门", "key": "a-key-of-a-place"}).status_code
        == 303
    )
    assert client.post("/stations", data={"latitude": "24.72", "longitude": "118.15"}).status_code == 200
    assert (count(Reach), count(Incident)) == (1, 1)
    assert ask_for_code(client, 10, "127.0.0.1").status_code == 429


def test_no_address_of_a_caller_is_kept_readable(client: FlaskClient, world: World) -> None:
    ask_for_code(client, 10, "203.0.113.77")
    opened = cast.open_band(client, world.her.token)
    cast.tap(client, opened, "police")
    assert "203.0.113.77" not in str(cast.every_row())
    assert db.session.scalar(sa.select(sa.func.count()).select_from(SpentBudget))


def test_a_password_is_tried_no_oftener_by_forged_headers(client: FlaskClient, world: World) -> None:
    token = cast.csrf(client, "/police/sign-in")
    answers = [
        client.post(
            "/police/sign-in",
            data={"csrf_token": token, "username": "officer", "password": "x"},
            headers={"X-Forwarded-For": f"198.51.100.{number}"},
        )
        for number in range(7)
    ]
    assert [answer.status_code for answer in answers] == [422] * 6 + [429]
    assert not tells(answers[-1], "accounts.password_wrong")
