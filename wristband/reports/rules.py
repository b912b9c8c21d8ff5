"""How much a report takes, until when it is taken back, and what a phone's clock may claim."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import IntEnum, StrEnum

from wristband.errors import BadValue
from wristband.incidents.rules import IncidentState

PHOTOS_A_REPORT = 6
ADDED_A_REPORT = 60
"""Words and photographs together; who has more to tell is asked to telephone."""
WORDS_MAX = 500
WITHDRAW_WITHIN = timedelta(minutes=10)
ADDED_AFTER_CLOSING = timedelta(hours=24)
"""What a phone kept while it had no network still arrives."""
RATED_WITHIN = timedelta(days=7)
"""After the end; as long as a finder's page lasts."""
KEY_LENGTHS = range(16, 65)
VAGUE_M = 5000
"""A position less sure than this says which city, not which street: a landmark is asked for."""

# Beyond these a phone's clock says nothing that a store could keep.
_EARLIEST, _LATEST = datetime(2000, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECONDS = re.compile(r"[0-9]{1,15}", re.ASCII)


class Kind(StrEnum):
    """What is added to a report."""

    WORDS = "words"
    PHOTO = "photo"
    ELDER_GONE = "elder_gone"


class Waits(StrEnum):
    """How long a finder who cannot stay still waits with the elder."""

    NOT = "not"
    TEN = "ten"
    THIRTY = "thirty"
    HOUR = "hour"


WAITS_FOR: dict[Waits, timedelta] = {
    Waits.NOT: timedelta(0),
    Waits.TEN: timedelta(minutes=10),
    Waits.THIRTY: timedelta(minutes=30),
    Waits.HOUR: timedelta(hours=1),
}


class Score(IntEnum):
    """What a finder thinks of it in the end: three faces."""

    BAD = 1
    FAIR = 2
    GOOD = 3


class PlaceFault(StrEnum):
    """Why a place that was told does not lead anybody there."""

    NO_FIX = "no_fix"
    VAGUE = "vague"
    FAR = "far"


@dataclass(frozen=True, slots=True)
class Claimed:
    """When a phone says that something was done, and how many seconds its clock is ahead of ours."""

    at: datetime
    ahead_s: int

    @property
    def likely_at(self) -> datetime:
        """The same moment by our clock."""
        return self.at - timedelta(seconds=self.ahead_s)


def claimed(made_ms: str, sent_ms: str, *, now: datetime) -> Claimed | None:
    """What the two moments on a form come to, milliseconds since 1970 by the phone's clock: made, and sent.

    None for what is no moment; a clock that is wrong is believed as far as its difference goes, and refuses nothing.
    """
    made, sent = _moment(made_ms), _moment(sent_ms)
    if made is None or sent is None:
        return None
    return Claimed(made, round((sent - now).total_seconds()))


def _moment(text: str) -> datetime | None:
    if not _MILLISECONDS.fullmatch(text):
        return None
    moment = _EPOCH + timedelta(milliseconds=int(text)) if int(text) < 4_102_444_800_000 else _LATEST
    return moment if _EARLIEST <= moment < _LATEST else None


def check_key(key: str) -> None:
    """Raises BadValue for what is no idempotency key of a page of ours."""
    if len(key) not in KEY_LENGTHS:
        raise BadValue("page.form_stale")


def may_withdraw(*, made_at: datetime, state: IncidentState, now: datetime) -> bool:
    """Whether a finder may still say that the report was a mistake: until somebody has taken it, and not for long."""
    return state is IncidentState.REPORTED and now < made_at + WITHDRAW_WITHIN


def takes_more(closed_at: datetime | None, *, now: datetime) -> bool:
    """Whether something can be added to a report of an incident."""
    return closed_at is None or now < closed_at + ADDED_AFTER_CLOSING


# Digits by which somebody could be found; whoever rates is nobody.
_DIGITS = re.compile(r"[0-9０-９]")


def nameless(words: str) -> str:
    """The words of a rating without a digit in them: no number of anybody is kept with it."""
    return _DIGITS.sub("＊", words)
