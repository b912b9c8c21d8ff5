"""Stations: public facts, in the clear."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.orm import Mapped, Session, mapped_column

from wristband.db import Row, UtcDateTime, db, insert, new_id


class Station(Row):
    """A police station. Its place is WGS-84, in degrees."""

    __tablename__ = "station"
    __table_args__ = (sa.UniqueConstraint("source", "source_id"),)
    source: Mapped[str] = mapped_column(sa.String(64))
    source_id: Mapped[str] = mapped_column(sa.String(64))
    name: Mapped[str] = mapped_column(sa.String(120))
    address: Mapped[str] = mapped_column(sa.String(240), default="")
    phone: Mapped[str] = mapped_column(sa.String(40), default="")
    latitude: Mapped[float] = mapped_column(sa.Float, index=True)
    longitude: Mapped[float] = mapped_column(sa.Float)
    org_code: Mapped[str] = mapped_column(sa.String(12), default="")
    adcode: Mapped[str] = mapped_column(sa.String(12), default="")
    district: Mapped[str] = mapped_column(sa.String(40), default="", index=True)
    """The district's own name, by which a finder without a position chooses."""
    opening_hours: Mapped[str] = mapped_column(sa.String(240), default="")
    licence: Mapped[str] = mapped_column(sa.String(120), default="")
    demonstration: Mapped[bool] = mapped_column(default=False)
    imported_at: Mapped[datetime] = mapped_column(UtcDateTime)


class StationsVersion(db.Model):  # type: ignore[name-defined,misc]
    """One row that changes whenever a station does, so that an index in memory is known to be stale at a glance."""

    __tablename__ = "stations_version"
    id: Mapped[int] = mapped_column(sa.SmallInteger, primary_key=True, autoincrement=False)
    number: Mapped[int] = mapped_column(sa.BigInteger)
    """An id of the moment of the change: no two changes have the same, not even of two stores."""


@event.listens_for(Session, "before_flush")
def _note_the_change(session: Session, _context: Any, _instances: Any) -> None:
    if any(isinstance(row, Station) for rows in (session.new, session.dirty, session.deleted) for row in rows):
        changed = insert(StationsVersion).values(id=1, number=new_id())
        session.connection().execute(
            changed.on_conflict_do_update(index_elements=["id"], set_={"number": changed.excluded.number})
        )
