"""Who keeps the staff: accounts given, changed, stopped, and let in anew. Nobody ever gives another a password."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from wristband.accounts import activation, notices, sign_ins, staff
from wristband.accounts.models import Officer, Passkey, RecoveryCode
from wristband.accounts.rules import KEEPS, USERNAME, Act, NoticeKind, OfficerAccount, Role, keeps_everywhere, may
from wristband.audit import trail
from wristband.audit.deeds import Deed
from wristband.db import db, transaction
from wristband.elders.rules import NAME_MAX, clean_text
from wristband.errors import BadValue, Conflict, NotAllowed, NotFound
from wristband.stations.models import Station

Keeper = OfficerAccount | None
"""Who does it: an officer who keeps staff, or None, the operator at the terminal, who may do everything."""


@dataclass(frozen=True, slots=True)
class Invitation:
    """An account and its one code, which is shown this once."""

    officer_id: int
    username: str
    code: str


def invite(
    username: str, *, name: str, role: Role, station_id: int | None = None, keeper: Keeper, now: datetime
) -> Invitation:
    """Give somebody an account without a password, and the code by which she sets her own.

    A supervisor's is of her own station. Raises BadValue, NotAllowed, NotFound, Conflict.
    """
    username = username.strip().lower()
    if not USERNAME.fullmatch(username):
        raise BadValue("accounts.username")
    name = clean_text(name, "accounts.name", NAME_MAX)
    if keeper is not None and not keeps_everywhere(keeper.role):
        station_id = keeper.station_id
    try:
        with transaction():
            _check_keeper(keeper)
            _check_role(keeper, role)
            if station_id is None or db.session.get(Station, station_id) is None:
                raise NotFound("stations.unknown")
            officer = Officer(
                username=username, name=name, password_hash="", role=role, station_id=station_id, added_at=now
            )
            db.session.add(officer)
            db.session.flush()
            code = activation.issue(officer.id, now=now)
            _record(Deed.OFFICER_ADDED, keeper, officer.id, now, role=role.value, station=station_id)
            return Invitation(officer.id, username, code)
    except IntegrityError:
        # The name's uniqueness is the database's: a disabled officer keeps hers.
        raise Conflict("accounts.username_taken") from None


def renew_activation(officer_id: int, *, keeper: Keeper, now: datetime) -> Invitation:
    """A new code for whoever has lost hers or forgotten her password; her second factor stays. Raises as below."""
    with _kept(officer_id, keeper) as officer:
        if officer.disabled_at is not None:
            raise Conflict("staff.disabled")
        code = activation.issue(officer_id, now=now)
        _record(Deed.ACTIVATION_RENEWED, keeper, officer_id, now)
        return Invitation(officer_id, officer.username, code)


def change_role(officer_id: int, role: Role, *, was: Role, keeper: Keeper, now: datetime) -> None:
    """Appoint an officer to another role; it bites at her next page.

    Raises NotFound for whoever is not the keeper's, NotAllowed for a role beyond hers, and Conflict where it is no more
    what the page showed (`was`).
    """
    with _kept(officer_id, keeper) as officer:
        _check_role(keeper, role)
        if officer.role is not was:
            raise Conflict("staff.changed_meanwhile")
        if role is was:
            return
        officer.role = role
        _record(Deed.ROLE_CHANGED, keeper, officer_id, now, was=was.value, role=role.value)
        notices.tell(officer_id, NoticeKind.ROLE_CHANGED, about=officer_id, at=now)


def disable(officer_id: int, *, keeper: Keeper, now: datetime) -> None:
    """Stop an account; whoever is signed in by it is out at once. Raises NotFound, Conflict."""
    with _kept(officer_id, keeper) as officer:
        if officer.disabled_at is not None:
            raise Conflict("staff.disabled")
        officer.disabled_at = now
        officer.activation_hash = officer.activation_expires_at = None
        sign_ins.end(officer_id, now=now)
        _record(Deed.OFFICER_DISABLED, keeper, officer_id, now)


def enable(officer_id: int, *, keeper: Keeper, now: datetime) -> None:
    """Let an account in again, password and second factor as they were. Raises NotFound, Conflict."""
    with _kept(officer_id, keeper) as officer:
        if officer.disabled_at is None:
            raise Conflict("staff.enabled")
        officer.disabled_at = None
        _record(Deed.OFFICER_ENABLED, keeper, officer_id, now)


def reset_factors(officer_id: int, *, keeper: Keeper, now: datetime) -> None:
    """Take every second factor from an officer who has lost hers; her password stays. Raises NotFound, Conflict.

    Every sign-in ends, and she is told when she comes next.
    """
    with _kept(officer_id, keeper) as officer:
        if not staff.has_a_factor(officer_id):
            raise Conflict("staff.no_factor")
        officer.totp = officer.totp_step = officer.totp_pending = None
        db.session.execute(sa.delete(Passkey).where(Passkey.officer_id == officer_id))
        db.session.execute(sa.delete(RecoveryCode).where(RecoveryCode.officer_id == officer_id))
        sign_ins.end(officer_id, now=now)
        _record(Deed.FACTORS_RESET, keeper, officer_id, now)
        notices.tell(officer_id, NoticeKind.FACTOR_RESET, about=officer_id, at=now)


def end_sign_ins(officer_id: int, *, keeper: Keeper, now: datetime) -> int:
    """End every sign-in of an officer's; twice is once. Returns how many have ended. Raises NotFound."""
    with _kept(officer_id, keeper):
        ended = sign_ins.end(officer_id, now=now)
        if ended:
            _record(Deed.SIGN_INS_ENDED, keeper, officer_id, now, ended=len(ended))
        return len(ended)


def move(officer_id: int, station_id: int | None, *, was: int, keeper: Keeper, now: datetime) -> None:
    """Transfer an officer to another station: an administrator's deed. It bites at her next page.

    Raises NotFound, NotAllowed, and Conflict where she is no more at the station that the page showed (`was`).
    """
    if keeper is not None and not keeps_everywhere(keeper.role):
        raise NotAllowed("staff.not_to_move")
    with _kept(officer_id, keeper) as officer:
        if station_id is None or db.session.get(Station, station_id) is None:
            raise NotFound("stations.unknown")
        if officer.station_id != was:
            raise Conflict("staff.changed_meanwhile")
        if station_id == was:
            return
        officer.station_id = station_id
        _record(Deed.OFFICER_MOVED, keeper, officer_id, now, was=was, station=station_id)
        notices.tell(officer_id, NoticeKind.MOVED, about=officer_id, at=now)


@contextmanager
def _kept(officer_id: int, keeper: Keeper) -> Iterator[Officer]:
    """A transaction around one officer of the keeper's, both rows locked: of two deeds at once the second sees the
    first's end, and two supervisors who disable each other do not both succeed."""
    with transaction():
        ids = [officer_id] if keeper is None else sorted({officer_id, keeper.officer_id})
        for each in ids:
            db.session.execute(sa.select(Officer.id).where(Officer.id == each).with_for_update())
        _check_keeper(keeper)
        mine = sa.true() if keeper is None else staff.kept_by(keeper)
        officer = db.session.scalar(
            sa.select(Officer).where(Officer.id == officer_id, mine).execution_options(populate_existing=True)
        )
        if officer is None:
            raise NotFound("staff.unknown")
        yield officer


def _check_keeper(keeper: Keeper) -> None:
    """Raises NotAllowed for one who was disabled, moved or appointed otherwise since the page was asked for."""
    if keeper is None:
        return
    found = db.session.get(Officer, keeper.officer_id, populate_existing=True)
    still = found is not None and found.disabled_at is None
    if not (found and still and found.role is keeper.role and found.station_id == keeper.station_id):
        raise NotAllowed("accounts.not_your_role")
    if not may(keeper.role, Act.KEEP_STAFF):
        raise NotAllowed("accounts.not_your_role")


def _check_role(keeper: Keeper, role: Role) -> None:
    if keeper is not None and role not in KEEPS[keeper.role]:
        raise NotAllowed("staff.role_beyond")


def _record(deed: Deed, keeper: Keeper, officer_id: int, now: datetime, **facts: Any) -> None:
    actor = keeper.actor if keeper else "operator"
    trail.record(deed, actor=actor, subject=f"officer:{officer_id}", at=now, **facts)
