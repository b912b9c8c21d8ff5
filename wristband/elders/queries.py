"""Elders as their own guardians see them. Who asks is part of every question."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from wristband.accounts.models import Guardian
from wristband.db import db
from wristband.elders.models import Consent, Contact, Elder, Guardianship, Photo
from wristband.elders.rules import Purpose
from wristband.errors import NotFound
from wristband.language import SOURCE


def ids_of(guardian_id: int) -> sa.Select[int]:
    """The elders a guardian answers for today: the scope of every question at the family's door, in every subject."""
    return sa.select(Guardianship.elder_id).where(
        Guardianship.guardian_id == guardian_id, Guardianship.ended_at.is_(None)
    )


def get_elder(elder_id: int, *, guardian_id: int, held: bool = False) -> Elder:
    """One of my elders; `held` until the caller's transaction ends. Raises NotFound for a stranger's and none alike."""
    question = sa.select(Elder).where(Elder.id == elder_id, Elder.id.in_(ids_of(guardian_id)))
    # Not so firmly that a report about the elder would wait.
    elder: Elder | None = db.session.scalar(question.with_for_update(key_share=True) if held else question)
    if elder is None:
        raise NotFound("elders.unknown")
    return elder


def find_elder_by_key(key: str) -> int | None:
    """The elder that the form of this key has registered already."""
    return db.session.scalar(sa.select(Elder.id).where(Elder.key == key))


def list_elders(*, guardian_id: int) -> Sequence[Elder]:
    return db.session.scalars(sa.select(Elder).where(Elder.id.in_(ids_of(guardian_id))).order_by(Elder.id)).all()


def get_guardianship(elder_id: int, *, guardian_id: int) -> Guardianship:
    link: Guardianship | None = db.session.scalar(
        sa.select(Guardianship).where(
            Guardianship.elder_id == elder_id,
            Guardianship.guardian_id == guardian_id,
            Guardianship.ended_at.is_(None),
        )
    )
    if link is None:
        raise NotFound("elders.unknown")
    return link


def list_contacts(elder_id: int) -> Sequence[Contact]:
    """How the family is reached, in calling order. For services and officers; a guardian asks after get_elder."""
    return db.session.scalars(
        sa.select(Contact).where(Contact.elder_id == elder_id).order_by(Contact.calling_order, Contact.id)
    ).all()


def list_contacts_spoken(elder_id: int) -> list[tuple[Contact, str]]:
    """The contacts in calling order, each with its guardian's language; without an account, the source language."""
    rows = db.session.execute(
        sa.select(Contact, Guardian.language)
        .outerjoin(Guardian, Guardian.id == Contact.guardian_id)
        .where(Contact.elder_id == elder_id)
        .order_by(Contact.calling_order, Contact.id)
    )
    return [(contact, language or SOURCE) for contact, language in rows]


def find_portrait(elder_id: int) -> Photo | None:
    """The portrait in use."""
    return db.session.scalar(
        sa.select(Photo)
        .where(Photo.elder_id == elder_id, Photo.replaced_at.is_(None))
        .order_by(Photo.id.desc())
        .limit(1)
    )


def portraits_by_elder(elder_ids: Sequence[int]) -> dict[int, Photo]:
    """The portrait in use of each of these elders, in one question."""
    rows = db.session.scalars(
        sa.select(Photo).where(Photo.elder_id.in_(elder_ids), Photo.replaced_at.is_(None)).order_by(Photo.id)
    )
    return {photo.elder_id: photo for photo in rows if photo.elder_id is not None}


def find_kept_photo(photo_id: int, *, guardian_id: int) -> Photo | None:
    """A photo of this guardian's that waits for its form to be finished."""
    return db.session.scalar(
        sa.select(Photo).where(Photo.id == photo_id, Photo.guardian_id == guardian_id, Photo.elder_id.is_(None))
    )


@dataclass(frozen=True, slots=True)
class ConsentState:
    """Where one purpose stands."""

    purpose: Purpose
    given: bool


def consent_states(elder_id: int) -> list[ConsentState]:
    """Every purpose in order, and whether a yes stands today."""
    given = set(
        db.session.scalars(
            sa.select(Consent.purpose).where(Consent.elder_id == elder_id, Consent.withdrawn_at.is_(None))
        )
    )
    return [ConsentState(purpose, purpose in given) for purpose in Purpose]


def consented(elder_id: int, purpose: Purpose) -> bool:
    return any(state.given for state in consent_states(elder_id) if state.purpose is purpose)


def get_elder_for_service(elder_id: int) -> Elder:
    """An elder for a deed whose right was settled by the band or the incident, not by who asks."""
    return db.session.get_one(Elder, elder_id)
