"""What an elder's family is ready for, and what it still has to do. Facts in, points out."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

CONFIRMED_LASTS = timedelta(days=90)
"""So long a number that was confirmed counts as confirmed: numbers go stale."""
REMINDED_BEFORE = timedelta(days=7)
DRILL_LASTS = timedelta(minutes=10)
DRILLED_LASTS = timedelta(days=180)
GUARDIANS_WANTED = 2

REMINDERS_FROM_H, REMINDERS_TO_H = 9, 20
"""The hours of the day, in the instance's zone, in which a reminder may come. Never asked of an incident."""


class Confirmation(StrEnum):
    """What is known of a number."""

    CONFIRMED = "confirmed"
    OVERDUE = "overdue"
    """It was confirmed, too long ago: told as unconfirmed, and still reached."""
    NEVER = "never"


def confirmation(confirmed_at: datetime | None, *, now: datetime) -> Confirmation:
    """What is known of a number that was confirmed then."""
    if confirmed_at is None:
        return Confirmation.NEVER
    return Confirmation.CONFIRMED if now < confirmed_at + CONFIRMED_LASTS else Confirmation.OVERDUE


def reminders_due(confirmed_at: datetime, *, now: datetime) -> int:
    """How many reminders a number confirmed then has deserved by now: one a week before it is due, one at the day."""
    due_at = confirmed_at + CONFIRMED_LASTS
    return int(now >= due_at - REMINDED_BEFORE) + int(now >= due_at)


def may_remind(local: datetime) -> bool:
    """Whether this is an hour for reminders; `local` is in the instance's zone."""
    return REMINDERS_FROM_H <= local.hour < REMINDERS_TO_H


class Point(StrEnum):
    """What a family can be ready with, in the order in which it helps."""

    BAND = "band"
    NUMBERS = "numbers"
    GUARDIANS = "guardians"
    TESTED = "tested"
    DRILL = "drill"
    QUIET = "quiet"
    PORTRAIT = "portrait"
    VOICE = "voice"


OPTIONAL = frozenset({Point.QUIET, Point.PORTRAIT, Point.VOICE})
"""Good to have; nobody is told that something is wrong without them."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What is there, of one elder."""

    guardians: int
    confirmed_ats: Sequence[datetime | None]
    """Of each telephone that is called, when it was confirmed."""
    quiet: int
    """Ways of the guardians to be told without ringing, confirmed and not lost."""
    portrait: bool
    voice: bool
    tested_ats: Sequence[datetime | None]
    """Of each band in use, when it was last tried."""
    drilled_at: datetime | None
    """When the last drill began that somebody answered."""


def ready_points(facts: Facts, *, now: datetime) -> frozenset[Point]:
    """The points that are ready."""
    confirmed = [confirmation(each, now=now) is Confirmation.CONFIRMED for each in facts.confirmed_ats]
    ready = {
        Point.BAND: bool(facts.tested_ats),
        Point.NUMBERS: bool(confirmed) and all(confirmed),
        Point.GUARDIANS: facts.guardians >= GUARDIANS_WANTED,
        Point.TESTED: bool(facts.tested_ats) and all(facts.tested_ats),
        Point.DRILL: facts.drilled_at is not None and now < facts.drilled_at + DRILLED_LASTS,
        Point.QUIET: facts.quiet > 0,
        Point.PORTRAIT: facts.portrait,
        Point.VOICE: facts.voice,
    }
    return frozenset(point for point, there in ready.items() if there)


def lacking(ready: Collection[Point]) -> list[Point]:
    """What is still to be done, in order; without what is only good to have."""
    return [point for point in Point if point not in ready and point not in OPTIONAL]
