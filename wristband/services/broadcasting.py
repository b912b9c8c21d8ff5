"""Keeping releases up with their incidents: notes of new sightings, broadcasts renewed, what is over noted as over."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa
import structlog

from wristband.audit import trail
from wristband.audit.deeds import Deed
from wristband.db import db, transaction
from wristband.house import house
from wristband.incidents.models import Incident
from wristband.interchange import broadcasts, published, rules
from wristband.interchange.models import Release, ReleasedNote
from wristband.interchange.queries import Found
from wristband.interchange.rules import UPDATE_EVERY, Ending, NoteKind
from wristband.outbox import family

log = structlog.get_logger(__name__)

BATCH = 200


def keep_up(now: datetime) -> None:
    """Do what is due of every release that has not been noted as over, each in a transaction of its own."""
    done, last = 0, 0
    while ids := _ids(last):
        for release_id in ids:
            with transaction():
                done += _keep_up(release_id, now)
        last = ids[-1]
    if done:
        log.info("releases_kept_up", changed=done)


def _ids(after: int) -> Sequence[int]:
    question = sa.select(Release.id).where(Release.ended_at.is_(None), Release.id > after).order_by(Release.id)
    ids = db.session.scalars(question.limit(BATCH)).all()
    db.session.rollback()  # no reading goes on while others write
    return ids


def _keep_up(release_id: int, now: datetime) -> bool:
    """Whether anything has changed."""
    # The incident first, as every other deed about a release does: nobody waits for each other.
    held = (
        sa.select(Incident)
        .join(Release, Release.incident_id == Incident.id)
        .where(Release.id == release_id)
        .with_for_update(of=Incident)
    )
    incident = db.session.scalars(held).one()
    release = db.session.get_one(Release, release_id, populate_existing=True)
    if release.ended_at is not None:
        return False
    found = Found(release, incident)
    if (end := found.over(now)) is not None:
        _end(found, *end, now)
        return True
    fresh = _add_notes(found, now)
    told = broadcasts.is_due(found, now=now, every=UPDATE_EVERY) and broadcasts.tell(
        found, house().site, now=now, renew=True
    )
    return fresh or told


def _add_notes(found: Found, now: datetime) -> bool:
    noted = set(
        db.session.scalars(sa.select(ReleasedNote.sighting_id).where(ReleasedNote.release_id == found.release.id))
    )
    fresh = [one for one in reversed(published.sightings_of(found.incident.id)) if one.id not in noted]
    for sighting in fresh:
        db.session.add(
            ReleasedNote(
                release_id=found.release.id,
                public_id=rules.note_id(),
                kind=NoteKind.SEEN,
                sighting_id=sighting.id,
                source_at=sighting.seen_at,
                entry_at=now,
            )
        )
    db.session.flush()
    return bool(fresh)


def _end(found: Found, at: datetime, ending: Ending, now: datetime) -> None:
    release, incident = found.release, found.incident
    release.ended_at, release.ending = at, ending
    db.session.flush()
    broadcasts.cancel(found, house().site, now=now)
    trail.record(
        Deed.RELEASE_ENDED,
        actor="release",
        subject=f"incident:{incident.id}",
        at=now,
        elder_id=incident.elder_id,
        release=release.id,
        ending=ending.value,
    )
    # That the incident is closed the family has been told with the closing itself, and so that this ends with it.
    if ending is Ending.EXPIRED and incident.elder_id is not None:
        family.owe(
            incident.elder_id,
            f"release_ended:{release.id}:expired",
            wording="release_ended",
            facts={**house().settings.issuer, "number": incident.number},
            at=now,
            incident_id=incident.id,
        )
