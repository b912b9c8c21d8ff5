"""A period to look at, and what is said of many durations: values alone."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, tzinfo

from wristband.errors import BadValue

USUAL_DAYS = 30
LONGEST_DAYS = 366
HOURS = range(24)
UNANSWERED_AFTER = timedelta(minutes=30)
"""A finder's call that no one of the family has answered by then counts as unanswered: nobody waits longer."""
AGAIN_WITHIN = timedelta(days=180)
"""An incident is a repeat where the same elder had another one so shortly before."""


@dataclass(frozen=True, slots=True)
class Period:
    """Whole days, both included, as the instance's own zone counts them."""

    first: date
    last: date

    @classmethod
    def of(cls, first: str, last: str, *, today: date) -> Period:
        """What was typed, as YYYY-MM-DD; empty means the last USUAL_DAYS days up to today. Raises BadValue."""
        try:
            ends = date.fromisoformat(last.strip()) if last.strip() else today
            begins = date.fromisoformat(first.strip()) if first.strip() else ends - timedelta(days=USUAL_DAYS - 1)
        except (ValueError, OverflowError):
            raise BadValue("numbers.day") from None
        if begins > ends:
            raise BadValue("numbers.backwards")
        if ends > today:
            raise BadValue("numbers.future")
        if (ends - begins).days >= LONGEST_DAYS:
            raise BadValue("numbers.long", days=LONGEST_DAYS)
        return cls(begins, ends)

    @property
    def days(self) -> int:
        return (self.last - self.first).days + 1

    def moments(self, zone: tzinfo) -> tuple[datetime, datetime]:
        """Its first moment and the first one after it, where days are those of `zone`."""
        after = self.last + timedelta(days=1)
        return datetime.combine(self.first, time(), zone), datetime.combine(after, time(), zone)


@dataclass(frozen=True, slots=True)
class Spread:
    """Durations in seconds: how many there are, the middle one, and the one that nine of ten do not exceed."""

    count: int
    median_s: float
    p90_s: float


def spread(seconds: Iterable[float]) -> Spread | None:
    """None of none. By nearest rank, so that each figure is one that happened."""
    ordered = sorted(seconds)
    if not ordered:
        return None
    return Spread(len(ordered), _rank(ordered, 0.5), _rank(ordered, 0.9))


def _rank(ordered: Sequence[float], share: float) -> float:
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]


def by_hour(moments: Iterable[datetime], zone: tzinfo) -> tuple[int, ...]:
    """How many in each hour of the day, 0 to 23, by the clock on the wall there."""
    counted = Counter(moment.astimezone(zone).hour for moment in moments)
    return tuple(counted[hour] for hour in HOURS)


def busiest(hours: Sequence[int]) -> tuple[int, ...]:
    """The day's two peaks, as hours: the busiest before and from midday, where anything happened at all."""
    peaks = (max(part, key=lambda hour: (hours[hour], -hour)) for part in (HOURS[:12], HOURS[12:]))
    return tuple(hour for hour in peaks if hours[hour])


@dataclass(frozen=True, slots=True)
class Share:
    """So many of so many."""

    part: int
    whole: int

    @property
    def percent(self) -> int | None:
        """Rounded; None of nothing."""
        return round(100 * self.part / self.whole) if self.whole else None
