"""SMS and voice through an HTTP gateway of the operator's: signed JSON there, JSON back, signed receipts."""

from __future__ import annotations

import json
from typing import Any, Literal

from pydantic import Field, SecretStr, field_validator

from wristband.gateways import signing, wire
from wristband.gateways.contract import (
    Blame,
    Gateway,
    GatewayFault,
    Handover,
    ReadsReceipts,
    Receipt,
    ReceiptCall,
    ReceiptRefused,
)
from wristband.gateways.receipts import arrivals_of, code_of, moment_of, reference_of
from wristband.gateways.settings import Address, GatewayName, Secret, Strict
from wristband.gateways.signing import SHORTEST_KEY_BYTES
from wristband.values.arrival import Arrival, ArrivalState

# Refused for good: the request or its content is wrong, and will be tomorrow.
# Not 401, 403 and 404: there our key or address is wrong, the operator mends it and nothing is lost meanwhile.
_PERMANENT_STATUS = frozenset({400, 413, 415, 422})
_OUTAGE_STATUS = frozenset({401, 402, 403, 404})
_PERMANENT_CODES = frozenset({"recipient_invalid", "recipient_blocked", "content_refused"})
_OUTAGE_CODES = frozenset({"no_balance", "bad_key"})
_OF_ONE_MESSAGE = frozenset({"too_many"})


class HttpSettings(Strict):
    """An HTTP gateway of the operator's, after those of other providers: its address and the key shared with it."""

    provider: Literal["http"]
    name: GatewayName
    url: Address
    key: Secret = Field(alias="key_file")

    @field_validator("key")
    @classmethod
    def _is_long_enough(cls, key: SecretStr) -> SecretStr:
        if len(key.get_secret_value().encode()) < SHORTEST_KEY_BYTES:
            raise ValueError(f"holds fewer than {SHORTEST_KEY_BYTES} bytes")
        return key

    def make(self, channel: str, limits: wire.Limits, _receipts_base: str) -> HttpGateway:
        return HttpGateway(channel, self.url, self.key.get_secret_value().encode(), limits, name=self.name)


class HttpGateway(Gateway, ReadsReceipts):
    """POSTs `{"kind", "to", "body", "wording", "language", "key"}`, believes only `{"accepted": true, "id": ...}`.

    `kind` is `sms` or `voice` (the body is to be read out), and the name of a gateway without one; `to` is E.164.
    Anything else answered with 2xx is a refusal: `{"accepted": false, "code": ...}`, permanent where the code is
    `recipient_invalid`, `recipient_blocked` or `content_refused`; any other code is tried again.

    Headers: `Idempotency-Key`; `Wristband-Time`, seconds since 1970; `Wristband-Signature`, `v1=` and the hexadecimal
    HMAC-SHA256, under the shared key, of `time.key.` followed by the bytes of the body. A receiver refuses times
    more than 300 s off, and repeats its first answer for a key it has seen. Without a shared key nothing is signed;
    one shorter than SHORTEST_KEY_BYTES is a ValueError.

    Its receipts: a JSON array of `{"id", "state", "at", "code"}`: the id of its answer, or the key where it gave none;
    `arrived`, `failed`, `picked_up` or `acknowledged`; `at` (ISO 8601 with its zone) and `code` may be missing. The
    same two headers, signed over `time.receipts.` and the body; without a shared key none are taken.
    """

    def __init__(
        self, kind: str, url: str, key: bytes | None, limits: wire.Limits | None = None, *, name: str = ""
    ) -> None:
        if key is not None and len(key) < SHORTEST_KEY_BYTES:
            raise ValueError(f"the key shared with the {kind} gateway needs {SHORTEST_KEY_BYTES} bytes")
        self.name = name or kind
        self._kind = kind
        self._url = url
        self._key = key
        self._limits = limits or wire.Limits()

    def _call(self, handover: Handover) -> Receipt:
        content = {
            "kind": self._kind,
            "to": handover.recipient,
            "body": handover.body,
            "wording": handover.wording,
            "language": handover.language,
            "key": handover.idempotency_key,
        }
        body = json.dumps(content, ensure_ascii=False).encode()
        headers = signing.signed_headers(self._key, handover.idempotency_key, body, handover.at)
        reference = _read(wire.post(self._url, body, headers, self._limits))
        return Receipt(reference or handover.idempotency_key)

    def _read_receipts(self, call: ReceiptCall) -> list[Arrival]:
        if self._key is None:
            raise ReceiptRefused("no_key", status=403)
        signing.check(call, self._key, "receipts")
        return arrivals_of(call, _arrival)


def content_of(answer: wire.Answer) -> dict[str, Any]:
    """The JSON object that a machine of the operator's answers with. Raises GatewayFault for anything else.

    Permanent where its status says that the request itself is wrong; in doubt where it is no JSON object.
    """
    if not 200 <= answer.status < 300:
        blame = Blame.OUTAGE if answer.status in _OUTAGE_STATUS else Blame.GATEWAY
        permanent = answer.status in _PERMANENT_STATUS
        raise GatewayFault(permanent=permanent, code=f"http_{answer.status}", blame=blame)
    try:
        content = json.loads(answer.body)
    except (ValueError, RecursionError):
        content = None
    if not isinstance(content, dict):
        raise GatewayFault(permanent=False, code="garbage", in_doubt=True)
    return content


def _read(answer: wire.Answer) -> str:
    """The id it gave the message, perhaps none."""
    content = content_of(answer)
    if content.get("accepted") is not True:
        raise _refusal(str(content.get("code", "not_accepted")))
    return str(content.get("id", ""))


def _refusal(code: str) -> GatewayFault:
    blame = Blame.GATEWAY
    if code in _OUTAGE_CODES:
        blame = Blame.OUTAGE
    elif code in _OF_ONE_MESSAGE:
        blame = Blame.MESSAGE
    return GatewayFault(permanent=code in _PERMANENT_CODES, code=code, blame=blame)


def _arrival(told: dict[str, Any], call: ReceiptCall) -> Arrival:
    try:
        state = ArrivalState(str(told.get("state")))
    except ValueError:
        raise ReceiptRefused("unknown_state") from None
    return Arrival(reference_of(told, "id"), state, moment_of(told.get("at"), call), code_of(told, "code"))
