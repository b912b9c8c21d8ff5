"""An officer proves herself: by a second factor after the password, or again before what is sensitive."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from wristband import limits
from wristband.accounts import hashing, notices, proofs, queries, sign_ins
from wristband.accounts.rules import (
    FACTOR_BY_ADDRESS,
    FACTOR_BY_OFFICER,
    PASSKEY_BY_ADDRESS,
    PROOF_BY_OFFICER,
    NoticeKind,
    Presence,
    Stage,
)
from wristband.audit import trail
from wristband.audit.deeds import Deed
from wristband.db import db, transaction
from wristband.errors import BadValue, NotAllowed, SignInNeeded


def by_password(presence: Presence, password: str, *, now: datetime) -> str:
    """Prove a whole sign-in anew. Returns the cookie's new reference. Raises BadValue, TooMany, Unavailable.

    A half one is refused: its password has been given already.
    """
    if presence.stage is not Stage.WHOLE:
        raise NotAllowed("accounts.second_factor_needed")
    with hashing.gate.enter():
        with transaction():
            limits.spend(PROOF_BY_OFFICER, str(presence.account.officer_id), now=now)
        stored = queries.get_password_hash(presence.account.officer_id)
        db.session.rollback()  # nothing is held while the hash is worked out
        fits = hashing.fits(stored, password)
    if not fits:
        _refuse(presence, "password", "accounts.proof_wrong", now)
    return _settle(presence, "password", lambda: True, "accounts.proof_wrong", now)


def by_totp(presence: Presence, typed: str, *, address: str = "", now: datetime) -> str:
    """Prove by the authenticator's six digits, each step once. As by_password; raises BadValue, TooMany."""
    _spend_try(presence, address, now)
    taken = lambda: proofs.take_totp(presence.account.officer_id, typed, now=now)  # noqa: E731
    return _settle(presence, "totp", taken, "accounts.totp_wrong", now)


def by_recovery(presence: Presence, typed: str, *, address: str = "", now: datetime) -> str:
    """Prove by a recovery code, which that uses up; the officer and her supervisors are told. As by_password.

    Good for the second factor at sign-in alone: a sensitive act asks for what the officer still has.
    """
    if presence.stage is not Stage.HALF:
        raise NotAllowed("accounts.recovery_at_sign_in")
    _spend_try(presence, address, now)
    code_id = proofs.find_recovery(presence.account.officer_id, typed)
    if code_id is None:
        _refuse(presence, "recovery", "accounts.recovery_wrong", now)

    def taken() -> bool:
        if code_id is None or not proofs.take_recovery(code_id, now=now):
            return False
        me = presence.account
        trail.record(Deed.RECOVERY_CODE_USED, actor=me.actor, subject=f"recovery_code:{code_id}", at=now)
        notices.tell(me.officer_id, NoticeKind.RECOVERY_USED, about=me.officer_id, at=now)
        notices.tell_supervisors(NoticeKind.RECOVERY_USED, about=me.officer_id, at=now)
        return True

    return _settle(presence, "recovery", taken, "accounts.recovery_wrong", now)


def by_passkey(presence: Presence, asked: proofs.Asked, answer: str, *, address: str = "", now: datetime) -> str:
    """Prove by a passkey of this officer's. As by_password; raises BadValue, TooMany."""
    with transaction():
        limits.spend(PASSKEY_BY_ADDRESS, address, now=now)
        proofs.spend_challenge(asked, now=now)
    proof = proofs.check_passkey(asked, answer, officer_id=presence.account.officer_id)
    return _settle(presence, "passkey", lambda: proofs.take_passkey(proof, now=now), "accounts.passkey_wrong", now)


def _spend_try(presence: Presence, address: str, now: datetime) -> None:
    """The try is committed before the comparison, so that guesses made at once count, too."""
    with transaction():
        limits.spend(FACTOR_BY_OFFICER, str(presence.account.officer_id), now=now)
        limits.spend(FACTOR_BY_ADDRESS, address, now=now)


def _settle(presence: Presence, means: str, taken: Callable[[], bool], code: str, now: datetime) -> str:
    me = presence.account
    with transaction():
        if taken():
            reference = sign_ins.renew(presence.sign_in_id, now=now)
            if reference is None:  # ended in this very moment: nothing is used up
                raise SignInNeeded("accounts.sign_in_needed")
            subject = f"sign_in:{presence.sign_in_id}"
            trail.record(Deed.OFFICER_PROVED, actor=me.actor, subject=subject, at=now, means=means)
            return reference
        trail.record(Deed.OFFICER_REFUSED, actor="officer", subject=me.actor, at=now, means=means)
    raise BadValue(code)


def _refuse(presence: Presence, means: str, code: str, now: datetime) -> None:
    with transaction():
        trail.record(Deed.OFFICER_REFUSED, actor="officer", subject=presence.account.actor, at=now, means=means)
    raise BadValue(code)
