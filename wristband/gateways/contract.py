"""What every gateway promises: a receipt, or a fault that is permanent or not; the same key twice has one effect."""

from __future__ import annotations

import re
import time
from abc import ABC, abstractmethod
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

import structlog

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
    """The channel's name: `sms`."""
    wording: str
    """Which text the body is made from, for a gateway that has approved texts of its own."""
    language: str
    recipient: str
    body: str
    at: datetime
    """When this attempt begins."""

    def __repr__(self) -> str:
        return f"Handover(message_id={self.message_id})"


@dataclass(frozen=True)
class Receipt:
    """The gateway took the message. `reference` is its own name for it, perhaps empty."""

    reference: str = ""


class GatewayFault(Exception):
    """The message was not taken, or nobody knows. A permanent fault will not get better by trying again."""

    def __init__(self, *, permanent: bool, code: str) -> None:
        self.permanent = permanent
        # It is kept and logged as it is, and comes from outside: what is no code of anybody's is not repeated.
        code = code.lower()
        self.code = code if _CODE.fullmatch(code) else "odd_code"
        super().__init__(self.code)


class Gateway(ABC):
    """An adapter to one outside system. A provider writes only `_call` and its table of codes."""

    name: ClassVar[str]

    def hand_over(self, handover: Handover) -> Receipt:
        """Hand one message over, with its time-out. Raises GatewayFault and nothing else. Safe in many threads."""
        began = time.perf_counter()
        try:
            receipt = self._call(handover)
        except GatewayFault as fault:
            self._tell(handover, began, "not_handed_over", permanent=fault.permanent, code=fault.code)
            raise
        except Exception as error:
            # A fault of ours in one provider: its message waits and is seen, the others go on.
            self._tell(handover, began, "gateway_broken", exc_info=error)
            raise GatewayFault(permanent=False, code=type(error).__name__) from error
        self._tell(handover, began, "handed_over")
        return Receipt(printable(receipt.reference, _LONGEST_REFERENCE))

    @abstractmethod
    def _call(self, handover: Handover) -> Receipt: ...

    def _tell(self, handover: Handover, began: float, event: str, **facts: object) -> None:
        took_ms = round((time.perf_counter() - began) * 1000)
        log.info(event, gateway=self.name, message=handover.message_id, took_ms=took_ms, **facts)


def printable(text: str, longest: int) -> str:
    """What an outside system said, fit to be kept and logged."""
    return "".join(character for character in text if character.isprintable())[:longest]
