"""Web push: a message to the guardian's browser or installed page, sealed for it alone."""

from __future__ import annotations

import hashlib
import json
from typing import Annotated, Protocol

from pydantic import Field, field_validator

from wristband.errors import BadValue
from wristband.gateways import webpush, wire, words
from wristband.gateways.contract import Blame, Gateway, GatewayFault, Handover, Receipt
from wristband.gateways.settings import Strict
from wristband.values.push import PushSubscription

# The push services of Chrome and Edge on Android, Firefox, Safari, Windows.
_SERVICES = (
    "fcm.googleapis.com",
    "updates.push.services.mozilla.com",
    "*.push.apple.com",
    "*.notify.windows.com",
)
KEY_PURPOSE = "push"
"""The purpose, in the ring of keys, of what signs push messages."""
# After four hours the search is another one, and a phone that comes on reads the page instead.
_KEPT_S = 4 * 3600
# Where a service takes less than the standard says, so much of the text gets through.
_SHORT_BYTES = 600
_GONE = frozenset({404, 410})
_PERMANENT = frozenset({400, 413, 415, 422})
# Our signature or clock is wrong: the operator mends it, for all subscriptions at once.
_OURS = frozenset({401, 403})


class PushSettings(Strict):
    """Whom push services may ask about us, and the push services that are called besides those of the browsers."""

    contact: str
    """`mailto:post@example.org` or an https address; Apple refuses messages that name neither."""
    services: Annotated[tuple[str, ...], Field(strict=False)] = ()
    """Hosts of further push services, `*.` in front for every host below one."""

    @field_validator("contact")
    @classmethod
    def _is_a_contact(cls, value: str) -> str:
        if not value.startswith(("mailto:", "https://")) or not value.isascii() or not value.isprintable():
            raise ValueError("write it as mailto:post@example.org")
        return value

    def serves(self, host: str) -> bool:
        """Whether messages are posted to this host: an endpoint comes from a browser, hence from anybody."""
        return any(
            host.endswith(each[1:]) if each.startswith("*.") else host == each for each in _SERVICES + self.services
        )


class Keys(Protocol):
    """As much of the ring of keys as push needs."""

    def find(self, purpose: str, key_id: str) -> bytes | None: ...


class PushGateway(Gateway):
    """Posts `{"title", "body", "link", "tag"}`, sealed, to a subscription; `recipient` is its JSON.

    Every subscription is signed for with the key it was made with, so that rotating keys breaks none. Permanent:
    `gone`, where the subscription has ended and its contact should be taken out; `key_gone`, where its key was
    dropped; `service_refused`, an endpoint at no push service we know; `recipient_invalid`; `http_400` and the like.
    401 and 403 are ours and pass, so does everything else. A text too long is cut.
    """

    name = "push"

    def __init__(self, settings: PushSettings, keys: Keys, limits: wire.Limits | None = None) -> None:
        self._settings = settings
        self._keys = keys
        self._limits = limits or wire.Limits()

    def _call(self, handover: Handover) -> Receipt:
        subscription, secret = self._find(handover)
        status = self._post(handover, subscription, secret, webpush.LONGEST_BYTES)
        if status == 413:
            status = self._post(handover, subscription, secret, _SHORT_BYTES)
        if 200 <= status < 300:
            return Receipt(handover.idempotency_key)
        if status in _GONE:
            raise GatewayFault(permanent=True, code="gone", blame=Blame.MESSAGE)
        blame = Blame.OUTAGE if status in _OURS else Blame.MESSAGE
        raise GatewayFault(permanent=status in _PERMANENT, code=f"http_{status}", blame=blame)

    def _find(self, handover: Handover) -> tuple[PushSubscription, bytes]:
        try:
            subscription = PushSubscription.parse(handover.recipient)
        except BadValue:
            raise GatewayFault(permanent=True, code="recipient_invalid", blame=Blame.MESSAGE) from None
        if not self._settings.serves(subscription.host):
            raise GatewayFault(permanent=True, code="service_refused", blame=Blame.MESSAGE)
        secret = self._keys.find(KEY_PURPOSE, subscription.key_id)
        if secret is None:
            raise GatewayFault(permanent=True, code="key_gone", blame=Blame.MESSAGE)
        return subscription, secret

    def _post(self, handover: Handover, subscription: PushSubscription, secret: bytes, most_bytes: int) -> int:
        sealed = webpush.seal(content(handover, most_bytes), subscription.p256dh, subscription.auth)
        headers = {
            "Content-Type": "application/octet-stream",
            "Content-Encoding": "aes128gcm",
            "Authorization": webpush.authorization(subscription.endpoint, secret, self._settings.contact, handover.at),
            "TTL": str(_KEPT_S),
            "Urgency": "high",
            "Topic": _tag(handover),
            "User-Agent": "wristband",
        }
        try:
            return wire.post(subscription.endpoint, sealed, headers, self._limits).status
        except GatewayFault as fault:  # one of many push services; what is wrong there says nothing about the others
            fault.blame = Blame.MESSAGE
            raise


def content(handover: Handover, most_bytes: int) -> bytes:
    """What the service worker shows, as JSON of at most so many bytes; of the body as much as fits."""
    shown = {
        "title": words.title(handover.language),
        "body": handover.body,
        "link": handover.link,
        "tag": _tag(handover),
    }
    while len(data := json.dumps(shown, ensure_ascii=False).encode()) > most_bytes:
        # Escapes count more than once, so a cut may not be enough at first; every round is shorter than the last.
        kept = len(shown["body"].encode()) - (len(data) - most_bytes)
        shown["body"] = words.cut(shown["body"], kept)
        if kept <= 0:
            raise GatewayFault(permanent=True, code="too_long", blame=Blame.MESSAGE)
    return data


def _tag(handover: Handover) -> str:
    """32 characters by which push service and browser know the same message again (RFC 8030, 5.4)."""
    return webpush.base64url(hashlib.sha256(handover.idempotency_key.encode()).digest()[:24])
