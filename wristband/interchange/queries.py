"""Releases and what came from outside: by incident, by record id, by the time of entry."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeAlias

import sqlalchemy as sa

from wristband.accounts.models import Officer
from wristband.db import UtcDateTime, db
from wristband.elders import opened
from wristband.incidents.models import Incident
from wristband.interchange import rules
from wristband.interchange.models import (
    Broadcast,
    OutsideNote,
    OutsidePerson,
    PartnerDomain,
    Release,
    ReleasedNote,
    ReleaseReading,
)
from wristband.interchange.rules import Ending, NoteKind, Shown
from wristband.partners.models import Partner, PartnerKey

# What a page may do with them: read them. Doors see no models.
ReleaseFacts: TypeAlias = Release
BroadcastFacts: TypeAlias = Broadcast


@dataclass(frozen=True, slots=True)
class Found:
    """A release with its incident."""

    release: Release
    incident: Incident

    def over(self, now: datetime) -> tuple[datetime, Ending] | None:
        """Since when it is over and why; None while it holds."""
        return over(self.release, self.incident, now)

    def entry_at(self, now: datetime) -> datetime:
        """When others have to look at it again: the last change, or the end."""
        end = self.over(now)
        return end[0] if end else self.release.changed_at


def over(release: Release, incident: Incident, now: datetime) -> tuple[datetime, Ending] | None:
    """Since when a release is over and why, whether or not the worker has noted it."""
    if release.ended_at is not None and release.ending is not None:
        return release.ended_at, release.ending
    return rules.ended(withdrawn_at=None, closed_at=incident.closed_at, expires_at=release.expires_at, now=now)


def find_holding(incident: Incident, *, now: datetime) -> Release | None:
    """What is released of an incident now. Whoever asks has settled that the incident is theirs."""
    found: Release | None = db.session.scalar(
        sa.select(Release).where(Release.incident_id == incident.id, Release.ended_at.is_(None))
    )
    return found if found is not None and over(found, incident, now) is None else None


def list_of_incident(incident_id: int) -> Sequence[Release]:
    """Everything that was ever released of an incident, newest first."""
    question = sa.select(Release).where(Release.incident_id == incident_id).order_by(Release.id.desc())
    return db.session.scalars(question).all()


@dataclass(frozen=True, slots=True)
class Reader:
    """A key that was given a release: whose it is, its handle, how often, when first and last."""

    partner: str
    handle: str
    times: int
    first_at: datetime
    last_at: datetime


def list_readers(release_ids: Collection[int]) -> list[Reader]:
    """Which keys have been given these releases, the latest first."""
    rows = db.session.execute(
        sa.select(Partner.name, PartnerKey.handle, ReleaseReading)
        .join(PartnerKey, PartnerKey.id == ReleaseReading.partner_key_id)
        .join(Partner, Partner.id == PartnerKey.partner_id)
        .where(ReleaseReading.release_id.in_(release_ids))
        .order_by(ReleaseReading.last_at.desc())
    )
    return [Reader(name, handle, one.times, one.first_at, one.last_at) for name, handle, one in rows]


def list_broadcasts_of(incident_id: int) -> Sequence[Broadcast]:
    """The messages of an incident, newest first."""
    question = sa.select(Broadcast).where(Broadcast.incident_id == incident_id).order_by(Broadcast.number.desc())
    return db.session.scalars(question).all()


# ---- for others


def find_released(public_id: str) -> Found | None:
    """A release by the local half of its record id, over or not."""
    row = db.session.execute(_joined().where(Release.public_id == public_id)).first()
    return Found(row[0], row[1]) if row else None


def list_entries(*, now: datetime, since: datetime | None, skip: int, most: int, holding: bool = False) -> list[Found]:
    """Releases by the time of their entry: from `since` on ascending, without it the newest first.

    What is over is among them, as others learn from it that they have to erase; unless only those `holding` are asked
    for.
    """
    entry = _entry_at(now)
    question = _joined()
    if since is not None:
        question = question.where(entry >= since).order_by(entry, Release.id)
    else:
        question = question.order_by(entry.desc(), Release.id.desc())
    if holding:
        question = question.where(Release.ended_at.is_(None), Incident.closed_at.is_(None), Release.expires_at > now)
    rows = db.session.execute(question.offset(skip).limit(most))
    return [Found(release, incident) for release, incident in rows]


def list_notes_of(release_id: int) -> Sequence[ReleasedNote]:
    """Our notes of a release, first to last. That somebody was seen is told only where places are."""
    question = (
        sa.select(ReleasedNote)
        .join(Release, Release.id == ReleasedNote.release_id)
        .where(ReleasedNote.release_id == release_id, _may_be_told())
        .order_by(ReleasedNote.id)
    )
    return db.session.scalars(question).all()


def _may_be_told() -> sa.ColumnElement[bool]:
    return sa.or_(ReleasedNote.kind != NoteKind.SEEN, Release.shown.contains(Shown.PLACES.value))


def list_note_entries(
    *, now: datetime, since: datetime | None, skip: int, most: int, release_id: int | None = None
) -> list[tuple[ReleasedNote, Found]]:
    """Our notes of releases that hold, by the time of their entry as list_entries. Those of others have vanished."""
    question = (
        sa.select(ReleasedNote, Release, Incident)
        .join(Release, Release.id == ReleasedNote.release_id)
        .join(Incident, Incident.id == Release.incident_id)
        .where(Release.ended_at.is_(None), Incident.closed_at.is_(None), Release.expires_at > now, _may_be_told())
    )
    if release_id is not None:
        question = question.where(Release.id == release_id)
    if since is not None:
        question = question.where(ReleasedNote.entry_at >= since).order_by(ReleasedNote.entry_at, ReleasedNote.id)
    else:
        question = question.order_by(ReleasedNote.entry_at.desc(), ReleasedNote.id.desc())
    rows = db.session.execute(question.offset(skip).limit(most))
    return [(note, Found(release, incident)) for note, release, incident in rows]


def list_broadcasts(*, since: datetime | None, skip: int, most: int) -> list[tuple[Broadcast, Found]]:
    """Messages by the time they were sent, likewise."""
    question = (
        sa.select(Broadcast, Release, Incident)
        .join(Release, Release.id == Broadcast.release_id)
        .join(Incident, Incident.id == Release.incident_id)
    )
    if since is not None:
        question = question.where(Broadcast.sent_at >= since).order_by(Broadcast.sent_at, Broadcast.id)
    else:
        question = question.order_by(Broadcast.sent_at.desc(), Broadcast.id.desc())
    rows = db.session.execute(question.offset(skip).limit(most))
    return [(message, Found(release, incident)) for message, release, incident in rows]


def find_broadcast(identifier: str) -> tuple[Broadcast, Found] | None:
    row = db.session.execute(
        sa.select(Broadcast, Release, Incident)
        .join(Release, Release.id == Broadcast.release_id)
        .join(Incident, Incident.id == Release.incident_id)
        .where(Broadcast.identifier == identifier)
    ).first()
    return (row[0], Found(row[1], row[2])) if row else None


def _joined() -> Any:
    return sa.select(Release, Incident).join(Incident, Incident.id == Release.incident_id)


def _entry_at(now: datetime) -> Any:
    """Found.entry_at as the store counts it."""
    closed_first = sa.and_(Incident.closed_at.is_not(None), Incident.closed_at <= Release.expires_at)
    expired = Release.expires_at <= sa.bindparam("expired_by", now, UtcDateTime)
    moment = sa.case(
        (Release.ended_at.is_not(None), Release.ended_at),
        (closed_first, Incident.closed_at),
        (expired, Release.expires_at),
        else_=Release.changed_at,
    )
    return sa.type_coerce(moment, UtcDateTime)


# ---- from outside


def domain_of_partner(partner_id: int) -> str:
    """Under which domain a partner's records stand; empty where none was given."""
    return db.session.scalar(sa.select(PartnerDomain.domain).where(PartnerDomain.partner_id == partner_id)) or ""


@dataclass(frozen=True, slots=True)
class FromOutside:
    """What another repository said of our incident, opened. `position` as it told it, if it is one."""

    id: int
    kept_at: datetime
    source_at: datetime
    source: str
    """The domain that it came from."""
    said: dict[str, str]
    linked_record_id: str
    linked_at: datetime | None
    linked_by: str


def list_from_outside(incident_id: int) -> list[FromOutside]:
    """The notes on an incident, first to last. They are for officers; finders and families are shown none."""
    rows = db.session.execute(
        sa.select(OutsideNote, Officer)
        .outerjoin(Officer, Officer.id == OutsideNote.linked_by)
        .where(OutsideNote.incident_id == incident_id, OutsideNote.said_sealed.is_not(None))
        .order_by(OutsideNote.id)
    )
    return [
        FromOutside(
            note.id,
            note.kept_at,
            note.source_at,
            note.record_id.partition("/")[0],
            said(note),
            note.linked_record_id,
            note.linked_at,
            officer.name if officer else "",
        )
        for note, officer in rows
    ]


def find_outside_person(record_id: str, *, now: datetime) -> OutsidePerson | None:
    """A person of another repository, while it is kept."""
    return db.session.scalar(
        sa.select(OutsidePerson).where(OutsidePerson.record_id == record_id, OutsidePerson.expires_at > now)
    )


def said(row: OutsideNote | OutsidePerson) -> dict[str, str]:
    """A record's fields; empty where they do not open or are gone."""
    text = opened.text(row, "said")
    if not text or text == opened.UNREADABLE:
        return {}
    fields: dict[str, str] = json.loads(text)
    return fields
