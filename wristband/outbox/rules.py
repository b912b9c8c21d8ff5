"""What becomes of a message: moves between states, retry times, giving up."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from wristband.values.arrival import ArrivalState
from wristband.values.budget import Budget, Fails


class MessageState(StrEnum):
    PENDING = "pending"
    LEASED = "leased"
    DELIVERED = "delivered"
    """A gateway accepted it; nothing more is claimed."""
    STOPPED = "stopped"
    """Refused for good, expired, or tried too long: a human has to look."""


class Channel(StrEnum):
    SMS = "sms"
    VOICE = "voice"
    """A call that reads the words out."""
    MAIL = "mail"
    CHAT = "chat"
    PUSH = "push"
    PLATFORM = "platform"
    """To the police platform: a document, told in the strict order of its incident."""
    WEBHOOK = "webhook"
    """To a partner's webhook: a document likewise."""


TAP_WORDINGS = ("band_scanned", "drill")
"""The texts by which a family is told of a finder's tap, or of a drill."""
LINKED = frozenset({Channel.MAIL, Channel.CHAT, Channel.PUSH})
"""Channels that carry a link by which the receiver says that they have seen it. Mainland SMS carry none."""


class Outcome(StrEnum):
    ACCEPTED = "accepted"
    PASSING = "passing"
    """Failed, and may succeed when tried again."""
    PERMANENT = "permanent"


class CallState(StrEnum):
    """How far a call to the family came: what may be said of it, and no more."""

    DIALLING = "dialling"
    """Not in a gateway's hands yet."""
    RINGING = "ringing"
    """A gateway makes, or made, the call; nobody has told how it went."""
    PICKED_UP = "picked_up"
    ACKNOWLEDGED = "acknowledged"
    UNANSWERED = "unanswered"
    FAILED = "failed"
    """It was never made."""


HEARD = frozenset({CallState.PICKED_UP, CallState.ACKNOWLEDGED})
"""Somebody's ear was reached."""


@dataclass(frozen=True, slots=True)
class CallMade:
    """One call to somebody of the family: `at`, and how far it came, never more than a gateway has told."""

    at: datetime
    state: CallState


def call_state(message: MessageState, heard: Collection[ArrivalState]) -> CallState:
    """What the states of a voice message and of its arrivals mean; the farthest of them counts."""
    for arrival, state in (
        (ArrivalState.ACKNOWLEDGED, CallState.ACKNOWLEDGED),
        (ArrivalState.PICKED_UP, CallState.PICKED_UP),
        (ArrivalState.FAILED, CallState.UNANSWERED),
    ):
        if arrival in heard:
            return state
    if message is MessageState.DELIVERED:
        return CallState.RINGING
    return CallState.FAILED if message is MessageState.STOPPED else CallState.DIALLING


# The table of moves: from each state, where a message may go.
MOVES: dict[MessageState, frozenset[MessageState]] = {
    MessageState.PENDING: frozenset({MessageState.LEASED, MessageState.STOPPED}),
    MessageState.LEASED: frozenset({MessageState.PENDING, MessageState.DELIVERED, MessageState.STOPPED}),
    MessageState.DELIVERED: frozenset(),
    MessageState.STOPPED: frozenset(),
}

RETRY_WAITS_S = (1, 2, 5, 15, 30, 60, 120, 300)
"""Wait after the first failure, the second and so on."""
STEADY_WAIT_S = 300
"""Every wait after those; spread, so that an outage's backlog does not come back in one wave."""
STEADY_SPREAD = 0.2
LONGEST_WAIT = timedelta(seconds=STEADY_WAIT_S * (1 + STEADY_SPREAD))
GIVE_UP_AFTER = timedelta(hours=72)
TAP_TEXTS_A_STRANGER = Budget("reach.stranger", burst=3, every_s=86_400, fails=Fails.OPEN, refusal="scans.taps_spent")
"""To a telephone that a guardian typed in and nobody confirmed, whichever elders it stands by: three within a day."""
YIELDS_AFTER = 8
"""A message that failed so often, while others of its channel went through, lets those behind it pass."""
LONGEST_LEASE = timedelta(hours=1)
"""No worker may lease for longer: a lease beyond it was made under a clock that has been set back."""


def retry_wait(attempts: int, *, jitter: float) -> timedelta:
    """How long to wait after failed attempt number `attempts` (from 1). `jitter` lies within -1 and 1."""
    if attempts <= len(RETRY_WAITS_S):
        return timedelta(seconds=RETRY_WAITS_S[attempts - 1])
    return timedelta(seconds=STEADY_WAIT_S * (1 + STEADY_SPREAD * jitter))


@dataclass(frozen=True)
class Next:
    """Where an attempt leaves its message. `due_at` is given where it is tried again."""

    state: MessageState
    due_at: datetime | None = None


def after(
    outcome: Outcome, *, attempts: int, owed_at: datetime, expires_at: datetime | None, now: datetime, jitter: float
) -> Next:
    """What to do after attempt number `attempts` (from 1) ended at `now`: settle, try again, or stop.

    The attempt that fails after GIVE_UP_AFTER is the last, so an outage of exactly that length loses nothing.
    A message is stopped at once when its next try would come after it expired.
    """
    if outcome is Outcome.ACCEPTED:
        return Next(MessageState.DELIVERED)
    if outcome is Outcome.PERMANENT or now >= owed_at + GIVE_UP_AFTER:
        return Next(MessageState.STOPPED)
    due_at = now + retry_wait(attempts, jitter=jitter)
    if expires_at is not None and due_at >= expires_at:
        return Next(MessageState.STOPPED)
    return Next(MessageState.PENDING, due_at)
