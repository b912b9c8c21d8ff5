"""A push subscription: where a browser said it can be woken, and the keys only it can open a message with."""

from __future__ import annotations

import base64
import binascii
import json
import re
from dataclasses import dataclass
from typing import Any, Self
from urllib.parse import urlsplit

from cryptography.hazmat.primitives.asymmetric import ec

from wristband.errors import BadValue

_LONGEST = 4096
_LONGEST_ENDPOINT = 2048
_POINT_BYTES = 65
_AUTH_BYTES = 16
_LOOPBACK = ("127.0.0.1", "localhost")
_BASE64URL = re.compile(r"[A-Za-z0-9_-]*={0,2}", re.ASCII)
_ENDPOINT = re.compile(r"https?://[!-~]+", re.ASCII)
_KEY_ID = re.compile(r"[0-9A-Z]", re.ASCII)


@dataclass(frozen=True, slots=True, repr=False)
class PushSubscription:
    """One browser's subscription, as the Push API hands it out (W3C Push API, 8.1; keys as in RFC 8291, 2).

    `endpoint` is https, or http at loopback for tests; `p256dh` an uncompressed point of P-256, 65 bytes; `auth` 16
    bytes; `key_id` names the server's key that the browser subscribed with: it takes messages signed with that key
    and no other, so a subscription goes on while keys are rotated. Raises BadValue("push.not_a_subscription").
    """

    endpoint: str
    p256dh: bytes
    auth: bytes
    key_id: str

    def __post_init__(self) -> None:
        if not (_is_endpoint(self.endpoint) and len(self.auth) == _AUTH_BYTES and _KEY_ID.fullmatch(self.key_id)):
            raise BadValue("push.not_a_subscription")
        if len(self.p256dh) != _POINT_BYTES:
            raise BadValue("push.not_a_subscription")
        try:  # a point off the curve would lend itself to finding out our key of that message
            ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), self.p256dh)
        except ValueError as off_curve:
            raise BadValue("push.not_a_subscription") from off_curve

    def __repr__(self) -> str:
        """Without the address: who has it can at least wake the phone."""
        return f"PushSubscription({self.host})"

    @classmethod
    def parse(cls, text: str, key_id: str = "") -> Self:
        """Read `{"endpoint", "keys": {"p256dh", "auth"}}` as a browser sends it, or what `to_json` wrote.

        `key_id` is the server's key the page offered; it may stand in the text too, as `"vapid"`.
        """
        try:
            content: Any = json.loads(text) if len(text) <= _LONGEST else None
            return cls(
                endpoint=str(content["endpoint"]),
                p256dh=_decode(content["keys"]["p256dh"]),
                auth=_decode(content["keys"]["auth"]),
                key_id=str(key_id or content["vapid"]),
            )
        except (ValueError, KeyError, TypeError, RecursionError) as unreadable:
            raise BadValue("push.not_a_subscription") from unreadable

    def to_json(self) -> str:
        """One spelling for one subscription: what is kept, and what a hand-over names as its recipient."""
        keys = {"auth": _encode(self.auth), "p256dh": _encode(self.p256dh)}
        content = {"endpoint": self.endpoint, "keys": keys, "vapid": self.key_id}
        return json.dumps(content, separators=(",", ":"))

    @property
    def host(self) -> str:
        """The push service's host, in small letters."""
        return urlsplit(self.endpoint).hostname or ""


def _is_endpoint(text: str) -> bool:
    if len(text) > _LONGEST_ENDPOINT or not _ENDPOINT.fullmatch(text):
        return False
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        return False
    if not parts.hostname or parts.username is not None or parts.fragment:
        return False
    return parts.hostname in _LOOPBACK or (parts.scheme == "https" and port in (None, 443))


def _decode(text: Any) -> bytes:
    if not isinstance(text, str) or not _BASE64URL.fullmatch(text):
        raise ValueError("no base64url")
    plain = text.rstrip("=")
    try:
        return base64.urlsafe_b64decode(plain + "=" * (-len(plain) % 4))
    except binascii.Error as unreadable:
        raise ValueError("no base64url") from unreadable


def _encode(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
