"""Keeping a scan: the same phone's opening is one row, however often it is told."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa

from wristband.db import db, insert, new_id
from wristband.scans.models import Scan
from wristband.sealing import box


def reference_hash(reference: str) -> str:
    """What is kept of a scan's address."""
    return box().keyed_hash("scan.reference", reference)


def keep(
    reference: str, *, band_id: int | None, language: str, now: datetime, acted: bool, low_trust: bool = False
) -> Scan:
    """The scan of this reference, made if it was not there, in the caller's transaction."""
    hashed = reference_hash(reference)
    db.session.execute(
        insert(Scan)
        .values(
            id=new_id(),
            reference_hash=hashed,
            band_id=band_id,
            opened_at=now,
            acted_at=None,
            language=language,
            low_trust=low_trust,
        )
        .on_conflict_do_nothing(index_elements=[Scan.reference_hash])
    )
    # Held until the deed is done: two taps of one finder follow each other.
    scan = db.session.scalars(sa.select(Scan).where(Scan.reference_hash == hashed).with_for_update()).one()
    if acted and scan.acted_at is None:
        scan.acted_at = now
        scan.low_trust = low_trust
    return scan


def note_openings(openings: Sequence[tuple[str, int, str, datetime]]) -> None:
    """Many openings at once, in the caller's transaction: reference, band id, language, time. Known ones are left."""
    rows = [
        {
            "id": new_id(),
            "reference_hash": reference_hash(reference),
            "band_id": band_id,
            "opened_at": at,
            "language": language,
            "low_trust": False,
        }
        for reference, band_id, language, at in openings
    ]
    if rows:
        # Core, not the unit of work: this runs behind every opening.
        statement = insert(Scan.__table__).on_conflict_do_nothing(index_elements=["reference_hash"])
        db.session.connection().execute(statement, rows)


def append_hash(scan_id: int, key: str) -> str:
    """The idempotency key of something appended to a scan: the finder's own key, within that scan only."""
    return box().keyed_hash("scan.append", str(scan_id), key)
