"""Blank stock for a test, minted in its own process."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime

from wristband.bands import queries
from wristband.bands.models import Band
from wristband.bands.rules import BandForm
from wristband.services import stocking
from wristband.values.code import CheckCode


def blanks(count: int, *, now: datetime) -> list[Band]:
    """So many wristbands that are nobody's yet."""
    batch_id = stocking.begin(BandForm.WRISTBAND, count, now=now)
    with ThreadPoolExecutor(1) as workers:
        list(stocking.mint(batch_id, workers=workers, now=now))
    return list(queries.list_minted(batch_id, 1, count))


def check_of(band: Band) -> CheckCode:
    """What is printed on its inside."""
    return CheckCode.parse(band.check_code)


def wrong_check(band: Band) -> CheckCode:
    """Another one, whose own check digit is right."""
    other = CheckCode.random()
    return other if other.digits != band.check_code else wrong_check(band)
