"""Keeping a scan: the same phone's opening is one row, however often it is told."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import make_transient_to_detached

from wristband.db import db, insert, new_id
from wristband.scans.models import Scan
from wristband.sealing import Keyed, box

_COLUMNS = ("reference_hash", "band_id", "opened_at", "acted_at", "language", "low_trust")


def reference_hash(reference: str) -> Keyed:
    """What is kept of a scan's address."""
    return box().keyed_hash("scan.reference", reference)


def keep(
    reference: str, *, band_id: int | None, language: str, now: datetime, acted: bool, low_trust: bool = False
) -> Scan:
    """The scan of this reference, made if it was not there, in the caller's transaction."""
    return keep_tap(reference, band_id=band_id, language=language, now=now, acted=acted, low_trust=low_trust)[0]


def keep_tap(
    reference: str, *, band_id: int | None, language: str, now: datetime, acted: bool = True, low_trust: bool = False
) -> tuple[Scan, bool]:
    """The same, and whether its finder has done something before: of one who has not nothing else need be asked."""
    hashed = reference_hash(reference)
    # Held until the deed is done: two taps of one finder follow each other.
    question = sa.select(Scan).where(Scan.reference_hash == hashed).with_for_update()
    scan: Scan | None = db.session.scalar(question)
    if scan is None:
        scan = Scan(
            reference_hash=hashed,
            band_id=band_id,
            opened_at=now,
            acted_at=now if acted else None,
            language=language,
            low_trust=low_trust,
        )
        if _insert(scan):
            return scan, False
        scan = db.session.scalars(question).one()  # the same finder's other tap was quicker
    before = scan.acted_at is not None
    if acted and not before:
        scan.acted_at = now
        scan.low_trust = low_trust
    return scan, before


def _insert(scan: Scan) -> bool:
    """Put a scan into the store; False where one of its reference is there."""
    values = {name: getattr(scan, name) for name in ("id", *_COLUMNS)}
    statement = insert(Scan.__table__).on_conflict_do_nothing(index_elements=["reference_hash"])
    # Core, not the unit of work: this runs in every report.
    # By what comes back: psycopg's count of rows is unknown where rows are inserted.
    if db.session.connection().execute(statement.returning(Scan.__table__.c.id), values).first() is None:
        return False
    make_transient_to_detached(scan)
    db.session.add(scan)
    return True


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
