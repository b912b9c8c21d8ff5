"""The life of an incident, as a table of moves."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Sequence
from datetime import date, datetime, timedelta
from enum import IntEnum, StrEnum

from wristband.errors import BadValue, Conflict
from wristband.values.budget import Budget, Fails


class IncidentState(StrEnum):
    REPORTED = "reported"
    ACCEPTED = "accepted"
    DISPATCHED = "dispatched"
    ON_SCENE = "on_scene"
    HANDED_OVER = "handed_over"
    """The elder is with the officers; where to is not settled yet."""
    CLOSED = "closed"


class Disposition(StrEnum):
    """How an incident ended."""

    WITH_FAMILY = "with_family"
    AT_STATION = "at_station"
    TO_HOSPITAL = "to_hospital"
    NOT_FOUND = "not_found"
    FALSE_REPORT = "false_report"
    DUPLICATE = "duplicate"
    """Joined to another incident, which goes on; only a merge ends one so."""
    WITHDRAWN = "withdrawn"


class Verdict(StrEnum):
    """What a second look finds of an officer's break-glass look."""

    JUSTIFIED = "justified"
    UNJUSTIFIED = "unjustified"


class Reason(StrEnum):
    """Why an officer looks; a word of ours, so that the trail holds nothing about anybody."""

    REACH = "reach"
    ESCORT = "escort"
    IDENTITY = "identity"
    HEALTH = "health"
    SEARCH = "search"


class PassReason(StrEnum):
    """Why an incident goes to another station."""

    NEARER = "nearer"
    AREA = "area"
    HOME = "home"
    BUSY = "busy"
    MISTAKEN = "mistaken"


class Opening(IntEnum):
    """How much of its elder's record an incident opens to a station; a higher one holds the lower."""

    NOTHING = 0
    MEETING = 1
    """How to address the elder, how to talk, and the portrait."""
    HELPING = 2
    """What helps to find and to help: name, age and health, too."""
    REACHING = 3
    """Address and numbers, each time with a reason."""


class PlaceSource(StrEnum):
    """Where a place came from; a network address is never one."""

    DEVICE = "device"
    PIN = "pin"
    """Set on a map by hand."""
    WORDS = "words"


MOVES: dict[IncidentState, frozenset[IncidentState]] = {
    IncidentState.REPORTED: frozenset({IncidentState.ACCEPTED, IncidentState.CLOSED}),
    IncidentState.ACCEPTED: frozenset({IncidentState.DISPATCHED, IncidentState.CLOSED}),
    IncidentState.DISPATCHED: frozenset({IncidentState.ON_SCENE, IncidentState.CLOSED}),
    IncidentState.ON_SCENE: frozenset({IncidentState.HANDED_OVER, IncidentState.CLOSED}),
    IncidentState.HANDED_OVER: frozenset({IncidentState.CLOSED}),
    IncidentState.CLOSED: frozenset(),
}


def _(text: str) -> str:
    return text


REASON_WORDS: dict[Reason, str] = {
    Reason.REACH: _("联系家人"),
    Reason.ESCORT: _("送老人回家"),
    Reason.IDENTITY: _("核实身份"),
    Reason.HEALTH: _("老人不舒服或受伤"),
    Reason.SEARCH: _("寻找老人"),
}

PASS_WORDS: dict[PassReason, str] = {
    PassReason.NEARER: _("离对方更近"),
    PassReason.AREA: _("在对方辖区"),
    PassReason.HOME: _("老人住在对方辖区"),
    PassReason.BUSY: _("本所警力不够"),
    PassReason.MISTAKEN: _("派错了"),
}

DISPOSITION_WORDS = {
    Disposition.WITH_FAMILY: _("已交给家人"),
    Disposition.AT_STATION: _("在派出所等家人"),
    Disposition.TO_HOSPITAL: _("已送医"),
    Disposition.NOT_FOUND: _("没有找到人"),
    Disposition.FALSE_REPORT: _("误报"),
    Disposition.DUPLICATE: _("重复报警，已并案"),
    Disposition.WITHDRAWN: _("撤回"),
}

# What a merge and a finder's own deed write: nobody closes an incident so by hand.
OWN_DEEDS = frozenset({Disposition.DUPLICATE, Disposition.WITHDRAWN})


def endings_of(state: IncidentState) -> tuple[Disposition, ...]:
    """How an officer may say that an incident in this state ended: whoever has the elder has found somebody."""
    none_there = {Disposition.NOT_FOUND} if state is IncidentState.HANDED_OVER else set()
    return tuple(one for one in Disposition if one not in OWN_DEEDS | none_there)


# Where the police say that the elder is safe, a guardian is asked to confirm it.
SAFE = frozenset({Disposition.WITH_FAMILY, Disposition.AT_STATION, Disposition.TO_HOSPITAL})

HAND_OVER_DIGITS = 6
HAND_OVER_LASTS = timedelta(minutes=30)
HAND_OVER_TRIES = 5
"""Of one finder, whatever codes are made meanwhile; then he hands the elder over to the police alone."""
HAND_OVER_CODE_TRIES = 20
"""Of one code, over all finders; then it is shut, and another may be made at once."""
HAND_OVER_CODES = 5
"""That anybody tried, of one hand-over. Made again untried it is the same one: nothing was learnt of it."""
HAND_OVER_WITHIN = timedelta(hours=24)
"""After a finder's call, where no incident is open."""

RECORD_SHUT_AFTER = timedelta(hours=24)
"""So long after an incident was closed its elder's record can still be looked at."""
LOOKS_AN_OFFICER = Budget("look.officer", burst=20, every_s=360, fails=Fails.CLOSED, refusal="looks.spent")
"""Thirty records an hour: twenty at once and ten more."""
LOOK_COUNTS_FOR = timedelta(hours=1)
"""A look again at the same incident is recorded and counted once so long: an officer on his way is never shut out."""

AMBER_AFTER_S = 180
RED_AFTER_S = 300
"""How long a report may wait for an acceptance, where the operator has set nothing else."""

PASSED_ON_FROM = frozenset({IncidentState.REPORTED, IncidentState.ACCEPTED, IncidentState.DISPATCHED})
"""Once officers stand beside the elder, the incident stays theirs."""
PASSES_MOST = 5
"""Of one incident; then somebody has to keep it."""
BACK_AFTER = timedelta(minutes=30)
"""A station that has just passed an incident on does not get it back before."""
PASSED_ON_SHOWN_FOR = timedelta(hours=24)
"""So long a station sees of what it passed on where it is and how far; nothing of the elder."""
MERGE_UNDONE_WITHIN = timedelta(minutes=10)
CLOSED_AT_ONCE_MOST = 100
"""Unrecognised reports that one form closes."""


def states_before(after: IncidentState) -> frozenset[IncidentState]:
    """The states from which `after` may be reached: the WHERE of the guarded update."""
    return frozenset(state for state, moves in MOVES.items() if after in moves)


def clock_colour(
    *,
    since: datetime,
    accepted_at: datetime | None,
    now: datetime,
    amber_s: int = AMBER_AFTER_S,
    red_s: int = RED_AFTER_S,
) -> str:
    """`calm`, `amber` or `red`: how long a report has waited at this desk for somebody to accept it."""
    waited_s = (now - since).total_seconds()
    if accepted_at is not None or waited_s < min(amber_s, red_s):
        return "calm"
    return "red" if waited_s >= red_s else "amber"


def check_pass(to: int, *, here: int, passed: Sequence[tuple[int | None, datetime]], now: datetime) -> None:
    """Whether an incident of station `here` may go to station `to`; `passed` is who passed it on before, and when.

    Raises BadValue for the station that has it, Conflict where it would go to and fro.
    """
    if to == here:
        raise BadValue("incidents.pass_here")
    if len(passed) >= PASSES_MOST:
        raise Conflict("incidents.pass_spent")
    if any(station == to and now - at < BACK_AFTER for station, at in passed):
        raise Conflict("incidents.pass_back")


def number(day: date, serial: int) -> str:
    """A number people can read aloud: year, month and day, and how many that day: `261124-037`."""
    return f"{day:%y%m%d}-{serial:03d}"


def is_record_shut(*, closed_at: datetime | None, now: datetime) -> bool:
    """Whether an incident is over for so long that it opens nobody's record any more."""
    return closed_at is not None and now - closed_at >= RECORD_SHUT_AFTER


def opening(*, own: bool, steps: Collection[IncidentState], closed_at: datetime | None, now: datetime) -> Opening:
    """What an incident opens to the station that has it, by the `steps` that officers have taken.

    Anybody who knows a band's code can bring an incident to a desk by telling a place beside it. So a station that is
    not the elder's `own` sees little before it has accepted, which is a deed with a name and told to the family.
    """
    accepted = IncidentState.ACCEPTED in steps
    if closed_at is not None:
        handled = accepted or (own and len(steps) > 0)
        return Opening.HELPING if handled and not is_record_shut(closed_at=closed_at, now=now) else Opening.NOTHING
    if accepted:
        return Opening.REACHING
    return Opening.HELPING if own else Opening.MEETING


def hand_over_code(text: str) -> str:
    """A hand-over code as somebody typed it: six digits of any width. Raises BadValue for what cannot be one."""
    code = re.sub(r"[\s\u2010-\u2015-]", "", unicodedata.normalize("NFKC", text))
    if not (len(code) == HAND_OVER_DIGITS and code.isascii() and code.isdigit()):
        raise BadValue("hand_over.not_a_code")
    return code
