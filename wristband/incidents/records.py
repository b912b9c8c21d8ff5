"""What an officer sees of an elder: a frozen dataclass for each level, with no field that it must not show."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from wristband.elders import opened
from wristband.elders.models import Elder
from wristband.elders.queries import find_portrait, list_contacts
from wristband.elders.readiness import Confirmation, confirmation
from wristband.elders.rules import ElderState
from wristband.values.phone import Phone


@dataclass(frozen=True, slots=True)
class ElderToMeet:
    """How to address the elder and how to talk, for a station that has not accepted yet. A text may be UNREADABLE."""

    called: str | None
    approach: str | None
    state: ElderState
    has_portrait: bool


@dataclass(frozen=True, slots=True)
class ElderToHelp:
    """What an officer with an incident needs to find and to help the elder. No address, no number.

    A text, and the year too, is opened.UNREADABLE where it does not open.
    """

    name: str | None
    called: str | None
    sex: str | None
    """A word of elders.rules.Sex."""
    birth_year: int | str | None
    approach: str | None
    health: str | None
    state: ElderState
    has_portrait: bool


@dataclass(frozen=True, slots=True)
class Number:
    """A telephone of the family, and when it was last proved to be in the right hands."""

    phone: Phone
    confirmed_at: datetime | None

    def confirmation(self, now: datetime) -> Confirmation:
        """Whether that is known, was known, or never was."""
        return confirmation(self.confirmed_at, now=now)


@dataclass(frozen=True, slots=True)
class Revealed:
    """What is revealed of an incident's elder with a reason."""

    address: str | None
    numbers: tuple[Number, ...]
    unreadable_phones: int = 0
    """Numbers that are kept and do not open."""


@dataclass(frozen=True, slots=True)
class FullRecord:
    """The whole record of an elder, looked at without an incident."""

    helpful: ElderToHelp
    revealed: Revealed
    portrait: bytes | None
    """JPEG, the square of the face. None where there is none, and where it does not open."""


def to_meet(elder: Elder) -> ElderToMeet:
    return ElderToMeet(
        called=opened.text(elder, "called"),
        approach=opened.text(elder, "approach"),
        state=elder.state,
        has_portrait=find_portrait(elder.id) is not None,
    )


def to_help(elder: Elder) -> ElderToHelp:
    year = opened.text(elder, "birth_year")
    return ElderToHelp(
        name=opened.text(elder, "name"),
        called=opened.text(elder, "called"),
        sex=opened.text(elder, "sex"),
        birth_year=year if year is None or year == opened.UNREADABLE else int(year),
        approach=opened.text(elder, "approach"),
        health=opened.text(elder, "health"),
        state=elder.state,
        has_portrait=find_portrait(elder.id) is not None,
    )


def revealed(elder: Elder) -> Revealed:
    kept = [(opened.text(contact, "address"), contact.confirmed_at) for contact in list_contacts(elder.id)]
    numbers = tuple(Number(Phone(text), at) for text, at in kept if text and text != opened.UNREADABLE)
    return Revealed(opened.text(elder, "address"), numbers, [text for text, _ in kept].count(opened.UNREADABLE))
