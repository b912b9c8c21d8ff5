"""The signature that lets a page of ours use WeChat's script."""

from __future__ import annotations

import hashlib
import json
from http.server import BaseHTTPRequestHandler
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.gateways.fake_wire import FakeWire, reply
from wristband.config import Settings
from wristband.gateways.wechat import WechatPages, choose
from wristband.gateways.wire import Limits

SECRET = "secret-of-wechat"
PAGE = "https://hand.example/stations?lang=en"


class Account:
    """WeChat's side: counts what it gave, and says what it is told to."""

    def __init__(self) -> None:
        self.token: Any = {"access_token": "token-1", "expires_in": 7200}
        self.ticket: Any = {"errcode": 0, "errmsg": "ok", "ticket": "ticket-1", "expires_in": 7200}
        self.status = 200

    def __call__(self, handler: BaseHTTPRequestHandler, wire: FakeWire) -> None:
        answer = self.token if wire.sent[-1].path == "/cgi-bin/stable_token" else self.ticket
        reply(handler, self.status, answer if isinstance(answer, bytes) else json.dumps(answer).encode())


@pytest.fixture
def account(wire: FakeWire) -> Account:
    wire.behaviour = ours = Account()
    return ours


def pages(wire: FakeWire, now: list[float] | None = None, limits: Limits | None = None) -> WechatPages:
    moment = now or [1_800_000_000.0]
    url = wire.url.partition("/send")[0]
    return WechatPages("wx110", SECRET, limits or Limits(), url=url, clock=lambda: moment[0])


@pytest.mark.usefixtures("account")
def test_a_page_is_signed_as_wechat_checks_it(wire: FakeWire) -> None:
    signed = pages(wire).sign(PAGE + "#part")
    assert signed
    text = f"jsapi_ticket=ticket-1&noncestr={signed.nonce}&timestamp={signed.timestamp}&url={PAGE}"
    assert signed.signature == hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest()
    assert (signed.app_id, signed.timestamp) == ("wx110", 1_800_000_000)
    token, ticket = wire.sent
    assert token.content == {"grant_type": "client_credential", "appid": "wx110", "secret": SECRET}
    assert parse_qs(urlsplit(ticket.path).query) == {"access_token": ["token-1"], "type": ["jsapi"]}


@pytest.mark.usefixtures("account")
def test_the_secret_stands_in_no_address(wire: FakeWire) -> None:
    pages(wire).sign(PAGE)
    assert not [sent.path for sent in wire.sent if SECRET in sent.path]


@pytest.mark.usefixtures("account")
def test_a_ticket_serves_until_shortly_before_its_end(wire: FakeWire) -> None:
    now = [1_800_000_000.0]
    ours = pages(wire, now)
    for later, asked in ((0, 2), (6800, 2), (150, 4)):
        now[0] += later
        assert ours.sign(PAGE)
        assert len(wire.sent) == asked


@pytest.mark.parametrize(
    "answer",
    [
        {"errcode": 40001, "errmsg": "invalid credential"},
        {"errcode": 0, "expires_in": 7200},
        {"ticket": "x" * 5000, "access_token": "x" * 5000, "expires_in": 7200},
        {"ticket": 7, "access_token": 7, "expires_in": 7200},
        {"ticket": "t", "expires_in": "soon"},
        {"ticket": "t", "expires_in": True},
        {"ticket": "t", "expires_in": 10**9},
        b"<html>",
        b"[" * 15_000,
        [],
    ],
)
@pytest.mark.parametrize("which", ["token", "ticket"])
def test_without_a_ticket_a_page_does_without(wire: FakeWire, account: Account, which: str, answer: Any) -> None:
    setattr(account, which, answer)
    if which == "token" and isinstance(answer, dict) and answer.get("access_token", 7) == 7:
        account.token = {key: value for key, value in answer.items() if key != "expires_in"} | {"access_token": 7}
    assert pages(wire).sign(PAGE) is None


def test_after_a_fault_no_page_waits_for_a_while(wire: FakeWire, account: Account) -> None:
    now = [1_800_000_000.0]
    ours, account.status = pages(wire, now), 500
    assert [ours.sign(PAGE), ours.sign(PAGE)] == [None, None]
    assert len(wire.sent) == 1
    account.status = 200
    now[0] += 61
    assert ours.sign(PAGE)


@pytest.mark.usefixtures("account")
def test_in_production_no_address_of_this_machine_is_called(wire: FakeWire) -> None:
    assert pages(wire, limits=Limits(public_only=True)).sign(PAGE) is None
    assert wire.sent == []


def test_without_an_account_there_is_none(usual_settings: Settings, tmp_path: Any) -> None:
    assert choose(usual_settings) is None
    secret = tmp_path / "wechat.secret"
    secret.write_text(SECRET)
    chosen = usual_settings.model_copy(update={"wechat_app_id": "wx110", "wechat_secret_file": secret})
    ours = choose(chosen)
    assert ours
    assert SECRET not in repr(ours)
