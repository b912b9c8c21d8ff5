"""Stations: public facts, in the clear."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from wristband.db import Row, UtcDateTime


class Station(Row):
    """A police station. Its place is WGS-84, in degrees."""

    __tablename__ = "station"
    __table_args__ = (sa.UniqueConstraint("source", "source_id"),)
    source: Mapped[str] = mapped_column(sa.String(64))
    source_id: Mapped[str] = mapped_column(sa.String(64))
    name: Mapped[str] = mapped_column(sa.String(120))
    address: Mapped[str] = mapped_column(sa.String(240), default="")
    phone: Mapped[str] = mapped_column(sa.String(40), default="")
    latitude: Mapped[float] = mapped_column(sa.Float)
    longitude: Mapped[float] = mapped_column(sa.Float)
    org_code: Mapped[str] = mapped_column(sa.String(12), default="")
    adcode: Mapped[str] = mapped_column(sa.String(12), default="")
    district: Mapped[str] = mapped_column(sa.String(40), default="", index=True)
    """The district's own name, by which a finder without a position chooses."""
    opening_hours: Mapped[str] = mapped_column(sa.String(240), default="")
    licence: Mapped[str] = mapped_column(sa.String(120), default="")
    demonstration: Mapped[bool] = mapped_column(default=False)
    imported_at: Mapped[datetime] = mapped_column(UtcDateTime)
