"""What may stand on a board: sides, phrases of one tap, how long it is open, and how much of it."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from wristband.elders.rules import clean_text
from wristband.errors import BadValue
from wristband.values.budget import Budget, Fails


class Side(StrEnum):
    """Who speaks on a board. Nobody on it has a name."""

    FINDER = "finder"
    FAMILY = "family"
    POLICE = "police"


class Phrase(StrEnum):
    """What is said with one tap, and read in the reader's own language."""

    WITH_ELDER = "with_elder"
    ELDER_WELL = "elder_well"
    ELDER_UNWELL = "elder_unwell"
    MUST_LEAVE = "must_leave"
    AT_STATION = "at_station"
    ON_MY_WAY = "on_my_way"
    WAIT_10 = "wait_10"
    WAIT_30 = "wait_30"
    TO_STATION = "to_station"
    CALL_110 = "call_110"
    CALL_120 = "call_120"
    THANKS = "thanks"
    POLICE_COMING = "police_coming"
    STAY_THERE = "stay_there"
    POLICE_ARRIVED = "police_arrived"
    NUMBER_LEFT = "number_left"
    """Told by the deed itself, never by a tap; so is the next."""
    NUMBER_TAKEN_BACK = "number_taken_back"


class PhotoState(StrEnum):
    """A post's photograph; without one the column is empty."""

    KEPT = "kept"
    DROPPED = "dropped"
    """Shown to nobody any more; the purge takes the file, then the post."""


class Ending(StrEnum):
    """Why nothing more is written on a board."""

    CLOSED = "closed"
    HANDED_OVER = "handed_over"
    OVER = "over"


@dataclass(frozen=True, slots=True)
class Shut:
    """Since when a board is shut, and why."""

    ending: Ending
    at: datetime


def _(text: str) -> str:
    return text


PHRASE_WORDS = {
    Phrase.WITH_ELDER: _("我和老人在一起"),
    Phrase.ELDER_WELL: _("老人情况还好"),
    Phrase.ELDER_UNWELL: _("老人不舒服"),
    Phrase.MUST_LEAVE: _("我要走了"),
    Phrase.AT_STATION: _("老人已送到派出所"),
    Phrase.ON_MY_WAY: _("我马上到"),
    Phrase.WAIT_10: _("请等我十分钟"),
    Phrase.WAIT_30: _("请等我半小时"),
    Phrase.TO_STATION: _("请送到最近的派出所"),
    Phrase.CALL_110: _("请打 110"),
    Phrase.CALL_120: _("请打 120"),
    Phrase.THANKS: _("谢谢您"),
    Phrase.POLICE_COMING: _("民警正在赶来"),
    Phrase.STAY_THERE: _("请和老人留在原地"),
    Phrase.POLICE_ARRIVED: _("民警到了，请看看周围"),
    Phrase.NUMBER_LEFT: _("发现人给家人留了电话"),
    Phrase.NUMBER_TAKEN_BACK: _("发现人收回了电话"),
}

# What each side may say with one tap, in the order of its buttons.
PHRASES: dict[Side, tuple[Phrase, ...]] = {
    Side.FINDER: (
        Phrase.WITH_ELDER,
        Phrase.ELDER_WELL,
        Phrase.ELDER_UNWELL,
        Phrase.MUST_LEAVE,
        Phrase.AT_STATION,
    ),
    Side.FAMILY: (
        Phrase.ON_MY_WAY,
        Phrase.WAIT_10,
        Phrase.WAIT_30,
        Phrase.TO_STATION,
        Phrase.CALL_110,
        Phrase.CALL_120,
        Phrase.THANKS,
    ),
    Side.POLICE: (Phrase.POLICE_COMING, Phrase.STAY_THERE, Phrase.POLICE_ARRIVED, Phrase.CALL_120),
}

WORDS_MAX = 500
OPEN_FOR = timedelta(days=7)
"""After the finder's first tap; as long as his page's stamp lasts."""
READ_ON_FOR = timedelta(hours=24)
"""So long after it was shut a finder and the police still read a board."""
CALLS_LAST = timedelta(hours=2)
"""How long a masked number connects a guardian with a finder, at most."""

POSTS_A_SCAN = Budget("board.scan", burst=40, every_s=30, fails=Fails.OPEN, refusal="board.posts_spent")
"""Each side's: a word for the elder is worth more than the limit."""
POSTS_AN_ELDER = Budget("board.elder", burst=120, every_s=30, fails=Fails.OPEN, refusal="board.posts_spent")
"""All finders' of one elder together: many scans in one hand do not bury a family."""
PHOTOS_A_SCAN = Budget("board.photos", burst=6, every_s=3600, fails=Fails.CLOSED, refusal="board.photos_spent")
"""Each side's. A photograph costs a process and a disk; words go on without it."""
PHOTOS_AN_ELDER = Budget("board.elder_photos", burst=24, every_s=1800, fails=Fails.CLOSED, refusal="board.photos_spent")
TOLD_A_SCAN = Budget("board.told", burst=1, every_s=120, fails=Fails.OPEN, refusal="board.posts_spent")
"""The family hears by message of a finder's posts once in two minutes; nobody is refused for it."""
NEWS_AN_ELDER = Budget("board.news", burst=6, every_s=120, fails=Fails.OPEN, refusal="board.posts_spent")
"""Texts to the family about all boards of an elder together: beyond it the boards alone tell."""
NUMBERS_A_SCAN = Budget("board.numbers", burst=5, every_s=3600, fails=Fails.CLOSED, refusal="board.numbers_spent")
CALLS_A_SCAN = Budget("board.calls", burst=5, every_s=600, fails=Fails.CLOSED, refusal="board.calls_spent")
"""Masked numbers cost money, each."""

# Seven digits and more however they are set apart, an address of the web or of mail, a chat's name.
_DIGITS = re.compile(r"(?:[0-9][ \-.()·_]{0,9}){7}")
_ADDRESS = re.compile(
    r"https?:|www\.|@|(?<![a-z0-9])[a-z0-9-]+\.[a-z]{2,10}(?![a-z])|微信|威信|扫码|转账|支付宝|qq|wechat|alipay",
    re.I,
)


def needs_caution(words: str) -> bool:
    """Whether a stranger's words hold what looks like a number, a link, or a way to pay."""
    plain = unicodedata.normalize("NFKC", words)
    return _DIGITS.search(plain) is not None or _ADDRESS.search(plain) is not None


def clean_words(words: str, *, with_photo: bool) -> str:
    """The words of a post in NFC; they may be missing where a photograph speaks. Raises BadValue."""
    return clean_text(words, "board.words", WORDS_MAX, empty=with_photo, lines=True)


def check_phrase(phrase: Phrase, side: Side) -> None:
    """Raises BadValue for a phrase that this side has no button for."""
    if phrase not in PHRASES[side]:
        raise BadValue("page.bad_request")


def shut(
    *,
    acted_at: datetime,
    incident_closed_at: datetime | None,
    handed_over_at: datetime | None,
    erased_at: datetime | None,
    now: datetime,
) -> Shut | None:
    """Why and since when nothing more is written, by what came first; None while the board is open."""
    endings = [
        Shut(ending, at)
        for ending, at in (
            # By the code the elder is handed over and the incident closed in one moment: the better news is told.
            (Ending.HANDED_OVER, handed_over_at),
            (Ending.CLOSED, incident_closed_at),
            (Ending.OVER, erased_at),
            (Ending.OVER, acted_at + OPEN_FOR),
        )
        if at is not None and at <= now
    ]
    return min(endings, key=lambda one: one.at) if endings else None


def may_read(side: Side, ended: Shut | None, *, now: datetime) -> bool:
    """The family reads as long as the posts are kept, the others for a day after the board was shut."""
    return side is Side.FAMILY or ended is None or now < ended.at + READ_ON_FOR
