"""What a side's page may hold of a board: one frozen record, with no name in it and no number but for the family."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from wristband.board.rules import PHRASE_WORDS, PHRASES, Phrase, Shut, Side
from wristband.values.phone import Phone


@dataclass(frozen=True, slots=True)
class ShownPost:
    """A post as one reader sees it."""

    number: int
    side: Side
    mine: bool
    """Written by this reader, or, for a finder, from his address."""
    phrase: Phrase | None
    words: str
    photo: tuple[int, int] | None
    """Width and height in pixels."""
    at: datetime
    read_by: tuple[Side, ...]
    """The other sides that have had it before them."""
    caution: bool
    """A stranger's words that hold what looks like a number or a link."""

    @property
    def phrase_words(self) -> str:
        """The phrase in the source language, for the catalogue; empty for words."""
        return PHRASE_WORDS[self.phrase] if self.phrase else ""


@dataclass(frozen=True, slots=True)
class ShownNumber:
    """The number a finder left for the family, and what the masked gateway lent instead: to this guardian, or to any
    where the finder looks."""

    phone: Phone | None
    """None where it does not open any more."""
    lent: str | None = None
    """What is dialled; "" where the gateway rings both by itself; None where nothing is lent."""
    lent_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class ShownBoard:
    """A board as one reader sees it."""

    scan_id: int
    side: Side
    posts: tuple[ShownPost, ...]
    total: int
    """How many posts there are; `posts` may be the latest of them."""
    last: int
    """Number of the newest post shown; 0 where there is none."""
    unread: bool
    """Whether a post of somebody else is newer than what this side has read."""
    others: tuple[Side, ...]
    """The other sides that can read it."""
    shut: Shut | None
    readable: bool
    number: ShownNumber | None
    """For the family; a finder's page shows his own, masked; the police never see it."""
    number_left: bool

    @property
    def open(self) -> bool:
        """Whether something can be written."""
        return self.shut is None and bool(self.others)

    @property
    def phrases(self) -> tuple[tuple[Phrase, str], ...]:
        """What this side says with one tap, and its words in the source language."""
        return tuple((phrase, PHRASE_WORDS[phrase]) for phrase in PHRASES[self.side])
