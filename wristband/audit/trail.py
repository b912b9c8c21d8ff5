"""Adding to the trail, inside the transaction of the deed itself."""

from datetime import datetime

from wristband.audit.deeds import Deed
from wristband.audit.models import AuditRow
from wristband.db import db


def record(
    deed: Deed, *, actor: str, subject: str, at: datetime, elder_id: int | None = None, **facts: int | str | None
) -> None:
    """Add one deed to the caller's transaction; never commits.

    `actor` and `subject` are kind and id (`guardian:12`, `finder`, `incident:7`). `facts` hold ids and short
    words of ours, never personal data.
    """
    db.session.add(AuditRow(at=at, deed=deed.value, actor=actor, subject=subject, elder_id=elder_id, facts=facts))
