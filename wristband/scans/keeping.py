"""Keeping a scan: the same phone's opening is one row, however often it is told."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa

from wristband.db import db, insert, new_id, run
from wristband.scans.models import Scan
from wristband.sealing import Keyed, box


def reference_hash(reference: str) -> Keyed:
    """What is kept of a scan's address."""
    return box().keyed_hash("scan.reference", reference)


def keep(reference: str, *, band_id: int | None, language: str, now: datetime, low_trust: bool = False) -> int:
    """The id of the scan of this reference, made if it was not there, in the caller's transaction: its finder acts."""
    return keep_tap(reference, band_id=band_id, language=language, now=now, low_trust=low_trust)[0]


def keep_tap(
    reference: str, *, band_id: int | None, language: str, now: datetime, low_trust: bool = False
) -> tuple[int, bool]:
    """The same, and whether its finder has done something before: of one who has not nothing else need be asked.

    The scan is held until the deed is done: two taps of one finder follow each other.
    """
    hashed = reference_hash(reference)
    if len(hashed.every) > 1:
        _carry_over(hashed)
    values = {
        "id": new_id(),
        "reference_hash": hashed,
        "band_id": band_id,
        "opened_at": now,
        "acted_at": now,
        "language": language,
        "low_trust": low_trust,
    }
    first = run(_acting, values).first()
    if first is not None:
        return first.id, False
    scan_id: int = run(_OF_REFERENCE, {"reference_hash": hashed}).scalar_one()
    return scan_id, True


def _acting() -> sa.Executable:
    """Gives the id where the finder acts for the first time; no row comes back of one who has acted before."""
    statement = insert(Scan.__table__)
    new = statement.excluded
    return statement.on_conflict_do_update(
        index_elements=["reference_hash"],
        set_={"acted_at": new.acted_at, "low_trust": new.low_trust},
        where=Scan.__table__.c.acted_at.is_(None),
    ).returning(Scan.__table__.c.id)


_OF_REFERENCE = sa.select(Scan.__table__.c.id).where(Scan.__table__.c.reference_hash == sa.bindparam("reference_hash"))


def _carry_over(hashed: Keyed) -> None:
    """A scan kept before the key of the codes was renewed is found under today's from now on."""
    older = hashed.every[1:]
    new = sa.exists().where(Scan.__table__.alias().c.reference_hash == str(hashed))
    run(sa.update(Scan.__table__).where(Scan.reference_hash.in_(older), ~new).values(reference_hash=hashed))


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
        run(_noting, rows)


def _noting() -> sa.Executable:
    return insert(Scan.__table__).on_conflict_do_nothing(index_elements=["reference_hash"])


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
