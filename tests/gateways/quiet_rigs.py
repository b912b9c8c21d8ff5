"""The channels that make no noise, mail, chat and push, each with the outside it talks to."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import re
import threading
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF, HKDFExpand
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from tests.gateways.fake_wire import FakeWire, Sent, reply, replying
from tests.gateways.post_office import MAILBOX, PostOffice, mail_settings, open_office, text_of
from tests.gateways.rigs import PATIENT, Rig
from wristband.gateways.chat import ChatGateway, ChatSettings
from wristband.gateways.contract import Gateway, GatewayFault, Handover, Receipt
from wristband.gateways.mail import MailGateway
from wristband.gateways.push import PushGateway, PushSettings
from wristband.gateways.wire import Limits
from wristband.values.push import PushSubscription

PUSH_SECRET = bytes(range(32))


LINK = "https://band.example.org/s/abc?x=1&y=2"
BODY = "【同安黄手环】有人扫了您守护的手环，可能需要帮助。请尽快打开看看。"
NOW = datetime(2026, 11, 24, 6, 5, tzinfo=UTC)


def owed(recipient: str, **changed: Any) -> Handover:
    """A message of a quiet channel, with its link, and with a fact that is in no text."""
    usual = Handover(
        message_id=1,
        idempotency_key="message-0000000000000001",
        kind="quiet",
        wording="scanned",
        language="zh-CN",
        recipient=recipient,
        body=BODY,
        at=NOW,
        facts={"name": "林阿婆"},
        link=LINK,
    )
    return dataclasses.replace(usual, **changed)


def fault_of(gateway: Gateway, handover: Handover) -> GatewayFault:
    """Why the gateway does not take this message."""
    with pytest.raises(GatewayFault) as fault:
        gateway.hand_over(handover)
    return fault.value


class Addressed(Gateway):
    """A gateway given every message under one recipient of its own channel."""

    def __init__(self, gateway: Gateway, recipient: str) -> None:
        self.name = gateway.name
        self.gateway = gateway
        self.recipient = recipient

    def hand_over(self, handover: Handover) -> Receipt:
        return self.gateway.hand_over(dataclasses.replace(handover, recipient=self.recipient))

    def _call(self, handover: Handover) -> Receipt:
        raise NotImplementedError


# ---- mail


def mail_rig(_folder: Path, wire: FakeWire) -> Rig:
    """A mail server and the mailbox behind it, which shows two mails of one Message-ID as one."""
    office = PostOffice()
    controller = open_office(office)

    def close() -> None:
        wire.done.wait()  # the test is over
        controller.stop()

    threading.Thread(target=close).start()

    def effects() -> list[tuple[str, str]]:
        return [(message_id[1:].partition("@")[0], text_of(mail)) for message_id, mail in office.taken.items()]

    def fail(permanent: bool) -> None:
        office.says["RCPT"] = "550 5.1.1 no such user" if permanent else "451 4.7.1 greylisted, come back"

    return Rig(
        Addressed(MailGateway(mail_settings(controller.port), PATIENT), MAILBOX), effects, fail, office.says.clear
    )


# ---- chat


def bark_rig(_folder: Path, wire: FakeWire) -> Rig:
    """Bark's server: a message whose id it has seen takes the place of the earlier one."""

    def accept(handler: Any, wire: FakeWire) -> None:
        content = wire.sent[-1].content
        wire.effects.setdefault(content["id"], content["body"])
        reply(handler, 200, json.dumps({"code": 200, "message": "success", "timestamp": 1795500300}).encode())

    wire.behaviour = accept

    def fail(permanent: bool) -> None:
        said = {"code": 400, "message": "failed to get device token"} if permanent else {"code": 500, "message": "apns"}
        wire.behaviour = replying(200, said)

    def mend() -> None:
        wire.behaviour = accept

    at = urlsplit(wire.url).netloc
    gateway = Addressed(ChatGateway(ChatSettings(hosts=(at,)), PATIENT), f"bark://{at}/abcDEF123")
    return Rig(gateway, lambda: list(wire.effects.items()), fail, mend)


# ---- push


@dataclasses.dataclass
class Browser:
    """A browser that has subscribed: it alone opens what is sent to it. Written from RFC 8188 and 8291, not from us."""

    private: ec.EllipticCurvePrivateKey = dataclasses.field(
        default_factory=lambda: ec.generate_private_key(ec.SECP256R1())
    )
    auth: bytes = b"sixteen bytes ok"

    @property
    def public(self) -> bytes:
        return self.private.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)

    def subscription(self, endpoint: str, key_id: str = "1") -> str:
        return PushSubscription(endpoint, self.public, self.auth, key_id).to_json()

    def open(self, body: bytes) -> dict[str, str]:
        """The content of one push message."""
        salt, size, length = body[:16], int.from_bytes(body[16:20], "big"), body[20]
        theirs, sealed = body[21 : 21 + length], body[21 + length :]
        assert len(sealed) <= size <= 4096
        shared = self.private.exchange(ec.ECDH(), ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), theirs))
        secret = HKDF(SHA256(), 32, self.auth, b"WebPush: info\x00" + self.public + theirs).derive(shared)
        extracted = HKDF.extract(SHA256(), salt, secret)
        key = HKDFExpand(SHA256(), 16, b"Content-Encoding: aes128gcm\x00").derive(extracted)
        nonce = HKDFExpand(SHA256(), 12, b"Content-Encoding: nonce\x00").derive(extracted)
        padded = AESGCM(key).decrypt(nonce, sealed, None)
        content, delimiter = padded.rstrip(b"\x00")[:-1], padded.rstrip(b"\x00")[-1:]
        assert delimiter == b"\x02"
        return dict(json.loads(content))


def claims_of(sent: Sent) -> tuple[dict[str, Any], bytes, bytes, bytes]:
    """Of a VAPID header: the claims, what was signed, the signature and the public key."""
    match = re.fullmatch(r"vapid t=([\w-]+\.([\w-]+))\.([\w-]+), k=([\w-]+)", sent.headers["Authorization"])
    assert match
    signed, claims, signature, key = match.groups()
    return json.loads(plain(claims)), signed.encode(), plain(signature), plain(key)


def plain(text: str) -> bytes:
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))


class OneKey:
    """A ring with the key of one id."""

    def find(self, purpose: str, key_id: str) -> bytes | None:
        return PUSH_SECRET if (purpose, key_id) == ("push", "1") else None


def push_gateway(limits: Limits = PATIENT) -> PushGateway:
    return PushGateway(PushSettings(contact="mailto:post@example.org", services=("127.0.0.1",)), OneKey(), limits)


def push_rig(_folder: Path, wire: FakeWire) -> Rig:
    """A push service and the browser behind it, which shows one notification for a tag."""
    browser = Browser()
    keys: dict[str, str] = {}

    def accept(handler: Any, wire: FakeWire) -> None:
        shown = browser.open(wire.sent[-1].body)
        assert shown["tag"] == wire.sent[-1].headers["Topic"]
        wire.effects.setdefault(keys[shown["tag"]], shown["body"])
        reply(handler, 201, b"")

    wire.behaviour = accept

    def fail(permanent: bool) -> None:
        wire.behaviour = replying(410 if permanent else 503)

    def mend() -> None:
        wire.behaviour = accept

    gateway = _Remembering(push_gateway(), browser.subscription(wire.url.partition("?")[0]), keys)
    return Rig(gateway, lambda: list(wire.effects.items()), fail, mend)


class _Remembering(Addressed):
    """Keeps which key went out under which tag, for the tag cannot be read backwards."""

    def __init__(self, gateway: Gateway, recipient: str, keys: dict[str, str]) -> None:
        super().__init__(gateway, recipient)
        self._keys = keys

    def hand_over(self, handover: Handover) -> Receipt:
        tag = urlsafe_b64encode(hashlib.sha256(handover.idempotency_key.encode()).digest()[:24]).decode()
        self._keys[tag] = handover.idempotency_key
        return super().hand_over(handover)


QUIET_RIGS: dict[str, Callable[[Path, FakeWire], Rig]] = {"mail": mail_rig, "chat": bark_rig, "push": push_rig}
