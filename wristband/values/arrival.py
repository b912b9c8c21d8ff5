"""What a provider tells afterwards about a message that it took."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class ArrivalState(StrEnum):
    ARRIVED = "arrived"
    """On the phone, in the mailbox."""
    FAILED = "failed"
    """It never came: switched off, no such number, the call was not taken."""
    PICKED_UP = "picked_up"
    """Somebody, or an answering machine, took the call."""
    ACKNOWLEDGED = "acknowledged"
    """A person pressed the key that says so."""


@dataclass(frozen=True)
class Arrival:
    """How one message arrived. `reference` is the gateway's name for it, as in its receipt."""

    reference: str
    state: ArrivalState
    at: datetime
    code: str = ""
    """The provider's own code, at most 64 characters, no number of anybody's in it."""
