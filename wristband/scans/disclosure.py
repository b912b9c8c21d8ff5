"""What a page of the finder's may hold: one frozen record a level, with no field it must not show."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from wristband.elders.rules import Sex
from wristband.incidents.rules import Disposition, IncidentState
from wristband.outbox.escalation import StepKind
from wristband.outbox.rules import HEARD, CallMade
from wristband.reports.disclosure import Added, ToldLast
from wristband.scans.rules import Answer


@dataclass(frozen=True, slots=True)
class ScanPage:
    """Level 0: computed from the address alone; no row about anybody is read for it."""

    scan: str
    stamp: str
    band: str
    code_tail: str


@dataclass(frozen=True, slots=True)
class FamilyReached:
    """How far "tell the family" has come. `told` of `of` people: their gateway accepted the message.

    `calls` to the family so far, first to last; when the desk was called in, when an officer took it; and what happens
    at `next_at` if nobody answers before.
    """

    at: datetime
    of: int
    told: int
    failed: int
    seen: int
    """Guardians who have opened it."""
    seen_at: datetime | None
    answered_at: datetime | None
    answer: Answer | None
    calls: tuple[CallMade, ...] = ()
    desk_at: datetime | None = None
    taken_at: datetime | None = None
    next_at: datetime | None = None
    next_kind: StepKind | None = None

    @property
    def state(self) -> str:
        """`owed`, `sent`, `failed`, `seen` or `answered`: never more than is true."""
        if self.answered_at:
            return "answered"
        if self.seen_at:
            return "seen"
        if self.told or any(call.state in HEARD for call in self.calls):
            return "sent"
        return "failed" if self.failed >= self.of else "owed"


@dataclass(frozen=True, slots=True)
class ReportMade:
    """How far the report has come at the police."""

    number: str
    at: datetime
    state: IncidentState
    moved_at: datetime
    station_name: str
    station_phone: str
    disposition: Disposition | None


@dataclass(frozen=True, slots=True)
class Progress:
    """Level 0 after a tap: the finder's own deeds and what became of them; nothing about elder or family."""

    recognised: bool
    family: FamilyReached | None
    report: ReportMade | None
    places: int
    place_words: bool
    drill: bool = False
    last: ToldLast | None = None
    """The last place that he told."""
    added: Added | None = None
    """What he has added to his report; None without one."""

    @property
    def needs_place(self) -> bool:
        """Whether nobody could find the elder by what he has told so far."""
        return self.last is None or (self.last.fault is not None and not self.place_words)

    """A guardian looks at what a finder would see: nothing goes out from here."""


@dataclass(frozen=True, slots=True)
class TracedCard:
    """Level 1: how to address the elder, and the family's voice."""

    called: str | None
    voice: bytes | None
    """MP3."""
    until: datetime


@dataclass(frozen=True, slots=True)
class EmergencyCard:
    """Level 2: what helps who is with the elder. No name, no number, no address."""

    called: str | None
    portrait: bytes | None
    """JPEG."""
    approach: str | None
    health: str | None
    voice: bytes | None
    until: datetime


@dataclass(frozen=True, slots=True)
class ConsentedCard:
    """Level 3: what a guardian ticked for this phone; an unticked field is None. A number is never among them."""

    called: str | None
    portrait: bytes | None
    approach: str | None
    health: str | None
    name: str | None
    sex: Sex | None
    birth_year: int | None
    address: str | None
    voice: bytes | None
    until: datetime


Card = TracedCard | EmergencyCard | ConsentedCard
