"""What each proof opens: one table, which the tests multiply out over role, level, field and route."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from enum import IntEnum, StrEnum


class Level(IntEnum):
    """How much a page may show; a higher one is never reached without its own proof."""

    OPEN = 0
    """Whoever holds the link: nothing about anybody."""
    TRACEABLE = 1
    """A finder who can be called back."""
    WITH_ELDER = 2
    """A finder who is with the elder: the emergency card."""
    CONSENTED = 3
    """What a guardian ticked, for one phone, for half an hour."""
    DUTY = 4
    """An officer with an incident or a reason."""


class Proof(StrEnum):
    LINK = "link"
    SMS_CODE = "sms_code"
    CHECK_CODE = "check_code"
    APPROVAL = "approval"
    """A guardian's, live, with the two digits of the finder's page."""
    DUTY = "duty"


class Field(StrEnum):
    CALLED = "called"
    PORTRAIT = "portrait"
    APPROACH = "approach"
    HEALTH = "health"
    NAME = "name"
    SEX = "sex"
    AGE = "age"
    ADDRESS = "address"
    PHONES = "phones"
    VOICE = "voice"
    """A guardian's, recorded to calm the elder: it says no name and no address."""


def _(text: str) -> str:
    return text


FIELD_WORDS: dict[Field, str] = {
    Field.CALLED: _("称呼"),
    Field.PORTRAIT: _("照片"),
    Field.APPROACH: _("怎样和老人说话"),
    Field.HEALTH: _("健康提示"),
    Field.NAME: _("姓名"),
    Field.SEX: _("性别"),
    Field.AGE: _("年龄"),
    Field.ADDRESS: _("住址"),
    Field.PHONES: _("家人电话"),
    Field.VOICE: _("家人的录音"),
}


OPENS: dict[Proof, frozenset[Level]] = {
    Proof.LINK: frozenset({Level.OPEN}),
    Proof.SMS_CODE: frozenset({Level.TRACEABLE}),
    Proof.CHECK_CODE: frozenset({Level.WITH_ELDER}),
    Proof.APPROVAL: frozenset({Level.WITH_ELDER, Level.CONSENTED}),
    Proof.DUTY: frozenset({Level.DUTY}),
}
"""The levels a proof may open. Nothing but a guardian's own approval opens CONSENTED, no finder's proof DUTY."""

SHOWN: dict[Level, frozenset[Field]] = {
    Level.OPEN: frozenset(),
    Level.TRACEABLE: frozenset({Field.CALLED, Field.VOICE}),
    Level.WITH_ELDER: frozenset({Field.CALLED, Field.PORTRAIT, Field.APPROACH, Field.HEALTH, Field.VOICE}),
    # Never a number: whoever has to be called is called for the finder.
    Level.CONSENTED: frozenset(Field) - {Field.PHONES},
    # The voice is for whoever stands beside the elder; an officer who does scans the band, as anybody.
    Level.DUTY: frozenset(Field) - {Field.VOICE},
}
"""The most a level may show; of CONSENTED only what was ticked."""


def fields_shown(level: Level, ticked: Collection[Field] = ()) -> frozenset[Field]:
    """The fields of a grant: all of its level, or of CONSENTED those a guardian ticked and the level allows."""
    return SHOWN[level] & frozenset(ticked) if level is Level.CONSENTED else SHOWN[level]


class GrantState(StrEnum):
    """A grant is asked for, given, and ends; what expired stays ended though a clock be set back."""

    ASKED = "asked"
    GIVEN = "given"
    ENDED = "ended"


MOVES: dict[GrantState, frozenset[GrantState]] = {
    GrantState.ASKED: frozenset({GrantState.GIVEN, GrantState.ENDED}),
    GrantState.GIVEN: frozenset({GrantState.ENDED}),
    GrantState.ENDED: frozenset(),
}


def states_before(after: GrantState) -> frozenset[GrantState]:
    """The states from which `after` may be reached: the WHERE of the guarded update."""
    return frozenset(state for state, moves in MOVES.items() if after in moves)


GRANT_LASTS = timedelta(minutes=30)
GRANTS_A_BAND = 3
ASK_LASTS = timedelta(minutes=5)
PROVISIONAL_FOR = timedelta(hours=24)
OFFICER_MAY_APPROVE_AFTER = timedelta(minutes=3)


def may_disclose(*, confirmed: bool, disputed: bool, registered_at: datetime, now: datetime) -> bool:
    """Whether a finder's proof opens anything of this elder today.

    A registration nobody has looked at is not believed in its first day, a disputed one not at all; reaching the
    family, reporting and directions never depend on this.
    """
    return not disputed and (confirmed or now - registered_at >= PROVISIONAL_FOR)
