"""The police anti-wandering platform: signed events there in its own terms, signed receipts and states back."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import structlog

from wristband.gateways import signing, wire
from wristband.gateways.contract import (
    Blame,
    Gateway,
    GatewayFault,
    Handover,
    Receipt,
    ReceiptCall,
    ReceiptRefused,
    clean_code,
    printable,
)
from wristband.gateways.ordinary import content_of
from wristband.gateways.police_mapping import Became, PoliceMapping, word_of
from wristband.gateways.receipts import header
from wristband.values.vocabulary import dig

log = structlog.get_logger(__name__)

MOST_RECEIPTS = 500
MOST_AT_ONCE = 16
"""Calls under way: of a worker's hands a platform that hangs ties up no more, and texts to families go on."""
_KEY = re.compile(r"[A-Za-z0-9_-]{16,64}")
_LONGEST_NAME = 64
_LONGEST_WORDS = 2_000


@dataclass(frozen=True)
class ToldReceipt:
    """What became of one event, by the event's id; `case` is the platform's own number, perhaps empty."""

    event: str
    became: Became
    at: datetime
    case: str = ""
    code: str = ""


@dataclass(frozen=True)
class ToldState:
    """What the platform says of an incident, by our number for it; each of the rest is empty where it says nothing.

    `state` and `disposition` are our words where the mapping knows theirs, and whatever they wrote otherwise.
    """

    incident: str
    at: datetime
    state: str = ""
    disposition: str = ""
    case: str = ""
    words: str = ""


class PoliceGateway(Gateway):
    """POSTs an incident's event and believes only an answer that says, as the mapping has it, that it was taken.

    The event is the message's body, JSON of incidents.platform; the mapping writes it in the platform's terms.
    Headers as those of the ordinary HTTP gateway: `Idempotency-Key`, which is the event's id, `Wristband-Time` and
    `Wristband-Signature`. Told the same key again, the platform repeats its first answer. A refusal with one of the
    mapping's permanent codes, or HTTP 400, 413, 415 or 422, is for good; anything else is tried again.

    What it tells comes signed likewise, over `time.receipts.KEY.` or `time.events.KEY.` and the body, KEY being its
    own `Idempotency-Key`.
    """

    name = "police"

    def __init__(
        self,
        url: str,
        key: bytes,
        mapping: PoliceMapping,
        *,
        times: Collection[str] = (),
        limits: wire.Limits | None = None,
    ) -> None:
        if len(key) < signing.SHORTEST_KEY_BYTES:
            raise ValueError(f"the key shared with the police platform needs {signing.SHORTEST_KEY_BYTES} bytes")
        self._url, self._key, self._mapping = url, key, mapping
        self._times = frozenset(times)
        self._limits = limits or wire.Limits()
        self._turns = threading.BoundedSemaphore(MOST_AT_ONCE)

    @property
    def particulars(self) -> frozenset[str]:
        """What of an elder's particulars the operator's mapping asks for."""
        return self._mapping.particulars

    @property
    def link_base(self) -> str | None:
        """Where officers open our pages, where the mapping says so."""
        return self._mapping.link_base

    def _call(self, handover: Handover) -> Receipt:
        event = json.loads(handover.body)
        event_id = str(dig(event, "event.id"))
        body = json.dumps(self.written(event), ensure_ascii=False).encode()
        headers = signing.signed_headers(self._key, event_id, body, handover.at)
        if not self._turns.acquire(blocking=False):
            raise GatewayFault(permanent=False, code="busy", blame=Blame.MESSAGE)
        try:
            answer = wire.post(self._url, body, headers, self._limits)
        finally:
            self._turns.release()
        return Receipt(self._read(answer) or event_id)

    def _read(self, answer: wire.Answer) -> str:
        """The platform's name for the event, perhaps none."""
        content, said = content_of(answer), self._mapping.answer
        if word_of(dig(content, said.accepted)) not in said.accepted_when:
            code = word_of(dig(content, said.code)) or "not_accepted"
            raise GatewayFault(permanent=code in said.permanent, code=code)
        return word_of(dig(content, said.reference))

    def written(self, event: Mapping[str, Any]) -> dict[str, Any]:
        """The event as the platform gets it."""
        return self._mapping.write(event, self._times)

    def read_receipts(self, call: ReceiptCall) -> tuple[str, list[ToldReceipt]]:
        """The call's key, and what it tells of events, an object or an array. Raises ReceiptRefused, nothing else."""
        key, content = self._opened(call, "receipts")
        told = content if isinstance(content, list) else [content]
        if not told or not all(isinstance(one, dict) for one in told):
            raise ReceiptRefused("garbage")
        if len(told) > MOST_RECEIPTS:
            raise ReceiptRefused("too_many", status=413)
        return key, [self._receipt(one, call.at) for one in told]

    def read_state(self, call: ReceiptCall) -> tuple[str, ToldState]:
        """The call's key, and what it tells of an incident. Raises ReceiptRefused and nothing else."""
        key, content = self._opened(call, "events")
        if not isinstance(content, dict):
            raise ReceiptRefused("garbage")
        incident = self._text(content, "incident")
        if not incident:
            raise ReceiptRefused("no_incident")
        return key, ToldState(
            incident,
            self._mapping.read_moment(content, now=call.at),
            state=self._text(content, "state"),
            disposition=self._text(content, "disposition"),
            case=self._text(content, "case"),
            words=self._mapping.read(content, "words")[:_LONGEST_WORDS],
        )

    def _opened(self, call: ReceiptCall, kind: str) -> tuple[str, Any]:
        key = header(call, "Idempotency-Key")
        # The proof first: a stranger learns nothing about what else is wrong with a call.
        signing.check(call, self._key, f"{kind}.{key}")
        if not _KEY.fullmatch(key):
            raise ReceiptRefused("no_key")
        try:
            return key, json.loads(call.body)
        except (ValueError, RecursionError):
            raise ReceiptRefused("garbage") from None

    def _receipt(self, told: dict[str, Any], now: datetime) -> ToldReceipt:
        event, became = self._text(told, "event"), self._text(told, "became")
        if not event:
            raise ReceiptRefused("no_reference")
        if became not in set(Became):
            raise ReceiptRefused("unknown_state")
        code = self._text(told, "code")
        return ToldReceipt(
            event,
            Became(became),
            self._mapping.read_moment(told, now=now),
            case=self._text(told, "case"),
            code=clean_code(code) if code else "",
        )

    def _text(self, told: dict[str, Any], name: str) -> str:
        return printable(self._mapping.read(told, name), _LONGEST_NAME)
