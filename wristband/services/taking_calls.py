"""A call to 110, entered by an officer: it joins the elder's incident like any finder's report, or opens one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from wristband.accounts.rules import OfficerAccount
from wristband.audit import trail
from wristband.audit.deeds import Deed
from wristband.bands.models import Band
from wristband.bands.queries import find_band
from wristband.bands.rules import reaches_family
from wristband.db import db, transaction
from wristband.elders.rules import clean_text
from wristband.errors import BadValue
from wristband.house import house
from wristband.incidents import news, platform_owing, queries
from wristband.incidents.models import Incident, PhoneReport, Report, Sighting
from wristband.incidents.openings import Joined, open_or_join
from wristband.incidents.platform import By, Kind
from wristband.incidents.rules import PlaceSource
from wristband.language import SOURCE
from wristband.scans import keeping
from wristband.values.code import BandCode
from wristband.values.phone import Phone

PLACE_MAX = 200
WORDS_MAX = 300


@dataclass(frozen=True, slots=True)
class Call:
    """What the caller said. A band code, a place or words; the number is the caller's, where it was told."""

    code: BandCode | None
    place: str
    words: str
    phone: Phone | None


@dataclass(frozen=True, slots=True)
class Entered:
    """Where the call is now: an incident of this station (`mine`), or one that another station has."""

    incident_id: int
    number: str
    mine: bool


def take_call(key: str, call: Call, *, officer: OfficerAccount, now: datetime) -> Entered:
    """Enter a call: the elder's open incident gets a report more, or this station a new incident.

    The same form sent again, `key` says so, changes nothing. Raises BadValue for a call without anything, a code of
    no band, words too long.
    """
    place = clean_text(call.place, "incidents.words", PLACE_MAX, empty=True, lines=True)
    words = clean_text(call.words, "incidents.words", WORDS_MAX, empty=True, lines=True)
    if not 16 <= len(key) <= 64:
        raise BadValue("page.form_stale")
    if call.code is None and not place and not words:
        raise BadValue("incidents.call_empty")
    with transaction():
        band = find_band(call.code.serial) if call.code else None
        if call.code is not None and band is None:
            raise BadValue("incidents.call_no_band")
        scan_id = keeping.keep(
            f"110:{officer.officer_id}:{key}", band_id=band.id if band else None, language=SOURCE, now=now
        )
        before = queries.find_report(scan_id)
        if before is not None:
            return _entered(before[1], officer)
        elder_id = band.elder_id if band and reaches_family(band.state) else None
        incident = open_or_join(elder_id, officer.station_id, actor=officer.actor, now=now)
        _keep(incident, scan_id, "\n".join(filter(None, (place, words))), call.phone, officer, now)
        _record(incident, scan_id, band, officer, now)
        news.tell_family(incident, "incident_reported", issuer=house().settings.issuer, now=now)
        platform_owing.owe(incident.id, Kind.OPENED, by=By.OFFICER, partner=house().partner, now=now)
        return _entered(incident, officer)


def _keep(
    incident: Joined, scan_id: int, said: str, phone: Phone | None, officer: OfficerAccount, now: datetime
) -> None:
    db.session.add(Report(incident_id=incident.id, scan_id=scan_id, made_at=now))
    db.session.add(
        PhoneReport(
            scan_id=scan_id,
            officer_id=officer.officer_id,
            station_id=officer.station_id,
            made_at=now,
            phone=phone.e164 if phone else None,
        )
    )
    if said:
        key = keeping.append_hash(scan_id, "what the caller said")
        sighting = Sighting(scan_id=scan_id, key=key, seen_at=now, source=PlaceSource.WORDS)
        sighting.words = said
        db.session.add(sighting)


def _record(incident: Joined, scan_id: int, band: Band | None, officer: OfficerAccount, now: datetime) -> None:
    trail.record(
        Deed.INCIDENT_REPORTED,
        actor=officer.actor,
        subject=f"incident:{incident.id}",
        at=now,
        elder_id=incident.elder_id,
        scan=scan_id,
        band=band.id if band else None,
    )


def _entered(incident: Incident | Joined, officer: OfficerAccount) -> Entered:
    return Entered(incident.id, incident.number, incident.station_id in (officer.station_id, None))
