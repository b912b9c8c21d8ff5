"""Codes that are sent and typed back. Tries are spent before comparing, in one guarded statement.

Two callers at once cannot both see a try left: the database counts, not the code.
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from functools import cache

import sqlalchemy as sa
from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError

from wristband.db import db
from wristband.gates import Gate
from wristband.scans.models import Challenge
from wristband.scans.rules import CODE_DIGITS, CODE_LASTS, CODE_TRIES, ChallengePurpose
from wristband.sealing import Keyed, box
from wristband.values.code import CheckCode, random_digits

_check_codes = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
_hash_gate = Gate("scans.busy", at_once=2, waiting=4, wait_s=2)


def pose(purpose: ChallengePurpose, holder: str, *, now: datetime, lasts: timedelta = CODE_LASTS) -> str:
    """A new code for `holder`, added to the caller's transaction; the codes before it are closed. Returns the code.

    Spend the holder's budget before, in the same transaction: its row is held until the commit, so that two codes
    asked for at once follow each other and the first is closed by the second.
    """
    hashed = _holder_hash(purpose, holder)
    _close(purpose, hashed, now)
    code = random_digits(CODE_DIGITS)
    challenge = Challenge(purpose=purpose, holder=hashed, code_hash="", made_at=now, expires_at=now + lasts)
    challenge.code_hash = _code_hash(challenge.id, purpose, holder, code)
    db.session.add(challenge)
    return code


def spend_try(purpose: ChallengePurpose, holder: str, *, now: datetime) -> tuple[int, str] | None:
    """Take one try of the holder's open code: its id and hash, or None where no try is left.

    Give it a transaction of its own, committed before the comparison: no later rollback may give the try back.
    """
    hashed = _holder_hash(purpose, holder)
    db.session.execute(
        sa.update(Challenge)
        .where(Challenge.holder == hashed, Challenge.closed_at.is_(None), Challenge.expires_at <= now)
        .values(closed_at=now)
    )
    taken = db.session.execute(
        sa.update(Challenge)
        .where(
            Challenge.purpose == purpose,
            Challenge.holder == hashed,
            Challenge.tries < CODE_TRIES,
            Challenge.used_at.is_(None),
            Challenge.closed_at.is_(None),
        )
        .values(tries=Challenge.tries + 1)
        .returning(Challenge.id, Challenge.code_hash)
    ).first()
    return (taken.id, taken.code_hash) if taken else None


def matches(taken: tuple[int, str], purpose: ChallengePurpose, holder: str, code: str) -> bool:
    """Whether `code` is the one whose try was taken."""
    challenge_id, code_hash = taken
    return _code_hash(challenge_id, purpose, holder, code).fits(code_hash)


def win(challenge_id: int, *, now: datetime) -> bool:
    """Use the code up, in the caller's transaction. False where somebody else has just done so."""
    used = db.session.execute(
        sa.update(Challenge).where(Challenge.id == challenge_id, Challenge.used_at.is_(None)).values(used_at=now)
    )
    return bool(used.rowcount == 1)  # type: ignore[attr-defined]


def was_won(purpose: ChallengePurpose, holder: str, *, since: datetime) -> bool:
    """Whether the holder has typed a code right after `since`."""
    won = sa.exists().where(
        Challenge.purpose == purpose, Challenge.holder == _holder_hash(purpose, holder), Challenge.used_at > since
    )
    return db.session.scalar(sa.select(won)) is True


def _close(purpose: ChallengePurpose, hashed: Keyed, now: datetime) -> None:
    db.session.execute(
        sa.update(Challenge)
        .where(Challenge.purpose == purpose, Challenge.holder == hashed, Challenge.closed_at.is_(None))
        .values(closed_at=now)
    )


def _holder_hash(purpose: ChallengePurpose, holder: str) -> Keyed:
    return box().keyed_hash("challenge.holder", purpose.value, holder)


def _code_hash(challenge_id: int, purpose: ChallengePurpose, holder: str, code: str) -> Keyed:
    return box().keyed_hash("challenge.code", str(challenge_id), purpose.value, holder, code)


def hash_slot() -> AbstractContextManager[None]:
    """Room for one hash of a check code: 19 MiB each, so few at a time. Taken first, it spends nothing.

    Raises Unavailable after two seconds, or at once where four wait already.
    """
    return _hash_gate.enter()


@cache
def no_check_code() -> str:
    """What is compared with where there is no band to try, so that both answers take the same time."""
    return hash_check_code(0, CheckCode.random().digits)


def check_code_matches(kept: str, band_id: int, digits: str) -> bool:
    """Whether these digits are the band's, given the hash that is kept; as slow for a wrong one as for the right."""
    try:
        hashed = box().keyed_hash("check_code", str(band_id), digits).under_key_of(kept)
        return _hash_gate.do(_check_codes.verify, kept[1:], hashed)
    except (Argon2Error, InvalidHashError):
        return False


def hash_check_code(band_id: int, digits: str) -> str:
    """What is kept of a band's check code: argon2id (19 MiB, t=2) over a keyed hash; a stolen table yields none.

    The id of the hash's key leads it, so that a check takes one argon2id however many keys there are.
    """
    hashed = box().keyed_hash("check_code", str(band_id), digits)
    return hashed[0] + _check_codes.hash(hashed)
