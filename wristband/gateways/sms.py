"""SMS through an HTTP gateway of the operator's: signed JSON there, JSON back."""

from __future__ import annotations

import hashlib
import hmac
import json

from wristband.gateways import wire
from wristband.gateways.contract import Gateway, GatewayFault, Handover, Receipt

SHORTEST_KEY_BYTES = 32
# Refused for good: the request or its content is wrong, and will be tomorrow.
# Not 401, 403 and 404: there our key or address is wrong, the operator mends it and nothing is lost meanwhile.
_PERMANENT_STATUS = frozenset({400, 413, 415, 422})
_PERMANENT_CODES = frozenset({"recipient_invalid", "recipient_blocked", "content_refused"})


class SmsGateway(Gateway):
    """POSTs `{"to", "body", "wording", "language", "key"}` and believes only `{"accepted": true, "id": ...}`.

    `to` is E.164. Anything else answered with 2xx is a refusal: `{"accepted": false, "code": ...}`, permanent where
    the code is `recipient_invalid`, `recipient_blocked` or `content_refused`; any other code is tried again.

    Headers: `Idempotency-Key`; `Wristband-Time`, seconds since 1970; `Wristband-Signature`, `v1=` and the hexadecimal
    HMAC-SHA256, under the shared key, of `time.key.` followed by the bytes of the body. A receiver refuses times
    more than 300 s off, and repeats its first answer for a key it has seen. Without a shared key nothing is signed;
    one shorter than SHORTEST_KEY_BYTES is a ValueError.
    """

    name = "sms"

    def __init__(self, url: str, key: bytes | None, limits: wire.Limits | None = None) -> None:
        if key is not None and len(key) < SHORTEST_KEY_BYTES:
            raise ValueError(f"the key shared with the SMS gateway needs {SHORTEST_KEY_BYTES} bytes")
        self._url = url
        self._key = key
        self._limits = limits or wire.Limits()

    def _call(self, handover: Handover) -> Receipt:
        content = {
            "to": handover.recipient,
            "body": handover.body,
            "wording": handover.wording,
            "language": handover.language,
            "key": handover.idempotency_key,
        }
        body = json.dumps(content, ensure_ascii=False).encode()
        return _read(wire.post(self._url, body, self._headers(handover, body), self._limits))

    def _headers(self, handover: Handover, body: bytes) -> dict[str, str]:
        headers = {
            "Content-Type": "application/json; charset=utf-8",
            "Accept": "application/json",
            "User-Agent": "wristband",
            "Idempotency-Key": handover.idempotency_key,
        }
        if self._key is not None:
            moment = str(int(handover.at.timestamp()))
            signed = f"{moment}.{handover.idempotency_key}.".encode() + body
            headers["Wristband-Time"] = moment
            headers["Wristband-Signature"] = f"v1={hmac.digest(self._key, signed, hashlib.sha256).hex()}"
        return headers


def _read(answer: wire.Answer) -> Receipt:
    if not 200 <= answer.status < 300:
        raise GatewayFault(permanent=answer.status in _PERMANENT_STATUS, code=f"http_{answer.status}")
    try:
        content = json.loads(answer.body)
    except (ValueError, RecursionError):
        content = None
    if not isinstance(content, dict):
        raise GatewayFault(permanent=False, code="garbage")
    if content.get("accepted") is not True:
        code = str(content.get("code", "not_accepted"))
        raise GatewayFault(permanent=code in _PERMANENT_CODES, code=code)
    return Receipt(str(content.get("id", "")))
