"""Trying a band out: a guardian opens it with any phone, and sees that it opened."""

from __future__ import annotations

from datetime import datetime

from wristband.bands import trials
from wristband.bands.queries import get_band
from wristband.db import transaction
from wristband.errors import Conflict


def begin_trial(band_id: int, *, guardian_id: int, now: datetime) -> None:
    """Wait ten minutes for the band to be opened. Raises NotFound, Conflict for one that has ended."""
    with transaction():
        band = get_band(band_id, guardian_id=guardian_id)
        if not trials.begin(band.id, now=now):
            raise Conflict("bands.ended")
