"""Officers as whoever keeps them sees them, and as they see themselves."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

import sqlalchemy as sa

from wristband.accounts.models import Officer, Passkey, RecoveryCode, SignIn
from wristband.accounts.rules import KEEPS, Door, OfficerAccount, Role, Stage, keeps_everywhere
from wristband.db import db
from wristband.errors import NotFound
from wristband.stations.models import Station

PAGE = 50


class Standing(StrEnum):
    """Where an account is in its life."""

    WAITING = "waiting"
    """Its activation has not been used."""
    LAPSED = "lapsed"
    """It had an activation, which is over."""
    ACTIVE = "active"
    DISABLED = "disabled"


@dataclass(frozen=True, slots=True)
class Member:
    """One officer on the pages of the staff."""

    id: int
    username: str
    name: str
    role: Role
    station_id: int
    station_name: str
    standing: Standing
    disabled_at: datetime | None
    activation_expires_at: datetime | None
    has_factor: bool
    seen_at: datetime | None


@dataclass(frozen=True, slots=True)
class ListedPasskey:
    id: int
    name: str
    added_at: datetime
    used_at: datetime | None


@dataclass(frozen=True, slots=True)
class Factors:
    """An officer's second factors as her own page lists them."""

    totp: bool
    passkeys: Sequence[ListedPasskey]
    codes_left: int

    @property
    def any(self) -> bool:
        return self.totp or bool(self.passkeys)


def has_factor() -> sa.ColumnElement[bool]:
    """Whether the officer of an outer query has a second factor."""
    return sa.or_(Officer.totp_sealed.is_not(None), sa.exists().where(Passkey.officer_id == Officer.id))


def has_a_factor(officer_id: int) -> bool:
    """Whether that officer has a second factor."""
    return db.session.scalar(sa.select(has_factor()).where(Officer.id == officer_id)) is True


def kept_by(keeper: OfficerAccount) -> sa.ColumnElement[bool]:
    """The officers that an account may keep: of its own station, or everywhere, and of the roles below it."""
    scope = sa.true() if keeps_everywhere(keeper.role) else Officer.station_id == keeper.station_id
    return sa.and_(scope, Officer.role.in_(KEEPS[keeper.role]), Officer.id != keeper.officer_id)


def list_members(
    keeper: OfficerAccount, *, station_id: int | None = None, page: int = 1, now: datetime
) -> tuple[Sequence[Member], bool]:
    """A page of the staff that `keeper` may see, herself included, and whether there is more; two questions at most.

    `station_id` narrows a keeper's of every station to one.
    """
    visible = sa.or_(kept_by(keeper), Officer.id == keeper.officer_id)
    where = [visible] if station_id is None else [visible, Officer.station_id == station_id]
    rows = db.session.execute(
        _members()
        .where(*where)
        .order_by(Officer.disabled_at.is_not(None), Station.name, Officer.username)
        .limit(PAGE + 1)
        .offset((page - 1) * PAGE)
    ).all()
    return [_member(row, now) for row in rows[:PAGE]], len(rows) > PAGE


def list_all_members(*, station_id: int | None = None, now: datetime) -> Iterator[Member]:
    """Every officer, for an operator at the terminal; by station and username."""
    where = [] if station_id is None else [Officer.station_id == station_id]
    for row in db.session.execute(_members().where(*where).order_by(Station.name, Officer.username)):
        yield _member(row, now)


def get_member(officer_id: int, *, keeper: OfficerAccount, now: datetime) -> Member:
    """One officer whom `keeper` keeps. Raises NotFound for every other alike."""
    row = db.session.execute(_members().where(kept_by(keeper), Officer.id == officer_id)).first()
    if row is None:
        raise NotFound("staff.unknown")
    return _member(row, now)


def list_staffed_stations() -> Sequence[tuple[int, str]]:
    """Stations with an officer, by name: what an administrator filters by."""
    rows = db.session.execute(
        sa.select(Station.id, Station.name)
        .where(sa.exists().where(Officer.station_id == Station.id))
        .order_by(Station.name)
        .limit(500)
    )
    return [(row.id, row.name) for row in rows]


def get_factors(officer_id: int) -> Factors:
    """The second factors of an officer."""
    totp = db.session.scalar(sa.select(Officer.totp_sealed.is_not(None)).where(Officer.id == officer_id)) is True
    keys = db.session.scalars(sa.select(Passkey).where(Passkey.officer_id == officer_id).order_by(Passkey.id))
    left = db.session.scalar(
        sa.select(sa.func.count(RecoveryCode.id)).where(
            RecoveryCode.officer_id == officer_id, RecoveryCode.used_at.is_(None)
        )
    )
    listed = [ListedPasskey(key.id, key.name, key.added_at, key.used_at) for key in keys]
    return Factors(totp, listed, left or 0)


def list_credentials(officer_id: int) -> Sequence[str]:
    """The names by which an officer's authenticators know her passkeys."""
    return db.session.scalars(sa.select(Passkey.credential_id).where(Passkey.officer_id == officer_id)).all()


def _members() -> sa.Select[Officer, str, bool, datetime]:
    seen = (
        sa.select(sa.func.max(SignIn.seen_at))
        .where(SignIn.officer_id == Officer.id, SignIn.door == Door.POLICE, SignIn.stage == Stage.WHOLE)
        .correlate(Officer)
        .scalar_subquery()
    )
    return sa.select(Officer, Station.name, has_factor(), seen).join(Station, Station.id == Officer.station_id)


def _member(row: sa.Row[Officer, str, bool, datetime], now: datetime) -> Member:
    officer, station_name, factor, seen_at = row
    return Member(
        id=officer.id,
        username=officer.username,
        name=officer.name,
        role=officer.role,
        station_id=officer.station_id,
        station_name=station_name,
        standing=_standing(officer, now),
        disabled_at=officer.disabled_at,
        activation_expires_at=officer.activation_expires_at,
        has_factor=factor,
        seen_at=seen_at,
    )


def _standing(officer: Officer, now: datetime) -> Standing:
    if officer.disabled_at is not None:
        return Standing.DISABLED
    if officer.password_hash:
        return Standing.ACTIVE
    waits = officer.activation_expires_at is not None and officer.activation_expires_at > now
    return Standing.WAITING if waits else Standing.LAPSED
