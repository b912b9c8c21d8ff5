"""Issuing a band: drawn, read back by two decoders, only then kept; ended."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

import sqlalchemy as sa
from PIL import Image
from sqlalchemy.exc import IntegrityError

from wristband import limits
from wristband.accounts.rules import OfficerAccount
from wristband.audit import trail
from wristband.audit.deeds import Deed
from wristband.bands import queries, tokens
from wristband.bands.artwork.release import Release, release
from wristband.bands.models import Band
from wristband.bands.rules import (
    BANDS_A_GUARDIAN,
    BANDS_AN_ELDER,
    BANDS_AN_OFFICER,
    ENDED_AGAIN_WITHIN,
    BandEnd,
    BandForm,
    BandState,
    states_before,
)
from wristband.db import db, new_id, transaction
from wristband.elders import at_station, photos
from wristband.elders.models import Elder
from wristband.elders.queries import consented, find_portrait, get_elder
from wristband.elders.rules import Purpose
from wristband.errors import BadValue, Conflict, Unavailable
from wristband.house import house
from wristband.outbox import guardians
from wristband.outbox.guardians import Change
from wristband.scans.challenges import hash_check_code
from wristband.sealing import box
from wristband.values.code import CheckCode

_TRIES = 3


@dataclass(frozen=True, slots=True)
class Replaced:
    """The band that a new one takes the place of, and why."""

    band_id: int
    why: BandEnd


def issue(
    key: str,
    elder_id: int,
    form: BandForm,
    *,
    guardian_id: int,
    instead_of: Replaced | None = None,
    now: datetime,
) -> int:
    """Make a band for one of this guardian's elders. Returns its id.

    Raises NotFound, BadValue, Conflict, TooMany, Unavailable.

    `key` is the form's own: sent twice, the first band is the answer. The portrait is drawn in where there is one and
    its printing was consented to. The band that it is `instead_of` ends in the same moment, not before.
    """
    return _issue(key, elder_id, form, _Guardian(guardian_id), instead_of, now)


def issue_at_counter(key: str, elder_id: int, form: BandForm, *, officer: OfficerAccount, now: datetime) -> int:
    """The same by an officer, for an elder of the officer's station; every guardian is told. Returns the band's id."""
    return _issue(key, elder_id, form, _Counter(officer), None, now)


class _Issuer(Protocol):
    """Who has a band made: what that one may have made of, what it costs, who hears of it."""

    actor: str

    def get(self, elder_id: int, *, held: bool) -> Elder:
        """The elder, where it is one of that one's. Raises NotFound."""

    def spend(self, now: datetime) -> None:
        """One of the budget. Raises TooMany."""

    def tell(self, change: Change, elder_id: int, now: datetime) -> None:
        """Who else answers for the elder hears of it."""


class _Guardian:
    def __init__(self, guardian_id: int) -> None:
        self._id = guardian_id
        self.actor = f"guardian:{guardian_id}"

    def get(self, elder_id: int, *, held: bool) -> Elder:
        return get_elder(elder_id, guardian_id=self._id, held=held)

    def spend(self, now: datetime) -> None:
        limits.spend(BANDS_A_GUARDIAN, str(self._id), now=now)

    def tell(self, change: Change, elder_id: int, now: datetime) -> None:
        _tell(change, elder_id, self._id, now)


class _Counter:
    def __init__(self, officer: OfficerAccount) -> None:
        self._officer = officer
        self.actor = officer.actor

    def get(self, elder_id: int, *, held: bool) -> Elder:
        return at_station.get_record(elder_id, station_id=self._officer.station_id, held=held)

    def spend(self, now: datetime) -> None:
        limits.spend(BANDS_AN_OFFICER, self.actor, now=now)

    def tell(self, change: Change, elder_id: int, now: datetime) -> None:
        at_station.tell(change.value, elder_id, officer=self._officer, issuer=house().settings.issuer, now=now)


def _issue(key: str, elder_id: int, form: BandForm, issuer: _Issuer, instead_of: Replaced | None, now: datetime) -> int:
    _check_alive(issuer.get(elder_id, held=False))
    hashed = box().keyed_hash("band.key", issuer.actor.removeprefix("guardian:"), str(elder_id), key)
    if (known := queries.find_band_by_key(hashed)) is not None:
        return known
    _check_room(elder_id, instead_of)
    with transaction():
        issuer.spend(now)
    photo = find_portrait(elder_id) if consented(elder_id, Purpose.PORTRAIT) else None
    portrait = (photo.id, photos.Crop(photo.crop_left, photo.crop_top, photo.crop_size)) if photo else None
    face = _face(*portrait) if portrait else None
    check_code = CheckCode.random()
    for _ in range(_TRIES):
        drawn = _draw(face)
        band_id = new_id()
        check_code_hash = hash_check_code(band_id, check_code.digits)
        try:
            with transaction():
                # Asked again now that nobody else can issue one: drawing has taken its time.
                _check_alive(issuer.get(elder_id, held=True))
                if (known := queries.find_band_by_key(hashed)) is not None:
                    return known
                if instead_of is not None:
                    _end(instead_of.band_id, instead_of.why, int(issuer.actor.partition(":")[2]), now)
                _check_room(elder_id, None)
                band = _band(band_id, drawn, elder_id, portrait, form, issuer.actor, now)
                band.key = hashed
                band.check_code_hash, band.check_code = check_code_hash, check_code.digits
                db.session.add(band)
                db.session.flush()
                _record(Deed.BAND_ISSUED, band, issuer.actor, now, form=band.form.value)
                issuer.tell(Change.BAND_REPLACED if instead_of else Change.BAND_ISSUED, elder_id, now)
        except IntegrityError:
            continue  # another band took the serial in this moment
        return band_id
    raise Unavailable("bands.try_again")


def _check_alive(elder: Elder) -> None:
    if elder.deceased_at is not None:
        raise Conflict("elders.deceased")


def _check_room(elder_id: int, instead_of: Replaced | None) -> None:
    if queries.count_active(elder_id) - (instead_of is not None) >= BANDS_AN_ELDER:
        raise BadValue("bands.too_many", most=BANDS_AN_ELDER)


def end(band_id: int, why: BandEnd, *, guardian_id: int, now: datetime) -> None:
    """End one band, and it alone: it opens what an unknown one opens. The same tap again changes nothing.

    Raises NotFound, Conflict when it has ended otherwise.
    """
    with transaction():
        try:
            _tell_ended(_end(band_id, why, guardian_id, now), guardian_id, now)
        except Conflict:
            band = queries.get_band(band_id, guardian_id=guardian_id)
            db.session.refresh(band)
            if band.end is not why or band.ended_at is None or abs(now - band.ended_at) > ENDED_AGAIN_WITHIN:
                raise


def _tell_ended(band: Band, guardian_id: int, now: datetime) -> None:
    if band.elder_id is not None:
        left = queries.count_active(band.elder_id)
        _tell(Change.BAND_ENDED if left else Change.LAST_BAND_ENDED, band.elder_id, guardian_id, now)


def _end(band_id: int, why: BandEnd, guardian_id: int, now: datetime) -> Band:
    band = queries.get_band(band_id, guardian_id=guardian_id)
    ended = db.session.execute(
        sa.update(Band)
        .where(Band.id == band_id, Band.state.in_(states_before(BandState.ENDED)))
        .values(state=BandState.ENDED, ended_at=now, end=why, check_code_sealed=None)
    )
    if ended.rowcount != 1:  # type: ignore[attr-defined]
        raise Conflict("bands.ended")
    _record(Deed.BAND_ENDED, band, f"guardian:{guardian_id}", now, why=why.value)
    return band


def _draw(face: Image.Image | None) -> Release:
    """A released design whose serial no band has. Nothing of the database is held while it is drawn."""
    db.session.rollback()
    keys = house().band_keys
    return release(
        house().settings.token_prefix,
        lambda serial: tokens.sign(serial, keys),
        face,
        taken=queries.serial_taken,
    )


def _band(
    band_id: int,
    drawn: Release,
    elder_id: int,
    portrait: tuple[int, photos.Crop] | None,
    form: BandForm,
    actor: str,
    now: datetime,
) -> Band:
    token = tokens.read(drawn.design.token, house().band_keys)
    if token is None:
        raise Unavailable("bands.try_again")
    photo_id, crop = portrait or (None, None)
    return Band(
        id=band_id,
        serial=token.serial,
        key_id=token.key_id,
        form=form,
        state=BandState.ACTIVE,
        elder_id=elder_id,
        photo_id=photo_id,
        crop_left=crop.left if crop else None,
        crop_top=crop.top if crop else None,
        crop_size=crop.size if crop else None,
        design=drawn.design.to_bytes(),
        issued_at=now,
        issued_by=actor,
    )


def _face(photo_id: int, crop: photos.Crop) -> Image.Image:
    return photos.cut(house().files.read(place=photos.PHOTO_PLACE, row=photo_id), crop, photos.FACE_PX)


def _tell(change: Change, elder_id: int, guardian_id: int, now: datetime) -> None:
    guardians.tell_change(change, elder_id, by=guardian_id, issuer=house().settings.issuer, at=now)


def _record(deed: Deed, band: Band, actor: str, now: datetime, **facts: str) -> None:
    trail.record(
        deed,
        actor=actor,
        subject=f"band:{band.id}",
        at=now,
        elder_id=band.elder_id,
        **facts,
    )
