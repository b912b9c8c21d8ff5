"""Merging two records of one person: one goes on with bands, family and incidents of both; undone for a day."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from wristband.accounts.rules import OfficerAccount
from wristband.audit import trail
from wristband.audit.deeds import Deed
from wristband.bands.models import Band
from wristband.db import db, insert, new_id, transaction
from wristband.elders import at_station, keeping, queries
from wristband.elders.keeping import MERGE_UNDONE_WITHIN, Moved, TransferEnd
from wristband.elders.models import (
    Contact,
    Elder,
    ElderMerge,
    ElderTransfer,
    Guardianship,
    Invitation,
    MergedRow,
    Photo,
)
from wristband.elders.rules import Purpose
from wristband.errors import Conflict
from wristband.house import house
from wristband.incidents.models import Incident
from wristband.incidents.queries import find_open_incident
from wristband.scans.models import Reach

_GOES_ALONG: dict[Moved, Any] = {
    Moved.BAND: Band,
    Moved.INCIDENT: Incident,
    Moved.REACH: Reach,
    Moved.CONTACT: Contact,
    Moved.GUARDIANSHIP: Guardianship,
    Moved.PHOTO: Photo,
}


def merge(elder_id: int, into_id: int, *, officer: OfficerAccount, now: datetime) -> None:
    """Both records are the same person's: `into_id` goes on, the other stays as it was and is listed no more.

    Bands, incidents, calls and photographs go along, and whoever answers for or is called of the other. A guardian
    who has left the one that goes on does not come back by it. Particulars and consents are those of the one that
    goes on. Raises Conflict with what has to be done first, NotFound.
    """
    with transaction():
        # So firmly that no report opens an incident meanwhile; in one order everywhere.
        for one in sorted({elder_id, into_id}):
            queries.hold_elder(one, against_reports=True)
        gone = at_station.get_record(elder_id, station_id=officer.station_id)
        into = at_station.get_record(into_id, station_id=officer.station_id)
        stands = at_station.standings([gone, into])
        keeping.check_merge(
            stands[gone.id],
            stands[into.id],
            same=gone.id == into.id,
            open_incidents=sum(find_open_incident(one) is not None for one in (gone.id, into.id)),
        )
        row = ElderMerge(elder_id=gone.id, into_id=into.id, officer_id=officer.officer_id, at=now)
        db.session.add(row)
        db.session.flush()
        _take_along(row.id, gone.id, into.id, now)
        gone.merged_into_id = into.id
        gone.changed_at = into.changed_at = now
        db.session.flush()
        _record(Deed.ELDERS_MERGED, gone.id, into.id, officer, now)
        at_station.tell("merged", into.id, officer=officer, issuer=house().settings.issuer, now=now)


def undo(into_id: int, merge_id: int, *, officer: OfficerAccount, now: datetime) -> int:
    """They are two people: within a day each has again what was its own. Returns the id of the one that came back.

    What was done since with the one that went on stays there. Raises Conflict where it is too late, NotFound.
    """
    with transaction():
        row = db.session.get(ElderMerge, merge_id)
        at_station.get_record(into_id, station_id=officer.station_id)
        if row is None or row.into_id != into_id:
            raise Conflict("records.undo_late")
        for one in sorted((row.elder_id, row.into_id)):
            queries.hold_elder(one, against_reports=True)
        undone = db.session.execute(
            sa.update(ElderMerge)
            .where(ElderMerge.id == merge_id, ElderMerge.undone_at.is_(None), ElderMerge.at > now - MERGE_UNDONE_WITHIN)
            .values(undone_at=now)
        )
        if undone.rowcount != 1:  # type: ignore[attr-defined]
            raise Conflict("records.undo_late")
        _give_back(row.id, row.elder_id, row.into_id)
        db.session.execute(sa.update(Elder).where(Elder.id == row.elder_id).values(merged_into_id=None, changed_at=now))
        db.session.expire_all()
        _record(Deed.ELDERS_PARTED, row.elder_id, row.into_id, officer, now)
        for one in (row.elder_id, row.into_id):
            at_station.tell("parted", one, officer=officer, issuer=house().settings.issuer, now=now)
        return row.elder_id


# ---- taking along


def _take_along(merge_id: int, gone_id: int, into_id: int, now: datetime) -> None:
    for what in (Moved.BAND, Moved.INCIDENT, Moved.REACH):
        model = _GOES_ALONG[what]
        _move(merge_id, what, _all_of(model, gone_id), into_id)
    _end_offer(merge_id, gone_id, now)
    _take_contacts(merge_id, gone_id, into_id)
    _take_guardians(merge_id, gone_id, into_id, now)
    _take_photos(merge_id, gone_id, into_id, now)
    # Whoever accepted one now would answer for nobody.
    _change(Invitation, sa.and_(Invitation.elder_id == gone_id, Invitation.ended_at.is_(None)), ended_at=now)


def _all_of(model: Any, elder_id: int) -> list[int]:
    return list(db.session.scalars(sa.select(model.id).where(model.elder_id == elder_id)))


def _move(merge_id: int, what: Moved, ids: Sequence[int], into_id: int) -> None:
    model = _GOES_ALONG[what]
    _change(model, model.id.in_(ids), elder_id=into_id)
    _note(merge_id, what, ids)


def _change(model: Any, where: sa.ColumnElement[bool], **values: object) -> None:
    db.session.execute(sa.update(model).where(where).values(**values), execution_options={"synchronize_session": False})


def _note(merge_id: int, what: Moved, ids: Sequence[int]) -> None:
    rows = [{"id": new_id(), "merge_id": merge_id, "what": what, "row_id": row_id} for row_id in ids]
    if rows:
        db.session.execute(insert(MergedRow.__table__), rows)


def _end_offer(merge_id: int, gone_id: int, now: datetime) -> None:
    offer = at_station.find_transfer(gone_id)
    if offer is not None:
        at_station.end_transfer(gone_id, now=now, end=TransferEnd.TAKEN_BACK)
        _note(merge_id, Moved.TRANSFER_ENDED, [offer.id])


def _take_contacts(merge_id: int, gone_id: int, into_id: int) -> None:
    """Numbers that the other has not, behind its own; a number that both have stays where it is."""
    known = {contact.address for contact in queries.list_contacts(into_id)}
    last = max((contact.calling_order for contact in queries.list_contacts(into_id)), default=0)
    more = [contact for contact in queries.list_contacts(gone_id) if contact.address not in known]
    for order, contact in enumerate(more, last + 1):
        contact.calling_order = order
    db.session.flush()
    _move(merge_id, Moved.CONTACT, [contact.id for contact in more], into_id)


def _take_guardians(merge_id: int, gone_id: int, into_id: int, now: datetime) -> None:
    known = set(db.session.scalars(sa.select(Guardianship.guardian_id).where(Guardianship.elder_id == into_id)))
    theirs = [link for link, _ in queries.list_guardians(gone_id)]
    more = [link for link in theirs if link.guardian_id not in known]
    both = [link.id for link in theirs if link.guardian_id in known]
    last = len(queries.list_guardians(into_id))
    for rank, link in enumerate(more, last + 1):
        link.rank = rank
    db.session.flush()
    _move(merge_id, Moved.GUARDIANSHIP, [link.id for link in more], into_id)
    _change(Guardianship, Guardianship.id.in_(both), ended_at=now)
    _note(merge_id, Moved.GUARDIANSHIP_ENDED, both)


def _take_photos(merge_id: int, gone_id: int, into_id: int, now: datetime) -> None:
    """All of them, so that a consent withdrawn reaches each; in use only where the other has none and may have one."""
    wanted = queries.find_portrait(into_id) is None and queries.consented(into_id, Purpose.PORTRAIT)
    portrait = queries.find_portrait(gone_id)
    if portrait is not None and not wanted:
        _change(Photo, Photo.id == portrait.id, replaced_at=now)
        _note(merge_id, Moved.PHOTO_REPLACED, [portrait.id])
    _move(merge_id, Moved.PHOTO, _all_of(Photo, gone_id), into_id)


# ---- giving back


def _give_back(merge_id: int, gone_id: int, into_id: int) -> None:
    """What is still where the merge has put it."""
    taken: dict[Moved, list[int]] = {what: [] for what in Moved}
    for row in db.session.scalars(sa.select(MergedRow).where(MergedRow.merge_id == merge_id)):
        taken[row.what].append(row.row_id)
    for what, model in _GOES_ALONG.items():
        _change(model, sa.and_(model.id.in_(taken[what]), model.elder_id == into_id), elder_id=gone_id)
    _change(Guardianship, Guardianship.id.in_(taken[Moved.GUARDIANSHIP_ENDED]), ended_at=None)
    replaced = sa.and_(Photo.id.in_(taken[Moved.PHOTO_REPLACED]), Photo.destroyed_at.is_(None))
    _change(Photo, replaced, replaced_at=None)
    _change(ElderTransfer, ElderTransfer.id.in_(taken[Moved.TRANSFER_ENDED]), ended_at=None, end=None)


def _record(deed: Deed, gone_id: int, into_id: int, officer: OfficerAccount, now: datetime) -> None:
    """In the trail of both, so that each family reads it."""
    for elder_id in (gone_id, into_id):
        trail.record(deed, actor=officer.actor, subject=f"elder:{gone_id}", at=now, elder_id=elder_id, into=into_id)
