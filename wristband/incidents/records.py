"""What an officer sees of an elder: a frozen dataclass for each level, with no field that it must not show."""

from __future__ import annotations

from dataclasses import dataclass

from wristband.elders import opened
from wristband.elders.models import Elder
from wristband.elders.queries import find_portrait, list_contacts
from wristband.elders.rules import ElderState, Sex
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
    sex: Sex | None
    birth_year: int | str | None
    approach: str | None
    health: str | None
    state: ElderState
    has_portrait: bool


@dataclass(frozen=True, slots=True)
class Revealed:
    """What is revealed of an incident's elder with a reason."""

    address: str | None
    phones: tuple[Phone, ...]
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
        sex=elder.sex,
        birth_year=year if year is None or year == opened.UNREADABLE else int(year),
        approach=opened.text(elder, "approach"),
        health=opened.text(elder, "health"),
        state=elder.state,
        has_portrait=find_portrait(elder.id) is not None,
    )


def revealed(elder: Elder) -> Revealed:
    numbers = [opened.text(contact, "address") for contact in list_contacts(elder.id)]
    phones = tuple(Phone(number) for number in numbers if number and number != opened.UNREADABLE)
    return Revealed(opened.text(elder, "address"), phones, numbers.count(opened.UNREADABLE))
