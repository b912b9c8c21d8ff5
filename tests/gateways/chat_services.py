"""The chat services as their documents describe them: addresses, requests, and the answer that says yes."""

from __future__ import annotations

import importlib
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.gateways.fake_wire import FakeWire
from tests.gateways.quiet_rigs import LINK
from tests.gateways.rigs import PATIENT
from wristband.gateways.chat import ChatGateway, ChatSettings
from wristband.gateways.wire import Limits

BELOW = f"\n\n我看到了：\n{LINK}"
HEX = "0123456789abcdef" * 4
# Per service: an address, the plugin whose address is turned to loopback, and the answer that says yes.
FIXED: dict[str, tuple[str, str, str, dict[str, Any]]] = {
    "wecombot": ("wecombot://key-1234", "wecombot:NotifyWeComBot", "/send?key={key}", {"errcode": 0, "errmsg": "ok"}),
    "dingtalk": (f"dingtalk://{HEX}", "dingtalk:NotifyDingTalk", "/send?access_token={token}", {"errcode": 0}),
    "feishu": ("feishu://key-1234", "feishu:NotifyFeishu", "/hook/{token}/", {"code": 0, "msg": "success"}),
    "lark": ("lark://key-1234", "lark:NotifyLark", "/hook/", {"StatusCode": 0, "StatusMessage": "success"}),
    "schan": ("schan://SCT1234", "serverchan:NotifyServerChan", "/{token}.send", {"code": 0, "data": {"errno": 0}}),
    "wxpusher": ("wxpusher://AT_abcdefgh/UID_ijklmnop", "wxpusher:NotifyWxPusher", "/send", {"code": 1000, "data": []}),
}
HOSTED: dict[str, dict[str, Any]] = {
    "bark": {"code": 200, "message": "success"},
    "ntfy": {"id": "hwQ2YpKdmg", "event": "message"},
    "gotify": {"id": 25, "appid": 5},
}


def at(wire: FakeWire) -> str:
    return urlsplit(wire.url).netloc


def gateway_to(wire: FakeWire, limits: Limits = PATIENT) -> ChatGateway:
    return ChatGateway(ChatSettings(hosts=(at(wire),)), limits)


def address_of(service: str, wire: FakeWire, monkeypatch: pytest.MonkeyPatch) -> str:
    """An address of this service; one with a host of its own has it at the wire instead."""
    if service in HOSTED:
        return f"{service}://{at(wire)}/abcDEF123"
    address, plugin, path, _ = FIXED[service]
    module, _, name = plugin.partition(":")
    kind = getattr(importlib.import_module(f"apprise.plugins.{module}"), name)
    monkeypatch.setattr(kind, "notify_url", f"http://{at(wire)}{path}")
    return address


def answer_of(service: str) -> dict[str, Any]:
    return HOSTED[service] if service in HOSTED else FIXED[service][3]


def text_of(service: str, wire: FakeWire) -> str:
    """What the group or phone shows, read as the service documents its request."""
    sent = wire.sent[-1]
    if service == "schan":
        return parse_qs(sent.body.decode(), keep_blank_values=True)["desp"][0]
    content = sent.content
    where = {
        "wecombot": lambda: content["text"]["content"],
        "dingtalk": lambda: content["text"]["content"].removeprefix("黄手环\r\n"),
        "feishu": lambda: content["content"]["text"].removeprefix("黄手环\r\n"),
        "lark": lambda: content["content"]["text"].removeprefix("黄手环\n"),
        "wxpusher": lambda: content["content"],
        "bark": lambda: content["body"],
        "ntfy": lambda: content["message"],
        "gotify": lambda: content["message"],
    }
    return str(where[service]())


EVERY = [*FIXED, *HOSTED]
