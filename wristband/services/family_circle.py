"""The family of an elder: who answers with whom, and which telephones are called in which order."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa

from wristband import limits
from wristband.accounts.models import Guardian
from wristband.audit import trail
from wristband.audit.deeds import Deed
from wristband.clock import ZONE
from wristband.db import db, transaction
from wristband.elders import links, queries
from wristband.elders.contacts import confirm
from wristband.elders.models import Contact, Guardianship, Invitation
from wristband.elders.rules import (
    CONTACTS_AN_ELDER,
    GUARDIANS_AN_ELDER,
    INVITATION_LASTS,
    INVITES_A_GUARDIAN,
    INVITES_A_PHONE,
    NAME_MAX,
    RELATIONS,
    ContactKind,
    clean_text,
)
from wristband.errors import BadValue, NotAllowed, NotFound
from wristband.house import house
from wristband.outbox import guardians, queue
from wristband.outbox.guardians import Change
from wristband.outbox.rules import Channel
from wristband.sealing import box
from wristband.values.phone import Phone

# ---- telephones


def add_contact(elder_id: int, phone: Phone, *, guardian_id: int, now: datetime) -> None:
    """One more telephone, last in the order. Raises NotFound, BadValue for a known one and for too many."""
    with transaction():
        queries.get_elder(elder_id, guardian_id=guardian_id, held=True)
        known = queries.list_contacts(elder_id)
        if any(contact.address == phone.e164 for contact in known):
            raise BadValue("elders.contact_known")
        if len(known) >= CONTACTS_AN_ELDER:
            raise BadValue("elders.contacts_many", most=CONTACTS_AN_ELDER)
        contact = _contact(elder_id, phone, known, now)
        _record(Deed.CONTACT_ADDED, f"contact:{contact.id}", elder_id, guardian_id, now)
        _tell_change(Change.CONTACTS, elder_id, guardian_id, now)


def remove_contact(elder_id: int, contact_id: int, *, guardian_id: int, now: datetime) -> None:
    """Call a telephone no more. Raises NotFound; NotAllowed for a guardian's own, which goes when that one leaves."""
    with transaction():
        queries.get_elder(elder_id, guardian_id=guardian_id, held=True)
        contact = _find(queries.list_contacts(elder_id), contact_id)
        if contact.guardian_id is not None:
            raise NotAllowed("elders.contact_of_guardian")
        db.session.delete(contact)
        _record(Deed.CONTACT_REMOVED, f"contact:{contact_id}", elder_id, guardian_id, now)
        _tell_change(Change.CONTACTS, elder_id, guardian_id, now)


def raise_contact(elder_id: int, contact_id: int, *, guardian_id: int, now: datetime) -> None:
    """Call a telephone one place earlier; the first stays the first. Raises NotFound."""
    with transaction():
        queries.get_elder(elder_id, guardian_id=guardian_id, held=True)
        contacts = list(queries.list_contacts(elder_id))
        place = contacts.index(_find(contacts, contact_id))
        if place == 0:
            return
        contacts[place - 1], contacts[place] = contacts[place], contacts[place - 1]
        for order, contact in enumerate(contacts, 1):
            contact.calling_order = order
        _record(Deed.CONTACTS_ORDERED, f"contact:{contact_id}", elder_id, guardian_id, now)
        _tell_change(Change.CALLING_ORDER, elder_id, guardian_id, now)


def _find(contacts: Sequence[Contact], contact_id: int) -> Contact:
    found = next((contact for contact in contacts if contact.id == contact_id), None)
    if found is None:
        raise NotFound("elders.contact_unknown")
    return found


def _contact(elder_id: int, phone: Phone, known: Sequence[Contact], now: datetime) -> Contact:
    contact = Contact(
        elder_id=elder_id,
        kind=ContactKind.PHONE,
        address=phone.e164,
        address_index=box().blind(phone.e164, place="contact.address"),
        calling_order=max((one.calling_order for one in known), default=0) + 1,
        added_at=now,
    )
    db.session.add(contact)
    return contact


# ---- guardians


def invite(elder_id: int, phone: Phone, *, guardian_id: int, now: datetime) -> None:
    """Ask somebody to answer for the elder, too, by a text to their phone. Asked twice, they are asked once.

    Raises NotFound, BadValue where it is a guardian's already or there are too many, TooMany.
    """
    with transaction():
        queries.get_elder(elder_id, guardian_id=guardian_id)
        limits.spend(INVITES_A_GUARDIAN, str(guardian_id), now=now)
        limits.spend(INVITES_A_PHONE, phone.e164, now=now)
    with transaction():
        queries.get_elder(elder_id, guardian_id=guardian_id, held=True)
        there, open_now = queries.list_guardians(elder_id), queries.list_invitations(elder_id, now=now)
        if any(guardian.phone == phone.e164 for _, guardian in there):
            raise BadValue("elders.guardian_known")
        if any(invitation.phone == phone.e164 for invitation in open_now):
            return
        if len(there) + len(open_now) >= GUARDIANS_AN_ELDER:
            raise BadValue("elders.guardians_many", most=GUARDIANS_AN_ELDER)
        invitation = _invitation(elder_id, phone, guardian_id, now)
        _record(Deed.GUARDIAN_INVITED, f"invitation:{invitation.id}", elder_id, guardian_id, now)
        _tell_change(Change.INVITATIONS, elder_id, guardian_id, now)
        queue.enqueue(
            key=f"guardian_invited:{invitation.id}",
            channel=Channel.SMS,
            wording="guardian_invited",
            language=db.session.get_one(Guardian, guardian_id).language,
            recipient=phone.e164,
            facts=house().settings.issuer,
            at=now,
            expires_at=now + INVITATION_LASTS,
            elder_id=elder_id,
        )


def _invitation(elder_id: int, phone: Phone, guardian_id: int, now: datetime) -> Invitation:
    # One that is too late keeps nobody from being asked again.
    db.session.execute(
        sa.update(Invitation)
        .where(Invitation.elder_id == elder_id, Invitation.ended_at.is_(None), Invitation.expires_at <= now)
        .values(ended_at=Invitation.expires_at)
    )
    invitation = Invitation(
        elder_id=elder_id,
        invited_by=guardian_id,
        phone=phone.e164,
        phone_index=queries.invitation_index(phone.e164),
        made_at=now,
        expires_at=now + INVITATION_LASTS,
    )
    db.session.add(invitation)
    return invitation


def uninvite(elder_id: int, invitation_id: int, *, guardian_id: int, now: datetime) -> None:
    """Take an invitation back before it is accepted. Raises NotFound."""
    with transaction():
        queries.get_elder(elder_id, guardian_id=guardian_id, held=True)
        if invitation_id not in {invitation.id for invitation in queries.list_invitations(elder_id, now=now)}:
            raise NotFound("elders.invitation_over")
        _end_invitation(invitation_id, now)
        _record(Deed.INVITATION_ENDED, f"invitation:{invitation_id}", elder_id, guardian_id, now)
        _tell_change(Change.INVITATIONS, elder_id, guardian_id, now)


def decline(invitation_id: int, *, guardian_id: int, now: datetime) -> None:
    """Say no to an invitation to my phone. Raises NotFound for anybody else's and for one that is over."""
    with transaction():
        invitation = _mine(invitation_id, guardian_id, now)
        _end_invitation(invitation_id, now)
        _record(Deed.INVITATION_DECLINED, f"invitation:{invitation_id}", invitation.elder_id, guardian_id, now)


def accept(invitation_id: int, *, name: str, relation: str, guardian_id: int, now: datetime) -> int:
    """Answer for the elder from now on: a guardian behind the others, whose phone is called. Returns the elder's id.

    Raises NotFound, BadValue for what is missing.
    """
    name = clean_text(name, "accounts.name", NAME_MAX)
    if relation not in RELATIONS:
        raise BadValue("elders.relation_missing")
    with transaction():
        elder_id = _mine(invitation_id, guardian_id, now).elder_id
        # Held, so that the family is one and the same until this is done.
        queries.hold_elder(elder_id)
        if not _end_invitation(invitation_id, now, guardian_id=guardian_id):
            raise NotFound("elders.invitation_over")
        me = db.session.get_one(Guardian, guardian_id)
        me.name = name
        guardianship = _begin(elder_id, guardian_id, relation, now)
        _confirm_contact(elder_id, me, now)
        db.session.flush()
        _record(Deed.GUARDIANSHIP_BEGAN, f"guardianship:{guardianship.id}", elder_id, guardian_id, now)
        _tell(elder_id, f"guardian_joined:{invitation_id}", "guardian_joined", guardian_id, now)
    return elder_id


def _mine(invitation_id: int, guardian_id: int, now: datetime) -> Invitation:
    mine = [invitation for invitation, _ in queries.list_invitations_to(guardian_id, now=now)]
    found = next((invitation for invitation in mine if invitation.id == invitation_id), None)
    if found is None:
        raise NotFound("elders.invitation_over")
    return found


def _end_invitation(invitation_id: int, now: datetime, *, guardian_id: int | None = None) -> bool:
    ended = db.session.execute(
        sa.update(Invitation)
        .where(Invitation.id == invitation_id, Invitation.ended_at.is_(None))
        .values(ended_at=now, guardian_id=guardian_id)
    )
    return bool(ended.rowcount == 1)  # type: ignore[attr-defined]


def _begin(elder_id: int, guardian_id: int, relation: str, now: datetime) -> Guardianship:
    known = db.session.scalars(sa.select(Guardianship).where(Guardianship.elder_id == elder_id)).all()
    link = next((one for one in known if one.guardian_id == guardian_id), None)
    if link is None:
        link = Guardianship(elder_id=elder_id, guardian_id=guardian_id)
        db.session.add(link)
    link.rank = max((one.rank for one in known if one.ended_at is None and one is not link), default=0) + 1
    link.relation, link.began_at, link.ended_at = relation, now, None
    return link


def _confirm_contact(elder_id: int, guardian: Guardian, now: datetime) -> None:
    """Whose phone was noted as somebody's before has it confirmed; else it is added."""
    known, phone = queries.list_contacts(elder_id), Phone(guardian.phone)
    contact = next((one for one in known if one.address == phone.e164), None) or _contact(elder_id, phone, known, now)
    contact.guardian_id = guardian.id
    confirm(contact, now=now)


def end_guardianship(elder_id: int, who: int, *, guardian_id: int, now: datetime) -> None:
    """A guardian leaves, and is called no more. Nobody sends another one away.

    Raises NotAllowed for another guardian, Conflict for the last one, NotFound.
    """
    with transaction():
        queries.get_elder(elder_id, guardian_id=guardian_id, held=True)
        if who != guardian_id:
            raise NotAllowed("elders.guardian_of_another")
        mine = links.end(elder_id, guardian_id, last="elders.guardian_last", now=now)
        _record(Deed.GUARDIANSHIP_ENDED, f"guardianship:{mine.id}", elder_id, guardian_id, now)
        _tell(elder_id, f"guardian_left:{mine.id}:{now.timestamp():.0f}", "guardian_left", guardian_id, now)


def _tell(elder_id: int, key: str, wording: str, guardian_id: int, now: datetime) -> None:
    facts = house().settings.issuer | {"time": f"{now.astimezone(ZONE):%H:%M}"}
    guardians.owe(elder_id, key, but=guardian_id, wording=wording, facts=facts, at=now)


def _tell_change(change: Change, elder_id: int, guardian_id: int, now: datetime) -> None:
    guardians.tell_change(change, elder_id, by=guardian_id, issuer=house().settings.issuer, at=now)


def _record(deed: Deed, subject: str, elder_id: int, guardian_id: int, now: datetime) -> None:
    trail.record(deed, actor=f"guardian:{guardian_id}", subject=subject, at=now, elder_id=elder_id)
