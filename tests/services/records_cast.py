"""More people for the tests of records: a colleague and a supervisor of the station, a second record of her own."""

from __future__ import annotations

import secrets
from dataclasses import replace
from datetime import datetime

import sqlalchemy as sa

from tests.world import DAUGHTER_PHONE, ELDER, World, _officer
from wristband.accounts.models import Officer
from wristband.accounts.rules import OfficerAccount, Role
from wristband.audit.models import AuditRow
from wristband.db import db, transaction
from wristband.elders.models import Elder
from wristband.elders.rules import Particulars, Purpose
from wristband.outbox.models import Message
from wristband.services import registration, signing_in
from wristband.values.phone import Phone

AUNT_PHONE = "+8613800138007"


def colleague(world: World, username: str = "colleague", role: Role = Role.OFFICER) -> OfficerAccount:
    """One more of the officer's station."""
    account = _officer(username, world.station_id, world.now)
    with transaction():
        db.session.execute(sa.update(Officer).where(Officer.id == account.officer_id).values(role=role))
    return replace(account, role=role)


def register(
    world: World, now: datetime, *, phone: str = AUNT_PHONE, station_id: int | None = 0, **changed: str
) -> int:
    """Another record at the officer's station, or where it is said; particulars are hers but for what is `changed`."""
    guardian_id = signing_in.join(Phone(phone), language="zh-CN", now=now)
    return registration.register(
        secrets.token_urlsafe(16),
        Particulars.of(today=now.date(), consents=set(Purpose), **{**ELDER, **changed}),
        guardian_id=guardian_id,
        guardian_name="林家的姑姑",
        consents=set(Purpose),
        photo_id=None,
        station_id=world.station_id if station_id == 0 else station_id,
        second_phone=None,
        now=now,
    )


def elder(elder_id: int) -> Elder:
    """As it is stored now."""
    db.session.rollback()
    return db.session.get_one(Elder, elder_id, populate_existing=True)


def deeds(elder_id: int) -> list[str]:
    """What the trail says of an elder, in order."""
    db.session.rollback()
    return list(db.session.scalars(sa.select(AuditRow.deed).where(AuditRow.elder_id == elder_id).order_by(AuditRow.i)))


def told(wording: str, recipient: str = DAUGHTER_PHONE) -> list[str]:
    """The bodies of this wording that were owed to an address, oldest first."""
    db.session.rollback()
    rows = db.session.scalars(sa.select(Message).where(Message.wording == wording).order_by(Message.id))
    return [message.body or "" for message in rows if message.recipient == recipient]
