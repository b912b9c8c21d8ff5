"""Partners' webhooks: signed events to addresses that an administrator allowed; any 2xx says that one was taken."""

from __future__ import annotations

import json
import threading
from urllib.parse import urlsplit

from wristband.gateways import signing, wire
from wristband.gateways.contract import Blame, Gateway, GatewayFault, Handover, Receipt

MOST_AT_ONCE = 16
"""Calls under way: of a worker's hands partners that hang tie up no more, and texts to families go on."""
MOST_A_HOST = 4
"""To one host: a partner that hangs leaves the others their turn."""
# Refused for good: the request itself is wrong, or the receiver says that nobody is there any more.
_PERMANENT_STATUS = frozenset({400, 410, 413, 415, 422})


class WebhookGateway(Gateway):
    """POSTs an event's JSON and reads nothing but the status: 2xx is a yes, a redirect is none and is not followed.

    Headers: `Idempotency-Key`, the event's id, the same at every try; `Wristband-Time`, seconds since 1970;
    `Wristband-Signature`, `v1=` and the hexadecimal HMAC-SHA256, under the secret, of `time.id.` followed by the bytes
    of the body. While a secret is renewed there are two signatures, parted by a comma: one that fits is enough. A
    receiver refuses times more than 300 s off and does nothing for an id that it has seen.

    `recipient` is what partners.webhooks.dial gives: JSON of `url` and `secrets`.
    """

    name = "webhook"

    def __init__(self, *, secure: bool, limits: wire.Limits | None = None) -> None:
        self._secure = secure
        self._limits = limits or wire.Limits()
        self._turns = threading.BoundedSemaphore(MOST_AT_ONCE)
        self._lock = threading.Lock()
        self._calling: dict[str, int] = {}

    def _call(self, handover: Handover) -> Receipt:
        if not handover.recipient:
            raise GatewayFault(permanent=True, code="webhook_ended", blame=Blame.MESSAGE)
        target = json.loads(handover.recipient)
        url, host = target["url"], urlsplit(target["url"]).netloc
        if self._secure and not url.startswith("https://"):
            raise GatewayFault(permanent=True, code="not_https", blame=Blame.MESSAGE)
        event_id = str(json.loads(handover.body)["id"])
        body = handover.body.encode()
        headers = signing.signed_headers(None, event_id, body, handover.at)
        moment = str(int(handover.at.timestamp()))
        proofs = [signing.signature(secret.encode(), moment, event_id, body) for secret in target["secrets"]]
        headers |= {"Wristband-Time": moment, "Wristband-Signature": ", ".join(proofs)}
        self._take_turn(host)
        try:
            answer = wire.post(url, body, headers, self._limits)
        finally:
            self._end_turn(host)
        if not 200 <= answer.status < 300:
            raise GatewayFault(permanent=answer.status in _PERMANENT_STATUS, code=f"http_{answer.status}")
        return Receipt(event_id)

    def _take_turn(self, host: str) -> None:
        """Raises GatewayFault where too many calls are under way: the event waits for its next try."""
        with self._lock:
            if self._calling.get(host, 0) >= MOST_A_HOST or not self._turns.acquire(blocking=False):
                raise GatewayFault(permanent=False, code="busy", blame=Blame.MESSAGE)
            self._calling[host] = self._calling.get(host, 0) + 1

    def _end_turn(self, host: str) -> None:
        with self._lock:
            self._turns.release()
            left = self._calling[host] - 1
            self._calling[host] = left
            if not left:
                del self._calling[host]
