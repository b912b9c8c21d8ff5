"""What was done, for those whose lives it touches and for those who check the trail."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import InstrumentedAttribute

from wristband.audit import chain, trail
from wristband.audit.deeds import Deed
from wristband.audit.models import AuditRow, CheckpointRow
from wristband.db import db

_BLOCK = 1000
# A row as it is stored, and its facts to the letter: what reads them without us sees no more than we verify.
_STORED = (*AuditRow.__table__.columns, sa.cast(AuditRow.facts, sa.Text).label("spelled"))
# What reading or spelling a row raises that holds no deed any more.
_UNREADABLE = (SQLAlchemyError, ValueError, TypeError, AttributeError, OverflowError)


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


def count_rows() -> int:
    """How long the trail is."""
    with db.engine.connect() as connection:
        return connection.scalar(sa.select(sa.func.count()).select_from(AuditRow)) or 0


def read_links() -> Iterator[chain.Link]:
    """The whole trail by number, a block at a time: memory does not grow with it, and writers wait for nothing.

    What a thief has left without a number comes first.
    """
    yield from _links(AuditRow.i.is_(None))
    block = _links(AuditRow.i.is_not(None))
    while block:
        yield from block
        block = _links(sa.tuple_(AuditRow.i, AuditRow.id) > (block[-1].i, block[-1].row_id))


def _links(place: sa.ColumnElement[bool]) -> list[chain.Link]:
    """The first rows of a place; where one of them cannot be read, each by itself."""

    def first(*columns: sa.ColumnElement[Any] | InstrumentedAttribute[Any]) -> sa.Select[Any]:
        return sa.select(*columns).where(place).order_by(AuditRow.i, AuditRow.id).limit(_BLOCK)

    with db.engine.connect() as connection:
        try:
            return [_link(row) for row in connection.execute(first(*_STORED))]
        except _UNREADABLE:
            # A store that is out of reach fails here once more, and is told as that.
            keys = connection.execute(first(AuditRow.i, AuditRow.id)).all()
            return [_alone(connection, i, row_id) for i, row_id in keys]


def _alone(connection: sa.Connection, i: int, row_id: int) -> chain.Link:
    try:
        return _link(connection.execute(sa.select(*_STORED).where(AuditRow.id == row_id)).one())
    except _UNREADABLE:
        return chain.Link(i, row_id, None, None, b"")


def _link(row: sa.Row[Any]) -> chain.Link:
    """Raises what is in _UNREADABLE; also for facts in another spelling, such as a key told twice."""
    if row.spelled != json.dumps(row.facts):
        raise ValueError("facts that nobody of ours has written so")
    return chain.Link(row.i, row.id, row.at, trail.body_of(row), row.hash)


def find_last_checkpoint() -> tuple[int, datetime] | None:
    """How many rows the newest checkpoint covers, and when it was made."""
    row = db.session.execute(
        sa.select(CheckpointRow.i, CheckpointRow.at).order_by(CheckpointRow.i.desc()).limit(1)
    ).first()
    return (row.i, row.at) if row else None


def read_checkpoints(*, after: int = 0) -> Iterator[tuple[str, str]]:
    """Each kept checkpoint of more than `after` rows that is there now: its place and its line, in order of size."""
    with db.engine.connect() as connection:
        until = connection.scalar(sa.select(sa.func.max(CheckpointRow.i))) or 0
    return _checkpoints(after, until)


def _checkpoints(after: int, until: int) -> Iterator[tuple[str, str]]:
    while True:
        with db.engine.connect() as connection:
            block = connection.execute(
                sa.select(CheckpointRow.i, CheckpointRow.line)
                .where(CheckpointRow.i > after, CheckpointRow.i <= until)
                .order_by(CheckpointRow.i)
                .limit(_BLOCK)
            ).all()
        if not block:
            return
        for after, line in block:
            yield f"audit_checkpoint:{after}", line
