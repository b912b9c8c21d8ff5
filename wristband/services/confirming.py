"""Confirming a telephone that a family noted: a code goes to it, and whoever has it in hand tells it to the family."""

from __future__ import annotations

import secrets
from datetime import datetime

from wristband import limits
from wristband.accounts.models import Guardian
from wristband.audit import trail
from wristband.audit.deeds import Deed
from wristband.db import db, transaction
from wristband.elders import queries
from wristband.elders.contacts import confirm
from wristband.elders.models import Contact
from wristband.elders.rules import (
    CONTACT_CODE_BY_ADDRESS,
    CONTACT_CODE_BY_GUARDIAN,
    CONTACT_CODE_BY_NUMBER,
    CONTACT_CODE_BY_PREFIX,
    CONTACT_CODE_LASTS,
    CONTACT_CODES,
    CONTACT_TRIES,
)
from wristband.errors import BadValue
from wristband.house import house
from wristband.outbox import queue
from wristband.outbox.rules import Channel
from wristband.scans import challenges
from wristband.scans.rules import ChallengePurpose
from wristband.values.phone import Phone

_CONTACT = ChallengePurpose.CONTACT


def ask_code(elder_id: int, contact_id: int, *, guardian_id: int, address: str, now: datetime) -> None:
    """Send a code to one of my elder's contacts. The code before it is closed; `address` is the network's.

    Raises NotFound, also for a number that was taken out meanwhile; BadValue for one that cannot be texted; TooMany.
    """
    with transaction():
        queries.get_elder(elder_id, guardian_id=guardian_id)
        contact = queries.get_contact(contact_id, elder_id=elder_id)
        phone = Phone(contact.address)
        _check_textable(phone)
        limits.spend(CONTACT_CODE_BY_NUMBER, phone.e164, now=now)
        limits.spend(CONTACT_CODE_BY_PREFIX, phone.prefix, now=now)
        limits.spend(CONTACT_CODE_BY_GUARDIAN, str(guardian_id), now=now)
        limits.spend(CONTACT_CODE_BY_ADDRESS, address, now=now)
        limits.spend(CONTACT_CODES, now=now)
        code = challenges.pose(_CONTACT, _holder(contact), now=now, lasts=CONTACT_CODE_LASTS)
        queue.enqueue(
            key=f"contact_code:{contact.id}:{secrets.token_hex(8)}",
            channel=Channel.SMS,
            wording="contact_code",
            language=_language(contact, guardian_id),
            recipient=phone.e164,
            facts=house().settings.issuer | {"code": code},
            at=now,
            expires_at=now + CONTACT_CODE_LASTS,
            elder_id=elder_id,
        )


def enter_code(elder_id: int, contact_id: int, code: str, *, guardian_id: int, now: datetime) -> None:
    """The number is confirmed from now on. The try is spent and committed before the comparison.

    Raises NotFound, BadValue, TooMany.
    """
    with transaction():
        queries.get_elder(elder_id, guardian_id=guardian_id)
        contact = queries.get_contact(contact_id, elder_id=elder_id)
        limits.spend(CONTACT_TRIES, contact.address, now=now)
        holder = _holder(contact)
        taken = challenges.spend_try(_CONTACT, holder, now=now)
    if taken is None or not challenges.matches(taken, _CONTACT, holder, code):
        raise BadValue("accounts.code_wrong")
    with transaction():
        queries.get_elder(elder_id, guardian_id=guardian_id, held=True)
        contact = queries.get_contact(contact_id, elder_id=elder_id)
        limits.give_back(CONTACT_TRIES, contact.address, now=now)
        if not challenges.win(taken[0], now=now):
            raise BadValue("accounts.code_wrong")
        confirm(contact, now=now)
        subject, actor = f"contact:{contact.id}", f"guardian:{guardian_id}"
        trail.record(Deed.CONTACT_CONFIRMED, actor=actor, subject=subject, at=now, elder_id=elder_id)


def _check_textable(phone: Phone) -> None:
    if not phone.is_mobile:
        raise BadValue("elders.contact_landline")
    if phone.calling_code not in house().settings.sms_countries:
        raise BadValue("phone.country_not_texted", countries=house().settings.sms_countries_told)


def _holder(contact: Contact) -> str:
    """The number as it stands now: put in anew, it is another contact."""
    return f"{contact.id} {contact.address}"


def _language(contact: Contact, guardian_id: int) -> str:
    """Of whoever has the number; of one without an account nothing is known but who asks."""
    return db.session.get_one(Guardian, contact.guardian_id or guardian_id).language
