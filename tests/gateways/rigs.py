"""Every gateway with the outside it talks to, under one handle: what the contract's tests hold on to."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from tests.gateways.fake_wire import FakeWire, replying
from tests.gateways.providers import ACCOUNT, KEY_ID, SECRET, FakeAliyun, FakeTencent, FakeTwilio
from wristband.gateways.contract import Gateway, Handover
from wristband.gateways.ordinary import HttpGateway
from wristband.gateways.printed import PrintedGateway
from wristband.gateways.sms_aliyun import AliyunSmsGateway, AliyunSmsSettings
from wristband.gateways.sms_tencent import TencentSmsGateway, TencentSmsSettings
from wristband.gateways.sms_twilio import TwilioSmsGateway, TwilioSmsSettings
from wristband.gateways.voice_aliyun import AliyunVoiceGateway, AliyunVoiceSettings
from wristband.gateways.voice_twilio import TwilioVoiceGateway, TwilioVoiceSettings
from wristband.gateways.wire import Limits

KEY = b"a shared key of thirty-two bytes"
RECIPIENT = "+8613800138000"
ABROAD = "+85251234567"
BODY = "【同安黄手环】您的登录验证码是 482913，5 分钟内有效。请勿告诉任何人。"
FACTS = {"organisation": "同安黄手环", "code": "482913"}
RECEIPT_SECRET = "example_receipt_secret_of_32_chars"
BASE = "https://hb.example"
AT = datetime(2026, 11, 24, 6, 5, tzinfo=UTC)
PATIENT = Limits(connect_s=3, total_s=10, answer_bytes=4096)
HASTY = Limits(connect_s=0.2, total_s=0.2, answer_bytes=4096)


def handover(key: str = "message-0000000000000001", body: str = BODY, recipient: str = RECIPIENT) -> Handover:
    return Handover(
        message_id=1,
        idempotency_key=key,
        kind="sms",
        wording="sign_in_code",
        language="zh-CN",
        recipient=recipient,
        body=body,
        at=AT,
        facts=FACTS,
    )


@dataclass
class Rig:
    gateway: Gateway
    effects: Callable[[], list[tuple[str, str]]]
    """Key and words of every message that had an effect outside."""
    fail: Callable[[bool], None]
    """Make the outside refuse: for good, or in passing."""
    mend: Callable[[], None]
    recipient: str = RECIPIENT

    def handover(self, key: str = "message-0000000000000001", body: str = BODY) -> Handover:
        return handover(key, body, self.recipient)


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


def http_rig(kind: str) -> Callable[[Path, FakeWire], Rig]:
    def rig(_folder: Path, wire: FakeWire) -> Rig:
        def fail(permanent: bool) -> None:
            wire.behaviour = replying(400 if permanent else 503)

        def mend() -> None:
            wire.behaviour = None

        return Rig(HttpGateway(kind, wire.url, KEY, PATIENT), lambda: list(wire.effects.items()), fail, mend)

    return rig


# ---- the clouds


def root_of(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def secret_file(folder: Path, name: str, text: str) -> str:
    file = folder / name
    file.write_text(f"{text}\n")
    file.chmod(0o600)
    return name


def aliyun_settings(folder: Path, url: str, **more: Any) -> dict[str, Any]:
    return {
        "provider": "aliyun",
        "key_id": KEY_ID,
        "key_secret_file": secret_file(folder, "aliyun.secret", SECRET),
        "receipt_secret_file": secret_file(folder, "receipts.secret", RECEIPT_SECRET),
        "templates": {"sign_in_code": {"code": "SMS_1", "params": {"who": "organisation", "code": "code"}}},
        "endpoint": root_of(url),
        **more,
    }


def tencent_settings(folder: Path, url: str, **more: Any) -> dict[str, Any]:
    return {
        "provider": "tencent",
        "secret_id": KEY_ID,
        "secret_key_file": secret_file(folder, "tencent.secret", SECRET),
        "receipt_secret_file": secret_file(folder, "receipts.secret", RECEIPT_SECRET),
        "app_id": "1400000000",
        "sign_name": "同安黄手环",
        "templates": {"sign_in_code": {"code": "100001", "params": ["organisation", "code"]}},
        "endpoint": root_of(url),
        **more,
    }


def twilio_settings(folder: Path, url: str, **more: Any) -> dict[str, Any]:
    return {
        "provider": "twilio",
        "account_sid": ACCOUNT,
        "auth_token_file": secret_file(folder, "twilio.secret", SECRET),
        "sender": "+12025550100",
        "endpoint": root_of(url),
        **more,
    }


def validated(model: type[Any], told: dict[str, Any], folder: Path) -> Any:
    return model.model_validate(told, context={"folder": folder, "production": False})


def aliyun_sms(folder: Path, url: str, limits: Limits = PATIENT, **more: Any) -> AliyunSmsGateway:
    told = aliyun_settings(folder, url, sign_name="同安黄手环", **more)
    return AliyunSmsGateway(validated(AliyunSmsSettings, told, folder), limits)


def tencent_sms(folder: Path, url: str, limits: Limits = PATIENT, **more: Any) -> TencentSmsGateway:
    return TencentSmsGateway(validated(TencentSmsSettings, tencent_settings(folder, url, **more), folder), limits)


def twilio_sms(folder: Path, url: str, limits: Limits = PATIENT, base: str = BASE, **more: Any) -> TwilioSmsGateway:
    return TwilioSmsGateway(validated(TwilioSmsSettings, twilio_settings(folder, url, **more), folder), limits, base)


def aliyun_voice(folder: Path, url: str, limits: Limits = PATIENT, **more: Any) -> AliyunVoiceGateway:
    return AliyunVoiceGateway(validated(AliyunVoiceSettings, aliyun_settings(folder, url, **more), folder), limits)


def twilio_voice(folder: Path, url: str, limits: Limits = PATIENT, base: str = BASE, **more: Any) -> TwilioVoiceGateway:
    told = twilio_settings(folder, url, **more)
    return TwilioVoiceGateway(validated(TwilioVoiceSettings, told, folder), limits, base)


def aliyun_rig(make: Callable[[Path, str], Gateway]) -> Callable[[Path, FakeWire], Rig]:
    def rig(folder: Path, wire: FakeWire) -> Rig:
        cloud = FakeAliyun()
        wire.behaviour = cloud

        def fail(permanent: bool) -> None:
            cloud.refuses = "isv.MOBILE_NUMBER_ILLEGAL" if permanent else "isp.SYSTEM_ERROR"

        def mend() -> None:
            cloud.refuses = ""

        return Rig(make(folder, wire.url), lambda: cloud.done, fail, mend)

    return rig


def tencent_rig(folder: Path, wire: FakeWire) -> Rig:
    cloud = FakeTencent()
    wire.behaviour = cloud

    def fail(permanent: bool) -> None:
        cloud.refuses = "InvalidParameterValue.IncorrectPhoneNumber" if permanent else "InternalError.Timeout"

    def mend() -> None:
        cloud.refuses = ""

    return Rig(tencent_sms(folder, wire.url), lambda: cloud.done, fail, mend)


def twilio_rig(make: Callable[[Path, str], Gateway]) -> Callable[[Path, FakeWire], Rig]:
    def rig(folder: Path, wire: FakeWire) -> Rig:
        cloud = FakeTwilio()
        wire.behaviour = cloud

        def fail(permanent: bool) -> None:
            cloud.refuses = 21211 if permanent else 20500

        def mend() -> None:
            cloud.refuses = 0

        return Rig(make(folder, wire.url), lambda: cloud.done, fail, mend, ABROAD)

    return rig


RIGS: dict[str, Callable[[Path, FakeWire], Rig]] = {
    "printed": printed_rig,
    "sms": http_rig("sms"),
    "voice": http_rig("voice"),
    "aliyun_sms": aliyun_rig(aliyun_sms),
    "tencent_sms": tencent_rig,
    "twilio_sms": twilio_rig(twilio_sms),
    "aliyun_voice": aliyun_rig(aliyun_voice),
    "twilio_voice": twilio_rig(twilio_voice),
}
# Whose outside knows a message again by its key, and whose carries the body as it is written.
KNOWS_AGAIN = ("printed", "sms", "voice")
CARRIES_BODY = ("printed", "sms", "voice")

# Gateways that speak HTTP, by name: how to make one with files in a folder, for an address within limits.
WIRED: dict[str, Callable[[Path, str, Limits], Gateway]] = {
    "sms": lambda _folder, url, limits: HttpGateway("sms", url, KEY, limits),
    "voice": lambda _folder, url, limits: HttpGateway("voice", url, KEY, limits),
    "aliyun_sms": aliyun_sms,
    "tencent_sms": tencent_sms,
    "twilio_sms": twilio_sms,
    "aliyun_voice": aliyun_voice,
    "twilio_voice": twilio_voice,
}


def recipient_of(gateway: Gateway) -> str:
    """A number that this gateway serves."""
    return ABROAD if gateway.name.startswith("twilio") else RECIPIENT
