"""Hearing other repositories: each record by itself, the newer one counts, a note on our incident is a sighting."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeVar

import sqlalchemy as sa
import structlog

from wristband.accounts.rules import OfficerAccount
from wristband.audit import trail
from wristband.audit.deeds import Deed
from wristband.db import db, insert, new_id, transaction
from wristband.errors import Conflict, NotFound
from wristband.house import house
from wristband.incidents import queries as incidents
from wristband.incidents.models import Incident
from wristband.interchange import pfif, pfif_checks, queries, rules
from wristband.interchange.models import OutsideNote, OutsidePerson, Release, ReleasedNote
from wristband.interchange.pfif import NOTE_FIELDS, PERSON_FIELDS, Note, Person, Status
from wristband.interchange.pfif_reading import Misfit, Reading
from wristband.interchange.pfif_reply import Written
from wristband.interchange.queries import Found
from wristband.interchange.rules import OUTSIDE_NOTES_MOST, NoteKind

log = structlog.get_logger(__name__)

_Kept = TypeVar("_Kept", OutsidePerson, OutsideNote)

# Kept beside the rest of a record, or made anew here.
_NOT_SAID = pfif.DATES | {"person_record_id", "note_record_id", "linked_person_record_id"}


@dataclass(slots=True)
class _Told:
    """What becomes of the records of one kind."""

    kind: str
    parsed: int
    skipped: list[Misfit] = field(default_factory=list)
    written: int = 0

    def answer(self) -> Written:
        return Written(self.kind, self.parsed, self.written, tuple(self.skipped))


def hear(reading: Reading, *, domain: str, actor: str, now: datetime) -> tuple[Written, Written]:
    """Take the records of a document whose home is `domain`; gives what became of the persons and of the notes.

    The same document again changes nothing and is answered the same. A record that cannot be taken costs the others
    nothing. No record closes an incident, whatever it says.
    """
    people = _Told("person", reading.persons_parsed, list(reading.person_misfits))
    noted = _Told("note", reading.notes_parsed, list(reading.note_misfits))
    with transaction():
        # In one order everywhere: two that write the same records never wait for each other.
        for person in sorted(reading.persons, key=lambda one: (one.person_record_id, pfif.dated(one))):
            _settle(people, person.person_record_id, _keep_person(person, domain, now))
        for note in sorted(reading.notes, key=lambda one: (one.note_record_id, pfif.dated(one))):
            _settle(noted, note.note_record_id, _keep_note(note, domain, actor, now))
        trail.record(
            Deed.RECORDS_HEARD,
            actor=actor,
            subject="interchange",
            at=now,
            persons=people.written,
            notes=noted.written,
            skipped=len(people.skipped) + len(noted.skipped),
        )
    log.info("pfif_heard", persons=people.written, notes=noted.written)
    return people.answer(), noted.answer()


def link(note_id: int, incident_id: int, *, officer: OfficerAccount, now: datetime) -> None:
    """An officer has looked: the person whom a note from outside names is this elder. Told to others on both records.

    Twice is once. Raises NotFound, Conflict where nothing is released any more.
    """
    with transaction():
        incident = incidents.get_incident(incident_id, station_id=officer.station_id)
        row = db.session.scalar(
            sa.select(OutsideNote)
            .where(OutsideNote.id == note_id, OutsideNote.incident_id == incident.id)
            .where(OutsideNote.linked_record_id != "")
            .with_for_update()
        )
        if row is None:
            raise NotFound("releases.note_unknown")
        if row.linked_at is not None:
            return
        held = queries.find_holding(incident, now=now)
        if held is None:
            raise Conflict("releases.over")
        row.linked_at, row.linked_by = now, officer.officer_id
        for kind in (NoteKind.LINK, NoteKind.LINK_BACK):
            db.session.add(
                ReleasedNote(
                    release_id=held.id,
                    public_id=rules.note_id(),
                    kind=kind,
                    outside_note_id=row.id,
                    source_at=now,
                    entry_at=now,
                )
            )
        subject = f"incident:{incident.id}"
        trail.record(Deed.RECORDS_LINKED, actor=officer.actor, subject=subject, at=now, elder_id=incident.elder_id)


def _settle(told: _Told, record_id: str, fault: str) -> None:
    if fault:
        told.skipped.append(Misfit(record_id, fault))
    else:
        told.written += 1


def _foreign(record_id: str, name: str, domain: str) -> str:
    return "" if pfif_checks.domain_of(record_id) == domain else f"{name}: not in the domain of this key"


def _keep_person(person: Person, domain: str, now: datetime) -> str:
    """The fault for which it is skipped, or nothing."""
    if fault := _foreign(person.person_record_id, "person_record_id", domain):
        return fault
    gone = pfif.is_placeholder(person) or bool(person.expiry_date and person.expiry_date <= now)
    values = {
        "source_at": person.source_date,
        "kept_at": now,
        "expires_at": now if gone else rules.held_until(person.expiry_date, now=now),
    }
    row, is_new = _row(OutsidePerson, person.person_record_id, values)
    if not is_new and _is_stale(row.source_at, person.source_date):
        return "source_date: older than what is kept"
    if not is_new and row.source_at == person.source_date:
        return ""
    for name, value in values.items():
        setattr(row, name, value)
    row.said = None if gone else _said(person, PERSON_FIELDS)
    if gone:
        _forget_notes(person.person_record_id)
    return ""


def _keep_note(note: Note, domain: str, actor: str, now: datetime) -> str:
    """Likewise."""
    if fault := _foreign(note.note_record_id, "note_record_id", domain):
        return fault
    if note.status == Status.DEAD:
        return "status: believed_dead is not taken from outside"
    incident_id = None
    if pfif_checks.domain_of(note.person_record_id) == house().site.domain:
        incident = _incident_of(note.person_record_id, now)
        if incident is None:
            return "person_record_id: unknown, or over"
        incident_id = incident.id
    elif queries.find_outside_person(note.person_record_id, now=now) is None:
        return "person_record_id: unknown"
    return _write_note(note, incident_id, actor, now)


def _write_note(note: Note, incident_id: int | None, actor: str, now: datetime) -> str:
    values = {
        "incident_id": incident_id,
        "person_record_id": note.person_record_id,
        "linked_record_id": note.linked_person_record_id,
        "source_at": note.source_date,
        "kept_at": now,
    }
    if incident_id is not None and _is_flooded(incident_id, note.note_record_id):
        return f"note_record_id: more than {OUTSIDE_NOTES_MOST} notes on one person"
    row, is_new = _row(OutsideNote, note.note_record_id, values)
    if not is_new and row.person_record_id != note.person_record_id:
        return "person_record_id: a note stays with its person"
    if not is_new and _is_stale(row.source_at, note.source_date):
        return "source_date: older than what is kept"
    if not is_new and row.source_at == note.source_date:
        return ""
    if not is_new and row.linked_record_id != note.linked_person_record_id:
        row.linked_at = row.linked_by = None
    row.linked_record_id, row.kept_at = note.linked_person_record_id, now
    if note.source_date is not None:
        row.source_at = note.source_date
    row.said = _said(note, NOTE_FIELDS)
    if incident_id is not None:
        _show(incident_id, row.id, actor, now)
    return ""


def _row(model: type[_Kept], record_id: str, values: Mapping[str, object]) -> tuple[_Kept, bool]:
    """The row of a record, held until the deed ends, and whether it is new."""
    new = {"id": new_id(), "record_id": record_id, **values}
    statement = insert(model.__table__).on_conflict_do_nothing(index_elements=["record_id"])
    is_new = db.session.scalar(statement.returning(model.__table__.c.id), new) is not None
    held = sa.select(model).where(model.record_id == record_id).with_for_update()
    return db.session.scalars(held.execution_options(populate_existing=True)).one(), is_new


def _is_stale(kept: datetime, told: datetime | None) -> bool:
    return told is None or told < kept


def _said(record: Person | Note, names: Sequence[str]) -> str:
    told = {name: getattr(record, name) for name in names if name not in _NOT_SAID and getattr(record, name)}
    return json.dumps(told, ensure_ascii=False)


def _incident_of(record_id: str, now: datetime) -> Incident | None:
    """The open incident of a person of ours, held until the deed ends: it is not closed in between."""
    found: Found | None = queries.find_released(record_id.partition("/")[2])
    if found is None or found.over(now) is not None:
        return None
    held = sa.select(Incident).where(Incident.id == found.incident.id, Incident.closed_at.is_(None)).with_for_update()
    incident: Incident | None = db.session.scalar(held.execution_options(populate_existing=True))
    holds = sa.select(Release.id).where(Release.id == found.release.id, Release.ended_at.is_(None))
    return incident if incident is not None and db.session.scalar(holds) is not None else None


def _is_flooded(incident_id: int, record_id: str) -> bool:
    """Whether so many notes are kept of it that a new one more would hide what matters."""
    others = sa.select(sa.func.count(OutsideNote.id)).where(
        OutsideNote.incident_id == incident_id, OutsideNote.record_id != record_id
    )
    return (db.session.scalar(others) or 0) >= OUTSIDE_NOTES_MOST


def _forget_notes(person_record_id: str) -> None:
    """What its home repository has erased loses its notes, too."""
    db.session.execute(
        sa.update(OutsideNote)
        .where(OutsideNote.person_record_id == person_record_id, OutsideNote.incident_id.is_(None))
        .values(said_sealed=None)
        .execution_options(synchronize_session=False)
    )


def _show(incident_id: int, note_id: int, actor: str, now: datetime) -> None:
    """Let the desk see that something has come in."""
    db.session.execute(
        sa.update(Incident)
        .where(Incident.id == incident_id)
        .values(changed_at=now)
        .execution_options(synchronize_session=False)
    )
    elder_id = db.session.scalar(sa.select(Incident.elder_id).where(Incident.id == incident_id))
    trail.record(
        Deed.OUTSIDE_HEARD, actor=actor, subject=f"incident:{incident_id}", at=now, elder_id=elder_id, note=note_id
    )
