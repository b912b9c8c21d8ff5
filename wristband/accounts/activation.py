"""The one code by which an officer sets her password herself; kept as a keyed hash, inside the caller's transaction."""

from __future__ import annotations

import secrets
from datetime import datetime

import sqlalchemy as sa

from wristband.accounts import factors
from wristband.accounts.models import Officer
from wristband.accounts.rules import ACTIVATION_LASTS
from wristband.db import db
from wristband.sealing import Keyed, box
from wristband.values.code import CROCKFORD

CHARACTERS = 20
"""A hundred bits: nobody guesses one, and it can still be typed from paper."""
_LOOK_ALIKE = str.maketrans("OIL", "011")


def issue(officer_id: int, *, now: datetime) -> str:
    """A new code of an officer's, in groups; the one before opens nothing any more."""
    code = "".join(secrets.choice(CROCKFORD) for _ in range(CHARACTERS))
    db.session.execute(
        sa.update(Officer)
        .where(Officer.id == officer_id)
        .values(activation_hash=hashed(code), activation_expires_at=now + ACTIVATION_LASTS)
    )
    return "-".join(code[at : at + 5] for at in range(0, CHARACTERS, 5))


def hashed(typed: str) -> Keyed:
    """Under what a code is found, however it was typed."""
    return box().keyed_hash("officer.activation", factors.plain(typed).translate(_LOOK_ALIKE))


def find_officer(typed: str, *, now: datetime) -> Officer | None:
    """Whose code this is, while it is good."""
    return db.session.scalar(
        sa.select(Officer).where(
            Officer.activation_hash == hashed(typed),
            Officer.activation_expires_at > now,
            Officer.disabled_at.is_(None),
        )
    )


def take(officer_id: int, typed: str, *, password_hash: str, now: datetime) -> bool:
    """Whether this sets the password and uses the code up, and nobody else at the same moment."""
    taken = db.session.execute(
        sa.update(Officer)
        .where(
            Officer.id == officer_id,
            Officer.activation_hash == hashed(typed),
            Officer.activation_expires_at > now,
            Officer.disabled_at.is_(None),
        )
        .values(password_hash=password_hash, activation_hash=None, activation_expires_at=None)
    )
    return bool(taken.rowcount == 1)  # type: ignore[attr-defined]
