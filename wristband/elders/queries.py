"""Elders as their own guardians see them. Who asks is part of every question."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from wristband.accounts.models import Guardian
from wristband.db import db
from wristband.elders.models import Consent, Contact, Elder, Erasure, Guardianship, Invitation, Photo, Voice
from wristband.elders.readiness import CONFIRMED_LASTS, REMINDED_BEFORE
from wristband.elders.rules import Purpose
from wristband.errors import NotFound
from wristband.sealing import Keyed, box


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


def hold_elder(elder_id: int, *, against_reports: bool = False) -> None:
    """Hold the elder until the caller's transaction ends; so firmly that a report would wait only `against_reports`."""
    question = sa.select(Elder.id).where(Elder.id == elder_id)
    db.session.execute(question.with_for_update(key_share=not against_reports))


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


def get_contact(contact_id: int, *, elder_id: int) -> Contact:
    """One of an elder's contacts. A guardian asks after get_elder. Raises NotFound."""
    contact: Contact | None = db.session.scalar(
        sa.select(Contact).where(Contact.id == contact_id, Contact.elder_id == elder_id)
    )
    if contact is None:
        raise NotFound("elders.contact_unknown")
    return contact


def list_going_stale(*, now: datetime, limit: int) -> Sequence[Contact]:
    """The telephones of which a reminder is due that they be confirmed anew, the longest confirmed first."""
    soon, over = now - CONFIRMED_LASTS + REMINDED_BEFORE, now - CONFIRMED_LASTS
    return db.session.scalars(
        sa.select(Contact)
        .where(
            sa.or_(
                sa.and_(Contact.confirmed_at <= soon, Contact.reminders == 0),
                sa.and_(Contact.confirmed_at <= over, Contact.reminders == 1),
            ),
            # Nobody is reminded of an elder who has died, nor twice for one whose records became one.
            sa.exists().where(
                Elder.id == Contact.elder_id, Elder.deceased_at.is_(None), Elder.merged_into_id.is_(None)
            ),
        )
        .order_by(Contact.confirmed_at, Contact.id)
        .limit(limit)
    ).all()


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
        sa.select(Photo).where(
            Photo.id == photo_id,
            Photo.guardian_id == guardian_id,
            Photo.elder_id.is_(None),
            Photo.destroyed_at.is_(None),
        )
    )


def find_voice(elder_id: int) -> Voice | None:
    """The family's voice in use. A guardian asks after get_elder."""
    return db.session.scalar(sa.select(Voice).where(Voice.elder_id == elder_id, Voice.destroyed_at.is_(None)))


@dataclass(frozen=True, slots=True)
class ConsentState:
    """Where one purpose stands."""

    purpose: Purpose
    given: bool
    given_at: datetime | None = None


def consent_states(elder_id: int) -> list[ConsentState]:
    """Every purpose in order, and whether a yes stands today."""
    given = {
        consent.purpose: consent.given_at
        for consent in db.session.scalars(
            sa.select(Consent).where(Consent.elder_id == elder_id, Consent.withdrawn_at.is_(None))
        )
    }
    return [ConsentState(purpose, purpose in given, given.get(purpose)) for purpose in Purpose]


def list_consents(elder_id: int) -> Sequence[Consent]:
    """Every yes that was ever given, the withdrawn ones too. A guardian asks after get_elder."""
    return db.session.scalars(sa.select(Consent).where(Consent.elder_id == elder_id).order_by(Consent.id)).all()


def consented(elder_id: int, purpose: Purpose) -> bool:
    return any(state.given for state in consent_states(elder_id) if state.purpose is purpose)


def get_elder_for_service(elder_id: int) -> Elder:
    """An elder for a deed whose right was settled by the band or the incident, not by who asks."""
    return db.session.get_one(Elder, elder_id)


# ---- the family


def list_guardians(elder_id: int) -> list[tuple[Guardianship, Guardian]]:
    """Who answers for the elder today, by rank. A guardian asks after get_elder."""
    rows = db.session.execute(
        sa.select(Guardianship, Guardian)
        .join(Guardian, Guardian.id == Guardianship.guardian_id)
        .where(Guardianship.elder_id == elder_id, Guardianship.ended_at.is_(None))
        .order_by(Guardianship.rank, Guardianship.id)
    )
    return [(link, guardian) for link, guardian in rows]


def list_invitations(elder_id: int, *, now: datetime) -> Sequence[Invitation]:
    """The open invitations to answer for the elder, too. A guardian asks after get_elder."""
    return db.session.scalars(
        sa.select(Invitation)
        .where(Invitation.elder_id == elder_id, Invitation.ended_at.is_(None), Invitation.expires_at > now)
        .order_by(Invitation.id)
    ).all()


def list_invitations_to(guardian_id: int, *, now: datetime) -> list[tuple[Invitation, str]]:
    """The open invitations to my own confirmed phone, each with the name of the guardian who invites."""
    me = db.session.get_one(Guardian, guardian_id)
    rows = db.session.execute(
        sa.select(Invitation, Guardian)
        .join(Guardian, Guardian.id == Invitation.invited_by)
        .where(
            Invitation.phone_index == invitation_index(me.phone),
            Invitation.ended_at.is_(None),
            Invitation.expires_at > now,
        )
        .order_by(Invitation.id)
    )
    return [(invitation, inviter.name or "") for invitation, inviter in rows]


def invitation_index(e164: str) -> Keyed:
    """The blind index under which an invitation to a phone is found."""
    return box().blind(e164, place="invitation.phone")


def find_erasure(elder_id: int) -> Erasure | None:
    """The wish to erase the elder that waits for its time. A guardian asks after get_elder."""
    return db.session.scalar(sa.select(Erasure).where(Erasure.elder_id == elder_id, Erasure.ended_at.is_(None)))


def list_erasures(*, guardian_id: int) -> Sequence[Erasure]:
    """The wishes to erase one of my elders that wait for their time."""
    return db.session.scalars(
        sa.select(Erasure)
        .where(Erasure.elder_id.in_(ids_of(guardian_id)), Erasure.ended_at.is_(None))
        .order_by(Erasure.due_at)
    ).all()


def find_objection(elder_id: int) -> Erasure | None:
    """The last erasure that somebody objected to."""
    return db.session.scalar(
        sa.select(Erasure)
        .where(Erasure.elder_id == elder_id, Erasure.objected_by.is_not(None))
        .order_by(Erasure.id.desc())
        .limit(1)
    )
