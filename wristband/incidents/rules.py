"""The life of an incident, as a table of moves."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from enum import StrEnum


class IncidentState(StrEnum):
    REPORTED = "reported"
    ACCEPTED = "accepted"
    DISPATCHED = "dispatched"
    ON_SCENE = "on_scene"
    CLOSED = "closed"


class Disposition(StrEnum):
    """How an incident ended."""

    WITH_FAMILY = "with_family"
    AT_STATION = "at_station"
    TO_HOSPITAL = "to_hospital"
    NOT_FOUND = "not_found"
    FALSE_REPORT = "false_report"
    WITHDRAWN = "withdrawn"


class PlaceSource(StrEnum):
    """Where a place came from; a network address is never one."""

    DEVICE = "device"
    WORDS = "words"


MOVES: dict[IncidentState, frozenset[IncidentState]] = {
    IncidentState.REPORTED: frozenset({IncidentState.ACCEPTED, IncidentState.CLOSED}),
    IncidentState.ACCEPTED: frozenset({IncidentState.DISPATCHED, IncidentState.CLOSED}),
    IncidentState.DISPATCHED: frozenset({IncidentState.ON_SCENE, IncidentState.CLOSED}),
    IncidentState.ON_SCENE: frozenset({IncidentState.CLOSED}),
    IncidentState.CLOSED: frozenset(),
}


def _(text: str) -> str:
    return text


DISPOSITION_WORDS = {
    Disposition.WITH_FAMILY: _("已交给家人"),
    Disposition.AT_STATION: _("在派出所等家人"),
    Disposition.TO_HOSPITAL: _("已送医"),
    Disposition.NOT_FOUND: _("没有找到人"),
    Disposition.FALSE_REPORT: _("误报"),
    Disposition.WITHDRAWN: _("撤回"),
}

# Where the police say that the elder is safe, a guardian is asked to confirm it.
SAFE = frozenset({Disposition.WITH_FAMILY, Disposition.AT_STATION, Disposition.TO_HOSPITAL})

AMBER_AFTER = timedelta(minutes=3)
RED_AFTER = timedelta(minutes=5)


def states_before(after: IncidentState) -> frozenset[IncidentState]:
    """The states from which `after` may be reached: the WHERE of the guarded update."""
    return frozenset(state for state, moves in MOVES.items() if after in moves)


def clock_colour(*, opened_at: datetime, accepted_at: datetime | None, now: datetime) -> str:
    """`calm`, `amber` or `red`: how long a report has waited for somebody to accept it."""
    if accepted_at is not None or now - opened_at < AMBER_AFTER:
        return "calm"
    return "red" if now - opened_at >= RED_AFTER else "amber"


def number(day: date, serial: int) -> str:
    """A number people can read aloud: year, month and day, and how many that day: `261124-037`."""
    return f"{day:%y%m%d}-{serial:03d}"
