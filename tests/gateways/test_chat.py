"""Chat through the real apprise: what a group shows, what a service says, and where nothing is sent."""

from __future__ import annotations

import base64
import hashlib
import hmac
import socket
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.gateways import fake_wire
from tests.gateways.chat_services import (
    BELOW,
    EVERY,
    HEX,
    address_of,
    answer_of,
    at,
    gateway_to,
    text_of,
)
from tests.gateways.fake_wire import Behaviour, FakeWire, dripping, endless, raw, replying, silent
from tests.gateways.quiet_rigs import BODY, LINK, fault_of, owed
from tests.gateways.rigs import HASTY, PATIENT
from wristband.gateways.chat import ChatGateway, ChatSettings
from wristband.gateways.contract import Blame
from wristband.gateways.wire import Limits


@pytest.mark.parametrize("service", EVERY)
def test_every_service_shows_the_text_and_the_link(
    service: str, wire: FakeWire, monkeypatch: pytest.MonkeyPatch
) -> None:
    wire.behaviour = replying(200, answer_of(service))
    receipt = gateway_to(wire).hand_over(owed(address_of(service, wire, monkeypatch)))
    assert receipt.reference == "message-0000000000000001"
    assert len(wire.sent) == 1
    shown = text_of(service, wire)
    if service == "bark":
        assert (shown, wire.sent[0].content["url"]) == (BODY, LINK)
    elif service == "ntfy":
        assert (shown, wire.sent[0].headers["X-Click"]) == (BODY, LINK)
    else:
        assert shown == BODY + BELOW
    assert "林阿婆" not in wire.sent[0].body.decode() + str(wire.sent[0].headers)


@pytest.mark.parametrize("service", EVERY)
@pytest.mark.parametrize("body", ["回车\r\n换行\n\tX: 1  ", '"}\\ {{ }} *粗* <b>&amp;', "", "  "])
def test_any_text_is_shown_as_it_was_written(
    service: str, body: str, wire: FakeWire, monkeypatch: pytest.MonkeyPatch
) -> None:
    wire.behaviour = replying(200, answer_of(service))
    if service == "ntfy" and not body:
        body = "x"  # apprise leaves an empty one out, and ntfy writes "triggered" for it
    gateway_to(wire).hand_over(owed(address_of(service, wire, monkeypatch), body=body, link=""))
    assert text_of(service, wire) == body


@pytest.mark.parametrize(
    ("service", "most_bytes"),
    [("wecombot", 2048), ("bark", 2500), ("ntfy", 2500), ("feishu", 15_000), ("schan", 30_000)],
)
def test_a_long_text_is_cut_and_the_link_never(
    service: str, most_bytes: int, wire: FakeWire, monkeypatch: pytest.MonkeyPatch
) -> None:
    wire.behaviour = replying(200, answer_of(service))
    gateway_to(wire).hand_over(owed(address_of(service, wire, monkeypatch), body="字🙂" * 10_000))
    shown = text_of(service, wire)
    assert most_bytes - 8 <= len(shown.encode()) <= most_bytes
    assert shown.startswith("字🙂字🙂")
    assert shown.endswith("…" if service in ("bark", "ntfy") else "…" + BELOW)


def test_dingtalk_is_signed_with_its_secret(wire: FakeWire, monkeypatch: pytest.MonkeyPatch) -> None:
    wire.behaviour = replying(200, answer_of("dingtalk"))
    address_of("dingtalk", wire, monkeypatch)
    gateway_to(wire).hand_over(owed(f"dingtalk://SEC{HEX}@{HEX}"))
    asked = {name: values[0] for name, values in parse_qs(urlsplit(wire.sent[0].path).query).items()}
    signed = hmac.new(f"SEC{HEX}".encode(), f"{asked['timestamp']}\nSEC{HEX}".encode(), hashlib.sha256).digest()
    assert (asked["access_token"], base64.b64decode(asked["sign"])) == (HEX, signed)


def test_bark_is_told_the_messages_id_so_that_a_second_one_takes_the_firsts_place(wire: FakeWire) -> None:
    wire.behaviour = replying(200, answer_of("bark"))
    gateway_to(wire).hand_over(owed(f"bark://{at(wire)}/abcDEF123"))
    content = wire.sent[0].content
    assert (wire.sent[0].path, content["device_key"]) == ("/push", "abcDEF123")
    assert (content["id"], content["level"], content["title"]) == (
        "message-0000000000000001",
        "timeSensitive",
        "黄手环",
    )


# ---- what the service says


@pytest.mark.parametrize(
    ("service", "said", "permanent", "code"),
    [
        ("wecombot", {"errcode": 93000, "errmsg": "invalid webhook url"}, True, "wecombot_93000"),
        ("wecombot", {"errcode": 45009, "errmsg": "api freq out of limit"}, False, "wecombot_45009"),
        ("dingtalk", {"errcode": 300005, "errmsg": "token is not exist"}, True, "dingtalk_300005"),
        ("dingtalk", {"errcode": 310000, "errmsg": "keywords not in content"}, True, "dingtalk_310000"),
        ("dingtalk", {"errcode": 130101, "errmsg": "send too fast"}, False, "dingtalk_130101"),
        ("feishu", {"code": 19001, "msg": "param invalid"}, True, "feishu_19001"),
        ("feishu", {"code": 11232, "msg": "frequency limited"}, False, "feishu_11232"),
        ("lark", {"code": 19024, "msg": "Key Words Not Found"}, True, "lark_19024"),
        ("schan", {"code": 40001, "message": "[AUTH]用户不存在或者权限不足"}, True, "schan_auth"),
        ("schan", {"code": 40001, "message": "超过当天的发送次数限制[5]"}, False, "schan_40001"),
        ("wxpusher", {"code": 1002, "msg": "token"}, True, "wxpusher_1002"),
        ("wxpusher", {"code": 1008, "msg": "too fast"}, False, "wxpusher_1008"),
        ("bark", {"code": 400, "message": "failed to get device token"}, True, "bark_400"),
        ("bark", {"code": 500, "message": "push failed"}, False, "bark_500"),
        ("ntfy", {"error": "limit"}, False, "ntfy_no_id"),
        ("gotify", {}, False, "gotify_no_id"),
        ("wecombot", {"errmsg": "ok"}, False, "wecombot_no_code"),
        ("wecombot", {"errcode": False}, False, "wecombot_no_code"),
        ("feishu", {}, False, "feishu_no_code"),
    ],
)
def test_an_answer_of_200_that_says_no_is_a_refusal(
    service: str, said: dict[str, Any], permanent: bool, code: str, wire: FakeWire, monkeypatch: pytest.MonkeyPatch
) -> None:
    wire.behaviour = replying(200, said)
    fault = fault_of(gateway_to(wire), owed(address_of(service, wire, monkeypatch)))
    assert (fault.permanent, fault.code, fault.blame) == (permanent, code, Blame.MESSAGE)


@pytest.mark.parametrize("service", EVERY)
@pytest.mark.parametrize(
    ("status", "permanent"),
    [(400, True), (401, True), (404, True), (429, False), (500, False), (503, False), (204, False)],
)
def test_a_wrong_key_is_for_good_and_trouble_passes(
    service: str, status: int, permanent: bool, wire: FakeWire, monkeypatch: pytest.MonkeyPatch
) -> None:
    wire.behaviour = replying(status)
    fault = fault_of(gateway_to(wire), owed(address_of(service, wire, monkeypatch)))
    assert (fault.permanent, fault.code, fault.blame) == (permanent, f"http_{status}", Blame.MESSAGE)


@pytest.mark.parametrize("body", [b"", b"OK", b"<html>", b"[]", b"null", b"\xff", b"[" * 4000])
def test_an_answer_nobody_can_read_is_no_receipt(wire: FakeWire, body: bytes) -> None:
    wire.behaviour = replying(200, body)
    fault = fault_of(gateway_to(wire), owed(f"bark://{at(wire)}/abcDEF123"))
    assert (fault.permanent, fault.code, fault.in_doubt) == (False, "garbage", True)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("service", ["bark", "wecombot"])
def test_a_redirect_is_not_followed(service: str, status: int, wire: FakeWire, monkeypatch: pytest.MonkeyPatch) -> None:
    with fake_wire.serving() as elsewhere:
        wire.behaviour = replying(status, Location=elsewhere.url)
        fault = fault_of(gateway_to(wire), owed(address_of(service, wire, monkeypatch)))
        assert (fault.permanent, fault.code) == (False, f"http_{status}")
        assert elsewhere.sent == []


@pytest.mark.parametrize(
    ("behaviour", "code"),
    [
        (silent, "timeout"),
        (dripping(b""), "timeout"),
        (dripping(b"HTTP/1.1 200 OK\r\nContent-Length: 999\r\n\r\n"), "timeout"),
        (endless, "too_big"),
        (raw(b"SSH-2.0-OpenSSH\r\n"), "broken"),
    ],
)
def test_an_outside_that_is_slow_or_broken_passes(wire: FakeWire, behaviour: Behaviour, code: str) -> None:
    wire.behaviour = behaviour
    limits = HASTY if code == "timeout" else PATIENT
    fault = fault_of(gateway_to(wire, limits), owed(f"gotify://{at(wire)}/abcDEF123"))
    assert (fault.permanent, fault.code, fault.blame, fault.in_doubt) == (False, code, Blame.MESSAGE, True)


def test_an_outside_that_is_not_there_passes_and_is_not_in_doubt() -> None:
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        host = f"127.0.0.1:{bound.getsockname()[1]}"
        fault = fault_of(ChatGateway(ChatSettings(hosts=(host,)), PATIENT), owed(f"bark://{host}/abcDEF123"))
    assert (fault.permanent, fault.code, fault.blame, fault.in_doubt) == (False, "network", Blame.MESSAGE, False)


# ---- where to


@pytest.mark.parametrize(
    "recipient", ["", "+8613800138000", "json://example.org/x", "bark://a/b?redirect=yes", "wecombot://"]
)
def test_what_is_no_chat_address_is_never_tried(wire: FakeWire, recipient: str) -> None:
    fault = fault_of(gateway_to(wire), owed(recipient))
    assert (fault.permanent, fault.code) == (True, "recipient_invalid")


def test_a_host_the_operator_has_withdrawn_is_not_called(wire: FakeWire) -> None:
    fault = fault_of(ChatGateway(ChatSettings(), PATIENT), owed(f"bark://{at(wire)}/abcDEF123"))
    assert (fault.permanent, fault.code) == (False, "host_not_served")
    assert wire.sent == []


def test_in_production_nothing_goes_in_clear(wire: FakeWire) -> None:
    fault = fault_of(gateway_to(wire, Limits(public_only=True)), owed(f"bark://{at(wire)}/abcDEF123"))
    assert (fault.permanent, fault.code) == (False, "not_secure")
    assert wire.sent == []


def test_in_production_a_name_that_leads_inside_is_not_called(monkeypatch: pytest.MonkeyPatch) -> None:
    found = [(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP, "", ("169.254.169.254", 443))]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_asked, **_how: found)
    gateway = ChatGateway(ChatSettings(hosts=("bark.example.org",)), Limits(public_only=True))
    fault = fault_of(gateway, owed("barks://bark.example.org/abcDEF123"))
    assert (fault.permanent, fault.code) == (False, "address_refused")
