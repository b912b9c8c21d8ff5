"""The life of a band."""

from __future__ import annotations

from enum import StrEnum


class BandState(StrEnum):
    BLANK = "blank"
    """Made in advance, bound to nobody yet."""
    ACTIVE = "active"
    ENDED = "ended"


class BandEnd(StrEnum):
    LOST = "lost"
    WORN_OUT = "worn_out"
    MISTAKE = "mistake"


def _(text: str) -> str:
    return text


END_WORDS = {
    BandEnd.LOST: _("丢了"),
    BandEnd.WORN_OUT: _("旧了、坏了"),
    BandEnd.MISTAKE: _("做错了"),
}


class BandForm(StrEnum):
    """The thing the token is on; the printing room draws each."""

    WRISTBAND = "wristband"
    CARD = "card"


MOVES: dict[BandState, frozenset[BandState]] = {
    BandState.BLANK: frozenset({BandState.ACTIVE, BandState.ENDED}),
    BandState.ACTIVE: frozenset({BandState.ENDED}),
    BandState.ENDED: frozenset(),
}


def states_before(after: BandState) -> frozenset[BandState]:
    """The states from which `after` may be reached: the WHERE of the guarded update."""
    return frozenset(state for state, moves in MOVES.items() if after in moves)


# Several carriers an elder, each ended alone; more than this is a mistake or a mischief.
BANDS_AN_ELDER = 12


def reaches_family(state: BandState) -> bool:
    """Whether a scan of such a band leads to a family."""
    return state is BandState.ACTIVE
