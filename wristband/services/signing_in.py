"""Signing in: guardians by phone and code, officers by name and password; and staying so."""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from wristband import limits
from wristband.accounts import hashing, proofs, queries, sign_ins
from wristband.accounts.models import Guardian, SignIn
from wristband.accounts.rules import (
    CODE_A_DAY,
    CODE_BY_ADDRESS,
    CODE_BY_KNOWN_DEVICE,
    CODE_BY_PHONE,
    CODE_BY_PREFIX,
    CODES,
    IDLE,
    PASSKEY_BY_ADDRESS,
    PASSWORD_BY_ADDRESS,
    PASSWORD_BY_NAME,
    TRY_BY_KNOWN_DEVICE,
    TRY_BY_PHONE,
    USERNAME,
    Browser,
    Door,
    GuardianAccount,
    OfficerAccount,
    Presence,
    Stage,
)
from wristband.accounts.staff import has_a_factor
from wristband.audit import trail
from wristband.audit.deeds import Deed
from wristband.db import db, transaction
from wristband.elders import contacts
from wristband.errors import BadValue
from wristband.house import house
from wristband.outbox import queue
from wristband.outbox.rules import Channel
from wristband.scans import challenges
from wristband.scans.rules import CODE_LASTS, ChallengePurpose
from wristband.values.phone import Phone

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
        return sign_ins.begin(Door.FAMILY, now, guardian_id=guardian_id)


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


def enter_password(
    username: str, password: str, *, address: str = "", browser: Browser | None = None, now: datetime
) -> str:
    """Sign an officer in; half, where a second factor is to follow. Returns the cookie's reference.

    Tries are counted by name and network `address` together: a stranger elsewhere locks nobody out. Whoever finds no
    place at the gate has spent none. Raises BadValue, TooMany, Unavailable.
    """
    username = username.strip().lower()[:64]
    with hashing.gate.enter():
        with transaction():
            limits.spend(PASSWORD_BY_NAME, username, address, now=now)
            limits.spend(PASSWORD_BY_ADDRESS, address, now=now)
        officer = queries.find_officer_by_username(username) if USERNAME.fullmatch(username) else None
        officer_id, stored = (officer.id, officer.password_hash) if officer else (None, None)
        db.session.rollback()  # nothing is held while the hash is worked out
        fits = hashing.fits(stored, password)
    with transaction():
        if officer_id is not None and fits:
            stage = Stage.HALF if has_a_factor(officer_id) else Stage.WHOLE
            return sign_ins.begin(Door.POLICE, now, officer_id=officer_id, stage=stage, browser=browser)
        subject = f"officer:{officer_id or 'unknown'}"
        trail.record(Deed.OFFICER_REFUSED, actor="officer", subject=subject, at=now)
    raise BadValue("accounts.password_wrong")


def enter_passkey(
    asked: proofs.Asked, answer: str, *, address: str = "", browser: Browser | None = None, now: datetime
) -> str:
    """Sign an officer in by a passkey alone, whose owner her device has verified. Returns the cookie's reference.

    Raises BadValue for whatever answer does not fit, and TooMany.
    """
    with transaction():
        limits.spend(PASSKEY_BY_ADDRESS, address, now=now)
        proofs.spend_challenge(asked, now=now)
    proof = proofs.check_passkey(asked, answer, officer_id=None)
    with transaction():
        if proofs.take_passkey(proof, now=now):
            return sign_ins.begin(Door.POLICE, now, officer_id=proof.officer_id, browser=browser)
    raise BadValue("accounts.passkey_wrong")


def resume(
    reference: str | None, door: Door, *, by_hand: bool = True, now: datetime
) -> GuardianAccount | OfficerAccount | None:
    """Who is signed in behind a cookie's reference, or None; the sign-in lives on by being used `by_hand`."""
    if door is Door.POLICE:
        presence = resume_officer(reference, by_hand=by_hand, now=now)
        return presence.account if presence and presence.stage is Stage.WHOLE else None
    sign_in = queries.find_sign_in(reference, door, now=now) if reference else None
    if sign_in is None or sign_in.guardian_id is None or now - sign_in.seen_at > IDLE[door]:
        return None
    guardian_id = sign_in.guardian_id
    _touch(sign_in.id, sign_in.seen_at, by_hand, now)
    return queries.get_guardian_account(guardian_id)


def resume_officer(reference: str | None, *, by_hand: bool = True, now: datetime) -> Presence | None:
    """The same for an officer, who may be half signed in: for guards, which ask for the rest."""
    found = queries.find_presence(reference, now=now) if reference else None
    if found is None or now - found[1] > IDLE[Door.POLICE]:
        return None
    _touch(found[0].sign_in_id, found[1], by_hand, now)
    return found[0]


def may_listen(reference: str | None, *, now: datetime) -> Presence | None:
    """An officer who may have left the desk: her browser still hears that something came, until her sign-in ends.

    None once it has ended, by hand or after its hours, once she is disabled, and for a half one. Not a use.
    """
    found = queries.find_presence(reference, now=now) if reference else None
    return found[0] if found and found[0].stage is Stage.WHOLE else None


def rests_in(reference: str | None, *, now: datetime) -> timedelta:
    """How long an officer's sign-in goes on if nobody uses it; zero where there is none."""
    found = queries.find_presence(reference, now=now) if reference else None
    return max(timedelta(), found[1] + IDLE[Door.POLICE] - now) if found else timedelta()


def _touch(sign_in_id: int, seen_at: datetime, by_hand: bool, now: datetime) -> None:
    if by_hand and now - seen_at > _TOUCH_EVERY:
        with transaction():
            db.session.execute(sa.update(SignIn).where(SignIn.id == sign_in_id).values(seen_at=now))


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


def _actor(sign_in: SignIn) -> str:
    return f"guardian:{sign_in.guardian_id}" if sign_in.guardian_id else f"officer:{sign_in.officer_id}"
