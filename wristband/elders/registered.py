"""A new elder as rows, in the caller's transaction: the record, the first guardian, telephones, consents."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from wristband.accounts.models import Guardian
from wristband.audit import trail
from wristband.audit.deeds import Deed
from wristband.db import db
from wristband.elders import changes
from wristband.elders.models import Consent, Contact, Elder, Guardianship, Photo
from wristband.elders.rules import ContactKind, ElderState, Particulars, Purpose, text_sha256
from wristband.errors import NotFound
from wristband.sealing import box
from wristband.stations.models import Station
from wristband.values.phone import Phone


@dataclass(frozen=True, slots=True)
class Wanted:
    """A registration as somebody filled it in; `key` is the form's own, hashed."""

    key: str
    particulars: Particulars
    guardian_name: str
    consents: Collection[Purpose]
    photo_id: int | None
    station_id: int | None
    second_phone: Phone | None


def add(
    wanted: Wanted, guardian_id: int, *, actor: str, state: ElderState, answers: bool = True, now: datetime
) -> Elder:
    """Add the elder with everything that belongs to it. With `answers` the guardian, whose phone is known to be in the
    right hands, answers for the elder from now on; without, that phone is only called. Raises NotFound.
    """
    if wanted.station_id is not None and db.session.get(Station, wanted.station_id) is None:
        raise NotFound("stations.unknown")
    guardian = db.session.get_one(Guardian, guardian_id)
    if answers or not guardian.name:  # of somebody else's number nobody changes the name
        guardian.name = wanted.guardian_name
    number = Phone(guardian.phone)
    elder, rest = rows(wanted, guardian_id, number, actor=actor, state=state, answers=answers, now=now)
    db.session.add(elder)
    db.session.flush()
    db.session.add_all(rest)
    return elder


def rows(
    wanted: Wanted,
    guardian_id: int,
    number: Phone,
    *,
    actor: str,
    state: ElderState,
    answers: bool = True,
    agreed: Mapping[Purpose, datetime] | None = None,
    now: datetime,
) -> tuple[Elder, list[Any]]:
    """The elder of a registration and the rows that belong to it, in no session yet; the trail has them in this deed.

    `number` is the guardian's; `agreed` says when a consent was given that was not given now.
    """
    elder = Elder(
        key=wanted.key,
        state=state,
        station_id=wanted.station_id,
        registered_at=now,
        changed_at=now,
        **changes.texts_of(wanted.particulars),
    )
    rest: list[Any] = []
    if answers:
        relation = wanted.particulars.relation
        rest.append(Guardianship(elder_id=elder.id, guardian_id=guardian_id, rank=1, relation=relation, began_at=now))
    rest += _contacts(elder.id, guardian_id, number, wanted.second_phone, answers, now)
    for purpose in sorted(set(wanted.consents)):
        given_at = (agreed or {}).get(purpose, now)
        rest.append(_consent(elder.id, guardian_id, purpose, given_at, actor=actor, now=now))
    trail.record(Deed.ELDER_REGISTERED, actor=actor, subject=f"elder:{elder.id}", at=now, elder_id=elder.id)
    return elder, rest


def _contacts(
    elder_id: int, guardian_id: int, own: Phone, second: Phone | None, answers: bool, now: datetime
) -> list[Contact]:
    phones = [own] + ([second] if second and second.e164 != own.e164 else [])
    return [
        Contact(
            elder_id=elder_id,
            guardian_id=guardian_id if answers and phone == own else None,
            kind=ContactKind.PHONE,
            address=phone.e164,
            address_index=box().blind(phone.e164, place="contact.address"),
            calling_order=order,
            added_at=now,
            confirmed_at=now if answers and phone == own else None,
        )
        for order, phone in enumerate(phones, 1)
    ]


def give(elder_id: int, guardian_id: int, purpose: Purpose, *, actor: str, now: datetime) -> None:
    """A yes of this guardian's to one purpose, with the digest of its words."""
    db.session.add(_consent(elder_id, guardian_id, purpose, now, actor=actor, now=now))


def _consent(
    elder_id: int, guardian_id: int, purpose: Purpose, given_at: datetime, *, actor: str, now: datetime
) -> Consent:
    consent = Consent(
        elder_id=elder_id,
        guardian_id=guardian_id,
        purpose=purpose,
        text_sha256=text_sha256(purpose),
        given_at=given_at,
    )
    trail.record(
        Deed.CONSENT_GIVEN,
        actor=actor,
        subject=f"consent:{consent.id}",
        at=now,
        elder_id=elder_id,
        purpose=purpose.value,
    )
    return consent


def hang(photo_id: int, elder_id: int, guardian_id: int) -> None:
    """A kept photograph becomes the elder's portrait. Raises NotFound where it waits no more."""
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
