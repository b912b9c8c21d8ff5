"""Bands by serial, as their elder's guardians see them, and as the elder's station prints them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from wristband.bands.models import Band, Batch
from wristband.bands.rules import BandForm, BandState
from wristband.db import db
from wristband.elders import opened
from wristband.elders.models import Elder
from wristband.elders.queries import ids_of
from wristband.errors import NotFound
from wristband.values.code import BandCode


def find_band(serial: str) -> Band | None:
    return db.session.scalar(sa.select(Band).where(Band.serial == serial))


def ids_by_serial(serials: Collection[str]) -> dict[str, int]:
    """The ids of those of these serials that are bands."""
    rows = db.session.execute(sa.select(Band.serial, Band.id).where(Band.serial.in_(serials)))
    return {row.serial: row.id for row in rows}


def find_worn(serial: str, elder_id: int) -> int | None:
    """The band, if it is this elder's and in use; whoever asks has settled before that the elder is theirs."""
    return db.session.scalar(
        sa.select(Band.id).where(Band.serial == serial, Band.elder_id == elder_id, Band.state == BandState.ACTIVE)
    )


def find_last_worn(elder_id: int) -> Band | None:
    """The band made last of those that an elder wears; whoever asks has settled before that the elder is theirs."""
    return db.session.scalar(
        sa.select(Band)
        .where(Band.elder_id == elder_id, Band.state == BandState.ACTIVE)
        .order_by(Band.id.desc())
        .limit(1)
    )


def find_band_by_key(key: str) -> int | None:
    """The band that the form of this key has issued already."""
    return db.session.scalar(sa.select(Band.id).where(Band.key == key))


def get_batch(batch_id: int) -> Batch:
    batch = db.session.get(Batch, batch_id)
    if batch is None:
        raise NotFound("bands.batch_unknown")
    return batch


def list_batches() -> list[tuple[Batch, int]]:
    """Every batch, newest first, with how many of its bands are minted."""
    rows = db.session.execute(
        sa.select(Batch, sa.func.count(Band.id))
        .outerjoin(Band, Band.batch_id == Batch.id)
        .group_by(Batch.id)
        .order_by(Batch.id.desc())
    )
    return [(batch, count) for batch, count in rows]


def count_minted(batch_id: int) -> int:
    return db.session.scalar(sa.select(sa.func.count(Band.id)).where(Band.batch_id == batch_id)) or 0


def count_bound(batch_id: int, numbers: Collection[int]) -> int:
    """How many of the batch's bands with these numbers are, or were, an elder's."""
    return (
        db.session.scalar(
            sa.select(sa.func.count(Band.id)).where(
                Band.batch_id == batch_id, Band.batch_number.in_(numbers), Band.elder_id.is_not(None)
            )
        )
        or 0
    )


def missing_numbers(batch_id: int, wanted: int, most: int) -> list[int]:
    """The first `most` numbers of the batch that have no band yet."""
    minted = db.session.scalar(sa.select(sa.func.max(Band.batch_number)).where(Band.batch_id == batch_id)) or 0
    if minted == count_minted(batch_id):
        return list(range(minted + 1, min(minted + most, wanted) + 1))
    # A batch minted by two at once may have holes; they come first.
    known = set(db.session.scalars(sa.select(Band.batch_number).where(Band.batch_id == batch_id)))
    return [number for number in range(1, wanted + 1) if number not in known][:most]


def list_minted(batch_id: int, first: int, most: int) -> Sequence[Band]:
    """The batch's bands from number `first` on, in order."""
    return db.session.scalars(
        sa.select(Band)
        .where(Band.batch_id == batch_id, Band.batch_number >= first, Band.batch_number < first + most)
        .order_by(Band.batch_number)
    ).all()


def serial_taken(serial: str) -> bool:
    return db.session.scalar(sa.select(sa.exists().where(Band.serial == serial))) is True


def get_band(band_id: int, *, guardian_id: int) -> Band:
    """A band of one of my elders. Raises NotFound for a stranger's and for none alike."""
    band: Band | None = db.session.scalar(
        sa.select(Band).where(Band.id == band_id, Band.elder_id.in_(ids_of(guardian_id)))
    )
    if band is None:
        raise NotFound("bands.unknown")
    return band


def list_bands(elder_id: int, *, guardian_id: int) -> Sequence[Band]:
    """The bands of one of my elders, newest first, the ended ones last."""
    return db.session.scalars(
        sa.select(Band)
        .where(Band.elder_id == elder_id, Band.elder_id.in_(ids_of(guardian_id)))
        .order_by(Band.state == BandState.ENDED, Band.id.desc())
    ).all()


def count_active(elder_id: int) -> int:
    return (
        db.session.scalar(
            sa.select(sa.func.count(Band.id)).where(Band.elder_id == elder_id, Band.state == BandState.ACTIVE)
        )
        or 0
    )


# ---- at the station of their elders


@dataclass(frozen=True, slots=True)
class StationBand:
    """A band as the counter tells it from others: whose it is, by the name the elder is called, and no more."""

    id: int
    code: BandCode
    called: str
    issued_at: datetime
    printed_at: datetime | None


def list_station_bands(form: BandForm, *, station_id: int, most: int) -> list[StationBand]:
    """Bands in use of the station's elders, `most` of them: those not printed yet first, then the newest first."""
    rows = db.session.execute(
        sa.select(Band.id, Band.serial, Band.issued_at, Band.printed_at, Elder)
        .join(Elder, Elder.id == Band.elder_id)
        .where(Elder.station_id == station_id, Band.state == BandState.ACTIVE, Band.form == form)
        .order_by(Band.printed_at.is_not(None), Band.issued_at.desc(), Band.id.desc())
        .limit(most)
    )
    return [
        StationBand(
            row.id,
            BandCode.from_serial(row.serial),
            opened.text(row.Elder, "called") or opened.text(row.Elder, "name") or "",
            row.issued_at,
            row.printed_at,
        )
        for row in rows
    ]


def count_station_bands(*, station_id: int) -> dict[BandForm, tuple[int, int]]:
    """By form, how many bands in use the station's elders have, and how many of them are not printed yet."""
    waiting = sa.func.count(Band.id).filter(Band.printed_at.is_(None))
    rows = db.session.execute(
        sa.select(Band.form, sa.func.count(Band.id), waiting)
        .where(Band.elder_id.in_(_elders_at(station_id)), Band.state == BandState.ACTIVE)
        .group_by(Band.form)
    )
    return {form: (count, unprinted) for form, count, unprinted in rows}


def ids_to_print(band_ids: Collection[int], form: BandForm, *, station_id: int) -> list[int]:
    """Of these bands those that the station may print in this form, in the order in which they were issued."""
    return list(
        db.session.scalars(
            sa.select(Band.id)
            .where(
                Band.id.in_(band_ids),
                Band.form == form,
                Band.state == BandState.ACTIVE,
                Band.elder_id.in_(_elders_at(station_id)),
            )
            .order_by(Band.issued_at, Band.id)
        )
    )


def ids_printed(band_ids: Collection[int]) -> set[int]:
    """Of these bands those that have been printed before."""
    return set(db.session.scalars(sa.select(Band.id).where(Band.id.in_(band_ids), Band.printed_at.is_not(None))))


def list_by_id(band_ids: Sequence[int]) -> list[Band]:
    """These bands in this order; whoever asks has settled before that they may be seen."""
    found = {band.id: band for band in db.session.scalars(sa.select(Band).where(Band.id.in_(band_ids)))}
    return [found[band_id] for band_id in band_ids if band_id in found]


def _elders_at(station_id: int) -> sa.Select[int]:
    return sa.select(Elder.id).where(Elder.station_id == station_id)
