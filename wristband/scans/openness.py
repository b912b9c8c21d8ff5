"""Whose record a finder's proof may open today, if any."""

from __future__ import annotations

from datetime import datetime

from wristband.elders.models import Elder
from wristband.elders.queries import get_elder_for_service
from wristband.elders.rules import ElderState
from wristband.errors import NotAllowed, NotFound
from wristband.scans.drills import is_drill
from wristband.scans.levels import may_disclose
from wristband.scans.models import Scan
from wristband.scans.queries import find_elder_of


def get_open_elder(scan: Scan, *, now: datetime) -> int:
    """The id of the scan's elder, whose record a proof may open today. Raises NotFound, NotAllowed."""
    elder_id = find_elder_of(scan)
    if elder_id is None:
        raise NotFound("scans.no_family")
    if is_drill(scan.id):
        raise NotAllowed("drill.nothing_opens")
    if not is_open(get_elder_for_service(elder_id), now=now):
        raise NotAllowed("scans.card_closed")
    return elder_id


def is_open(elder: Elder, *, now: datetime) -> bool:
    """Whether any proof of a finder's opens this record at all."""
    return may_disclose(
        confirmed=elder.state is ElderState.CONFIRMED,
        disputed=elder.disputed_at is not None,
        registered_at=elder.registered_at,
        now=now,
    )
