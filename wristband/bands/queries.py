"""Bands by serial, and as their elder's guardians see them."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import sqlalchemy as sa

from wristband.bands.models import Band
from wristband.bands.rules import BandState
from wristband.db import db
from wristband.elders.models import Guardianship
from wristband.errors import NotFound


def find_band(serial: str) -> Band | None:
    return db.session.scalar(sa.select(Band).where(Band.serial == serial))


def ids_by_serial(serials: Collection[str]) -> dict[str, int]:
    """The ids of those of these serials that are bands."""
    rows = db.session.execute(sa.select(Band.serial, Band.id).where(Band.serial.in_(serials)))
    return {row.serial: row.id for row in rows}


def find_band_by_key(key: str) -> int | None:
    """The band that the form of this key has issued already."""
    return db.session.scalar(sa.select(Band.id).where(Band.key == key))


def serial_taken(serial: str) -> bool:
    return db.session.scalar(sa.select(sa.exists().where(Band.serial == serial))) is True


def get_band(band_id: int, *, guardian_id: int) -> Band:
    """A band of one of my elders. Raises NotFound for a stranger's and for none alike."""
    band: Band | None = db.session.scalar(
        sa.select(Band)
        .join(Guardianship, Guardianship.elder_id == Band.elder_id)
        .where(Band.id == band_id, Guardianship.guardian_id == guardian_id, Guardianship.ended_at.is_(None))
    )
    if band is None:
        raise NotFound("bands.unknown")
    return band


def list_bands(elder_id: int, *, guardian_id: int) -> Sequence[Band]:
    """The bands of one of my elders, newest first, the ended ones last."""
    return db.session.scalars(
        sa.select(Band)
        .join(Guardianship, Guardianship.elder_id == Band.elder_id)
        .where(Band.elder_id == elder_id, Guardianship.guardian_id == guardian_id, Guardianship.ended_at.is_(None))
        .order_by(Band.state == BandState.ENDED, Band.id.desc())
    ).all()


def count_active(elder_id: int) -> int:
    return (
        db.session.scalar(
            sa.select(sa.func.count(Band.id)).where(Band.elder_id == elder_id, Band.state == BandState.ACTIVE)
        )
        or 0
    )
