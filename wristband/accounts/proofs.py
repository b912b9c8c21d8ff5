"""Whether what an officer gives proves her: the authenticator's code, a recovery code, a passkey's answer."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa

from wristband import limits
from wristband.accounts import factors, hashing, notices, passkeys
from wristband.accounts.models import Officer, Passkey, RecoveryCode
from wristband.accounts.rules import PASSKEY_ANSWER, NoticeKind
from wristband.audit import trail
from wristband.audit.deeds import Deed
from wristband.db import db
from wristband.errors import BadValue, TooMany

_CHALLENGE_LASTS = timedelta(seconds=passkeys.CHALLENGE_LASTS_S)


@dataclass(frozen=True, slots=True)
class Asked:
    """What a browser was asked to sign: for whom, which challenge, when."""

    party: passkeys.Party
    challenge: bytes
    at: datetime


@dataclass(frozen=True, slots=True)
class PasskeyProof:
    """An answer whose signature was right."""

    officer_id: int
    passkey_id: int
    count: int


def take_totp(officer_id: int, typed: str, *, now: datetime) -> bool:
    """Whether this is the code of this step or the one before; in the caller's transaction, each step once."""
    officer = db.session.get(Officer, officer_id)
    if officer is None or officer.totp is None:
        return False
    step = factors.find_step(officer.totp, typed, last=officer.totp_step, now=now)
    if step is None:
        return False
    taken = db.session.execute(
        sa.update(Officer)
        .where(Officer.id == officer_id, sa.or_(Officer.totp_step.is_(None), Officer.totp_step < step))
        .values(totp_step=step)
    )
    return bool(taken.rowcount == 1)  # type: ignore[attr-defined]


def find_recovery(officer_id: int, typed: str) -> int | None:
    """The id of the unused code that was typed, compared through the gate: outside any transaction. Raises Unavailable.

    One comparison each time, whether there is such a code or not.
    """
    code = factors.find_recovery(typed)
    with hashing.gate.enter():
        row = db.session.scalar(
            sa.select(RecoveryCode).where(
                RecoveryCode.officer_id == officer_id,
                RecoveryCode.number == (code.number if code else -1),
                RecoveryCode.used_at.is_(None),
            )
        )
        code_id, stored = (row.id, row.code_hash) if row else (None, None)
        db.session.rollback()
        return code_id if hashing.fits(stored, code.secret if code else "") else None


def take_recovery(code_id: int, *, now: datetime) -> bool:
    """Whether this one uses the code up, and nobody else at the same moment; in the caller's transaction."""
    taken = db.session.execute(
        sa.update(RecoveryCode).where(RecoveryCode.id == code_id, RecoveryCode.used_at.is_(None)).values(used_at=now)
    )
    return bool(taken.rowcount == 1)  # type: ignore[attr-defined]


def spend_challenge(asked: Asked, *, now: datetime) -> None:
    """Take an answer to this challenge, once and not too late; in the caller's transaction. Raises BadValue."""
    if not timedelta(0) <= now - asked.at <= _CHALLENGE_LASTS:
        raise BadValue("accounts.passkey_late")
    try:
        limits.spend(PASSKEY_ANSWER, asked.challenge.hex(), now=now)
    except TooMany:
        raise BadValue("accounts.passkey_wrong") from None


def check_passkey(asked: Asked, answer: str, *, officer_id: int | None) -> PasskeyProof:
    """The proof in a browser's answer: of this officer, or of whoever's passkey it is. Raises BadValue.

    The challenge has been spent and that committed before, whatever the answer is worth.
    """
    said = passkeys.read_answer(answer)
    passkey = db.session.scalar(
        sa.select(Passkey)
        .join(Officer, Officer.id == Passkey.officer_id)
        .where(Passkey.credential_id == said["id"][:1400], Officer.disabled_at.is_(None))
    )
    if passkey is None or officer_id not in (None, passkey.officer_id):
        raise BadValue("accounts.passkey_unknown")
    owner, passkey_id, public_key = passkey.officer_id, passkey.id, passkey.public_key
    db.session.rollback()
    count = passkeys.check_proof(asked.party, asked.challenge, said, public_key=public_key)
    return PasskeyProof(owner, passkey_id, count)


def take_passkey(proof: PasskeyProof, *, now: datetime) -> bool:
    """Whether the passkey's count has risen; in the caller's transaction, which keeps what is owed where it has not.

    A count that stands still tells of a copy: the officer and her supervisors are told, and nobody is let in.
    """
    risen = sa.or_(Passkey.sign_count < proof.count, sa.and_(Passkey.sign_count == 0, sa.literal(proof.count == 0)))
    taken = db.session.execute(
        sa.update(Passkey).where(Passkey.id == proof.passkey_id, risen).values(sign_count=proof.count, used_at=now)
    )
    if taken.rowcount == 1:  # type: ignore[attr-defined]
        return True
    officer = f"officer:{proof.officer_id}"
    trail.record(Deed.PASSKEY_DOUBTED, actor=officer, subject=f"passkey:{proof.passkey_id}", at=now)
    notices.tell(proof.officer_id, NoticeKind.PASSKEY_DOUBTED, about=proof.officer_id, at=now)
    notices.tell_supervisors(NoticeKind.PASSKEY_DOUBTED, about=proof.officer_id, at=now)
    return False
