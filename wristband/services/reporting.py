"""Reporting to the police: the tap that opens or joins an incident, and the place that comes after it."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa

from wristband.audit import trail
from wristband.audit.deeds import Deed
from wristband.db import db, new_id, run, transaction
from wristband.elders.rules import clean_text
from wristband.errors import BadValue, Conflict, NotFound
from wristband.house import house
from wristband.incidents import news, platform_owing, queries
from wristband.incidents.models import Incident, Report, Sighting
from wristband.incidents.openings import Joined, open_or_join, station_near, told_station
from wristband.incidents.platform import By, Kind
from wristband.incidents.rules import IncidentState, PlaceSource
from wristband.incidents.tapped import find_tapped
from wristband.reports import claims
from wristband.reports.rules import Claimed
from wristband.scans import keeping
from wristband.scans.drills import is_drill
from wristband.scans.queries import find_acted_scan
from wristband.values.position import Position

# Core, not the unit of work: this runs in every report.
_REPORT = sa.insert(Report.__table__)
PLACES_A_SCAN = 50
WORDS_MAX = 200


def report(
    reference: str,
    serial: str | None,
    *,
    language: str,
    low_trust: bool,
    claimed: Claimed | None = None,
    now: datetime,
) -> str:
    """Tell the police about a band, recognised or not. A second tap returns the first number.

    A scan keeps its band: `serial` counts only while nothing is known of the scan.
    Opens an incident at the elder's station or joins the one that is open: never two open for one elder.
    """
    with transaction():
        tapped = find_tapped(reference, serial)
        scan_id, acted = keeping.keep_tap(
            reference, band_id=tapped.band_id, language=language, now=now, low_trust=low_trust
        )
        station_id = tapped.station_id
        if acted:
            before = queries.find_report(scan_id)
            if before is not None:
                return before[1].number
            if is_drill(scan_id):
                raise Conflict("drill.nothing_goes_out")
            station_id = told_station(scan_id, now=now) or station_id
        incident = open_or_join(tapped.elder_id, station_id, actor="finder", now=now)
        report_id = new_id()
        values = {"id": report_id, "incident_id": incident.id, "scan_id": scan_id, "made_at": now}
        run(_REPORT, values)
        claims.keep(report_id, claimed)
        _record_report(incident, scan_id, tapped.band_id, now)
        platform_owing.owe(incident.id, Kind.OPENED, by=By.FINDER, partner=house().partner, now=now)
        return incident.number


def add_place(
    reference: str,
    key: str,
    *,
    source: PlaceSource,
    position: Position | None,
    accuracy_m: float | None,
    words: str,
    claimed: Claimed | None = None,
    now: datetime,
) -> None:
    """Append where the elder is to a scan that did something. The same append again changes nothing.

    A report nobody has accepted yet moves to the station nearest to the place. Raises NotFound, BadValue.
    """
    words = clean_text(words, "incidents.words", WORDS_MAX, empty=True, lines=True)
    if position is None and not words:
        raise BadValue("incidents.place_empty")
    if not 16 <= len(key) <= 64:
        raise BadValue("page.form_stale")
    station_id = station_near(position, accuracy_m, now=now)
    with transaction():
        scan = find_acted_scan(reference, held=True)
        if scan is None:
            raise NotFound("scans.unknown")
        if is_drill(scan.id):
            raise Conflict("drill.nothing_goes_out")
        made = _append(scan.id, key, source, _place_text(position, accuracy_m), words, now)
        if made is None:
            return
        claims.keep(made, claimed)
        reported = queries.find_report(scan.id)
        subject = f"incident:{reported[1].id}" if reported else f"scan:{scan.id}"
        trail.record(Deed.SIGHTING_ADDED, actor="finder", subject=subject, at=now, scan=scan.id)
        if reported is not None:
            # Only who opened the incident moves it: a later stranger's place is told, and takes it from no desk.
            opened_it = queries.list_reports(reported[1].id)[0].scan_id == scan.id
            _follow(reported[1].id, station_id if opened_it else None, now)
            platform_owing.owe(reported[1].id, Kind.PLACE_ADDED, by=By.FINDER, partner=house().partner, now=now)


def _append(scan_id: int, key: str, source: PlaceSource, place: str | None, words: str, now: datetime) -> int | None:
    hashed = keeping.append_hash(scan_id, key)
    sighting = Sighting(scan_id=scan_id, key=hashed, seen_at=now, source=source)
    sighting.place, sighting.words = place, words or None
    before = queries.list_sightings([scan_id])
    if any(hashed.fits(known.key) for known in before):
        return None
    if len(before) >= PLACES_A_SCAN:
        raise BadValue("incidents.places_many")
    db.session.add(sighting)
    db.session.flush()
    return sighting.id


def _place_text(position: Position | None, accuracy_m: float | None) -> str | None:
    if position is None:
        return None
    accuracy = "" if accuracy_m is None else f"{accuracy_m:.0f}"
    return f"{position.latitude:.7f},{position.longitude:.7f},{accuracy}"


def _follow(incident_id: int, station_id: int | None, now: datetime) -> None:
    """Show the new place on the desk: of the station now nearest, if one is, while no officer has accepted it or
    passed it on.
    """
    values: dict[str, object] = {"changed_at": now}
    if station_id is not None:
        waiting = sa.and_(Incident.state == IncidentState.REPORTED, Incident.passed_at.is_(None))
        values["station_id"] = sa.case((waiting, station_id), else_=Incident.station_id)
    db.session.execute(sa.update(Incident).where(Incident.id == incident_id).values(**values))


def _record_report(incident: Joined, scan_id: int, band_id: int | None, now: datetime) -> None:
    trail.record(
        Deed.INCIDENT_REPORTED,
        actor="finder",
        subject=f"incident:{incident.id}",
        at=now,
        elder_id=incident.elder_id,
        scan=scan_id,
        band=band_id,
    )
    news.tell_family(incident, "incident_reported", issuer=house().settings.issuer, now=now)
