"""What every gateway promises: a receipt, or a fault that is permanent or not; the same key twice has one effect."""

from __future__ import annotations

import re
import time
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

import structlog

from wristband.values.arrival import Arrival

log = structlog.get_logger(__name__)

# No run of seven digits: it could be somebody's number.
_CODE = re.compile(r"(?!.*[0-9]{7})[a-z0-9_.-]{1,64}")
_LONGEST_REFERENCE = 120


@dataclass(frozen=True)
class Handover:
    """One message for a gateway. `recipient` and `body` are personal and stay out of its repr, hence out of logs."""

    message_id: int
    idempotency_key: str
    """The same for every attempt of this message; 16 to 64 of `[A-Za-z0-9_-]`."""
    kind: str
    """The channel's name: `sms`, `voice`, `mail`, `chat`, `push`."""
    wording: str
    """Which text the body is made from, for a gateway that has approved texts of its own."""
    language: str
    recipient: str
    """An address of the channel: E.164 for sms and voice, a mailbox, an apprise address, a push subscription's JSON."""
    body: str
    at: datetime
    """When this attempt begins."""
    facts: Mapping[str, str] = field(default_factory=dict)
    """What the body was filled with, for a gateway whose approved text takes variables."""
    link: str = ""
    """Where the receiver says that they have seen it; empty in channels that carry none (sms, voice)."""
    again: bool = False
    """Whether an earlier attempt may have been taken: a gateway that can ask its outside does so first."""

    def __repr__(self) -> str:
        return f"Handover(message_id={self.message_id})"


@dataclass(frozen=True)
class Receipt:
    """The gateway took the message. `reference` is its own name for it, perhaps empty; receipts come under it."""

    reference: str = ""
    gateway: str = ""
    """Which gateway took it."""


@dataclass(frozen=True)
class ReceiptCall:
    """What a provider sent about messages it took earlier. `url` as the provider knows it, with its query."""

    url: str
    headers: Mapping[str, str]
    body: bytes
    at: datetime


class ReceiptRefused(Exception):
    """The call is not the provider's, or says nothing that can be read; `code` is for the log."""

    def __init__(self, code: str, *, status: int = 400) -> None:
        self.code, self.status = code, status
        super().__init__(code)


@dataclass(frozen=True)
class Thanks:
    """What a provider wants to hear once its receipts are kept; anything else, and it tells them again."""

    body: str
    content_type: str = "application/json; charset=utf-8"


class ReadsReceipts(ABC):
    """A gateway whose provider tells afterwards what became of a message. It writes `_read_receipts` only."""

    name: str

    def read_receipts(self, call: ReceiptCall) -> list[Arrival]:
        """What it tells, once its signature or secret was checked. Raises ReceiptRefused and nothing else."""
        try:
            return self._read_receipts(call)
        except ReceiptRefused:
            raise
        except Exception as error:
            log.error("receipts_broken", gateway=self.name, kind=type(error).__name__)
            raise ReceiptRefused("broken") from error

    @abstractmethod
    def _read_receipts(self, call: ReceiptCall) -> list[Arrival]: ...

    def thank(self, call: ReceiptCall) -> Thanks:
        """The answer to a call that was read."""
        return Thanks('{"accepted": true}')


class Blame(StrEnum):
    """Whom a passing fault speaks against, so that a channel with several gateways knows what to do."""

    MESSAGE = "message"
    """This message at this gateway only: a cap of its number, no text for it. Another gateway may do."""
    GATEWAY = "gateway"
    """The gateway had a bad moment; several of them, and it is not well."""
    OUTAGE = "outage"
    """Nothing goes through for now: not reachable, no balance, a wrong key, a signature not approved."""


class GatewayFault(Exception):
    """The message was not taken, or nobody knows. A permanent fault will not get better by trying again."""

    def __init__(self, *, permanent: bool, code: str, blame: Blame = Blame.GATEWAY, in_doubt: bool = False) -> None:
        self.permanent, self.blame = permanent, blame
        self.in_doubt = in_doubt
        """Whether the message may have been taken all the same: it was sent, and the answer was lost."""
        self.gateway = ""
        # It is kept and logged, and comes from outside: what is no code of anybody's is not repeated.
        self.code = clean_code(code)
        super().__init__(self.code)


class Gateway(ABC):
    """An adapter to one outside system. A provider writes only `_call` and its table of codes."""

    name: str
    """Its name in deliveries and receipts, at most 32 of `[a-z0-9_]`."""

    def hand_over(self, handover: Handover) -> Receipt:
        """Hand one message over, with its time-out. Raises GatewayFault and nothing else. Safe in many threads."""
        began = time.perf_counter()
        try:
            receipt = self._call(handover)
        except GatewayFault as fault:
            fault.gateway = self.name
            self._tell(handover, began, "not_handed_over", permanent=fault.permanent, code=fault.code)
            raise
        except Exception as error:
            # A fault of ours in one provider: its message waits and is seen, the others go on.
            self._tell(handover, began, "gateway_broken", exc_info=error)
            broken = GatewayFault(permanent=False, code=type(error).__name__)
            broken.gateway = self.name
            raise broken from error
        self._tell(handover, began, "handed_over")
        return Receipt(printable(receipt.reference, _LONGEST_REFERENCE), self.name)

    def takes(self, handover: Handover) -> bool:
        """Whether this gateway can carry this message at all: its country, its wording."""
        return True

    @abstractmethod
    def _call(self, handover: Handover) -> Receipt: ...

    def _tell(self, handover: Handover, began: float, event: str, **facts: object) -> None:
        took_ms = round((time.perf_counter() - began) * 1000)
        log.info(event, gateway=self.name, message=handover.message_id, took_ms=took_ms, **facts)


def clean_code(code: str) -> str:
    """A code as it may be kept and logged, in small letters; `odd_code` for what is none."""
    code = code.lower()
    return code if _CODE.fullmatch(code) else "odd_code"


def printable(text: str, longest: int) -> str:
    """What an outside system said, fit to be kept and logged."""
    return "".join(character for character in text if character.isprintable())[:longest]
