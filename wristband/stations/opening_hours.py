"""Opening hours as stations write them: the part of OpenStreetMap's grammar they use, and the same in Chinese.

Understood are rules parted by semicolons, each days and times (`Mo-Fr 08:30-12:00,14:30-17:30; Sa off; PH off`),
`24/7`, and Chinese words for them (`周一至周五 8:30-12:00`, `全天`). A later rule replaces an earlier one for its days.
Whatever else is written means that the hours are not known, never that the station is closed.
Grammar: wiki.openstreetmap.org/wiki/Key:opening_hours/specification.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from functools import lru_cache

from wristband.values.width import half_width

_DAYS = ("mo", "tu", "we", "th", "fr", "sa", "su")
_DAY_MIN = 24 * 60
_HOLIDAYS = "ph"
_LONGEST = 240
# In this order: a longer word before one that it begins with; days side by side (周六日) before each by itself.
_CHINESE = (
    (re.compile("二十四小时|24小时|全天候|全天"), "24/7"),
    (re.compile("法定节假日|节假日|法定假日|公众假期"), "PH"),
    (re.compile("工作日"), "Mo-Fr"),
    (re.compile("每天|每日|天天"), "Mo-Su"),
    (re.compile("不接待|不办公|不开放|休息"), "off"),
    (re.compile("(?:星期|礼拜|周)(?=[一二三四五六日天])"), ""),
    (re.compile("([一二三四五六])(?=[二三四五六日天])"), r"\1,"),
    (re.compile("一"), "Mo"),
    (re.compile("二"), "Tu"),
    (re.compile("三"), "We"),
    (re.compile("四"), "Th"),
    (re.compile("五"), "Fr"),
    (re.compile("六"), "Sa"),
    (re.compile("日|天"), "Su"),
    (re.compile("[至到~—]+|--"), "-"),
    (re.compile("[、，]"), ","),
    (re.compile("[；。\n]"), ";"),
    (re.compile("："), ":"),
)
_RULE = re.compile(r"(?P<days>[a-z,-]{0,60})[ :]{0,3}(?P<times>24/7|off|closed|[0-9:,-]{9,200})")
_AROUND_SIGNS = re.compile(r" ?([-,;/]) ?")
_TIME = re.compile(r"([01]?[0-9]|2[0-4]):([0-5][0-9])")

_Span = tuple[int, int]  # minutes from midnight; the end may lie in the next day


class Opening(StrEnum):
    """Whether a station receives people at a moment."""

    OPEN = "open"
    CLOSED = "closed"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Standing:
    """Whether a station is open, and when that changes, on its own clock; None where it does not or nobody knows."""

    opening: Opening
    changes_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Hours:
    """A week of opening hours: for each day from Monday its spans, in minutes from that day's midnight."""

    week: tuple[tuple[_Span, ...], ...]
    holidays_differ: bool = False
    """Whether public holidays have rules of their own; there is no calendar of them here."""

    def standing(self, local: datetime) -> Standing:
        """Whether it is open at `local`, the wall clock where the station is, and when that changes next."""
        now_min = local.hour * 60 + local.minute
        midnight = local.replace(hour=0, minute=0, second=0, microsecond=0)
        spans = list(self._ahead(local.weekday()))
        end_min = now_min
        for start, end in spans:
            if start <= end_min < end:
                end_min = end
        if end_min > now_min:
            # Open for a week on end is open for good.
            lasts = end_min - now_min < 7 * _DAY_MIN
            return Standing(Opening.OPEN, midnight + timedelta(minutes=end_min) if lasts else None)
        next_min = next((start for start, _ in spans if start > now_min), None)
        return Standing(Opening.CLOSED, None if next_min is None else midnight + timedelta(minutes=next_min))

    def _ahead(self, weekday: int) -> Iterator[_Span]:
        """The spans from yesterday's to those of nine days, in minutes from today's midnight, earliest first."""
        spans = (
            (start + offset * _DAY_MIN, end + offset * _DAY_MIN)
            for offset in range(-1, 9)
            for start, end in self.week[(weekday + offset) % 7]
        )
        return iter(sorted(spans))


UNKNOWN = Standing(Opening.UNKNOWN)


def standing(text: str, local: datetime) -> Standing:
    """Whether a station with these hours is open at `local`, its own wall clock; unknown for what is not understood."""
    hours = parse(text)
    return hours.standing(local) if hours else UNKNOWN


@lru_cache(maxsize=4096)
def parse(text: str) -> Hours | None:
    """The hours that `text` says, None for none or for what is not understood with certainty."""
    if not text.strip() or len(text) > _LONGEST:
        return None
    week: list[tuple[_Span, ...]] = [()] * 7
    holidays = said = False
    for rule in _in_plain_letters(text).split(";"):
        if not rule.strip():
            continue
        found = _RULE.fullmatch(rule.strip())
        days = _days(found["days"]) if found else None
        spans = _spans(found["times"]) if found else None
        if days is None or spans is None:
            return None
        said = True
        holidays = holidays or _HOLIDAYS in days
        for day in days - {_HOLIDAYS}:
            week[_DAYS.index(day)] = spans
    # A text that names no hour at all, as "PH off" alone, leaves every day open to doubt.
    return Hours(tuple(week), holidays) if said and any(week) else None


def _in_plain_letters(text: str) -> str:
    """Small Latin letters, no spaces within lists, Chinese words by their signs."""
    plain = half_width(text)
    for word, sign in _CHINESE:
        plain = word.sub(sign, plain)
    return _AROUND_SIGNS.sub(r"\1", " ".join(plain.lower().split()))


def _days(text: str) -> frozenset[str] | None:
    """Days and `ph`, every day where none is named; None for what is no day, and for a range that ends at holidays."""
    if not text:
        return frozenset(_DAYS)
    days: set[str] = set()
    for part in text.split(","):
        first, _, last = part.partition("-")
        if part == _HOLIDAYS:
            days.add(part)
        elif first not in _DAYS or ("-" in part and last not in _DAYS):
            return None
        else:
            begin, end = _DAYS.index(first), _DAYS.index(last or first)
            days |= {_DAYS[day % 7] for day in range(begin, end + (7 if end < begin else 0) + 1)}
    return frozenset(days)


def _spans(text: str) -> tuple[_Span, ...] | None:
    if text == "24/7":
        return ((0, _DAY_MIN),)
    if text in ("off", "closed"):
        return ()
    spans = []
    for part in text.split(","):
        start, end = map(_minutes, part.partition("-")[::2])
        if start is None or end is None or start in (end, _DAY_MIN):
            return None
        spans.append((start, end if end > start else end + _DAY_MIN))
    return tuple(spans)


def _minutes(text: str) -> int | None:
    found = _TIME.fullmatch(text)
    minutes = int(found[1]) * 60 + int(found[2]) if found else None
    return minutes if minutes is not None and minutes <= _DAY_MIN else None
