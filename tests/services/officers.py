"""Officers with second factors, as the tests of them want them."""

from __future__ import annotations

import secrets
from datetime import datetime

import pyotp
import sqlalchemy as sa

from tests.authenticator import Authenticator
from tests.world import PASSWORD, World
from wristband.accounts.models import Officer, SignIn
from wristband.accounts.passkeys import Party
from wristband.accounts.proofs import Asked
from wristband.accounts.queries import find_officer_account
from wristband.accounts.rules import OfficerAccount, Presence, Role
from wristband.db import db, transaction
from wristband.services import enrolling, signing_in, staffing

PARTY = Party("band.example", "https://band.example")


def presence_of(reference: str, now: datetime) -> Presence:
    """Who stands behind a reference; fails where nobody does."""
    found = signing_in.resume_officer(reference, now=now)
    assert found is not None
    return found


def come(now: datetime, username: str = "officer") -> Presence:
    """An officer signs in by her password, half or whole."""
    return presence_of(signing_in.enter_password(username, PASSWORD, now=now), now)


def asked(now: datetime, party: Party = PARTY) -> Asked:
    return Asked(party, secrets.token_bytes(32), now)


def code_of(secret: str, now: datetime) -> str:
    return pyotp.TOTP(secret).at(now)


def with_totp(now: datetime, username: str = "officer") -> tuple[str, list[str]]:
    """The officer sets up an authenticator: its secret, and her recovery codes."""
    presence = come(now, username)
    enrolling.begin_totp(presence, now=now)
    secret = enrolling.find_pending(presence)
    assert secret
    return secret, enrolling.confirm_totp(presence, code_of(secret, now), now=now).codes


def with_passkey(now: datetime, device: Authenticator | None = None) -> tuple[Authenticator, Presence]:
    """The officer adds a passkey, her first factor: the device that holds it, and the sign-in it was added in."""
    device = device or Authenticator()
    return device, add_passkey(come(now), device, now)


def add_passkey(presence: Presence, device: Authenticator, now: datetime) -> Presence:
    """One passkey more. The sign-in goes on under a new reference."""
    ask = asked(now)
    made = device.create(ask.challenge, party=PARTY.id, origin=PARTY.origin)
    return presence_of(enrolling.add_passkey(presence, ask, made, "值班室电脑", now=now).reference, now)


def answer(device: Authenticator, ask: Asked, *, origin: str = PARTY.origin, party: str = PARTY.id) -> str:
    return device.get(ask.challenge, party=party, origin=origin)


def appoint(username: str, role: Role, world: World, now: datetime, station: int | None = None) -> OfficerAccount:
    """One more officer of this role, with the cast's password."""
    kept = db.session.scalar(sa.select(Officer.password_hash).where(Officer.username == "officer"))
    db.session.rollback()
    officer_id = staffing.add_officer(
        username,
        name=username,
        password_hash=kept or "",
        role=role,
        station_id=station or world.station_id,
        now=now,
    )
    account = find_officer_account(officer_id)
    db.session.rollback()
    assert account
    return account


def become(role: Role, username: str = "officer") -> None:
    with transaction():
        db.session.execute(sa.update(Officer).where(Officer.username == username).values(role=role))


def live(officer_id: int) -> int:
    """How many sign-ins of an officer's have not ended."""
    db.session.rollback()
    ended = sa.select(sa.func.count(SignIn.id)).where(SignIn.officer_id == officer_id, SignIn.ended_at.is_(None))
    return db.session.scalar(ended) or 0
