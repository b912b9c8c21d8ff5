"""Signing in: guardians by phone and code, officers by name and password; and staying so."""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta
from functools import cache

import sqlalchemy as sa
from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError
from sqlalchemy.exc import IntegrityError

from wristband import limits
from wristband.accounts import queries
from wristband.accounts.models import Guardian, SignIn
from wristband.accounts.rules import (
    CODE_A_DAY,
    CODE_BY_ADDRESS,
    CODE_BY_KNOWN_DEVICE,
    CODE_BY_PHONE,
    CODE_BY_PREFIX,
    CODES,
    IDLE,
    LASTS,
    PASSWORD_BY_ADDRESS,
    PASSWORD_BY_NAME,
    PASSWORD_MAX,
    TRY_BY_KNOWN_DEVICE,
    TRY_BY_PHONE,
    USERNAME,
    Door,
    GuardianAccount,
    OfficerAccount,
)
from wristband.audit import trail
from wristband.audit.deeds import Deed
from wristband.db import db, transaction
from wristband.elders import contacts
from wristband.errors import BadValue
from wristband.gates import Gate
from wristband.house import house
from wristband.outbox import queue
from wristband.outbox.rules import Channel
from wristband.scans import challenges
from wristband.scans.rules import CODE_LASTS, ChallengePurpose
from wristband.values.phone import Phone

# 64 MiB, three passes: the reference's figure for passwords.
_passwords = PasswordHasher(time_cost=3, memory_cost=65536, parallelism=1)
# Each check takes 64 MiB and a third of a second: one at a time a process.
_hash_gate = Gate("accounts.busy", at_once=1, waiting=2, wait_s=2)
# A page in between renews the sign-in at most this often: a read should seldom be a write.
_TOUCH_EVERY = timedelta(minutes=1)


def ask_code(phone: Phone, *, address: str, language: str, device: str = "", now: datetime) -> None:
    """Send a sign-in code. Known and unknown numbers are treated alike.

    `address` is the network address asked from; `device` is a browser's own word: the reference of the last sign-in
    it made, or a random one. A code belongs to the browser that asked for it, so nobody else can use up its tries,
    and a browser of this guardian's has budgets of its own. Raises BadValue, TooMany.
    """
    if phone.calling_code not in house().settings.sms_countries:
        raise BadValue("phone.country_not_texted", countries=house().settings.sms_countries_told)
    with transaction():
        _spend_code(phone, device, address, now)
        code = challenges.pose(ChallengePurpose.SIGN_IN, _holder(phone, device), now=now)
        queue.enqueue(
            key=f"sign_in_code:{secrets.token_hex(12)}",
            channel=Channel.SMS,
            wording="sign_in_code",
            language=language,
            recipient=phone.e164,
            facts={"organisation": house().settings.organisation, "code": code},
            at=now,
            expires_at=now + CODE_LASTS,
        )


def enter_code(phone: Phone, code: str, *, language: str, device: str = "", now: datetime) -> str:
    """Sign a guardian in; a first sign-in makes the account. Returns the cookie's reference. Raises BadValue, TooMany.

    The try is spent and committed before the comparison, of the code that this `device` asked for.
    """
    holder = _holder(phone, device)
    with transaction():
        known = queries.knows_device(phone, device)
        limits.spend(*(TRY_BY_KNOWN_DEVICE, holder) if known else (TRY_BY_PHONE, phone.e164), now=now)
        taken = challenges.spend_try(ChallengePurpose.SIGN_IN, holder, now=now)
    if taken is None or not challenges.matches(taken, ChallengePurpose.SIGN_IN, holder, code):
        raise BadValue("accounts.code_wrong")
    with transaction():
        # First the budget, as a try takes them: two at once would else wait for each other.
        if not known:
            limits.give_back(TRY_BY_PHONE, phone.e164, now=now)
        if not challenges.win(taken[0], now=now):
            raise BadValue("accounts.code_wrong")
        guardian_id = _guardian_of(phone, language, now)
        contacts.confirm_own(guardian_id, now=now)
        return _begin(Door.FAMILY, now, guardian_id=guardian_id)


def _holder(phone: Phone, device: str) -> str:
    return f"{phone.e164} {device}"


def _spend_code(phone: Phone, device: str, address: str, now: datetime) -> None:
    """Of a known device its own budget alone: what strangers spend keeps no family out."""
    if queries.knows_device(phone, device):
        limits.spend(CODE_BY_KNOWN_DEVICE, _holder(phone, device), now=now)
        return
    limits.spend(CODE_BY_PHONE, phone.e164, now=now)
    limits.spend(CODE_A_DAY, phone.e164, now=now)
    limits.spend(CODE_BY_PREFIX, phone.prefix, now=now)
    limits.spend(CODE_BY_ADDRESS, address, now=now)
    limits.spend(CODES, now=now)


def join(phone: Phone, *, language: str, now: datetime) -> int:
    """The account of a guardian whose phone somebody else vouches for, made if there is none. Returns its id."""
    with transaction():
        return _guardian_of(phone, language, now)


def enter_password(username: str, password: str, *, address: str = "", now: datetime) -> str:
    """Sign an officer in. Returns the cookie's reference. Raises BadValue, TooMany, Unavailable.

    Tries are counted by name and network `address` together: a stranger elsewhere locks nobody out. Whoever finds no
    place at the gate has spent none.
    """
    username = username.strip().lower()[:64]
    with _hash_gate.enter():
        with transaction():
            limits.spend(PASSWORD_BY_NAME, username, address, now=now)
            limits.spend(PASSWORD_BY_ADDRESS, address, now=now)
        officer = queries.find_officer_by_username(username) if USERNAME.fullmatch(username) else None
        officer_id, stored = (officer.id, officer.password_hash) if officer else (None, None)
        db.session.rollback()  # nothing is held while the hash is worked out
        fits = len(password) <= PASSWORD_MAX and _password_fits(stored, password)
    with transaction():
        if officer_id is not None and fits:
            return _begin(Door.POLICE, now, officer_id=officer_id)
        subject = f"officer:{officer_id or 'unknown'}"
        trail.record(Deed.OFFICER_REFUSED, actor="officer", subject=subject, at=now)
    raise BadValue("accounts.password_wrong")


def is_full() -> bool:
    """Whether a password would find no place at the gate now: asked before any other work is done for it."""
    return _hash_gate.is_full()


@cache
def _nobody() -> str:
    """Verified where no such officer exists, so that both answers take the same time."""
    return _passwords.hash(secrets.token_urlsafe(24))


def hash_password(password: str) -> str:
    """What is kept instead of a password."""
    return _passwords.hash(password)


def resume(
    reference: str | None, door: Door, *, by_hand: bool = True, now: datetime
) -> GuardianAccount | OfficerAccount | None:
    """Who is signed in behind a cookie's reference, or None; the sign-in lives on by being used `by_hand`."""
    sign_in = queries.find_sign_in(reference, door, now=now) if reference else None
    if sign_in is None or now - sign_in.seen_at > IDLE[door]:
        return None
    if by_hand and now - sign_in.seen_at > _TOUCH_EVERY:
        sign_in_id = sign_in.id
        with transaction():
            db.session.execute(sa.update(SignIn).where(SignIn.id == sign_in_id).values(seen_at=now))
    if sign_in.guardian_id is not None:
        return queries.get_guardian_account(sign_in.guardian_id)
    return queries.find_officer_account(sign_in.officer_id or 0)


def sign_out(reference: str | None, door: Door, *, now: datetime) -> None:
    """End the sign-in; doing it twice is doing it once."""
    sign_in = queries.find_sign_in(reference, door, now=now) if reference else None
    if sign_in is None:
        return
    sign_in_id, actor = sign_in.id, _actor(sign_in)
    with transaction():
        ended = db.session.execute(
            sa.update(SignIn).where(SignIn.id == sign_in_id, SignIn.ended_at.is_(None)).values(ended_at=now)
        )
        if ended.rowcount == 1:  # type: ignore[attr-defined]
            trail.record(Deed.SIGNED_OUT, actor=actor, subject=f"sign_in:{sign_in_id}", at=now)


def _guardian_of(phone: Phone, language: str, now: datetime) -> int:
    known = queries.find_guardian_by_phone(phone)
    if known is not None:
        return known.id
    guardian = Guardian(phone=phone.e164, phone_index=queries.phone_index(phone), language=language, joined_at=now)
    try:
        with db.session.begin_nested():
            db.session.add(guardian)
    except IntegrityError:
        # Somebody vouched for the same phone in this very moment.
        known = queries.find_guardian_by_phone(phone)
        if known is None:
            raise
        return known.id
    trail.record(Deed.GUARDIAN_JOINED, actor=f"guardian:{guardian.id}", subject=f"guardian:{guardian.id}", at=now)
    return guardian.id


def _begin(door: Door, now: datetime, *, guardian_id: int | None = None, officer_id: int | None = None) -> str:
    reference = secrets.token_urlsafe(32)
    sign_in = SignIn(
        reference_hash=queries.reference_hash(reference),
        door=door,
        guardian_id=guardian_id,
        officer_id=officer_id,
        began_at=now,
        seen_at=now,
        expires_at=now + LASTS[door],
    )
    db.session.add(sign_in)
    deed = Deed.GUARDIAN_SIGNED_IN if guardian_id else Deed.OFFICER_SIGNED_IN
    trail.record(deed, actor=_actor(sign_in), subject=f"sign_in:{sign_in.id}", at=now)
    return reference


def _actor(sign_in: SignIn) -> str:
    return f"guardian:{sign_in.guardian_id}" if sign_in.guardian_id else f"officer:{sign_in.officer_id}"


def _password_fits(stored: str | None, password: str) -> bool:
    try:
        return _hash_gate.do(_passwords.verify, stored or _nobody(), password) and stored is not None
    except (Argon2Error, InvalidHashError):
        return False
