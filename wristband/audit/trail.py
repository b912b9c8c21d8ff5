"""Adding to the trail, inside the transaction of the deed itself."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from wristband.audit import chain
from wristband.audit.deeds import Deed
from wristband.audit.models import AuditRow
from wristband.db import at_the_end, db

# An arbitrary number of ours among PostgreSQL's advisory locks.
_ONE_APPENDER = 0x61_75_64_69_74
_INSERT = sa.insert(AuditRow.__table__)
_COLUMNS = [column.name for column in AuditRow.__table__.columns]


def record(
    deed: Deed, *, actor: str, subject: str, at: datetime, elder_id: int | None = None, **facts: int | str | None
) -> None:
    """Add one deed to the caller's transaction; never commits. It is numbered and chained when that one ends.

    `actor` and `subject` are kind and id (`guardian:12`, `finder`, `incident:7`). `facts` hold ids and short
    words of ours, never personal data. Raises RuntimeError outside a transaction.
    """
    row = AuditRow(at=at, deed=deed.value, actor=actor, subject=subject, elder_id=elder_id, facts=facts)
    at_the_end(_append, row)


def _append(rows: Sequence[AuditRow]) -> None:
    """Give each row its number and hash. The lock is the last that a deed takes, so it can lock nobody out in turn."""
    bodies = [body_of(row) for row in rows]  # before the lock: nobody waits for what can be done alone
    if db.engine.dialect.name == "postgresql":  # on SQLite writers queue already
        db.session.execute(sa.select(sa.func.pg_advisory_xact_lock(_ONE_APPENDER)))
    end, before = last()
    for i, (row, body) in enumerate(zip(rows, bodies, strict=True), end + 1):
        row.i, row.hash = i, chain.digest(i, before, body)
        before = row.hash
    # Core, not the unit of work: this runs at the end of every deed.
    db.session.connection().execute(_INSERT, [{name: getattr(row, name) for name in _COLUMNS} for row in rows])


def last() -> tuple[int, bytes]:
    """Number and hash of the last row; of an empty trail 0 and what stands before the first."""
    row = db.session.execute(sa.select(AuditRow.i, AuditRow.hash).order_by(AuditRow.i.desc()).limit(1)).first()
    return (row.i, row.hash) if row else (0, chain.START)


def body_of(row: AuditRow | sa.Row[Any]) -> bytes:
    """The canonical body of a row as it is stored. Raises what chain.body raises."""
    return chain.body(
        row_id=row.id,
        at=row.at,
        deed=row.deed,
        actor=row.actor,
        subject=row.subject,
        elder_id=row.elder_id,
        facts=row.facts,
    )
