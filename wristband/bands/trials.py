"""A guardian tries a band: she says so, opens it with any phone, and sees that it opened."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa

from wristband.bands.models import Band
from wristband.bands.rules import TRIAL_LASTS, BandState
from wristband.db import db


def begin(band_id: int, *, now: datetime) -> bool:
    """Wait for this band to be opened, in the caller's transaction; False for one that has ended."""
    waits = db.session.execute(
        sa.update(Band).where(Band.id == band_id, Band.state == BandState.ACTIVE).values(trial_at=now)
    )
    return bool(waits.rowcount)  # type: ignore[attr-defined]


def note(openings: Sequence[tuple[int, datetime]]) -> None:
    """Of these openings, a band's id and the time, those that somebody waits for: the band works, its trial is over.

    In the caller's transaction. It costs one look a batch while nobody tries anything.
    """
    ids = {band_id for band_id, _ in openings}
    tried = db.session.execute(sa.select(Band.id, Band.trial_at).where(Band.id.in_(ids), Band.trial_at.is_not(None)))
    for band_id, began_at in tried.all():
        if began_at is None:
            continue
        times = [at for each, at in openings if each == band_id and began_at <= at < began_at + TRIAL_LASTS]
        if times:
            db.session.execute(
                sa.update(Band)
                .where(Band.id == band_id, Band.trial_at == began_at)
                .values(trial_at=None, tested_at=min(times))
                .execution_options(synchronize_session=False)
            )
