"""The life of a band."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from wristband.errors import BadValue
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


class Look(StrEnum):
    """How a band looks: to be noticed, or calm for who would not wear the other."""

    LOUD = "loud"
    DISCREET = "discreet"


LOOK_WORDS = {Look.LOUD: _("醒目"), Look.DISCREET: _("低调")}
LOOK_USES = {
    Look.LOUD: _("黄底黑字，写着「我可能迷路了」。"),
    Look.DISCREET: _("米底蓝字，只写「扫码联系」，不提走失。"),
}

# Each in its own words: whoever prints may read only one of the two.
PRINT_LANGUAGES = {"zh": "中文", "en": "English"}


class PrintKind(StrEnum):
    """What a band is printed as; each is the ending of its file."""

    PDF = "pdf"
    PNG = "png"
    SVG = "svg"
    ZPL = "zpl"
    NDEF = "ndef"
    """For a tag writer; nothing is on paper afterwards."""


# Dots an inch that a kind is made in, the usual first; of the others a millimetre is a millimetre.
RESOLUTIONS: dict[PrintKind, tuple[int, ...]] = {PrintKind.PNG: (300,), PrintKind.ZPL: (203, 300)}


@dataclass(frozen=True, slots=True)
class PrintStyle:
    """What may be chosen of a print; the band itself stays the same. `language` is one of PRINT_LANGUAGES."""

    look: Look = Look.LOUD
    language: str = "zh"

    @classmethod
    def of(cls, look: str, language: str) -> PrintStyle:
        """As it was sent; what was left out is the usual. Raises BadValue `bands.print_choice`."""
        if (look and look not in set(Look)) or (language and language not in PRINT_LANGUAGES):
            raise BadValue("bands.print_choice")
        return cls(Look(look) if look else Look.LOUD, language or "zh")


class Reprint(StrEnum):
    """Why an officer prints a band that is printed already; a word of ours, so that the trail holds no others."""

    WORN = "worn"
    LOST = "lost"
    FAILED = "failed"


REPRINT_WORDS = {
    Reprint.WORN: _("磨损补打"),
    Reprint.LOST: _("丢失补打"),
    Reprint.FAILED: _("打印失败"),
}


def resolution(kind: PrintKind, dpi: str) -> int:
    """The dots an inch that were asked for, or the usual ones; 0 for a kind without. Raises `bands.print_choice`."""
    known = RESOLUTIONS.get(kind, ())
    if dpi and dpi not in map(str, known):
        raise BadValue("bands.print_choice")
    return int(dpi) if dpi else next(iter(known), 0)


# Bands an officer prints in one file.
LARGEST_PRINT = 200
# Of bands that are printed already: thirty a day, twenty at once and ten more. Each holds a check code and a face.
REPRINTS_AN_OFFICER = Budget(
    "reprint.officer", burst=20, every_s=8640, fails=Fails.CLOSED, refusal="bands.reprints_spent"
)


MOVES: dict[BandState, frozenset[BandState]] = {
    BandState.BLANK: frozenset({BandState.ACTIVE, BandState.ENDED}),
    BandState.ACTIVE: frozenset({BandState.ENDED}),
    BandState.ENDED: frozenset(),
}


def states_before(after: BandState) -> frozenset[BandState]:
    """The states from which `after` may be reached: the WHERE of the guarded update."""
    return frozenset(state for state, moves in MOVES.items() if after in moves)


# Ended for the same reason so shortly before: it is the same tap, sent twice.
ENDED_AGAIN_WITHIN = timedelta(minutes=1)

TRIAL_LASTS = timedelta(minutes=10)
"""So long a guardian's trial of a band waits for it to be opened."""


def is_tried(trial_at: datetime | None, *, now: datetime) -> bool:
    """Whether somebody waits for the band to be opened now."""
    return trial_at is not None and now < trial_at + TRIAL_LASTS


# A printed band is proposed for renewal after so long.
WORN_FOR = timedelta(days=365)

# A check code's tries, by who tries and by band; and for the band's whole life, then the route is shut.
CHECK_BY_DEVICE = Budget("check_code.device", burst=3, every_s=1800, fails=Fails.CLOSED, refusal="bands.tries_spent")
CHECK_BY_BAND = Budget("check_code.band", burst=10, every_s=8640, fails=Fails.CLOSED, refusal="bands.tries_spent")
# Of who binds blanks: the tries at one band (four taps at once are one form), and those at all bands together.
BIND_TRIES_A_BAND = Budget("bind_try.band", burst=5, every_s=1800, fails=Fails.CLOSED, refusal="bands.tries_spent")
BIND_TRIES = Budget("bind_try.all", burst=20, every_s=180, fails=Fails.CLOSED, refusal="bands.tries_spent")
CHECK_TRIES_FOR_LIFE = 100
# The family hears of so many wrong ones.
CHECK_TOLD_AT = frozenset({10, 50, 100})

# An officer at the counter asks for a family by the number that was said.
LOOK_UPS_AN_OFFICER = Budget(
    "family_look_up.officer", burst=30, every_s=120, fails=Fails.CLOSED, refusal="bands.look_ups_spent"
)
# From the right check code to the choice of the elder.
BINDING_LASTS = timedelta(minutes=10)

LARGEST_BATCH = 100_000

# New bands that a guardian may have made: each takes seconds of drawing, and the one before it ends.
BANDS_A_GUARDIAN = Budget("band.guardian", burst=20, every_s=1800, fails=Fails.CLOSED, refusal="bands.issues_spent")

# And that an officer has made at the counter.
BANDS_AN_OFFICER = Budget("band.officer", burst=60, every_s=60, fails=Fails.CLOSED, refusal="bands.issues_spent")

# Several carriers an elder, each ended alone; more than this is a mistake or a mischief.
BANDS_AN_ELDER = 12


def reaches_family(state: BandState) -> bool:
    """Whether a scan of such a band leads to a family."""
    return state is BandState.ACTIVE
