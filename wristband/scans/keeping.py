"""Keeping a scan: the same phone's opening is one row, however often it is told."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa

from wristband.db import db, insert, new_id
from wristband.scans.models import Scan
from wristband.sealing import Keyed, box


def reference_hash(reference: str) -> Keyed:
    """What is kept of a scan's address."""
    return box().keyed_hash("scan.reference", reference)


def keep(
    reference: str, *, band_id: int | None, language: str, now: datetime, acted: bool, low_trust: bool = False
) -> Scan:
    """The scan of this reference, made if it was not there, in the caller's transaction."""
    hashed = reference_hash(reference)
    # Held until the deed is done: two taps of one finder follow each other.
    question = sa.select(Scan).where(Scan.reference_hash == hashed).with_for_update()
    scan: Scan | None = db.session.scalar(question)
    if scan is None:
        opening = {
            "id": new_id(),
            "reference_hash": hashed,
            "band_id": band_id,
            "opened_at": now,
            "language": language,
            "low_trust": low_trust,
        }
        statement = insert(Scan.__table__).on_conflict_do_nothing(index_elements=["reference_hash"])
        db.session.execute(statement, opening)
        scan = db.session.scalars(question).one()
    if acted and scan.acted_at is None:
        scan.acted_at = now
        scan.low_trust = low_trust
    return scan


def note_openings(openings: Sequence[tuple[str, int, str, datetime]]) -> None:
    """Many openings at once, in the caller's transaction: reference, band id, language, time. Known ones are left."""
    hashes = [reference_hash(reference) for reference, *_ in openings]
    known = _known_under_older_keys(hashes)
    rows = [
        {
            "id": new_id(),
            "reference_hash": hashed,
            "band_id": band_id,
            "opened_at": at,
            "language": language,
            "low_trust": False,
        }
        for hashed, (_, band_id, language, at) in zip(hashes, openings, strict=True)
        if known.isdisjoint(hashed.every)
    ]
    if rows:
        # Core, not the unit of work: this runs behind every opening.
        statement = insert(Scan.__table__).on_conflict_do_nothing(index_elements=["reference_hash"])
        db.session.connection().execute(statement, rows)


def _known_under_older_keys(hashes: Sequence[Keyed]) -> set[str]:
    """Those that a unique column does not tell to be there: they were kept before the key of the codes was renewed."""
    older = [one for hashed in hashes for one in hashed.every[1:]]
    return (
        set(db.session.scalars(sa.select(Scan.reference_hash).where(Scan.reference_hash.in_(older))))
        if older
        else set()
    )


def append_hash(scan_id: int, key: str) -> Keyed:
    """The idempotency key of something appended to a scan: the finder's own key, within that scan only."""
    return box().keyed_hash("scan.append", str(scan_id), key)
