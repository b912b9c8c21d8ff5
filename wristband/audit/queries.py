"""What was done, for those whose lives it touches."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from wristband.audit.deeds import Deed
from wristband.audit.models import AuditRow
from wristband.db import db


@dataclass(frozen=True, slots=True)
class Look:
    """An officer looked at an elder's record: when, and because of which incident."""

    at: datetime
    incident_id: int


def list_looks(elder_id: int, *, limit: int = 20) -> list[Look]:
    """The latest looks at the elder's record, newest first. A guardian asks after get_elder."""
    rows = db.session.execute(
        sa.select(AuditRow.at, AuditRow.subject)
        .where(AuditRow.elder_id == elder_id, AuditRow.deed == Deed.INCIDENT_LOOKED_AT.value)
        .order_by(AuditRow.at.desc(), AuditRow.id.desc())
        .limit(limit)
    )
    return [Look(row.at, int(row.subject.partition(":")[2])) for row in rows]
