"""What may be released of an incident, for how long, and what others may tell us of it."""

from __future__ import annotations

import secrets
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from wristband.errors import BadValue

LASTS_DAYS = (1, 3, 7, 30)
"""How long a release may last, unless the incident is closed before: never more than 30 days."""
LASTS_USUALLY_DAYS = 3
CLOTHES_MAX = 120
HELD_WITHOUT_EXPIRY = timedelta(days=40)
"""So long a record from outside is kept that names no end itself."""
HELD_MOST = timedelta(days=365)
OUTSIDE_NOTES_MOST = 200
"""Of one incident: nobody floods an officer's page."""
MAX_RESULTS = 200
SEARCH_USUALLY = 100
FEED_USUALLY = 10
UPDATE_EVERY = timedelta(minutes=5)
"""At most so often a broadcast is renewed because of new places."""
MESSAGE_LASTS = timedelta(hours=6)
RENEWED_BEFORE = timedelta(hours=1)
CIRCLE_KM = 5.0


@dataclass(frozen=True, slots=True)
class Site:
    """This instance as others know it."""

    domain: str
    base_url: str
    organisation: str
    exercise: bool
    """Everything it says is a drill."""


class Shown(StrEnum):
    """What a release may show, each ticked by itself. What is always shown stands in no tick: an elder is missing,
    which station answers, since when."""

    NAME = "name"
    AGE = "age"
    SEX = "sex"
    CLOTHES = "clothes"
    PHOTO = "photo"
    PLACES = "places"


class Audience(StrEnum):
    """Who may hear of it by broadcast."""

    RESTRICTED = "restricted"
    """Duty desks and verified volunteers."""
    PUBLIC = "public"
    """Everybody; an officer alone decides that."""


class NoteKind(StrEnum):
    """What one of our notes says."""

    MISSING = "missing"
    SOUGHT = "sought"
    SEEN = "seen"
    LINK = "link"
    """The elder is a person of another repository: on our record."""
    LINK_BACK = "link_back"
    """The same, on theirs."""


class Ending(StrEnum):
    """Why a release is over."""

    WITHDRAWN = "withdrawn"
    CLOSED = "closed"
    EXPIRED = "expired"


def _(text: str) -> str:
    return text


SHOWN_WORDS: dict[Shown, str] = {
    Shown.NAME: _("姓名"),
    Shown.AGE: _("大约年龄"),
    Shown.SEX: _("性别"),
    Shown.CLOTHES: _("衣着"),
    Shown.PHOTO: _("照片"),
    Shown.PLACES: _("发现人留下的位置"),
}
AUDIENCE_WORDS: dict[Audience, str] = {
    Audience.RESTRICTED: _("值班室和登记过的志愿者"),
    Audience.PUBLIC: _("所有人"),
}
ENDING_WORDS: dict[Ending, str] = {
    Ending.WITHDRAWN: _("已撤回"),
    Ending.CLOSED: _("警情办结，自动停止"),
    Ending.EXPIRED: _("到期，自动停止"),
}


@dataclass(frozen=True, slots=True)
class Choice:
    """What somebody has chosen to release."""

    shown: frozenset[Shown]
    clothes: str
    """Already cleaned; empty where the tick is not set."""
    audience: Audience
    days: int

    @classmethod
    def of(cls, *, shown: Collection[Shown], clothes: str, audience: Audience, days: int, by_officer: bool) -> Choice:
        """Raises BadValue for what does not fit together."""
        if days not in LASTS_DAYS:
            raise BadValue("releases.days")
        if audience is Audience.PUBLIC and not by_officer:
            raise BadValue("releases.public_by_officer")
        if (Shown.CLOTHES in shown) and not clothes:
            raise BadValue("releases.clothes_missing")
        return cls(frozenset(shown), clothes if Shown.CLOTHES in shown else "", audience, days)


def written(shown: Collection[Shown]) -> str:
    """Ticks as they are kept."""
    return " ".join(one.value for one in Shown if one in shown)


def read_shown(text: str) -> frozenset[Shown]:
    """What `written` made; of words that are no tick any more, nothing."""
    return frozenset(one for one in Shown if one.value in text.split())


def public_id() -> str:
    """The local half of a released person's id: random, so that two incidents of one elder cannot be joined."""
    return f"i.{secrets.token_hex(10)}"


def note_id() -> str:
    """The local half of a note's id, likewise."""
    return f"n.{secrets.token_hex(10)}"


def ended(
    *, withdrawn_at: datetime | None, closed_at: datetime | None, expires_at: datetime, now: datetime
) -> tuple[datetime, Ending] | None:
    """Since when a release is over and why: whatever came first. None while it holds."""
    ends = [(expires_at, Ending.EXPIRED)] if expires_at <= now else []
    ends += [(closed_at, Ending.CLOSED)] if closed_at else []
    ends += [(withdrawn_at, Ending.WITHDRAWN)] if withdrawn_at else []
    return min(ends, key=lambda end: end[0]) if ends else None


def age_range(birth_year: int, *, now: datetime) -> str:
    """Five years within which the age lies: `80-84`. Nobody is told a year of birth."""
    low = max(0, now.year - birth_year) // 5 * 5
    return f"{low}-{low + 4}"


def held_until(expiry: datetime | None, *, now: datetime) -> datetime:
    """How long a record from outside is kept."""
    return min(expiry, now + HELD_MOST) if expiry else now + HELD_WITHOUT_EXPIRY
