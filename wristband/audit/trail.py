"""Adding to the trail, inside the transaction of the deed itself."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from wristband.audit import chain
from wristband.audit.deeds import Deed
from wristband.audit.models import AuditRow
from wristband.db import at_the_end, db, new_id, run

# An arbitrary number of ours among PostgreSQL's advisory locks.
_ONE_APPENDER = 0x61_75_64_69_74
# Core, not the unit of work, and built once: these run at the end of every deed.
_TABLE = AuditRow.__table__
_LOCK = sa.select(sa.func.pg_advisory_xact_lock(_ONE_APPENDER))
_LAST = sa.select(_TABLE.c.i, _TABLE.c.hash).order_by(_TABLE.c.i.desc()).limit(1)
_INSERT = sa.insert(_TABLE)


def record(
    deed: Deed, *, actor: str, subject: str, at: datetime, elder_id: int | None = None, **facts: int | str | None
) -> None:
    """Add one deed to the caller's transaction; never commits. It is numbered and chained when that one ends.

    `actor` and `subject` are kind and id (`guardian:12`, `finder`, `incident:7`). `facts` hold ids and short
    words of ours, never personal data. Raises RuntimeError outside a transaction.
    """
    row = {"id": new_id(), "at": at, "deed": deed.value, "actor": actor, "subject": subject, "elder_id": elder_id}
    at_the_end(_append, {**row, "facts": facts})


def _append(rows: Sequence[dict[str, Any]]) -> None:
    """Give each row its number and hash. The lock is the last that a deed takes, so it can lock nobody out in turn."""
    bodies = [_body(**row) for row in rows]  # before the lock: nobody waits for what can be done alone
    if db.engine.dialect.name == "postgresql":  # on SQLite writers queue already
        run(_LOCK)
    end, before = last()
    for i, (row, body) in enumerate(zip(rows, bodies, strict=True), end + 1):
        before = chain.digest(i, before, body)
        row |= {"i": i, "hash": before}
    run(_INSERT, rows)


def last() -> tuple[int, bytes]:
    """Number and hash of the last row; of an empty trail 0 and what stands before the first."""
    row = run(_LAST).first()
    return (row.i, row.hash) if row else (0, chain.START)


def body_of(row: AuditRow | sa.Row[Any]) -> bytes:
    """The canonical body of a row as it is stored. Raises what chain.body raises."""
    return _body(row.id, row.at, row.deed, row.actor, row.subject, row.elder_id, row.facts)


def _body(
    id: int, at: datetime, deed: str, actor: str, subject: str, elder_id: int | None, facts: Mapping[str, Any]
) -> bytes:
    return chain.body(row_id=id, at=at, deed=deed, actor=actor, subject=subject, elder_id=elder_id, facts=facts)
