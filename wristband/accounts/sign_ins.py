"""Sign-ins, begun, renewed and ended inside the transaction of the deed itself; never commits."""

from __future__ import annotations

import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from wristband.accounts.models import SignIn
from wristband.accounts.queries import reference_hash
from wristband.accounts.rules import LASTS, SECOND_FACTOR_WITHIN, Browser, Door, Stage
from wristband.audit import trail
from wristband.audit.deeds import Deed
from wristband.db import db

# The first that fits: most browsers call themselves by the names of others, too.
_BROWSERS = (
    (re.compile(r"MicroMessenger"), Browser.WECHAT),
    (re.compile(r"\bEdgA?/"), Browser.EDGE),
    (re.compile(r"\bFirefox/|\bFxiOS/"), Browser.FIREFOX),
    (re.compile(r"Chrome/|\bCriOS/|\bChromium/"), Browser.CHROME),
    (re.compile(r"\bSafari/"), Browser.SAFARI),
)


@dataclass(frozen=True, slots=True)
class Listed:
    """One live sign-in as its owner sees it."""

    id: int
    browser: Browser
    began_at: datetime
    seen_at: datetime


def browser_of(agent: str) -> Browser:
    """The family of a browser by its User-Agent; nothing more of it is kept."""
    return next((browser for pattern, browser in _BROWSERS if pattern.search(agent[:500])), Browser.OTHER)


def begin(
    door: Door,
    now: datetime,
    *,
    guardian_id: int | None = None,
    officer_id: int | None = None,
    stage: Stage = Stage.WHOLE,
    browser: Browser | None = None,
) -> str:
    """A new sign-in, on the trail; one that is half waits a few minutes only. Returns the cookie's reference."""
    reference = secrets.token_urlsafe(32)
    sign_in = SignIn(
        reference_hash=reference_hash(reference),
        door=door,
        guardian_id=guardian_id,
        officer_id=officer_id,
        began_at=now,
        seen_at=now,
        expires_at=now + (LASTS[door] if stage is Stage.WHOLE else SECOND_FACTOR_WITHIN),
        stage=stage,
        proved_at=now,
        browser=browser,
    )
    db.session.add(sign_in)
    deed = Deed.GUARDIAN_SIGNED_IN if guardian_id else Deed.OFFICER_SIGNED_IN
    actor = f"guardian:{guardian_id}" if guardian_id else f"officer:{officer_id}"
    facts: dict[str, Any] = {"stage": stage.value} if stage is not Stage.WHOLE else {}
    trail.record(deed, actor=actor, subject=f"sign_in:{sign_in.id}", at=now, **facts)
    return reference


def renew(sign_in_id: int, *, now: datetime) -> str | None:
    """The same sign-in under a new reference, whole and newly proved; None where it has ended meanwhile."""
    reference = secrets.token_urlsafe(32)
    sign_in = db.session.get(SignIn, sign_in_id)
    if sign_in is None:
        return None
    ends = sign_in.expires_at if sign_in.stage is Stage.WHOLE else now + LASTS[sign_in.door]
    renewed = db.session.execute(
        sa.update(SignIn)
        .where(SignIn.id == sign_in_id, SignIn.ended_at.is_(None), SignIn.expires_at > now)
        .values(
            reference_hash=reference_hash(reference), stage=Stage.WHOLE, proved_at=now, seen_at=now, expires_at=ends
        )
    )
    return reference if renewed.rowcount == 1 else None  # type: ignore[attr-defined]


def end(officer_id: int, *, only: int | None = None, but: int | None = None, now: datetime) -> list[int]:
    """End an officer's live sign-ins: all, `only` one, or all `but` one. Returns which have ended by it."""
    which = [SignIn.officer_id == officer_id, SignIn.ended_at.is_(None), SignIn.expires_at > now]
    if only is not None:
        which.append(SignIn.id == only)
    if but is not None:
        which.append(SignIn.id != but)
    ended = db.session.scalars(sa.update(SignIn).where(*which).values(ended_at=now).returning(SignIn.id))
    return sorted(ended)


def list_live(officer_id: int, *, idle: timedelta, now: datetime) -> Sequence[Listed]:
    """An officer's sign-ins that would still open a page, the newest first."""
    rows = db.session.scalars(
        sa.select(SignIn)
        .where(
            SignIn.officer_id == officer_id,
            SignIn.ended_at.is_(None),
            SignIn.expires_at > now,
            SignIn.seen_at >= now - idle,
            SignIn.stage == Stage.WHOLE,
        )
        .order_by(SignIn.began_at.desc(), SignIn.id.desc())
    )
    return [Listed(row.id, row.browser or Browser.OTHER, row.began_at, row.seen_at) for row in rows]
