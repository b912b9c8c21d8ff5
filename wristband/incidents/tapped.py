"""What a finder's tap is about, in one question: the band, whose it is, and the station that answers for them."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa

from wristband.accounts.models import Officer
from wristband.bands.models import Band
from wristband.bands.rules import reaches_family
from wristband.db import run
from wristband.elders.models import Elder
from wristband.scans.keeping import reference_hash
from wristband.scans.models import Scan


@dataclass(frozen=True, slots=True)
class Tapped:
    """`elder_id` only where the band still leads to somebody, `station_id` where an officer works there."""

    band_id: int | None = None
    elder_id: int | None = None
    station_id: int | None = None


def find_tapped(reference: str, serial: str | None) -> Tapped:
    """The band that a scan opened. Of one that is not known yet, or opened none, it is the band of `serial`."""
    asked = {"hashes": reference_hash(reference).every, "serial": serial}
    row = run(_TAPPED, asked).first()
    if row is None:
        return Tapped()
    if row.elder_id is None or not reaches_family(row.state):
        return Tapped(row.id)
    return Tapped(row.id, row.elder_id, row.station_id if row.staffed else None)


_OPENED = sa.select(Scan.band_id).where(Scan.reference_hash.in_(sa.bindparam("hashes", expanding=True)))
_NAMED = sa.select(Band.id).where(Band.serial == sa.bindparam("serial"))
_STAFFED = sa.exists().where(Officer.station_id == Elder.station_id, Officer.disabled_at.is_(None))
# Core, not the unit of work, and built once: this runs in every report.
_TAPPED = (
    sa.select(Band.id, Band.state, Band.elder_id, Elder.station_id, _STAFFED.label("staffed"))
    .select_from(Band.__table__.outerjoin(Elder.__table__, Elder.id == Band.elder_id))
    .where(Band.id == sa.func.coalesce(_OPENED.scalar_subquery(), _NAMED.scalar_subquery()))
)
