"""A family of more than one: a son who answers for her, too."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa

from tests.world import SON_PHONE, World
from wristband.db import db
from wristband.elders.models import Invitation
from wristband.services import family_circle, signing_in
from wristband.values.phone import Phone


def invited(world: World, now: datetime, phone: str = SON_PHONE) -> tuple[int, int]:
    """The son has an account and an invitation: their ids."""
    family_circle.invite(world.elder_id, Phone(phone), guardian_id=world.daughter_id, now=now)
    son_id = signing_in.join(Phone(phone), language="zh-CN", now=now)
    invitation_id = db.session.scalars(sa.select(Invitation.id).order_by(Invitation.id.desc())).first()
    assert invitation_id is not None
    return son_id, invitation_id


def son_of(world: World, now: datetime) -> int:
    """The son's id, who answers for her now."""
    son_id, invitation_id = invited(world, now)
    family_circle.accept(invitation_id, name="林家的儿子", relation="child", guardian_id=son_id, now=now)
    return son_id
