"""Relaying: what a partner tells the police for a finder, and whether a band code is one of ours."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from wristband.audit import trail
from wristband.audit.deeds import Deed
from wristband.bands.models import Band
from wristband.bands.queries import find_band
from wristband.bands.rules import BandState, reaches_family
from wristband.db import db, transaction
from wristband.elders.rules import WORDS_MAX, clean_text
from wristband.errors import BadValue
from wristband.house import house
from wristband.incidents import news, platform_owing
from wristband.incidents.models import Report, Sighting
from wristband.incidents.openings import Joined, open_or_join, station_for
from wristband.incidents.platform import By, Kind
from wristband.incidents.rules import PlaceSource
from wristband.language import SOURCE
from wristband.partners import idempotency, owing
from wristband.partners.idempotency import Answer, Asked, Facts
from wristband.partners.models import PartnerReport
from wristband.partners.rules import Event, PartnerAccount
from wristband.scans import keeping
from wristband.stations.queries import make_ready
from wristband.values.code import BandCode
from wristband.values.position import Position

PLACE_MAX = 200
REFERENCE_MAX = 64


@dataclass(frozen=True, slots=True)
class Relayed:
    """What a finder told the partner. `code` as it was told, `reference` the partner's own number for it."""

    words: str
    code: str = ""
    position: Position | None = None
    accuracy_m: float | None = None
    place: str = ""
    reference: str = ""


def report(asked: Asked, relayed: Relayed, *, partner: PartnerAccount, now: datetime) -> Answer:
    """Open the elder's incident, or join the one that is open, as a finder's own report does.

    A code that is none of ours, or mistyped, costs no report: the police get the words and the place. Gives
    `number`, `joined` and `band`, whether an elder in our care wears it. Raises BadValue, Conflict.
    """
    words = clean_text(relayed.words, "incidents.words", WORDS_MAX, lines=True)
    place = clean_text(relayed.place, "incidents.words", PLACE_MAX, empty=True, lines=True)
    make_ready()  # before the deed, which builds no index of stations
    with transaction():

        def deed() -> Facts:
            return _report(asked.key, relayed, "\n".join(filter(None, (place, words))), partner, now)

        return idempotency.once(partner.partner_id, asked, deed, now=now)


def _report(key: str, relayed: Relayed, said: str, partner: PartnerAccount, now: datetime) -> Facts:
    band = _band_of(relayed.code)
    reference = f"partner:{partner.partner_id}:{now.timestamp()}:{key}"
    scan_id = keeping.keep(reference, band_id=band.id if band else None, language=SOURCE, now=now)
    _keep_sighting(scan_id, relayed, f"{partner.name}：{said}", now)
    elder_id = band.elder_id if band and reaches_family(band.state) else None
    incident = open_or_join(elder_id, station_for(scan_id, elder_id, now=now), actor=partner.actor, now=now)
    db.session.add(Report(incident_id=incident.id, scan_id=scan_id, made_at=now))
    db.session.add(PartnerReport(scan_id=scan_id, partner_id=partner.partner_id, made_at=now))
    db.session.flush()
    owing.follow(incident.id, partner.partner_id, reference=relayed.reference, at=now)
    joined = _is_joined(incident.id, scan_id)
    _record(incident, scan_id, band, partner, now)
    news.tell_family(incident, "incident_reported", issuer=house().settings.issuer, now=now)
    platform_owing.owe(incident.id, Kind.OPENED, by=By.FINDER, partner=house().partner, now=now)
    owing.owe_incident(incident.id, Event.INCIDENT_CHANGED if joined else Event.INCIDENT_OPENED, at=now)
    return {"number": incident.number, "joined": joined, "band_recognised": elder_id is not None}


def _is_joined(incident_id: int, scan_id: int) -> bool:
    """Whether somebody had reported it before."""
    other = sa.select(Report.id).where(Report.incident_id == incident_id, Report.scan_id != scan_id)
    return db.session.scalar(other.limit(1)) is not None


def _band_of(code: str) -> Band | None:
    if not code.strip():
        return None
    try:
        return find_band(BandCode.parse(code).serial)
    except BadValue:
        return None


def _keep_sighting(scan_id: int, relayed: Relayed, words: str, now: datetime) -> None:
    position = relayed.position
    sighting = Sighting(
        scan_id=scan_id,
        key=keeping.append_hash(scan_id, "what the partner said"),
        seen_at=now,
        source=PlaceSource.PIN if position else PlaceSource.WORDS,
    )
    if position is not None:
        accuracy = "" if relayed.accuracy_m is None else f"{relayed.accuracy_m:.0f}"
        sighting.place = f"{position.latitude:.7f},{position.longitude:.7f},{accuracy}"
    sighting.words = words
    db.session.add(sighting)
    db.session.flush()


def _record(incident: Joined, scan_id: int, band: Band | None, partner: PartnerAccount, now: datetime) -> None:
    trail.record(
        Deed.INCIDENT_REPORTED,
        actor=partner.actor,
        subject=f"incident:{incident.id}",
        at=now,
        elder_id=incident.elder_id,
        scan=scan_id,
        band=band.id if band else None,
    )


def check_band(code: str, *, partner: PartnerAccount, now: datetime) -> tuple[bool, bool, bool]:
    """Whether the code is well written, whether it names a band of ours, and whether that is worn; never whose."""
    try:
        parsed = BandCode.parse(code)
    except BadValue:
        return False, False, False
    band = find_band(parsed.serial)
    with transaction():
        subject = f"band:{band.id}" if band else "band"
        trail.record(Deed.BAND_CHECKED, actor=partner.actor, subject=subject, at=now)
    return True, band is not None, band is not None and band.state is BandState.ACTIVE
