"""What the police platform is told of an incident: the versioned JSON of one event, made of values alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from wristband.elders.rules import Sex
from wristband.incidents.rules import Disposition, IncidentState, PlaceSource
from wristband.values.position import Position, to_gcj02
from wristband.values.vocabulary import Vocabulary

SCHEMA = "wristband.incident-event/1"
"""Changed when a fact goes or changes its meaning; a new fact alone changes nothing."""
_GCJ02_DIGITS = 6
"""Of a degree: a tenth of a metre."""


class Kind(StrEnum):
    """What happened to the incident."""

    OPENED = "opened"
    REPORTED_AGAIN = "reported_again"
    PLACE_ADDED = "place_added"
    PHOTO_ADDED = "photo_added"
    WORDS_ADDED = "words_added"
    ELDER_GONE = "elder_gone"
    """The elder has walked on; the finder's words may say which way."""
    MOVED = "moved"
    PASSED_ON = "passed_on"
    MERGED = "merged"
    """Joined to another incident or taken out of it again, as its state and disposition say; told of both."""
    HANDED_OVER = "handed_over"
    CLOSED = "closed"
    WITHDRAWN = "withdrawn"
    """A finder took a report back; with the last one the incident is closed."""


class By(StrEnum):
    """Who did it."""

    FINDER = "finder"
    FAMILY = "family"
    OFFICER = "officer"
    PLATFORM = "platform"


PARTICULARS = frozenset({"name", "called", "sex", "birth_year", "approach", "health"})
"""What an operator may have told of an elder: what helps to find and to help. Never an address, a number, a face."""


@dataclass(frozen=True, slots=True)
class Partner:
    """The police platform as this instance is set up: without one, nothing is owed to any."""

    base_url: str
    """Where an officer opens our page of an incident."""
    particulars: frozenset[str] = frozenset()
    """Of PARTICULARS."""


@dataclass(frozen=True, slots=True)
class Event:
    """One event: `number` counts those of its incident from 1. The incident is told whole, as it is after it."""

    id: str
    number: int
    kind: Kind
    by: By
    at: datetime


@dataclass(frozen=True, slots=True)
class Told:
    """What was told of the place: newest first where there are several."""

    at: datetime
    position: Position
    accuracy_m: float | None
    source: PlaceSource


@dataclass(frozen=True, slots=True)
class Snapshot:
    """An incident as it is now."""

    number: str
    link_id: int
    state: IncidentState
    opened_at: datetime
    accepted_at: datetime | None
    closed_at: datetime | None
    disposition: Disposition | None
    merged_into: str
    """The number of the incident that it goes on in."""
    reports: int
    photos: int
    recognised: bool
    code_tail: str
    case: str
    station: Mapping[str, str] | None
    """`name`, `org_code`, `adcode`, `phone`."""
    place: Told | None
    words: str | None
    """The finder's, the newest."""
    elder: Mapping[str, str | int | None] | None


def document(event: Event, snapshot: Snapshot, base_url: str) -> dict[str, Any]:
    """The event as JSON values: times in ISO 8601 and UTC, degrees with the latitude named, metres; None for unknown.

    Every event holds the whole incident: one that a platform refuses is made good by the next.
    """
    return {
        "schema": SCHEMA,
        "event": {
            "id": event.id,
            "number": event.number,
            "kind": event.kind.value,
            "by": event.by.value,
            "at": _moment(event.at),
        },
        "incident": {
            "number": snapshot.number,
            "state": snapshot.state.value,
            "opened_at": _moment(snapshot.opened_at),
            "accepted_at": _moment(snapshot.accepted_at),
            "closed_at": _moment(snapshot.closed_at),
            "disposition": snapshot.disposition.value if snapshot.disposition else None,
            "merged_into": snapshot.merged_into or None,
            "reports": snapshot.reports,
            "photos": snapshot.photos,
            "recognised": snapshot.recognised,
            "band_code_tail": snapshot.code_tail or None,
            "platform_case": snapshot.case or None,
            "link": f"{base_url}/police/incidents/{snapshot.link_id}",
        },
        "station": dict(snapshot.station) if snapshot.station else None,
        "place": _place(snapshot.place) if snapshot.place else None,
        "words": snapshot.words,
        "elder": dict(snapshot.elder) if snapshot.elder else None,
    }


def _place(told: Told) -> dict[str, Any]:
    latitude, longitude = to_gcj02(told.position)
    return {
        "wgs84": {"latitude": told.position.latitude, "longitude": told.position.longitude},
        "gcj02": {"latitude": round(latitude, _GCJ02_DIGITS), "longitude": round(longitude, _GCJ02_DIGITS)},
        "accuracy_m": told.accuracy_m,
        "source": told.source.value,
        "at": _moment(told.at),
    }


def _moment(at: datetime | None) -> str | None:
    return at.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z") if at else None


def _example() -> dict[str, Any]:
    at = datetime(2026, 11, 24, 6, 5, tzinfo=UTC)
    snapshot = Snapshot(
        number="261124-037",
        link_id=1,
        state=IncidentState.CLOSED,
        opened_at=at,
        accepted_at=at.replace(minute=7),
        closed_at=at.replace(minute=40),
        disposition=Disposition.WITH_FAMILY,
        merged_into="261124-036",
        reports=2,
        photos=1,
        recognised=True,
        code_tail="GMQ",
        case="EXAMPLE-1",
        station={"name": "示例派出所", "org_code": "350212000000", "adcode": "350212", "phone": "110"},
        place=Told(at.replace(minute=6), Position(24.723, 118.152), 50.0, PlaceSource.DEVICE),
        words="同安影剧院门口",
        elder={
            "name": "示例",
            "called": "示例阿姨",
            "sex": Sex.FEMALE.value,
            "birth_year": 1943,
            "approach": "请慢慢说",
            "health": "听力不好",
        },
    )
    event = Event("event-0000000000000000001", 5, Kind.CLOSED, By.OFFICER, at.replace(minute=40))
    return document(event, snapshot, "https://hb.example")


def _paths(value: Any, at: str = "") -> list[str]:
    if isinstance(value, dict):
        return [path for name, inside in value.items() for path in _paths(inside, f"{at}.{name}" if at else name)]
    return [at]


EXAMPLE = _example()
_FACTS = frozenset(_paths(EXAMPLE))
VOCABULARY = Vocabulary(
    facts=_FACTS,
    times=frozenset(path for path in _FACTS if path.rpartition(".")[2] == "at" or path.endswith("_at")),
    words={
        "event.kind": frozenset(Kind),
        "event.by": frozenset(By),
        "incident.state": frozenset(IncidentState),
        "incident.disposition": frozenset(Disposition),
        "place.source": frozenset(PlaceSource),
        "elder.sex": frozenset(Sex),
    },
    example=EXAMPLE,
)
INCOMING = {"states": frozenset(IncidentState), "dispositions": frozenset(Disposition)}
"""Our words that a platform's codes may stand for, when it tells us of an incident."""
