"""Reading PFIF: strict where a mistake would be kept, lenient where older repositories differ."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from xml.etree.ElementTree import Element

from wristband.errors import BadValue
from wristband.interchange import pfif_checks, xml
from wristband.interchange.pfif import DATES, NOTE_FIELDS, PERSON_FIELDS, Note, Person

VERSIONS = frozenset(f"http://zesty.ca/pfif/1.{number}" for number in range(1, 5))
MOST_RECORDS = 2000
"""In one document."""

# What PFIF 1.1 to 1.3 called them; a name of today that is there, too, counts.
_OLD_NAMES = {
    "home_zip": "home_postal_code",
    "first_name": "given_name",
    "last_name": "family_name",
    "found": "author_made_contact",
    "other": "description",
    "name": "full_name",
}


@dataclass(frozen=True, slots=True)
class Misfit:
    """A record that cannot be taken: its id as far as it has one, and why, in English."""

    record_id: str
    error: str


@dataclass(slots=True)
class Reading:
    """A document as read: `parsed` counts what is a record at all, misfits included."""

    persons: list[Person] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)
    person_misfits: list[Misfit] = field(default_factory=list)
    note_misfits: list[Misfit] = field(default_factory=list)

    @property
    def persons_parsed(self) -> int:
        return len(self.persons) + len(self.person_misfits)

    @property
    def notes_parsed(self) -> int:
        return len(self.notes) + len(self.note_misfits)

    def __len__(self) -> int:
        return self.persons_parsed + self.notes_parsed

    def parts(self, size: int) -> Iterator[Reading]:
        """The same in pieces of at most `size` records; every person comes before every note."""
        for first in range(0, len(self.persons), size):
            yield Reading(persons=self.persons[first : first + size])
        for first in range(0, len(self.notes), size):
            yield Reading(notes=self.notes[first : first + size])
        if self.person_misfits or self.note_misfits:
            yield Reading(person_misfits=self.person_misfits, note_misfits=self.note_misfits)


def read(document: bytes, *, now: datetime, most: int | None = MOST_RECORDS) -> Reading:
    """The persons and notes of a document. Notes inside a person come out beside it, with its id.

    Elements that PFIF does not know are passed over. A record with a fault is a misfit and costs the others nothing.
    Raises BadValue: `pfif.not_pfif` for another root, `pfif.many` beyond `most`, and what xml.read raises.
    """
    root = xml.read(document)
    if xml.local_name(root) != "pfif" or xml.namespace(root) not in VERSIONS:
        raise BadValue("pfif.not_pfif")
    reading = Reading()
    for number, (element, owner) in enumerate(_records(root, xml.namespace(root)), 1):
        if most is not None and number > most:
            raise BadValue("pfif.many", most=most)
        if xml.local_name(element) == "person":
            _take_person(element, reading, now)
        else:
            _take_note(element, owner, reading, now)
    return reading


def _records(root: Element, namespace: str) -> Iterator[tuple[Element, str]]:
    """Persons and notes in the order of the document, each note with the id of the person around it."""
    for element in root:
        if element.tag == f"{{{namespace}}}person":
            yield element, ""
            owner = _texts(element, namespace).get("person_record_id", "")
            yield from ((inner, owner) for inner in element if inner.tag == f"{{{namespace}}}note")
        elif element.tag == f"{{{namespace}}}note":
            yield element, ""


def _take_person(element: Element, reading: Reading, now: datetime) -> None:
    values, faults = _values(_texts(element, xml.namespace(element)), PERSON_FIELDS)
    if not values.get("full_name"):
        # Up to 1.3 the two parts were the name.
        parts = (str(values.get(name) or "") for name in ("family_name", "given_name"))
        values["full_name"] = " ".join(part for part in parts if part)
    person = Person(**{"person_record_id": "", **values})  # type: ignore[arg-type]
    faults += pfif_checks.person_faults(person, now=now)
    if faults:
        reading.person_misfits.append(Misfit(person.person_record_id, "; ".join(dict.fromkeys(faults))))
    else:
        reading.persons.append(person)


def _take_note(element: Element, owner: str, reading: Reading, now: datetime) -> None:
    values, faults = _values(_texts(element, xml.namespace(element)), NOTE_FIELDS)
    note = Note(**{"note_record_id": "", **values})  # type: ignore[arg-type]
    if owner and not note.person_record_id:
        note = replace(note, person_record_id=owner)
    if owner and note.person_record_id != owner:
        faults.append("person_record_id: not that of the person around the note")
    faults += pfif_checks.note_faults(note, now=now)
    if faults:
        reading.note_misfits.append(Misfit(note.note_record_id, "; ".join(dict.fromkeys(faults))))
    else:
        reading.notes.append(note)


def _texts(element: Element, namespace: str) -> dict[str, str]:
    """The texts of a record's own elements, under the names of today; of one said twice, the first."""
    found: dict[str, str] = {}
    for child in element:
        if xml.namespace(child) == namespace and len(child) == 0:
            found.setdefault(xml.local_name(child), xml.clean(child.text or "").strip())
    for old, today in _OLD_NAMES.items():
        if old in found and not found.get(today):
            found[today] = found[old]
    return found


def _values(texts: dict[str, str], names: tuple[str, ...]) -> tuple[dict[str, object], list[str]]:
    values: dict[str, object] = {name: texts[name] for name in names if texts.get(name)}
    faults = []
    for name in DATES & set(values):
        values[name] = pfif_checks.read_moment(texts[name])
        if values[name] is None:
            faults.append(f"{name}: not YYYY-MM-DDThh:mm:ssZ")
    return values, faults
