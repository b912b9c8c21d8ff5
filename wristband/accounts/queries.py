"""Who has an account, who is signed in."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

import sqlalchemy as sa

from wristband.accounts.models import Guardian, Officer, QuietContact, SignIn
from wristband.accounts.rules import Door, GuardianAccount, OfficerAccount, Presence
from wristband.accounts.staff import has_factor
from wristband.db import db
from wristband.errors import NotFound
from wristband.sealing import Keyed, box
from wristband.stations.models import Station
from wristband.values.phone import Phone


def phone_index(phone: Phone) -> Keyed:
    """The blind index under which a guardian's phone is found."""
    return box().blind(phone.e164, place="guardian.phone")


def find_guardian_by_phone(phone: Phone) -> Guardian | None:
    return db.session.scalar(sa.select(Guardian).where(Guardian.phone_index == phone_index(phone)))


def find_officer_by_username(username: str) -> Officer | None:
    """The officer of that name who may sign in."""
    return db.session.scalar(
        sa.select(Officer).where(Officer.username == username.strip().lower(), Officer.disabled_at.is_(None))
    )


def find_any_officer(username: str) -> Officer | None:
    """The officer of that name, disabled or not."""
    return db.session.scalar(sa.select(Officer).where(Officer.username == username.strip().lower()[:64]))


def find_sign_in(reference: str, door: Door, *, now: datetime) -> SignIn | None:
    """The live sign-in behind a cookie's reference at this door."""
    return db.session.scalar(
        sa.select(SignIn).where(
            SignIn.reference_hash == reference_hash(reference),
            SignIn.door == door,
            SignIn.ended_at.is_(None),
            SignIn.expires_at > now,
        )
    )


def find_presence(reference: str, *, now: datetime) -> tuple[Presence, datetime] | None:
    """The officer behind a cookie's reference, half signed in or whole, and when she was seen last; one question.

    None where the sign-in is over or the officer is disabled.
    """
    row = db.session.execute(
        sa.select(SignIn, Officer, Station.name, has_factor())
        .join(Officer, Officer.id == SignIn.officer_id)
        .join(Station, Station.id == Officer.station_id)
        .where(
            SignIn.reference_hash == reference_hash(reference),
            SignIn.door == Door.POLICE,
            SignIn.ended_at.is_(None),
            SignIn.expires_at > now,
            Officer.disabled_at.is_(None),
        )
    ).first()
    if row is None:
        return None
    sign_in, officer, station_name, factor = row
    account = _account(officer, station_name)
    return Presence(account, sign_in.id, sign_in.stage, sign_in.proved_at, factor), sign_in.seen_at


def get_password_hash(officer_id: int) -> str:
    """What is kept of an officer's password; empty before her activation."""
    return db.session.scalar(sa.select(Officer.password_hash).where(Officer.id == officer_id)) or ""


def get_username(officer_id: int) -> str:
    """By what an officer signs in."""
    return db.session.scalar(sa.select(Officer.username).where(Officer.id == officer_id)) or ""


def list_words_of(officer_id: int) -> list[str]:
    """What a guesser of an officer's password knows of her: username, name, station."""
    row = db.session.execute(
        sa.select(Officer, Station.name).join(Station, Station.id == Officer.station_id).where(Officer.id == officer_id)
    ).first()
    return [row[0].username, row[0].name, row[1]] if row else []


def knows_device(phone: Phone, device: str) -> bool:
    """Whether `device`, the reference of an earlier sign-in, was this guardian's."""
    known = sa.exists().where(
        SignIn.reference_hash == reference_hash(device),
        SignIn.guardian_id == Guardian.id,
        Guardian.phone_index == phone_index(phone),
    )
    return db.session.scalar(sa.select(known)) is True


def reference_hash(reference: str) -> Keyed:
    return box().keyed_hash("sign_in.reference", reference)


def get_guardian_account(guardian_id: int) -> GuardianAccount:
    guardian = db.session.get_one(Guardian, guardian_id)
    return GuardianAccount(guardian_id=guardian.id, name=guardian.name, language=guardian.language)


def stations_of_officers(officer_ids: Collection[int]) -> dict[int, str]:
    """The name of each of these officers' station: what a family is told of who looked."""
    rows = db.session.execute(
        sa.select(Officer.id, Station.name)
        .join(Station, Station.id == Officer.station_id)
        .where(Officer.id.in_(officer_ids))
    )
    return {row.id: row.name for row in rows}


def find_officer_account(officer_id: int) -> OfficerAccount | None:
    """The officer with station, unless disabled since."""
    row = db.session.execute(
        sa.select(Officer, Station.name)
        .join(Station, Station.id == Officer.station_id)
        .where(Officer.id == officer_id, Officer.disabled_at.is_(None))
    ).first()
    if row is None:
        return None
    return _account(*row)


def _account(officer: Officer, station_name: str) -> OfficerAccount:
    return OfficerAccount(
        officer_id=officer.id,
        name=officer.name,
        role=officer.role,
        station_id=officer.station_id,
        station_name=station_name,
        language=officer.language,
    )


def list_own_quiet_contacts(guardian_id: int) -> Sequence[QuietContact]:
    """Everything of the kind that is a guardian's own: what waits for its code and what was lost, too."""
    return db.session.scalars(
        sa.select(QuietContact).where(QuietContact.guardian_id == guardian_id).order_by(QuietContact.id)
    ).all()


def quiet_index(address: str) -> Keyed:
    """Under what an address is found without being read."""
    return box().blind(address, place="quiet_contact.address")


def find_quiet_contact(address: str, *, guardian_id: int) -> QuietContact | None:
    """A guardian's contact of this address, however it stands."""
    return db.session.scalar(
        sa.select(QuietContact).where(
            QuietContact.guardian_id == guardian_id, QuietContact.address_index == quiet_index(address)
        )
    )


def get_quiet_contact(contact_id: int, *, guardian_id: int) -> QuietContact:
    """One of a guardian's own. Raises NotFound."""
    contact: QuietContact | None = db.session.scalar(
        sa.select(QuietContact).where(QuietContact.id == contact_id, QuietContact.guardian_id == guardian_id)
    )
    if contact is None:
        raise NotFound("quiet.unknown")
    return contact


def list_quiet_contacts(guardian_ids: Collection[int]) -> Sequence[QuietContact]:
    """Where these guardians are told without ringing: what was confirmed and is not lost."""
    return db.session.scalars(
        sa.select(QuietContact)
        .where(
            QuietContact.guardian_id.in_(guardian_ids),
            QuietContact.confirmed_at.is_not(None),
            QuietContact.lost_at.is_(None),
        )
        .order_by(QuietContact.id)
    ).all()
