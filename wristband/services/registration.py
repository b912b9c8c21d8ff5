"""Registering an elder: the particulars, the portrait, the yes to each purpose, in one deed."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from wristband import data_keys, limits
from wristband.audit import trail
from wristband.audit.deeds import Deed
from wristband.db import db, new_id, transaction
from wristband.elders import photos, queries, registered
from wristband.elders.models import Photo
from wristband.elders.photos import PHOTO_PLACE
from wristband.elders.registered import Wanted
from wristband.elders.rules import (
    ELDERS_A_GUARDIAN,
    PHOTOS_A_GUARDIAN,
    REQUIRED,
    ElderState,
    Particulars,
    Purpose,
)
from wristband.errors import BadFields, BadValue, NotFound
from wristband.house import house
from wristband.outbox import guardians
from wristband.outbox.guardians import Change
from wristband.sealing import box
from wristband.values.phone import Phone


@dataclass(frozen=True, slots=True)
class Kept:
    """A photo that waits to be hung, and whether it was turned because a face lay on its side."""

    photo_id: int
    turned: bool


def keep_photo(data: bytes, *, guardian_id: int, now: datetime) -> int:
    """Clean a picture and keep it for a form that is not finished yet. Returns the photo's id. Raises BadValue."""
    return keep_picture(data, guardian_id=guardian_id, now=now).photo_id


def keep_picture(data: bytes, quarters: int | None = None, *, guardian_id: int, now: datetime) -> Kept:
    """The same, turned to the right by so many quarters, and told whether it was turned because of its face."""
    photo_id = new_id()
    with transaction():
        limits.spend(PHOTOS_A_GUARDIAN, str(guardian_id), now=now)
    clean = photos.clean(data, quarters=quarters)
    with transaction():
        data_keys.make(photo_id)
    house().files.write(clean.jpeg, place=PHOTO_PLACE, row=photo_id, owner=photo_id)
    with transaction():
        db.session.add(
            Photo(
                id=photo_id,
                guardian_id=guardian_id,
                sha256=clean.sha256,
                width=clean.width,
                height=clean.height,
                faces=clean.faces_found,
                crop_left=clean.crop.left,
                crop_top=clean.crop.top,
                crop_size=clean.crop.size,
                kept_at=now,
            )
        )
    return Kept(photo_id, bool(clean.turned))


def register(
    key: str,
    particulars: Particulars,
    *,
    guardian_id: int,
    guardian_name: str,
    consents: Collection[Purpose],
    photo_id: int | None,
    station_id: int | None,
    second_phone: Phone | None,
    now: datetime,
) -> int:
    """Register an elder, protected at once. Returns the elder's id.

    `key` is the form's own: sent twice, the first elder is the answer. A photo without the consent to print it is
    refused, and so is a registration without the consents it needs. The guardian's own confirmed phone is the first
    contact. Raises BadValue, NotFound, TooMany.
    """
    if REQUIRED - set(consents):
        raise BadFields({"consents": BadValue("elders.consent_needed")})
    if photo_id is not None and Purpose.PORTRAIT not in consents:
        raise BadFields({"consents": BadValue("elders.portrait_without_consent")})
    hashed = box().keyed_hash("elder.key", str(guardian_id), key)
    if (known := queries.find_elder_by_key(hashed)) is not None:
        return known
    with transaction():
        limits.spend(ELDERS_A_GUARDIAN, str(guardian_id), now=now)
    try:
        with transaction():
            wanted = Wanted(hashed, particulars, guardian_name, consents, photo_id, station_id, second_phone)
            return _register(wanted, guardian_id, now)
    except IntegrityError:
        known = queries.find_elder_by_key(hashed)
        if known is None:
            raise
        return known


def _register(wanted: Wanted, guardian_id: int, now: datetime) -> int:
    actor = f"guardian:{guardian_id}"
    elder = registered.add(wanted, guardian_id, actor=actor, state=ElderState.PROVISIONAL, now=now)
    if wanted.photo_id is not None:
        _hang(wanted.photo_id, elder.id, guardian_id, now)
    return elder.id


def replace_portrait(elder_id: int, photo_id: int, *, guardian_id: int, now: datetime) -> None:
    """Hang a kept photo in place of the portrait; bands already printed keep theirs. Raises NotFound, BadValue."""
    with transaction():
        # Held, so that two photographs at once make one consent and one portrait in use.
        queries.get_elder(elder_id, guardian_id=guardian_id, held=True)
        if not queries.consented(elder_id, Purpose.PORTRAIT):
            registered.give(elder_id, guardian_id, Purpose.PORTRAIT, actor=f"guardian:{guardian_id}", now=now)
        db.session.execute(
            sa.update(Photo).where(Photo.elder_id == elder_id, Photo.replaced_at.is_(None)).values(replaced_at=now)
        )
        _hang(photo_id, elder_id, guardian_id, now)


def turn_portrait(elder_id: int, photo_id: int, quarters: int, *, guardian_id: int, now: datetime) -> None:
    """Turn the portrait that the page showed by so many quarters to the right, and look for its face again.

    The turned picture takes its place; bands already printed keep theirs. Sent twice it is turned once: where another
    picture hangs by now, that one stays as it is. Raises NotFound, TooMany, Unavailable.
    """
    jpeg = portrait_bytes(elder_id, guardian_id=guardian_id)
    if not _hangs(elder_id, photo_id):
        return
    db.session.rollback()  # nothing of the database is held while it is turned
    kept = keep_picture(jpeg, quarters, guardian_id=guardian_id, now=now)
    with transaction():
        queries.get_elder(elder_id, guardian_id=guardian_id, held=True)
        if not _hangs(elder_id, photo_id):
            return
        db.session.execute(sa.update(Photo).where(Photo.id == photo_id).values(replaced_at=now))
        _hang(kept.photo_id, elder_id, guardian_id, now)


def _hangs(elder_id: int, photo_id: int) -> bool:
    portrait = queries.find_portrait(elder_id)
    return portrait is not None and portrait.id == photo_id


def adjust_crop(elder_id: int, crop: photos.Crop, *, guardian_id: int, now: datetime) -> None:
    """Move the square of the face on the portrait in use. Raises NotFound."""
    with transaction():
        queries.get_elder(elder_id, guardian_id=guardian_id)
        photo = queries.find_portrait(elder_id)
        if photo is None:
            raise NotFound("elders.no_portrait")
        photo.crop_left, photo.crop_top, photo.crop_size = crop.left, crop.top, crop.size
        _change_portrait(elder_id, photo.id, guardian_id, now)


def portrait_bytes(elder_id: int, *, guardian_id: int) -> bytes:
    """The portrait in use as JPEG. Raises NotFound."""
    queries.get_elder(elder_id, guardian_id=guardian_id)
    photo = queries.find_portrait(elder_id)
    if photo is None:
        raise NotFound("elders.no_portrait")
    return house().files.read(place=PHOTO_PLACE, row=photo.id)


def face_bytes(elder_id: int, *, guardian_id: int) -> bytes:
    """The square of the face on the portrait in use, as JPEG. Raises NotFound."""
    jpeg = portrait_bytes(elder_id, guardian_id=guardian_id)
    photo = queries.find_portrait(elder_id)
    if photo is None:
        raise NotFound("elders.no_portrait")
    return photos.square_jpeg(jpeg, photos.Crop(photo.crop_left, photo.crop_top, photo.crop_size))


def _hang(photo_id: int, elder_id: int, guardian_id: int, now: datetime) -> None:
    registered.hang(photo_id, elder_id, guardian_id)
    _change_portrait(elder_id, photo_id, guardian_id, now)


def _change_portrait(elder_id: int, photo_id: int, guardian_id: int, now: datetime) -> None:
    """In the trail, and told to the others: it is the face by which strangers know the elder."""
    trail.record(
        Deed.PORTRAIT_CHANGED,
        actor=f"guardian:{guardian_id}",
        subject=f"photo:{photo_id}",
        at=now,
        elder_id=elder_id,
    )
    guardians.tell_change(Change.PORTRAIT, elder_id, by=guardian_id, issuer=house().settings.issuer, at=now)
