"""What a family is told of a scan: never a word that says who the elder is."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

import sqlalchemy as sa

from wristband.bands.models import Band
from wristband.clock import ZONE
from wristband.db import db
from wristband.incidents.queries import find_open_incident
from wristband.outbox import family
from wristband.scans.models import Grant
from wristband.values.code import code_tail


def news(band_id: int, elder_id: int, *, now: datetime) -> dict[str, str]:
    """The facts of a message about a scan: the band's last characters, the time, an open incident's number."""
    serial = db.session.scalar(sa.select(Band.serial).where(Band.id == band_id))
    incident = find_open_incident(elder_id)
    return {
        "code_tail": code_tail(serial),
        "time": f"{now.astimezone(ZONE):%H:%M}",
        "number": incident.number if incident else "",
        "phone": "",
    }


def tell(
    elder_id: int,
    key: str,
    wording: str,
    band_id: int,
    *,
    issuer: Mapping[str, str],
    at: datetime,
    by_a_tap: bool = False,
    expires_at: datetime | None = None,
    **facts: str,
) -> None:
    """Owe the family the news of a scan of this band, in the caller's transaction; once for a `key` and contact.

    `issuer` is who writes (Settings.issuer); `facts` are added to those of the news. `by_a_tap`: see family.owe.
    """
    told = {**issuer, **news(band_id, elder_id, now=at), **facts}
    family.owe(elder_id, key, wording=wording, facts=told, at=at, by_a_tap=by_a_tap, expires_at=expires_at)


def tell_of(
    grant: Grant,
    wording: str,
    *,
    issuer: Mapping[str, str],
    at: datetime,
    by_a_tap: bool = False,
    expires_at: datetime | None = None,
    **facts: str,
) -> None:
    """The same of what became of a grant: each `wording` once."""
    key = f"{wording}:{grant.id}"
    tell(
        grant.elder_id,
        key,
        wording,
        grant.band_id,
        issuer=issuer,
        at=at,
        by_a_tap=by_a_tap,
        expires_at=expires_at,
        **facts,
    )
