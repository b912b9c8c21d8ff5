"""What happened to an incident, from what is kept of it: notes, transfers, merges, calls entered by officers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from wristband.accounts.models import Officer
from wristband.db import db
from wristband.elders import opened
from wristband.incidents.models import Incident, Merge, Note, PhoneReport, Transfer
from wristband.incidents.rules import PassReason
from wristband.stations.models import Station


@dataclass(frozen=True, slots=True)
class WrittenNote:
    """A note, opened; the words are opened.UNREADABLE where they do not open."""

    at: datetime
    officer: str
    words: str | None


def list_notes(incident_id: int, *, station_id: int) -> list[WrittenNote]:
    """What officers of this station noted, first to last: another station's notes stay there."""
    rows = db.session.execute(
        sa.select(Note, Officer)
        .join(Officer, Officer.id == Note.officer_id)
        .where(Note.incident_id == incident_id, Note.station_id == station_id)
        .order_by(Note.id)
    )
    return [WrittenNote(note.at, officer.name, opened.text(note, "words")) for note, officer in rows]


@dataclass(frozen=True, slots=True)
class PassedTo:
    """An incident's way from one station to the next."""

    at: datetime
    from_id: int
    from_name: str
    to_name: str
    reason: PassReason


def list_transfers(incident_id: int) -> list[PassedTo]:
    """The stations an incident has gone through, first to last."""
    here, there = aliased(Station), aliased(Station)
    rows = db.session.execute(
        sa.select(Transfer.at, Transfer.from_station_id, here.name, there.name, Transfer.reason)
        .join(here, here.id == Transfer.from_station_id)
        .join(there, there.id == Transfer.to_station_id)
        .where(Transfer.incident_id == incident_id)
        .order_by(Transfer.id)
    )
    return [PassedTo(*row) for row in rows]


@dataclass(frozen=True, slots=True)
class Joined:
    """A merge that holds: of this incident `into` another one, or of another one into this."""

    at: datetime
    incident_id: int
    number: str
    """The other one's."""


def find_merged_into(incident_id: int) -> Joined | None:
    """Where an incident goes on that was joined to another."""
    row = db.session.execute(
        sa.select(Merge.at, Incident.id, Incident.number)
        .join(Incident, Incident.id == Merge.into_id)
        .where(Merge.incident_id == incident_id, Merge.undone_at.is_(None))
    ).first()
    return Joined(*row) if row else None


def list_merged(incident_id: int) -> list[Joined]:
    """The incidents that were joined to this one, first to last."""
    rows = db.session.execute(
        sa.select(Merge.at, Incident.id, Incident.number)
        .join(Incident, Incident.id == Merge.incident_id)
        .where(Merge.into_id == incident_id, Merge.undone_at.is_(None))
        .order_by(Merge.id)
    )
    return [Joined(*row) for row in rows]


@dataclass(frozen=True, slots=True)
class PhonedIn:
    """A report by telephone, as an officer entered it. The number is for the officer's own station alone."""

    scan_id: int
    officer: str
    phone: str | None


def list_phoned_in(scan_ids: Sequence[int], *, station_id: int) -> dict[int, PhonedIn]:
    """By scan, those of an incident's reports that came as calls to 110."""
    rows = db.session.execute(
        sa.select(PhoneReport, Officer)
        .join(Officer, Officer.id == PhoneReport.officer_id)
        .where(PhoneReport.scan_id.in_(scan_ids))
    )
    return {
        call.scan_id: PhonedIn(
            call.scan_id, officer.name, opened.text(call, "phone") if call.station_id == station_id else None
        )
        for call, officer in rows
    }
