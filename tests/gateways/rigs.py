"""Every gateway with the outside it talks to, under one handle: what the contract's tests hold on to."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from tests.gateways.fake_wire import FakeWire, replying
from wristband.gateways.contract import Gateway, Handover
from wristband.gateways.printed import PrintedGateway
from wristband.gateways.sms import SmsGateway
from wristband.gateways.wire import Limits

KEY = b"a shared key of thirty-two bytes"
RECIPIENT = "+8613800138000"
BODY = "【同安黄手环】您的登录验证码是 482913，5 分钟内有效。请勿告诉任何人。"
PATIENT = Limits(connect_s=3, total_s=10, answer_bytes=4096)
HASTY = Limits(connect_s=0.2, total_s=0.2, answer_bytes=4096)


def handover(key: str = "message-0000000000000001", body: str = BODY) -> Handover:
    return Handover(
        message_id=1,
        idempotency_key=key,
        kind="sms",
        wording="sign_in_code",
        language="zh-CN",
        recipient=RECIPIENT,
        body=body,
        at=datetime(2026, 11, 24, 6, 5, tzinfo=UTC),
    )


@dataclass
class Rig:
    gateway: Gateway
    effects: Callable[[], list[tuple[str, str]]]
    """Key and body of every message that had an effect outside."""
    fail: Callable[[bool], None]
    """Make the outside refuse: for good, or in passing."""
    mend: Callable[[], None]


def printed_rig(folder: Path, _wire: FakeWire) -> Rig:
    folder.mkdir(parents=True, exist_ok=True)
    file, switch = folder / "messages.jsonl", folder / "messages.fail"

    def effects() -> list[tuple[str, str]]:
        lines = [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []
        return [(line["key"], line["body"]) for line in lines]

    return Rig(
        PrintedGateway(folder),
        effects,
        lambda permanent: switch.write_text("permanent\n" if permanent else "passing\n") and None,
        switch.unlink,
    )


def sms_rig(_folder: Path, wire: FakeWire) -> Rig:
    def fail(permanent: bool) -> None:
        wire.behaviour = replying(400 if permanent else 503)

    def mend() -> None:
        wire.behaviour = None

    return Rig(SmsGateway(wire.url, KEY, PATIENT), lambda: list(wire.effects.items()), fail, mend)


RIGS = {"printed": printed_rig, "sms": sms_rig}
# Gateways that speak HTTP, by name: how to make one for an address within limits.
WIRED: dict[str, Callable[[str, Limits], Gateway]] = {"sms": lambda url, limits: SmsGateway(url, KEY, limits)}
