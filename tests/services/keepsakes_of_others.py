"""What is kept for a time of sheets, of what is released, and of other systems; each maker as in keepsakes."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import sqlalchemy as sa

from tests.crafts.sheets import csv_of, headings, row
from tests.services.partners import asked, hired, reported
from tests.services.released import released
from tests.services.reports import close, close_all
from tests.world import DAUGHTER_PHONE, World
from wristband.audit.retention import Kept
from wristband.db import db
from wristband.house import house
from wristband.incidents.models import Incident
from wristband.interchange.models import Broadcast, OutsidePerson, Release
from wristband.interchange.pfif import Note, Person
from wristband.interchange.pfif_reading import Reading
from wristband.interchange.rules import Shown
from wristband.partners.rules import PROPOSAL_LASTS
from wristband.services import exporting_records, hearing_pfif, importing, proposing
from wristband.sheets.rules import USUAL, SheetKind
from wristband.values.phone import Phone

OUTSIDE = "finder.example.org"


def _import(world: World, now: datetime) -> datetime:
    sheet = csv_of([headings(), row()])
    importing.begin(sheet, "登记表.csv", invites=False, officer=world.officer, now=now)
    return now


def _export_reason(world: World, now: datetime) -> datetime:
    exporting_records.ask(USUAL, SheetKind.CSV, None, "街道上门走访核对手环", officer=world.officer, now=now)
    return now


def _released(world: World, now: datetime) -> Release:
    """Of an incident of its own: one that is open already is over before."""
    close_all(world, now)
    return released(world, now, [Shown.NAME, Shown.CLOTHES])


def _release(world: World, now: datetime) -> datetime:
    close(world, _released(world, now).incident_id, now)
    return now


def _broadcast(world: World, now: datetime) -> datetime:
    release = _released(world, now)
    assert db.session.scalars(sa.select(Broadcast.id).where(Broadcast.release_id == release.id)).all()
    close(world, release.incident_id, now)
    return now


def _outside_note(world: World, now: datetime) -> datetime:
    release = _released(world, now)
    _hear(Reading(notes=[_note_of(f"{house().site.domain}/{release.public_id}", now)]), now)
    close(world, release.incident_id, now)
    return now


def _note_of(person: str, now: datetime) -> Note:
    return Note(f"{OUTSIDE}/{person[-9:]}", person, source_date=now, author_name="示例救助站", text="在车站见过")


def _outside_person(world: World, now: datetime) -> datetime:
    person = Person(f"{OUTSIDE}/p1", source_date=now, author_name="示例救助站", full_name="陈玉兰")
    _hear(Reading(persons=[person]), now)
    return db.session.scalars(sa.select(OutsidePerson.expires_at)).one()


def _hear(reading: Reading, now: datetime) -> None:
    hearing_pfif.hear(reading, domain=OUTSIDE, actor="partner:1", now=now)


def _proposal(world: World, now: datetime) -> datetime:
    texts = {"name": "示例阿婆", "relation": "child"}
    partner = hired(now, "示例社区")
    proposing.propose(asked("propose"), Phone(DAUGHTER_PHONE), texts, language="zh-CN", partner=partner, now=now)
    return now + PROPOSAL_LASTS


def _partner_call(world: World, now: datetime) -> datetime:
    reported(hired(now, "答复留一天"), world.her.code, now)
    return now


def _partner_reference(world: World, now: datetime) -> datetime:
    close_all(world, now)
    number = reported(hired(now, "自有编号"), world.her.code, now, reference="RX-17").facts["number"]
    close(world, db.session.scalars(sa.select(Incident.id).where(Incident.number == number)).one(), now)
    return now


OF_OTHERS: dict[Kept, Callable[[World, datetime], datetime]] = {
    Kept.IMPORTS: _import,
    Kept.EXPORT_REASONS: _export_reason,
    Kept.RELEASES: _release,
    Kept.BROADCASTS: _broadcast,
    Kept.OUTSIDE_NOTES: _outside_note,
    Kept.OUTSIDE_PEOPLE: _outside_person,
    Kept.PROPOSALS: _proposal,
    Kept.PARTNER_CALLS: _partner_call,
    Kept.PARTNER_REFERENCES: _partner_reference,
}
