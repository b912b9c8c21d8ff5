"""What the finder's own page, and a desk, may hold of what was added to a report."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from wristband.reports.rules import Claimed, Kind, PlaceFault


@dataclass(frozen=True, slots=True)
class ToldLast:
    """The last place that a finder told, as far as his own page repeats it: how sure, and what is wrong with it."""

    accuracy_m: float | None
    """None where the phone told none, and for words alone."""
    by_device: bool
    words: bool
    fault: PlaceFault | None


@dataclass(frozen=True, slots=True)
class PickupShown:
    """How far "I cannot stay" has come."""

    asked_at: datetime
    waits_until: datetime
    taken_at: datetime | None
    done_at: datetime | None
    called_off: bool


@dataclass(frozen=True, slots=True)
class Added:
    """What a finder has added to his report, counted: his page repeats no word and no picture of it."""

    words: int
    photos: int
    elder_gone_at: datetime | None
    pickup: PickupShown | None
    may_withdraw: bool
    withdrawn: bool
    takes_more: bool
    may_rate: bool
    rated: bool


@dataclass(frozen=True, slots=True)
class SupplementTold:
    """A supplement, opened for an officer of the station that has the incident."""

    id: int
    scan_id: int
    at: datetime
    kind: Kind
    words: str | None
    photo: tuple[int, int] | None
    """Width and height in pixels."""
    claimed: Claimed | None


@dataclass(frozen=True, slots=True)
class PickupWaiting:
    """A finder who cannot stay, before a desk: where the elder waits and until when, and who goes."""

    id: int
    incident_id: int
    scan_id: int
    number: str
    """The incident's."""
    words: str | None
    waits_until: datetime
    asked_at: datetime
    taken_at: datetime | None
    taken_by: str
    """The officer's name; "" while nobody goes."""
