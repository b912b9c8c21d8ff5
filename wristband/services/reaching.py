"""Reaching the family: the finder's tap, the guardian's look, the guardian's answer."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa

from wristband import limits
from wristband.audit import trail
from wristband.audit.deeds import Deed
from wristband.bands.models import Band
from wristband.bands.queries import find_band
from wristband.bands.rules import reaches_family
from wristband.clock import ZONE
from wristband.db import db, new_id, transaction
from wristband.errors import TooMany
from wristband.house import house
from wristband.outbox import family
from wristband.scans import keeping, queries
from wristband.scans.models import Reach
from wristband.scans.rules import TAPS_AN_ELDER, Answer
from wristband.values.code import BandCode


def tell_family(reference: str, serial: str | None, *, language: str, low_trust: bool, now: datetime) -> Reach | None:
    """Owe every contact of the band's elder a message. A second tap returns the first reach.

    None where no family stands behind the band (forged, unknown, ended): the scan is kept, so that its finder can
    be told so and report.
    """
    there = queries.find_reach_of(reference)
    if there is not None:
        return there  # and the elder's budget is not touched
    elder_id = _elder_behind(find_band(serial) if serial else None)
    own_messages = elder_id is None or _within_budget(elder_id, now)
    with transaction():
        band = find_band(serial) if serial else None
        elder_id = _elder_behind(band)
        scan = keeping.keep(
            reference,
            band_id=band.id if band else None,
            language=language,
            now=now,
            acted=True,
            low_trust=low_trust,
        )
        before = queries.find_reach(scan.id)
        if before is not None or band is None or elder_id is None:
            return before
        reach_id = new_id()
        last = None if own_messages else _last_told(elder_id)
        reach = Reach(id=reach_id, scan_id=scan.id, elder_id=elder_id, told_with=last or reach_id, made_at=now)
        db.session.add(reach)
        db.session.flush()
        if last is None:
            _owe(reach, band, now)
        trail.record(
            Deed.FAMILY_TOLD,
            actor="finder",
            subject=f"reach:{reach.id}",
            at=now,
            elder_id=elder_id,
            scan=scan.id,
            band=band.id,
        )
        return reach


def see(reach_id: int, *, guardian_id: int, now: datetime) -> Reach:
    """A guardian has opened the message: the finder is told that somebody has seen it. Raises NotFound."""
    reach = queries.get_reach(reach_id, guardian_id=guardian_id)
    if reach.seen_at is not None:
        return reach
    with transaction():
        seen = db.session.execute(
            sa.update(Reach)
            .where(Reach.id == reach_id, Reach.seen_at.is_(None))
            .values(seen_at=now, seen_by=guardian_id)
        )
        if seen.rowcount == 1:  # type: ignore[attr-defined]
            _record(Deed.FAMILY_SAW, reach, guardian_id, now)
    return queries.get_reach(reach_id, guardian_id=guardian_id)


def answer(reach_id: int, said: Answer, *, guardian_id: int, now: datetime) -> None:
    """A guardian answers the finder. A later answer replaces the earlier one. Raises NotFound."""
    with transaction():
        reach = queries.get_reach(reach_id, guardian_id=guardian_id)
        # In one statement: whoever sees it in this very moment has still seen it first.
        db.session.execute(
            sa.update(Reach)
            .where(Reach.id == reach_id)
            .values(
                answer=said,
                answered_at=now,
                answered_by=guardian_id,
                seen_at=sa.func.coalesce(Reach.seen_at, now),
                seen_by=sa.func.coalesce(Reach.seen_by, guardian_id),
            )
        )
        _record(Deed.FAMILY_ANSWERED, reach, guardian_id, now, answer=said.value)


def _elder_behind(band: Band | None) -> int | None:
    return band.elder_id if band and reaches_family(band.state) else None


def _within_budget(elder_id: int, now: datetime) -> bool:
    try:
        with transaction():
            limits.spend(TAPS_AN_ELDER, str(elder_id), now=now)
    except TooMany:
        return False
    return True


def _last_told(elder_id: int) -> int | None:
    return db.session.scalar(
        sa.select(Reach.told_with).where(Reach.elder_id == elder_id).order_by(Reach.id.desc()).limit(1)
    )


def _owe(reach: Reach, band: Band, now: datetime) -> None:
    settings = house().settings
    family.owe(
        reach.elder_id,
        f"band_scanned:{reach.id}",
        wording="band_scanned",
        facts={
            "organisation": settings.organisation,
            "organisation_phone": settings.organisation_phone,
            "code_tail": BandCode.from_serial(band.serial).tail,
            "time": f"{now.astimezone(ZONE):%H:%M}",
        },
        at=now,
        reach_id=reach.id,
    )


def _record(deed: Deed, reach: Reach, guardian_id: int, now: datetime, **facts: str) -> None:
    trail.record(
        deed,
        actor=f"guardian:{guardian_id}",
        subject=f"reach:{reach.id}",
        at=now,
        elder_id=reach.elder_id,
        **facts,
    )
