"""Scans by their address; what became of them."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa

from wristband.bands.models import Band
from wristband.bands.rules import reaches_family
from wristband.db import db
from wristband.elders.queries import ids_of
from wristband.errors import NotFound
from wristband.scans.keeping import reference_hash
from wristband.scans.models import Reach, Scan


def find_acted_scan(reference: str, *, held: bool = False) -> Scan | None:
    """The scan behind a finder's address, once its finder has done something.

    `held` until the caller's transaction ends: one finder's deeds follow each other.
    """
    question = sa.select(Scan).where(Scan.reference_hash == reference_hash(reference), Scan.acted_at.is_not(None))
    return db.session.scalar(question.with_for_update() if held else question)


def find_reach(scan_id: int) -> Reach | None:
    return db.session.scalar(sa.select(Reach).where(Reach.scan_id == scan_id))


def find_reach_of(reference: str) -> Reach | None:
    """The reach behind a finder's address."""
    return db.session.scalar(
        sa.select(Reach).join(Scan, Scan.id == Reach.scan_id).where(Scan.reference_hash == reference_hash(reference))
    )


def get_reach(reach_id: int, *, guardian_id: int) -> Reach:
    """A reach about one of my elders. Raises NotFound for a stranger's and for none alike."""
    reach: Reach | None = db.session.scalar(
        sa.select(Reach).where(Reach.id == reach_id, Reach.elder_id.in_(ids_of(guardian_id)))
    )
    if reach is None:
        raise NotFound("scans.reach_unknown")
    return reach


def list_reaches(*, guardian_id: int, limit: int = 20) -> Sequence[Reach]:
    """The latest reaches about my elders, newest first."""
    return db.session.scalars(
        sa.select(Reach).where(Reach.elder_id.in_(ids_of(guardian_id))).order_by(Reach.id.desc()).limit(limit)
    ).all()


def list_scans(elder_id: int, *, guardian_id: int, limit: int = 20) -> Sequence[Scan]:
    """The latest openings of one of my elder's bands, newest first."""
    return db.session.scalars(
        sa.select(Scan)
        .join(Band, Band.id == Scan.band_id)
        .where(Band.elder_id == elder_id, Band.elder_id.in_(ids_of(guardian_id)))
        .order_by(Scan.id.desc())
        .limit(limit)
    ).all()


def recognised(scan: Scan) -> bool:
    """Whether a family stands behind the scan's band."""
    state = db.session.scalar(sa.select(Band.state).where(Band.id == scan.band_id)) if scan.band_id else None
    return state is not None and reaches_family(state)


def find_serial(reference: str) -> str | None:
    """The serial of the band that this scan opened."""
    return db.session.scalar(
        sa.select(Band.serial)
        .join(Scan, Scan.band_id == Band.id)
        .where(Scan.reference_hash == reference_hash(reference))
    )
