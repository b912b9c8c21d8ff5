"""Erasing as rows, in the caller's transaction: portrait, voice, what one consent had allowed, all of an elder.

What was sealed is emptied and its data key destroyed in the same transaction, so that no copy opens any more.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from wristband import data_keys
from wristband.bands.artwork.design import Design, plain
from wristband.bands.models import Band
from wristband.bands.rules import BandState, states_before
from wristband.board.models import FinderNumber, MaskedCall, Post
from wristband.board.rules import PhotoState
from wristband.data_keys import DataKey
from wristband.db import db
from wristband.elders.keeping import TransferEnd
from wristband.elders.models import (
    Consent,
    Contact,
    Elder,
    ElderChange,
    ElderDispute,
    ElderTransfer,
    Erasure,
    GuardianRemoval,
    Guardianship,
    Invitation,
    Photo,
    Voice,
)
from wristband.elders.photos import PHOTO_PLACE
from wristband.elders.rules import ElderState, Purpose
from wristband.elders.voices import VOICE_PLACE
from wristband.incidents.models import (
    BreakGlassLook,
    HandOver,
    Incident,
    IncidentMove,
    Note,
    PhoneReport,
    Report,
    Sighting,
)
from wristband.interchange.models import Broadcast, OutsideNote, Release
from wristband.outbox.models import Message
from wristband.outbox.rules import MessageState
from wristband.reports.models import Pickup, Supplement
from wristband.scans.levels import GrantState, Proof
from wristband.scans.models import Grant, Reach, Scan
from wristband.scans.rules import STAMP_LASTS
from wristband.sealing import EMPTIED


def nobodys_index(row_id: Any) -> sa.ColumnElement[str]:
    """In place of a row's blind index: nobody's, and so many people are still so many."""
    return sa.literal("x") + sa.cast(row_id, sa.String)


SealedFile = tuple[str, int]
"""A sealed file by its place and its row: what is still to be removed once its row's destruction is committed."""

_LIVE = (GrantState.ASKED, GrantState.GIVEN)
_SCAN_IS_OVER = STAMP_LASTS + timedelta(days=1)
"""Before, the finder behind it may still tell the police a place: the scan's key is destroyed after that."""


def destroy_photos(elder_id: int, *, now: datetime) -> list[SealedFile]:
    """No portrait of this elder opens any more, and the bands are drawn plain. Returns the files that remain."""
    draw_plain(Band.elder_id == elder_id)
    ids = list(db.session.scalars(sa.select(Photo.id).where(Photo.elder_id == elder_id, Photo.destroyed_at.is_(None))))
    db.session.flush()
    bury(ids, now=now)
    return [(PHOTO_PLACE, photo_id) for photo_id in ids]


def destroy_voice(elder_id: int, *, now: datetime) -> list[SealedFile]:
    """The family's voice opens nowhere any more. Returns the files that remain: none where there was no recording."""
    in_use = sa.and_(Voice.elder_id == elder_id, Voice.destroyed_at.is_(None))
    ids = list(db.session.scalars(sa.update(Voice).where(in_use).values(destroyed_at=now).returning(Voice.id)))
    data_keys.destroy(*ids, now=now)
    return [(VOICE_PLACE, voice_id) for voice_id in ids]


def draw_plain(which: sa.ColumnElement[bool]) -> None:
    """The same token in the standard's own symbol: in the one drawn for a portrait the face could still be made out."""
    for band in db.session.scalars(sa.select(Band).where(which, Band.photo_id.is_not(None))):
        band.design = plain(Design.from_bytes(band.design)).to_bytes()
        band.photo_id = band.crop_left = band.crop_top = band.crop_size = None
    db.session.flush()


def bury(photo_ids: Sequence[int], *, now: datetime) -> None:
    """Destroy the keys of these photographs. Their files are to be removed once this is committed."""
    db.session.execute(
        sa.update(Photo)
        .where(Photo.id.in_(photo_ids))
        .values(destroyed_at=now, replaced_at=sa.func.coalesce(Photo.replaced_at, now))
    )
    data_keys.destroy(*photo_ids, now=now)


def withdraw(elder_id: int, purpose: Purpose, *, now: datetime) -> list[SealedFile]:
    """What one consent had allowed ends with it. Returns the files that remain to be removed."""
    if purpose is Purpose.PORTRAIT:
        return destroy_photos(elder_id, now=now)
    if purpose is Purpose.VOICE:
        return destroy_voice(elder_id, now=now)
    if purpose is Purpose.HEALTH:
        _change(Elder, Elder.id == elder_id, health_sealed=None, changed_at=now)
        # What stood there before it was changed was kept by the same consent.
        of_health = sa.and_(ElderChange.elder_id == elder_id, ElderChange.field == Purpose.HEALTH)
        _change(ElderChange, of_health, before_sealed=None)
    elif purpose is Purpose.CARD:
        opened = sa.and_(Grant.elder_id == elder_id, Grant.proof == Proof.CHECK_CODE, Grant.state.in_(_LIVE))
        _change(Grant, opened, state=GrantState.ENDED, ended_at=now)
    return []


def erase(elder_id: int, *, now: datetime) -> list[SealedFile]:
    """Nothing of this elder is kept but ids and times, nor of records that were merged into this one.

    Returns the files that remain to be removed.
    """
    merged = list(db.session.scalars(sa.select(Elder.id).where(Elder.merged_into_id == elder_id)))
    files = [file for one in merged if one != elder_id for file in erase(one, now=now)]
    return files + _erase(elder_id, now)


def _erase(elder_id: int, now: datetime) -> list[SealedFile]:
    scans = scans_of(elder_id)
    incidents = list(db.session.scalars(sa.select(Incident.id).where(Incident.elder_id == elder_id)))
    files = destroy_photos(elder_id, now=now) + destroy_voice(elder_id, now=now)
    _empty_elder(elder_id, now)
    _end_family(elder_id, now)
    _end_bands(elder_id, now)
    _empty_past(elder_id, incidents, scans, now)
    data_keys.destroy(elder_id, *incidents, now=now)
    _destroy_scan_keys(sa.select(Scan.id).where(Scan.id.in_(scans)), now)
    db.session.expire_all()
    return files


def destroy_late_scan_keys(*, limit: int, now: datetime) -> int:
    """The keys of erased elders' scans whose finders may not be heard of any more. Returns how many."""
    of_erased = (
        sa.select(Scan.id)
        .join(Band, Band.id == Scan.band_id)
        .join(Elder, Elder.id == Band.elder_id)
        .join(DataKey, DataKey.id == Scan.id)
        .where(Elder.erased_at.is_not(None), DataKey.destroyed_at.is_(None))
        .limit(limit)
    )
    return _destroy_scan_keys(of_erased, now)


def _destroy_scan_keys(scans: sa.Select[Any], now: datetime) -> int:
    over = list(db.session.scalars(scans.where(Scan.opened_at <= now - _SCAN_IS_OVER)))
    _change(Sighting, Sighting.scan_id.in_(over), place_sealed=None, words_sealed=None)
    _empty_reports(over)
    data_keys.destroy(*over, now=now)
    return len(over)


def scans_of(elder_id: int) -> list[int]:
    """By her bands, by the family's being told, by a report: every scan that was about her."""
    by_band = sa.select(Scan.id).join(Band, Band.id == Scan.band_id).where(Band.elder_id == elder_id)
    by_report = sa.select(Report.scan_id).join(Incident, Incident.id == Report.incident_id)
    return list(
        db.session.scalars(
            sa.union(
                by_band,
                sa.select(Reach.scan_id).where(Reach.elder_id == elder_id),
                by_report.where(Incident.elder_id == elder_id),
            )
        )
    )


def _empty_elder(elder_id: int, now: datetime) -> None:
    _change(
        Elder,
        Elder.id == elder_id,
        state=ElderState.ERASED,
        name_sealed=EMPTIED,
        name_index=None,
        called_sealed=None,
        birth_year_sealed=None,
        sex_sealed=None,
        address_sealed=None,
        approach_sealed=None,
        health_sealed=None,
        station_id=None,
        disputed_at=None,
        changed_at=now,
        erased_at=now,
    )


def _end_family(elder_id: int, now: datetime) -> None:
    db.session.execute(sa.delete(Contact).where(Contact.elder_id == elder_id))
    _change(ElderChange, ElderChange.elder_id == elder_id, before_sealed=None)
    _change(ElderDispute, ElderDispute.elder_id == elder_id, words_sealed=None, settlement_sealed=None)
    _change(GuardianRemoval, GuardianRemoval.elder_id == elder_id, words_sealed=None)
    _change(GuardianRemoval, _open_of(GuardianRemoval, elder_id, "ended_at"), ended_at=now)
    _change(ElderTransfer, _open_of(ElderTransfer, elder_id, "ended_at"), ended_at=now, end=TransferEnd.TAKEN_BACK)
    _change(Guardianship, _open_of(Guardianship, elder_id, "ended_at"), ended_at=now)
    _change(Consent, _open_of(Consent, elder_id, "withdrawn_at"), withdrawn_at=now)
    _change(Erasure, _open_of(Erasure, elder_id, "ended_at"), ended_at=now)
    _change(Invitation, _open_of(Invitation, elder_id, "ended_at"), ended_at=now)
    _change(Invitation, Invitation.elder_id == elder_id, phone_sealed=None, phone_index=None)


def _end_bands(elder_id: int, now: datetime) -> None:
    in_use = sa.and_(Band.elder_id == elder_id, Band.state.in_(states_before(BandState.ENDED)))
    _change(Band, in_use, state=BandState.ENDED, ended_at=now)
    _change(Band, Band.elder_id == elder_id, check_code_sealed=None)


def _empty_past(elder_id: int, incidents: list[int], scans: list[int], now: datetime) -> None:
    """Incidents, reports and calls stay as what happened when; without a word, a place or a number."""
    _change(Grant, sa.and_(Grant.elder_id == elder_id, Grant.state.in_(_LIVE)), state=GrantState.ENDED, ended_at=now)
    _change(Grant, Grant.elder_id == elder_id, phone_sealed=None, phone_index=None)
    _change(Sighting, Sighting.scan_id.in_(scans), place_sealed=None, words_sealed=None)
    _empty_boards(scans)
    _empty_reports(scans)
    _change(IncidentMove, IncidentMove.incident_id.in_(incidents), words_sealed=None)
    _change(Note, Note.incident_id.in_(incidents), words_sealed=None)
    _change(PhoneReport, PhoneReport.scan_id.in_(scans), phone_sealed=None)
    _empty_exchanged(incidents)
    _change(BreakGlassLook, BreakGlassLook.elder_id == elder_id, words_sealed=EMPTIED, review_sealed=None)
    _change(HandOver, _open_of(HandOver, elder_id, "closed_at"), closed_at=now)
    _change(HandOver, HandOver.elder_id == elder_id, code_hash=None)
    waiting = sa.and_(Message.elder_id == elder_id, Message.state.in_((MessageState.PENDING, MessageState.LEASED)))
    _change(Message, waiting, state=MessageState.STOPPED, settled_at=now, leased_by=None, leased_until=None)
    _change(
        Message,
        Message.elder_id == elder_id,
        recipient_sealed=EMPTIED,
        recipient_index=nobodys_index(Message.id),
        body_sealed=None,
        facts_sealed=None,
    )


def _empty_exchanged(incidents: list[int]) -> None:
    """What was written for others outside, and what they said."""
    _change(Release, Release.incident_id.in_(incidents), clothes_sealed=None)
    _change(Broadcast, Broadcast.incident_id.in_(incidents), document_sealed=None)
    _change(OutsideNote, OutsideNote.incident_id.in_(incidents), said_sealed=None)


def _empty_boards(scans: list[int]) -> None:
    """What was said goes; a post with a photograph waits, empty, until the purge has taken the file."""
    db.session.execute(sa.delete(FinderNumber).where(FinderNumber.scan_id.in_(scans)))
    _change(MaskedCall, MaskedCall.scan_id.in_(scans), number_sealed=None)
    db.session.execute(sa.delete(Post).where(Post.scan_id.in_(scans), Post.photo.is_(None)))
    _change(Post, Post.scan_id.in_(scans), words_sealed=None, phrase=None, photo=PhotoState.DROPPED)


def _empty_reports(scans: list[int]) -> None:
    """What finders added goes with its words; a photograph's row waits, empty, until the purge has taken the file."""
    _change(Supplement, Supplement.scan_id.in_(scans), words_sealed=None, dropped=True)
    _change(Pickup, Pickup.scan_id.in_(scans), words_sealed=None)


def _open_of(model: Any, elder_id: int, ended: str) -> sa.ColumnElement[bool]:
    return sa.and_(model.elder_id == elder_id, getattr(model, ended).is_(None))


def _change(model: Any, where: sa.ColumnElement[bool], **values: object) -> None:
    db.session.execute(sa.update(model).where(where).values(**values), execution_options={"synchronize_session": False})
