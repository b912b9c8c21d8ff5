"""Keeping what a phone's clock claims of a deed, beside the deed."""

from __future__ import annotations

from wristband.db import db
from wristband.reports.models import PhoneTime
from wristband.reports.rules import Claimed


def keep(row_id: int, claimed: Claimed | None) -> None:
    """Keep it for the report, sighting or supplement of this id, in the caller's transaction; None keeps nothing."""
    if claimed is not None:
        db.session.add(PhoneTime(id=row_id, claimed_at=claimed.at, ahead_s=claimed.ahead_s))
