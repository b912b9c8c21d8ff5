"""Registering an elder at the counter: the family's number confirmed on the spot, and everything else in one deed."""

from __future__ import annotations

import secrets
from collections.abc import Collection
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from wristband import limits
from wristband.accounts.rules import OfficerAccount
from wristband.audit import trail
from wristband.audit.deeds import Deed
from wristband.db import db, transaction
from wristband.elders import at_station, queries, registered
from wristband.elders.keeping import (
    COUNTER_CODE_LASTS,
    COUNTER_CODES_A_PHONE,
    COUNTER_CODES_AN_OFFICER,
    COUNTER_TRIES_A_PHONE,
    REGISTRATIONS_AN_OFFICER,
)
from wristband.elders.models import Invitation, Photo
from wristband.elders.registered import Wanted
from wristband.elders.rules import INVITATION_LASTS, REQUIRED, ElderState, Particulars, Purpose
from wristband.errors import BadFields, BadValue
from wristband.house import house
from wristband.language import SOURCE
from wristband.outbox import queue
from wristband.outbox.rules import Channel
from wristband.scans import challenges
from wristband.scans.rules import ChallengePurpose
from wristband.sealing import box
from wristband.values.phone import Phone

_COUNTER = ChallengePurpose.COUNTER


# ---- whose number it is


def ask_code(phone: Phone, *, officer: OfficerAccount, now: datetime) -> None:
    """Send a code to the number that was said; whoever has it in hand reads the code out. Raises BadValue, TooMany."""
    if phone.calling_code not in house().settings.sms_countries:
        raise BadValue("phone.country_not_texted", countries=house().settings.sms_countries_told)
    with transaction():
        limits.spend(COUNTER_CODES_AN_OFFICER, officer.actor, now=now)
        limits.spend(COUNTER_CODES_A_PHONE, phone.e164, now=now)
        code = challenges.pose(_COUNTER, _holder(phone, officer), now=now, lasts=COUNTER_CODE_LASTS)
        queue.enqueue(
            key=f"counter_code:{secrets.token_hex(12)}",
            channel=Channel.SMS,
            wording="counter_code",
            language=SOURCE,
            recipient=phone.e164,
            facts=house().settings.issuer | {"station": officer.station_name, "code": code},
            at=now,
            expires_at=now + COUNTER_CODE_LASTS,
        )


def enter_code(phone: Phone, code: str, *, officer: OfficerAccount, now: datetime) -> None:
    """The code that was read out. The try is spent and committed before the comparison. Raises BadValue, TooMany."""
    holder = _holder(phone, officer)
    with transaction():
        limits.spend(COUNTER_TRIES_A_PHONE, phone.e164, now=now)
        taken = challenges.spend_try(_COUNTER, holder, now=now)
    if taken is None or not challenges.matches(taken, _COUNTER, holder, code):
        raise BadValue("accounts.code_wrong")
    with transaction():
        limits.give_back(COUNTER_TRIES_A_PHONE, phone.e164, now=now)
        if not challenges.win(taken[0], now=now):
            raise BadValue("accounts.code_wrong")


def is_confirmed(phone: Phone, *, officer: OfficerAccount, now: datetime) -> bool:
    """Whether the number was proved to this officer a moment ago."""
    return challenges.was_won(_COUNTER, _holder(phone, officer), since=now - COUNTER_CODE_LASTS)


def _holder(phone: Phone, officer: OfficerAccount) -> str:
    return f"{officer.officer_id} {phone.e164}"


def adopt_photo(photo_id: int, *, guardian_id: int) -> bool:
    """A photograph that waits for this form belongs to the number as it is typed now. False where it waits no more."""
    with transaction():
        adopted = db.session.execute(
            sa.update(Photo)
            .where(Photo.id == photo_id, Photo.elder_id.is_(None), Photo.destroyed_at.is_(None))
            .values(guardian_id=guardian_id)
        )
    return bool(adopted.rowcount == 1)  # type: ignore[attr-defined]


# ---- registering


def register(
    key: str,
    particulars: Particulars,
    *,
    phone: Phone,
    guardian_id: int,
    guardian_name: str,
    consents: Collection[Purpose],
    photo_id: int | None,
    second_phone: Phone | None,
    confirmed: bool,
    officer: OfficerAccount,
    now: datetime,
) -> int:
    """Register an elder at the officer's station, believed at once: the officer has seen who is there. Gives the id.

    `guardian_id` has `phone`; where that is not `confirmed` its owner is only invited, and answers for nobody before
    the invitation is accepted: a slip in the number makes no stranger a guardian. Sent twice, the first elder is the
    answer. Raises BadFields, NotFound, TooMany.
    """
    if REQUIRED - set(consents):
        raise BadFields({"consents": BadValue("elders.consent_needed")})
    if photo_id is not None and Purpose.PORTRAIT not in consents:
        raise BadFields({"consents": BadValue("elders.portrait_without_consent")})
    hashed = box().keyed_hash("elder.key", officer.actor, key)
    if (known := queries.find_elder_by_key(hashed)) is not None:
        return known
    with transaction():
        limits.spend(REGISTRATIONS_AN_OFFICER, officer.actor, now=now)
    wanted = Wanted(hashed, particulars, guardian_name, consents, photo_id, officer.station_id, second_phone)
    try:
        with transaction():
            return _register(wanted, phone, guardian_id, confirmed, officer, now)
    except IntegrityError:
        known = queries.find_elder_by_key(hashed)
        if known is None:
            raise
        return known


def _register(
    wanted: Wanted, phone: Phone, guardian_id: int, confirmed: bool, officer: OfficerAccount, now: datetime
) -> int:
    elder = registered.add(
        wanted, guardian_id, actor=officer.actor, state=ElderState.CONFIRMED, answers=confirmed, now=now
    )
    if wanted.photo_id is not None:
        registered.hang(wanted.photo_id, elder.id, guardian_id)
        trail.record(
            Deed.PORTRAIT_CHANGED,
            actor=officer.actor,
            subject=f"photo:{wanted.photo_id}",
            at=now,
            elder_id=elder.id,
        )
    db.session.flush()
    if confirmed:
        at_station.tell("registered", elder.id, officer=officer, issuer=house().settings.issuer, now=now)
    else:
        _invite(elder.id, phone, guardian_id, officer, now)
    return elder.id


def _invite(elder_id: int, phone: Phone, guardian_id: int, officer: OfficerAccount, now: datetime) -> None:
    invitation = Invitation(
        elder_id=elder_id,
        invited_by=guardian_id,
        phone=phone.e164,
        phone_index=queries.invitation_index(phone.e164),
        made_at=now,
        expires_at=now + INVITATION_LASTS,
    )
    db.session.add(invitation)
    trail.record(
        Deed.GUARDIAN_INVITED, actor=officer.actor, subject=f"invitation:{invitation.id}", at=now, elder_id=elder_id
    )
    queue.enqueue(
        key=f"guardian_invited:{invitation.id}",
        channel=Channel.SMS,
        wording="guardian_invited",
        language=SOURCE,
        recipient=phone.e164,
        facts=house().settings.issuer,
        at=now,
        expires_at=now + INVITATION_LASTS,
        elder_id=elder_id,
    )
