"""A finder who is with the elder, and what a family and a thief can see of it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa

from tests.world import World, new_reference
from wristband.audit.models import AuditRow
from wristband.bands.models import Band
from wristband.db import db
from wristband.errors import Refusal
from wristband.outbox.models import Message
from wristband.scans.models import Grant
from wristband.services import reaching
from wristband.values.code import CheckCode

FINDER_PHONE = "+8613800138009"


def next_day(world: World) -> datetime:
    """A day after she was registered: her record may be opened."""
    return world.now + timedelta(hours=25)


def met(world: World, now: datetime, serial: str | None = None) -> str:
    """A finder has scanned her band and told the family. Returns the scan's reference."""
    reference = new_reference()
    reaching.tell_family(reference, serial or world.her.serial, language="zh-CN", low_trust=False, now=now)
    return reference


def her_check(world: World) -> CheckCode:
    band = db.session.get_one(Band, world.her.band_id)
    assert band.check_code is not None
    return CheckCode.parse(band.check_code)


def wrong_check(world: World) -> CheckCode:
    other = CheckCode.random()
    return other if other != her_check(world) else wrong_check(world)


def refused(deed: Callable[[], object]) -> str:
    with pytest.raises(Refusal) as refusal:
        deed()
    db.session.rollback()
    return refusal.value.code


def grants() -> list[Grant]:
    db.session.rollback()
    return list(db.session.scalars(sa.select(Grant).order_by(Grant.id)))


def deeds(elder_id: int | None = None) -> list[str]:
    db.session.rollback()
    question = sa.select(AuditRow.deed).order_by(AuditRow.i)
    return list(db.session.scalars(question.where(AuditRow.elder_id == elder_id) if elder_id else question))


def owed(wording: str) -> list[Message]:
    db.session.rollback()
    return list(db.session.scalars(sa.select(Message).where(Message.wording == wording).order_by(Message.id)))
