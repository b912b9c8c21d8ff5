"""Who looked at an elder's record, for the family: one question, the newest first."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from wristband.audit.deeds import Deed
from wristband.audit.models import AuditRow
from wristband.db import db

# Everything by which somebody saw, or asked to see, something of an elder.
ACCESSES = frozenset(
    {
        Deed.GRANT_SHOWN,
        Deed.APPROVAL_ASKED,
        Deed.APPROVAL_GIVEN,
        Deed.APPROVAL_MISTYPED,
        Deed.GRANT_ENDED,
        Deed.INCIDENT_LOOKED_AT,
        Deed.INCIDENT_REVEALED,
        Deed.EMERGENCY_LOOKED,
        Deed.EMERGENCY_JUSTIFIED,
        Deed.EMERGENCY_UNJUSTIFIED,
    }
)


@dataclass(frozen=True, slots=True)
class Access:
    """One look: who (`kind` and id), what, when, because of what (`subject_kind` and id), and what was shown."""

    at: datetime
    deed: Deed
    actor_kind: str
    actor_id: int | None
    subject_kind: str
    subject_id: int | None
    facts: dict[str, object]

    @property
    def fields(self) -> list[str]:
        """Names of the fields that were shown."""
        return str(self.facts.get("fields", "")).split()


def list_accesses(elder_id: int, *, before: datetime | None = None, limit: int = 50) -> list[Access]:
    """The latest looks at the elder's record before a moment. A guardian asks after get_elder."""
    question = sa.select(AuditRow).where(
        AuditRow.elder_id == elder_id, AuditRow.deed.in_([deed.value for deed in ACCESSES])
    )
    if before is not None:
        question = question.where(AuditRow.at < before)
    rows = db.session.scalars(question.order_by(AuditRow.at.desc(), AuditRow.id.desc()).limit(limit))
    return [_access(row) for row in rows]


def has_looked(actor: str, subject: str, *, since: datetime) -> bool:
    """Whether this actor has looked at this subject's record since then."""
    looked = sa.exists().where(
        AuditRow.actor == actor,
        AuditRow.subject == subject,
        AuditRow.deed == Deed.INCIDENT_LOOKED_AT.value,
        AuditRow.at > since,
    )
    return db.session.scalar(sa.select(looked)) is True


def _access(row: AuditRow) -> Access:
    (actor_kind, actor_id), (subject_kind, subject_id) = _named(row.actor), _named(row.subject)
    return Access(row.at, Deed(row.deed), actor_kind, actor_id, subject_kind, subject_id, row.facts)


def _named(text: str) -> tuple[str, int | None]:
    kind, _, number = text.partition(":")
    return kind, int(number) if number.isdigit() else None
