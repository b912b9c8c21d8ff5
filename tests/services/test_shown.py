"""What the trail keeps of a showing."""

from __future__ import annotations

import sqlalchemy as sa

from tests.services.finders import her_check, met, next_day
from tests.world import World
from wristband.audit.models import AuditRow
from wristband.db import db
from wristband.incidents.models import Incident
from wristband.services import disclosing, reporting, verifying


def test_what_is_shown_while_she_is_reported_names_the_incident(world: World) -> None:
    now = next_day(world)
    reference = met(world, now)
    token = verifying.enter_check_code(reference, her_check(world), now=now)
    disclosing.show(reference, token, now=now)
    reporting.report(reference, world.her.serial, language="zh-CN", low_trust=False, now=now)
    disclosing.show(reference, token, now=now)
    incident = db.session.scalars(sa.select(Incident.id)).one()
    shown = db.session.scalars(sa.select(AuditRow).where(AuditRow.deed == "grant.shown").order_by(AuditRow.i))
    assert [row.facts.get("incident") for row in shown] == [None, incident]
