"""An officer's own second factors: set up, named, removed; and her recovery codes, shown once."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from wristband import limits
from wristband.accounts import factors, hashing, passkeys, proofs, sign_ins, staff
from wristband.accounts.models import Officer, Passkey, RecoveryCode
from wristband.accounts.rules import FACTOR_BY_OFFICER, OfficerAccount, Presence, Stage
from wristband.audit import trail
from wristband.audit.deeds import Deed
from wristband.db import db, transaction
from wristband.elders.rules import clean_text
from wristband.errors import BadValue, Conflict, NotAllowed, NotFound, SignInNeeded
from wristband.house import house

PASSKEY_NAME_MAX = 40


@dataclass(frozen=True, slots=True)
class Enrolled:
    """A factor is set up: the cookie's new reference, and recovery codes where there were none; shown this once."""

    reference: str
    codes: list[str]


def begin_totp(presence: Presence, *, now: datetime) -> None:
    """Make a secret for an authenticator, to be confirmed by its first code; one that waits already stays."""
    with transaction():
        officer = db.session.get_one(Officer, _whole(presence).officer_id, with_for_update=True)
        if officer.totp_pending_sealed is None:
            officer.totp_pending = factors.new_secret()


def find_pending(presence: Presence) -> str | None:
    """The secret that waits for its first code."""
    pending: str | None = db.session.get_one(Officer, presence.account.officer_id).totp_pending
    return pending


def confirm_totp(presence: Presence, typed: str, *, now: datetime) -> Enrolled:
    """The first code of the waiting secret, which replaces any authenticator before; it opens nothing again.

    Raises BadValue, Conflict, TooMany, Unavailable.
    """
    me = _whole(presence)
    with transaction():
        limits.spend(FACTOR_BY_OFFICER, str(me.officer_id), now=now)
    codes, hashes = _codes_if_none(me.officer_id)
    with transaction():
        officer = db.session.get_one(Officer, me.officer_id, with_for_update=True)
        if officer.totp_pending is None:
            raise Conflict("factors.nothing_pending")
        step = factors.find_step(officer.totp_pending, typed, last=None, now=now)
        if step is None:
            raise BadValue("factors.first_code_wrong")
        officer.totp, officer.totp_step, officer.totp_pending = officer.totp_pending, step, None
        return _added(presence, "totp", codes, hashes, now)


def add_passkey(presence: Presence, asked: proofs.Asked, answer: str, name: str, *, now: datetime) -> Enrolled:
    """Keep a new passkey under a name of the officer's. Raises BadValue, Conflict."""
    me = _whole(presence)
    name = clean_text(name or "通行密钥", "factors.passkey_name", PASSKEY_NAME_MAX)
    with transaction():
        proofs.spend_challenge(asked, now=now)
    made = passkeys.check_new(asked.party, asked.challenge, passkeys.read_answer(answer))
    codes, hashes = _codes_if_none(me.officer_id)
    try:
        with transaction():
            db.session.get_one(Officer, me.officer_id, with_for_update=True)
            if len(staff.list_credentials(me.officer_id)) >= passkeys.PASSKEYS_AN_OFFICER:
                raise Conflict("factors.passkeys_many", most=passkeys.PASSKEYS_AN_OFFICER)
            db.session.add(
                Passkey(
                    officer_id=me.officer_id,
                    credential_id=made.credential_id,
                    public_key=made.public_key,
                    sign_count=made.sign_count,
                    name=name,
                    added_at=now,
                )
            )
            db.session.flush()
            return _added(presence, "passkey", codes, hashes, now)
    except IntegrityError:
        raise Conflict("factors.passkey_known") from None


def rename_passkey(presence: Presence, passkey_id: int, name: str) -> None:
    """Call a passkey something else. Raises BadValue, NotFound."""
    name = clean_text(name, "factors.passkey_name", PASSKEY_NAME_MAX)
    with transaction():
        _own_passkey(presence, passkey_id).name = name


def remove_passkey(presence: Presence, passkey_id: int, *, now: datetime) -> None:
    """Take a passkey away. Raises NotFound, and Conflict for the last factor where one has to be."""
    with transaction():
        db.session.get_one(Officer, _whole(presence).officer_id, with_for_update=True)
        db.session.delete(_own_passkey(presence, passkey_id))
        db.session.flush()
        _removed(presence, "passkey", now)


def remove_totp(presence: Presence, *, now: datetime) -> None:
    """Take the authenticator away. Raises Conflict as above, or where there is none any more."""
    with transaction():
        officer = db.session.get_one(Officer, _whole(presence).officer_id, with_for_update=True)
        if officer.totp_sealed is None:
            raise Conflict("factors.gone")
        officer.totp = officer.totp_step = officer.totp_pending = None
        db.session.flush()
        _removed(presence, "totp", now)


def renew_codes(presence: Presence, *, now: datetime) -> list[str]:
    """Ten new recovery codes, shown this once; the old ones open nothing any more. Raises Conflict, Unavailable."""
    me = _whole(presence)
    codes, hashes = _new_codes()
    with transaction():
        db.session.get_one(Officer, me.officer_id, with_for_update=True)
        if not staff.has_a_factor(me.officer_id):
            raise Conflict("factors.none_yet")
        _keep_codes(me.officer_id, codes, hashes, now)
    return factors.shown(codes)


def _whole(presence: Presence) -> OfficerAccount:
    """Raises NotAllowed for one who still owes the factor that she has."""
    if presence.stage is not Stage.WHOLE:
        raise NotAllowed("accounts.second_factor_needed")
    return presence.account


def _added(
    presence: Presence, means: str, codes: list[factors.TypedRecovery], hashes: list[str], now: datetime
) -> Enrolled:
    """What follows a new factor, in its transaction: other sign-ins end, this one is proved, codes where none are."""
    me = presence.account
    trail.record(Deed.FACTOR_ADDED, actor=me.actor, subject=me.actor, at=now, means=means)
    sign_ins.end(me.officer_id, but=presence.sign_in_id, now=now)
    if codes:
        _keep_codes(me.officer_id, codes, hashes, now)
    reference = sign_ins.renew(presence.sign_in_id, now=now)
    if reference is None:
        raise SignInNeeded("accounts.sign_in_needed")
    return Enrolled(reference, factors.shown(codes))


def _removed(presence: Presence, means: str, now: datetime) -> None:
    me = presence.account
    if not staff.has_a_factor(me.officer_id):
        if house().settings.second_factor == "required":
            raise Conflict("factors.last_one")
        db.session.execute(sa.delete(RecoveryCode).where(RecoveryCode.officer_id == me.officer_id))
    trail.record(Deed.FACTOR_REMOVED, actor=me.actor, subject=me.actor, at=now, means=means)
    sign_ins.end(me.officer_id, but=presence.sign_in_id, now=now)


def _own_passkey(presence: Presence, passkey_id: int) -> Passkey:
    found: Passkey | None = db.session.scalar(
        sa.select(Passkey).where(Passkey.id == passkey_id, Passkey.officer_id == _whole(presence).officer_id)
    )
    if found is None:
        raise NotFound("factors.passkey_unknown")
    return found


def _codes_if_none(officer_id: int) -> tuple[list[factors.TypedRecovery], list[str]]:
    """New codes with their hashes, worked out before any lock; none where the officer has some left."""
    left = staff.get_factors(officer_id).codes_left
    db.session.rollback()
    return ([], []) if left else _new_codes()


def _new_codes() -> tuple[list[factors.TypedRecovery], list[str]]:
    codes = factors.new_recovery_codes()
    with hashing.gate.enter():
        return codes, hashing.hash_codes([code.secret for code in codes])


def _keep_codes(officer_id: int, codes: list[factors.TypedRecovery], hashes: list[str], now: datetime) -> None:
    db.session.execute(sa.delete(RecoveryCode).where(RecoveryCode.officer_id == officer_id))
    for code, hashed in zip(codes, hashes, strict=True):
        db.session.add(RecoveryCode(officer_id=officer_id, number=code.number, code_hash=hashed, made_at=now))
    actor = f"officer:{officer_id}"
    trail.record(Deed.RECOVERY_CODES_MADE, actor=actor, subject=actor, at=now)
