"""Grants as rows: made, counted, ended, in the caller's transaction."""

from __future__ import annotations

import secrets
from datetime import datetime

import sqlalchemy as sa

from wristband.audit import trail
from wristband.audit.deeds import Deed
from wristband.bands.models import Band
from wristband.db import db
from wristband.scans.levels import GRANTS_A_BAND, GrantState, Level, Proof, states_before
from wristband.scans.models import Grant, Scan
from wristband.sealing import box
from wristband.values.phone import Phone


def record(deed: Deed, grant: Grant, *, actor: str, at: datetime, **facts: int | str) -> None:
    """Add what became of a grant to the trail, in the caller's transaction."""
    trail.record(deed, actor=actor, subject=f"grant:{grant.id}", at=at, elder_id=grant.elder_id, **facts)


def token_hash(token: str) -> str:
    """What is kept of a grant's token."""
    return box().keyed_hash("grant.token", token)


def make(
    scan: Scan,
    elder_id: int,
    proof: Proof,
    level: Level,
    state: GrantState,
    *,
    ends_at: datetime,
    now: datetime,
    phone: Phone | None = None,
) -> tuple[str, Grant]:
    """A new grant for the phone behind a scan of a band, and its token of 256 random bits, told this once."""
    token = secrets.token_urlsafe(32)
    grant = Grant(
        scan_id=scan.id,
        band_id=scan.band_id,
        elder_id=elder_id,
        proof=proof,
        level=int(level),
        state=state,
        token_hash=token_hash(token),
        made_at=now,
        ends_at=ends_at,
    )
    if phone is not None:
        grant.phone, grant.phone_index = phone.e164, _phone_index(phone)
    db.session.add(grant)
    return token, grant


def keep_room(band_id: int, *, now: datetime) -> None:
    """No more live grants a band than there may be: the oldest of the lowest level ends first."""
    # Held, so that two proofs at once count each other.
    db.session.execute(sa.select(Band.id).where(Band.id == band_id).with_for_update(key_share=True))
    db.session.flush()
    live = db.session.scalars(
        sa.select(Grant.id)
        .where(Grant.band_id == band_id, Grant.state == GrantState.GIVEN, Grant.ends_at > now)
        .order_by(Grant.level.desc(), Grant.id.desc())
    ).all()
    for grant_id in live[GRANTS_A_BAND:]:
        end(grant_id, now=now)


def end(grant_id: int, *, of: frozenset[GrantState] = states_before(GrantState.ENDED), now: datetime) -> bool:
    """End a grant that is in one of these states, asked for or given. False where it is in none of them."""
    ended = db.session.execute(
        sa.update(Grant).where(Grant.id == grant_id, Grant.state.in_(of)).values(state=GrantState.ENDED, ended_at=now)
    )
    return bool(ended.rowcount == 1)  # type: ignore[attr-defined]


def end_asked(scan_id: int, *, now: datetime) -> None:
    """A phone that asks again asks one question."""
    db.session.execute(
        sa.update(Grant)
        .where(Grant.scan_id == scan_id, Grant.state == GrantState.ASKED)
        .values(state=GrantState.ENDED, ended_at=now)
    )


def has_asked(scan_id: int) -> bool:
    """Whether this phone has asked the family before."""
    asked = sa.exists().where(Grant.scan_id == scan_id, Grant.proof == Proof.APPROVAL)
    return db.session.scalar(sa.select(asked)) is True


def known_to_phone(elder_id: int, phone: Phone) -> bool:
    """Whether this verified phone has had a grant of this elder already: it is counted once."""
    known = sa.exists().where(
        Grant.elder_id == elder_id, Grant.proof == Proof.SMS_CODE, Grant.phone_index == _phone_index(phone)
    )
    return db.session.scalar(sa.select(known)) is True


def _phone_index(phone: Phone) -> str:
    return box().blind(phone.e164, place="grant.phone")
