"""Whom a finder's proof concerns, and what his family is told of it: never a word that says who the elder is."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa

from wristband.bands.models import Band
from wristband.clock import ZONE
from wristband.db import db
from wristband.elders.models import Elder
from wristband.elders.queries import get_elder_for_service
from wristband.elders.rules import ElderState
from wristband.errors import NotAllowed, NotFound
from wristband.incidents.queries import find_open_incident
from wristband.scans.levels import may_disclose
from wristband.scans.models import Scan
from wristband.scans.queries import find_elder_of
from wristband.values.code import BandCode


def get_open_elder(scan: Scan, *, now: datetime) -> int:
    """The id of the scan's elder, whose record a proof may open today. Raises NotFound, NotAllowed."""
    elder_id = find_elder_of(scan)
    if elder_id is None:
        raise NotFound("scans.no_family")
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


def news(band_id: int, elder_id: int, *, now: datetime) -> dict[str, str]:
    """The facts of a message about a scan: the band's last characters, the time, an open incident's number."""
    serial = db.session.scalar(sa.select(Band.serial).where(Band.id == band_id))
    incident = find_open_incident(elder_id)
    return {
        "code_tail": BandCode.from_serial(serial).tail if serial else "",
        "time": f"{now.astimezone(ZONE):%H:%M}",
        "number": incident.number if incident else "",
        "phone": "",
    }
