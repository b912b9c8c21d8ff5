"""Officers set their own passwords: by an activation code, or knowing the old one; and see where they are signed in."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa

from wristband import limits
from wristband.accounts import activation, hashing, notices, queries, sign_ins, staff
from wristband.accounts.models import Officer, OfficerNotice
from wristband.accounts.passwords import check_password
from wristband.accounts.rules import (
    ACTIVATION_BY_ADDRESS,
    PROOF_BY_OFFICER,
    Browser,
    Door,
    NoticeKind,
    Presence,
    Stage,
)
from wristband.audit import trail
from wristband.audit.deeds import Deed
from wristband.db import db, transaction
from wristband.errors import BadValue, Conflict, SignInNeeded
from wristband.house import house
from wristband.language import LANGUAGES


def activate(code: str, password: str, *, address: str = "", browser: Browser | None = None, now: datetime) -> str:
    """Set an account's password by its one code, and sign in; half, where it has a second factor: that stays.

    Returns the cookie's reference. Raises BadValue, TooMany, Unavailable.
    """
    with transaction():
        limits.spend(ACTIVATION_BY_ADDRESS, address, now=now)
    officer = activation.find_officer(code, now=now)
    if officer is None:
        raise BadValue("accounts.activation_over")
    officer_id, renewed = officer.id, bool(officer.password_hash)
    words = queries.list_words_of(officer_id)
    checked = check_password(password, has_factor=_will_have_factor(officer_id), own_words=words)
    db.session.rollback()
    with hashing.gate.enter():
        hashed = hashing.gate.do(hashing.hash_password, checked)
    with transaction():
        if not activation.take(officer_id, code, password_hash=hashed, now=now):
            raise BadValue("accounts.activation_over")
        actor = f"officer:{officer_id}"
        trail.record(Deed.OFFICER_ACTIVATED, actor=actor, subject=actor, at=now)
        sign_ins.end(officer_id, now=now)
        if renewed:
            notices.tell(officer_id, NoticeKind.ACCESS_RENEWED, about=officer_id, at=now)
        stage = Stage.HALF if staff.has_a_factor(officer_id) else Stage.WHOLE
        return sign_ins.begin(Door.POLICE, now, officer_id=officer_id, stage=stage, browser=browser)


def change_password(presence: Presence, old: str, new: str, *, now: datetime) -> str:
    """Replace the own password, the old one known; every other sign-in ends. Returns the cookie's new reference.

    Raises BadValue, Conflict, TooMany, Unavailable.
    """
    me = presence.account
    checked = check_password(
        new, has_factor=_will_have_factor(me.officer_id), own_words=queries.list_words_of(me.officer_id)
    )
    with hashing.gate.enter():
        with transaction():
            limits.spend(PROOF_BY_OFFICER, str(me.officer_id), now=now)
        stored = queries.get_password_hash(me.officer_id)
        db.session.rollback()
        if not hashing.fits(stored, old):
            raise BadValue("accounts.old_password_wrong")
        hashed = hashing.gate.do(hashing.hash_password, checked)
    with transaction():
        changed = db.session.execute(
            sa.update(Officer)
            .where(Officer.id == me.officer_id, Officer.password_hash == stored)
            .values(password_hash=hashed, activation_hash=None, activation_expires_at=None)
        )
        if changed.rowcount != 1:  # type: ignore[attr-defined]
            raise Conflict("accounts.password_changed_meanwhile")
        trail.record(Deed.PASSWORD_CHANGED, actor=me.actor, subject=me.actor, at=now)
        sign_ins.end(me.officer_id, but=presence.sign_in_id, now=now)
        reference = sign_ins.renew(presence.sign_in_id, now=now)
        if reference is None:
            raise SignInNeeded("accounts.sign_in_needed")
        return reference


def end_own(presence: Presence, *, only: int | None = None, now: datetime) -> int:
    """End one of the own sign-ins, or all others; twice is once. Returns how many have ended."""
    me = presence.account
    with transaction():
        ended = sign_ins.end(me.officer_id, only=only, but=presence.sign_in_id if only is None else None, now=now)
        for sign_in_id in ended:
            trail.record(Deed.SIGNED_OUT, actor=me.actor, subject=f"sign_in:{sign_in_id}", at=now)
    return len(ended)


def choose_language(presence: Presence, language: str) -> None:
    """Remember the language an officer reads; empty is what her browser asks for. Raises BadValue."""
    if language and language not in LANGUAGES:
        raise BadValue("accounts.language")
    with transaction():
        db.session.execute(
            sa.update(Officer).where(Officer.id == presence.account.officer_id).values(language=language)
        )


def mark_told(presence: Presence, *, now: datetime) -> None:
    """The notices that were shown are told."""
    with transaction():
        db.session.execute(
            sa.update(OfficerNotice)
            .where(
                OfficerNotice.officer_id == presence.account.officer_id,
                OfficerNotice.seen_at.is_(None),
                OfficerNotice.at <= now,
            )
            .values(seen_at=now)
        )


def _will_have_factor(officer_id: int) -> bool:
    """Whether twelve characters are enough: a second factor is there, or has to come before anything else opens."""
    return house().settings.second_factor == "required" or staff.has_a_factor(officer_id)
