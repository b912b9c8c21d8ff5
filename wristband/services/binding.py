"""Binding a blank band to an elder: who can type the check code from its inside has it in hand."""

from __future__ import annotations

from datetime import datetime
from functools import cache

import sqlalchemy as sa

from wristband import limits
from wristband.audit import trail
from wristband.audit.deeds import Deed
from wristband.bands import queries
from wristband.bands.models import Band
from wristband.bands.rules import (
    BANDS_AN_ELDER,
    CHECK_BY_BAND,
    CHECK_BY_DEVICE,
    CHECK_TRIES_FOR_LIFE,
    BandState,
    states_before,
)
from wristband.db import db, transaction
from wristband.elders.queries import get_elder
from wristband.errors import BadValue
from wristband.scans.challenges import check_code_matches, hash_check_code
from wristband.values.code import BandCode, CheckCode


def bind(code: BandCode, check: CheckCode, elder_id: int, *, guardian_id: int, now: datetime) -> int:
    """Give a blank band to one of this guardian's elders. Returns its id. Raises BadValue, NotFound, TooMany.

    A code that nobody has, that somebody wears, and a wrong check code are refused alike. The try is spent and
    committed before the comparison.
    """
    get_elder(elder_id, guardian_id=guardian_id)
    band_id, kept = _spend_try(code, guardian_id, now)
    if not check_code_matches(kept, band_id, check.digits):
        raise BadValue("bands.bind_refused")
    with transaction():
        get_elder(elder_id, guardian_id=guardian_id, held=True)
        if queries.count_active(elder_id) >= BANDS_AN_ELDER:
            raise BadValue("bands.too_many", most=BANDS_AN_ELDER)
        bound = db.session.execute(
            sa.update(Band)
            .where(Band.id == band_id, Band.state.in_(states_before(BandState.ACTIVE)))
            .values(state=BandState.ACTIVE, elder_id=elder_id)
        )
        if bound.rowcount != 1:  # type: ignore[attr-defined]
            raise BadValue("bands.bind_refused")
        trail.record(
            Deed.BAND_BOUND, actor=f"guardian:{guardian_id}", subject=f"band:{band_id}", at=now, elder_id=elder_id
        )
    return band_id


def _spend_try(code: BandCode, guardian_id: int, now: datetime) -> tuple[int, str]:
    """The band and the hash to compare with, its try taken; a hash nothing fits where there is none to try."""
    with transaction():
        limits.spend(CHECK_BY_DEVICE, f"guardian:{guardian_id}", now=now)
        limits.spend(CHECK_BY_BAND, code.serial, now=now)
        taken = db.session.execute(
            sa.update(Band)
            .where(
                Band.serial == code.serial,
                Band.state == BandState.BLANK,
                Band.check_tries < CHECK_TRIES_FOR_LIFE,
            )
            .values(check_tries=Band.check_tries + 1)
            .returning(Band.id, Band.check_code_hash)
        ).first()
    return (taken.id, taken.check_code_hash) if taken else (0, _nothing())


@cache
def _nothing() -> str:
    """Verified where there is no such blank band, so that both answers take the same time."""
    return hash_check_code(0, CheckCode.random().digits)
