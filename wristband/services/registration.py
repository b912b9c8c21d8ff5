"""Registering an elder: the particulars, the portrait, the yes to each purpose, in one deed."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from wristband import data_keys, limits
from wristband.accounts.models import Guardian
from wristband.audit import trail
from wristband.audit.deeds import Deed
from wristband.db import db, new_id, transaction
from wristband.elders import photos, queries
from wristband.elders.models import Consent, Contact, Elder, Guardianship, Photo
from wristband.elders.photos import PHOTO_PLACE
from wristband.elders.rules import (
    ELDERS_A_GUARDIAN,
    PHOTOS_A_GUARDIAN,
    REQUIRED,
    ContactKind,
    ElderState,
    Particulars,
    Purpose,
    text_sha256,
)
from wristband.errors import BadFields, BadValue, NotFound
from wristband.house import house
from wristband.outbox import guardians
from wristband.outbox.guardians import Change
from wristband.sealing import box
from wristband.stations.models import Station
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
            return _register(
                hashed, particulars, guardian_id, guardian_name, consents, photo_id, station_id, second_phone, now
            )
    except IntegrityError:
        known = queries.find_elder_by_key(hashed)
        if known is None:
            raise
        return known


def _register(
    key: str,
    particulars: Particulars,
    guardian_id: int,
    guardian_name: str,
    consents: Collection[Purpose],
    photo_id: int | None,
    station_id: int | None,
    second_phone: Phone | None,
    now: datetime,
) -> int:
    if station_id is not None and db.session.get(Station, station_id) is None:
        raise NotFound("stations.unknown")
    guardian = db.session.get_one(Guardian, guardian_id)
    guardian.name = guardian_name
    elder = Elder(
        key=key,
        state=ElderState.PROVISIONAL,
        name=particulars.name,
        called=particulars.called or None,
        sex=particulars.sex,
        birth_year=str(particulars.birth_year) if particulars.birth_year else None,
        address=particulars.address or None,
        approach=particulars.approach or None,
        health=particulars.health or None,
        station_id=station_id,
        registered_at=now,
        changed_at=now,
    )
    db.session.add(elder)
    db.session.flush()
    db.session.add(
        Guardianship(elder_id=elder.id, guardian_id=guardian_id, rank=1, relation=particulars.relation, began_at=now)
    )
    _add_contacts(elder.id, guardian, second_phone, now)
    for purpose in sorted(set(consents)):
        _give(elder.id, guardian_id, purpose, now)
    if photo_id is not None:
        _hang(photo_id, elder.id, guardian_id, now)
    trail.record(
        Deed.ELDER_REGISTERED,
        actor=f"guardian:{guardian_id}",
        subject=f"elder:{elder.id}",
        at=now,
        elder_id=elder.id,
    )
    return elder.id


def replace_portrait(elder_id: int, photo_id: int, *, guardian_id: int, now: datetime) -> None:
    """Hang a kept photo in place of the portrait; bands already printed keep theirs. Raises NotFound, BadValue."""
    with transaction():
        # Held, so that two photographs at once make one consent and one portrait in use.
        queries.get_elder(elder_id, guardian_id=guardian_id, held=True)
        if not queries.consented(elder_id, Purpose.PORTRAIT):
            _give(elder_id, guardian_id, Purpose.PORTRAIT, now)
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
    hung = db.session.execute(
        sa.update(Photo)
        .where(
            Photo.id == photo_id,
            Photo.guardian_id == guardian_id,
            Photo.elder_id.is_(None),
            Photo.destroyed_at.is_(None),
        )
        .values(elder_id=elder_id)
    )
    if hung.rowcount != 1:  # type: ignore[attr-defined]
        raise NotFound("elders.photo_gone")
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


def _add_contacts(elder_id: int, guardian: Guardian, second: Phone | None, now: datetime) -> None:
    own = Phone(guardian.phone)
    phones = [own] + ([second] if second and second.e164 != own.e164 else [])
    for order, phone in enumerate(phones, 1):
        db.session.add(
            Contact(
                elder_id=elder_id,
                guardian_id=guardian.id if phone == own else None,
                kind=ContactKind.PHONE,
                address=phone.e164,
                address_index=box().blind(phone.e164, place="contact.address"),
                calling_order=order,
                added_at=now,
                confirmed_at=now if phone == own else None,
            )
        )


def _give(elder_id: int, guardian_id: int, purpose: Purpose, now: datetime) -> None:
    consent = Consent(
        elder_id=elder_id,
        guardian_id=guardian_id,
        purpose=purpose,
        text_sha256=text_sha256(purpose),
        given_at=now,
    )
    db.session.add(consent)
    trail.record(
        Deed.CONSENT_GIVEN,
        actor=f"guardian:{guardian_id}",
        subject=f"consent:{consent.id}",
        at=now,
        elder_id=elder_id,
        purpose=purpose.value,
    )
