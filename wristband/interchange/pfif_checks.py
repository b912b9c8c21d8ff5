"""What a PFIF record has to be, field by field: what no schema says, and what every reader stumbles over."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from wristband.errors import BadValue
from wristband.interchange.pfif import NOTE_FIELDS, PERSON_FIELDS, Note, Person, Status, is_placeholder
from wristband.values.position import Position
from wristband.values.record_domain import is_record_domain

_RECORD_ID = re.compile(r"([^/\s]{3,100})/([^\s\x00-\x1f\x7f]{1,150})")
_MOMENT = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})T([0-9]{2}):([0-9]{2}):([0-9]{2})Z", re.ASCII)
_STATUSES = "|".join(Status)
_FORMS = {
    "sex": re.compile(r"female|male|other"),
    "date_of_birth": re.compile(r"[0-9]{4}(-(0[1-9]|1[0-2])(-(0[1-9]|[12][0-9]|3[01]))?)?", re.ASCII),
    "age": re.compile(r"[0-9]{1,3}(-[0-9]{1,3})?", re.ASCII),
    "home_country": re.compile(r"[A-Z]{2}"),
    "home_state": re.compile(r"[A-Z]{2}-[A-Z0-9]{1,3}"),
    "status": re.compile(_STATUSES),
    "author_made_contact": re.compile(r"true|false"),
}
_ADDRESSES = ("source_url", "photo_url", "profile_urls")
_ADDRESS = re.compile(r"https?://[^\s<>\"]{1,2000}")
_LOCATION = re.compile(r"(-?[0-9]{1,2}(?:\.[0-9]{1,10})?)[ ,]+(-?[0-9]{1,3}(?:\.[0-9]{1,10})?)", re.ASCII)
LONGEST_FIELD = 10_000
CLOCKS_DIFFER = timedelta(minutes=10)
"""So far ahead another system's clock may be, and no more."""


def domain_of(record_id: str) -> str:
    """The home repository of a record; empty where `record_id` is none."""
    parts = _RECORD_ID.fullmatch(record_id)
    return parts[1].lower() if parts and is_record_domain(parts[1]) else ""


def read_moment(text: str) -> datetime | None:
    """`YYYY-MM-DDThh:mm:ssZ` as a moment; None for anything else, a fraction or an offset included."""
    found = _MOMENT.fullmatch(text)
    try:
        return datetime(*map(int, found.groups()), tzinfo=UTC) if found else None  # type: ignore[misc,arg-type]
    except ValueError:
        return None


def read_location(text: str) -> Position | None:
    """A `last_known_location` that is two decimal numbers, latitude first; None for words, and for null island."""
    found = _LOCATION.fullmatch(text.strip())
    try:
        position = Position(float(found[1]), float(found[2])) if found else None
    except BadValue:
        return None
    return None if position is None or position.is_null_island else position


def person_faults(person: Person, *, now: datetime) -> list[str]:
    """What is wrong with a person, each fault as `<field>: <what>` in English, the language of the exchange."""
    faults = list(_id_faults("person_record_id", person.person_record_id))
    faults += _date_faults(person, now)
    if not person.full_name.strip() and not is_placeholder(person):
        faults.append("full_name: missing")
    faults += _form_faults(person, PERSON_FIELDS)
    if person.age and not _rises(person.age):
        faults.append("age: the first number is the larger one")
    if person.expiry_date and person.source_date and person.expiry_date < person.source_date:
        faults.append("expiry_date: before source_date")
    return faults


def note_faults(note: Note, *, now: datetime) -> list[str]:
    """What is wrong with a note, likewise."""
    faults = list(_id_faults("note_record_id", note.note_record_id))
    faults += _id_faults("person_record_id", note.person_record_id)
    if note.linked_person_record_id:
        faults += _id_faults("linked_person_record_id", note.linked_person_record_id)
        if note.linked_person_record_id == note.person_record_id:
            faults.append("linked_person_record_id: the person itself")
    faults += _date_faults(note, now)
    faults += [f"{name}: missing" for name in ("author_name", "text") if not getattr(note, name).strip()]
    faults += _form_faults(note, NOTE_FIELDS)
    return faults


def _id_faults(name: str, record_id: str) -> Iterator[str]:
    if not record_id:
        yield f"{name}: missing"
    elif not domain_of(record_id):
        yield f"{name}: write it as domain/local, each label of the domain beginning with a letter"


def _date_faults(record: Person | Note, now: datetime) -> Iterator[str]:
    if record.source_date is None:
        yield "source_date: missing, or not YYYY-MM-DDThh:mm:ssZ"
    elif record.source_date > now + CLOCKS_DIFFER:
        yield "source_date: in the future"


def _form_faults(record: Person | Note, names: tuple[str, ...]) -> Iterator[str]:
    for name in names:
        value = getattr(record, name)
        if not value or isinstance(value, datetime):
            continue
        if len(value) > LONGEST_FIELD:
            yield f"{name}: longer than {LONGEST_FIELD} characters"
        elif name in _FORMS and not _FORMS[name].fullmatch(value):
            yield f"{name}: not in its format"
        elif name in _ADDRESSES and not all(_ADDRESS.fullmatch(line) for line in value.splitlines()):
            yield f"{name}: not an http address"


def _rises(age: str) -> bool:
    first, _, last = age.partition("-")
    return not last or int(first) <= int(last)
