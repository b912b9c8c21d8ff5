"""The life of a band."""

from __future__ import annotations

from datetime import timedelta
from enum import StrEnum

from wristband.values.budget import Budget, Fails


class BandState(StrEnum):
    BLANK = "blank"
    """Made in advance, bound to nobody yet."""
    ACTIVE = "active"
    ENDED = "ended"


class BandEnd(StrEnum):
    LOST = "lost"
    WORN_OUT = "worn_out"
    MISTAKE = "mistake"
    OLD = "old"
    """Worn for a year: printed symbols fade."""


def _(text: str) -> str:
    return text


END_WORDS = {
    BandEnd.LOST: _("丢了"),
    BandEnd.WORN_OUT: _("坏了、磨花了"),
    BandEnd.OLD: _("戴满一年了"),
    BandEnd.MISTAKE: _("做错了"),
}


class BandForm(StrEnum):
    """The thing the token is on; the printing room draws each."""

    WRISTBAND = "wristband"
    CARD = "card"
    LABEL = "label"
    """Ironed on a garment."""
    KEY_TAG = "key_tag"
    SHOE_LABEL = "shoe_label"


FORM_WORDS = {
    BandForm.WRISTBAND: _("腕带"),
    BandForm.CARD: _("卡片"),
    BandForm.LABEL: _("衣服标签"),
    BandForm.KEY_TAG: _("钥匙牌"),
    BandForm.SHOE_LABEL: _("鞋标"),
}


MOVES: dict[BandState, frozenset[BandState]] = {
    BandState.BLANK: frozenset({BandState.ACTIVE, BandState.ENDED}),
    BandState.ACTIVE: frozenset({BandState.ENDED}),
    BandState.ENDED: frozenset(),
}


def states_before(after: BandState) -> frozenset[BandState]:
    """The states from which `after` may be reached: the WHERE of the guarded update."""
    return frozenset(state for state, moves in MOVES.items() if after in moves)


# A printed band is proposed for renewal after so long.
WORN_FOR = timedelta(days=365)

# A check code's tries, by who tries and by band; and for the band's whole life, then the route is shut.
CHECK_BY_DEVICE = Budget("check_code.device", burst=3, every_s=1800, fails=Fails.CLOSED, refusal="bands.tries_spent")
CHECK_BY_BAND = Budget("check_code.band", burst=10, every_s=8640, fails=Fails.CLOSED, refusal="bands.tries_spent")
CHECK_TRIES_FOR_LIFE = 100

LARGEST_BATCH = 100_000

# Several carriers an elder, each ended alone; more than this is a mistake or a mischief.
BANDS_AN_ELDER = 12


def reaches_family(state: BandState) -> bool:
    """Whether a scan of such a band leads to a family."""
    return state is BandState.ACTIVE
