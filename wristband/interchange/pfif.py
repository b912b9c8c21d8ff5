"""PFIF 1.4 as types and as XML: one person, its notes, in the order that zesty.ca/pfif/1.4 gives."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields, replace
from datetime import UTC, datetime
from enum import StrEnum
from xml.etree.ElementTree import Element, SubElement

from wristband.interchange import xml

NAMESPACE = "http://zesty.ca/pfif/1.4"
PREFIXES = {NAMESPACE: "pfif"}


class Status(StrEnum):
    """What a note says of the person."""

    SOUGHT = "information_sought"
    AUTHOR = "is_note_author"
    ALIVE = "believed_alive"
    MISSING = "believed_missing"
    DEAD = "believed_dead"


@dataclass(frozen=True, slots=True)
class Note:
    """A note; a field that is not said is empty. The order of the fields is that of the elements."""

    note_record_id: str
    person_record_id: str = ""
    linked_person_record_id: str = ""
    entry_date: datetime | None = None
    author_name: str = ""
    author_email: str = ""
    author_phone: str = ""
    source_date: datetime | None = None
    author_made_contact: str = ""
    status: str = ""
    email_of_found_person: str = ""
    phone_of_found_person: str = ""
    last_known_location: str = ""
    text: str = ""
    photo_url: str = ""


@dataclass(frozen=True, slots=True)
class Person:
    """A person with its notes, likewise."""

    person_record_id: str
    entry_date: datetime | None = None
    expiry_date: datetime | None = None
    author_name: str = ""
    author_email: str = ""
    author_phone: str = ""
    source_name: str = ""
    source_date: datetime | None = None
    source_url: str = ""
    full_name: str = ""
    given_name: str = ""
    family_name: str = ""
    alternate_names: str = ""
    description: str = ""
    sex: str = ""
    date_of_birth: str = ""
    age: str = ""
    home_street: str = ""
    home_neighborhood: str = ""
    home_city: str = ""
    home_state: str = ""
    home_postal_code: str = ""
    home_country: str = ""
    photo_url: str = ""
    profile_urls: str = ""
    notes: tuple[Note, ...] = ()


PERSON_FIELDS = tuple(field.name for field in fields(Person) if field.name != "notes")
NOTE_FIELDS = tuple(field.name for field in fields(Note))
DATES = frozenset({"entry_date", "expiry_date", "source_date"})
SENSITIVE = frozenset(
    {"date_of_birth", "author_email", "author_phone", "email_of_found_person", "phone_of_found_person"}
)
"""Blank for a key without full read."""
# Mandatory: Person Finder writes it empty in a placeholder, and whoever reads us by its schema expects it.
_WRITTEN_EMPTY = "full_name"


def when(moment: datetime) -> str:
    """A moment as PFIF writes it: UTC, whole seconds, `Z`."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def dated(record: Person | Note) -> datetime:
    """When its home repository changed a record last; of one that does not say, long ago."""
    return record.source_date or datetime.min.replace(tzinfo=UTC)


def placeholder(person_record_id: str, at: datetime) -> Person:
    """What is left of a person since `at`: others learn from it that they have to erase theirs."""
    return Person(person_record_id, entry_date=at, expiry_date=at, source_date=at)


def is_placeholder(person: Person) -> bool:
    """Whether a person says nothing but that its home repository has erased it."""
    told = {name for name in PERSON_FIELDS if getattr(person, name)}
    return bool(person.expiry_date) and told <= {"person_record_id", "entry_date", "expiry_date", "source_date"}


def without_sensitive(person: Person) -> Person:
    """The same person, and its notes, as a key without full read gets them."""
    blank = dict.fromkeys(SENSITIVE & set(PERSON_FIELDS), "")
    return replace(person, **blank, notes=tuple(map(note_without_sensitive, person.notes)))  # type: ignore[arg-type]


def note_without_sensitive(note: Note) -> Note:
    """The same note as a key without full read gets it."""
    return replace(note, **dict.fromkeys(SENSITIVE & set(NOTE_FIELDS), ""))  # type: ignore[arg-type]


def document(persons: Iterable[Person], notes: Iterable[Note] = ()) -> bytes:
    """A PFIF 1.4 document: each person with its notes inside, then the notes that stand alone."""
    root = Element(f"{{{NAMESPACE}}}pfif")
    for person in persons:
        root.append(person_element(person))
    for note in notes:
        root.append(note_element(note))
    return xml.write(root, PREFIXES)


def person_element(person: Person, *, with_notes: bool = True) -> Element:
    """`pfif:person`, its notes after its fields."""
    element = Element(f"{{{NAMESPACE}}}person")
    _write_fields(element, person, PERSON_FIELDS)
    for note in person.notes if with_notes else ():
        element.append(note_element(note))
    return element


def note_element(note: Note) -> Element:
    """`pfif:note`."""
    element = Element(f"{{{NAMESPACE}}}note")
    _write_fields(element, note, NOTE_FIELDS)
    return element


def _write_fields(element: Element, record: Person | Note, names: Iterable[str]) -> None:
    for name in names:
        value = getattr(record, name)
        text = when(value) if isinstance(value, datetime) else xml.clean(value or "")
        if text or name == _WRITTEN_EMPTY:
            SubElement(element, f"{{{NAMESPACE}}}{name}").text = text
