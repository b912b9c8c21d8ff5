"""What a finder asks for with a tap, and what has become of it."""

from __future__ import annotations

import secrets
from functools import partial

from flask import Response, g, render_template, request

from wristband import clock
from wristband.errors import BadValue
from wristband.house import house
from wristband.incidents import queries as incidents
from wristband.incidents.rules import PlaceSource
from wristband.reports import queries as reports
from wristband.reports.disclosure import Added
from wristband.reports.places import last_told
from wristband.reports.queries import IncidentFacts, ReportFacts, ScanFacts
from wristband.scans import queries as scans
from wristband.scans import stamps
from wristband.scans.disclosure import Progress, ReportMade
from wristband.scans.reached import family_reached
from wristband.services import reaching, reporting, scanning
from wristband.stations.queries import find_station
from wristband.values.position import Crs, Position, degrees, from_crs
from wristband.web.errors import sentence
from wristband.web.finder import finder
from wristband.web.finder.board import latest_board
from wristband.web.finder.room import with_room
from wristband.web.finder.told import by_the_phone, to_progress
from wristband.web.guards import anyone, finder_tap
from wristband.web.language import current

_SOURCES = {source.value: source for source in PlaceSource}
# The way around the earth and more: a phone that says so does not know where it is.
_VAGUEST_M = 1e8


@finder.post("/s/<scan>/family")
@finder_tap
def tell_family(scan: str) -> Response:
    reference, serial = _opened(scan)
    told = partial(reaching.tell_family, reference, serial, language=current(), low_trust=g.low_trust)
    with_room(partial(told, now=clock.now()))
    return to_progress(reference)


@finder.post("/s/<scan>/police")
@finder_tap
def report(scan: str) -> Response:
    reference, serial = _opened(scan)
    now = clock.now()
    told = partial(reporting.report, reference, serial, language=current(), low_trust=g.low_trust)
    with_room(partial(told, claimed=by_the_phone(now), now=now))
    return to_progress(reference)


@finder.post("/s/<scan>/place")
@finder_tap
def add_place(scan: str) -> Response | tuple[str, int]:
    """Append where the elder is: the phone's position, words, or both."""
    form, now = request.form, clock.now()
    try:
        add = partial(
            reporting.add_place,
            scan,
            form.get("key", ""),
            source=_SOURCES.get(form.get("source", ""), PlaceSource.WORDS),
            position=_position(),
            accuracy_m=_accuracy_m(),
            words=form.get("words", ""),
            claimed=by_the_phone(now),
            now=now,
        )
        with_room(add)
    except BadValue as refusal:
        return _progress_page(scan, place_error=sentence(refusal), words=form.get("words", "")), refusal.status
    return to_progress(scan)


@finder.get("/s/<scan>")
@anyone
def progress(scan: str) -> str:
    """The finder's own page: the truth about what is sent, seen, answered. Asked again by script as a part."""
    return _progress_page(scan)


def _progress_page(scan: str, *, place_error: str | None = None, words: str = "") -> str:
    _, stamp = stamps.make(house().ring.all("forms"), scan)
    part = request.headers.get("X-Part") == "progress"
    return render_template(
        "finder/progress_part.html" if part else "finder/progress.html",
        door="finder",
        scan=scan,
        stamp=stamp,
        band="",
        progress=_progress(scan),
        handed_over=incidents.find_hand_over_by(scans.get_acted_scan(scan).id),
        place_key=secrets.token_urlsafe(16),
        place_error=place_error,
        place_words=words,
        board=latest_board(scan),
    )


def _progress(reference: str) -> Progress:
    scan = scans.get_acted_scan(reference)
    reach = scans.find_reach(scan.id)
    family = family_reached(reach) if reach else None
    sightings = incidents.list_sightings([scan.id])
    reported = incidents.find_report(scan.id)
    return Progress(
        recognised=reach is not None or scans.recognised(scan),
        family=family,
        report=_report(*reported) if reported else None,
        places=len(sightings),
        place_words=any(sighting.words_sealed for sighting in sightings),
        drill=reach is not None and reach.drill,
        last=last_told(incidents.told_place(sightings[0])) if sightings else None,
        added=_added(scan, *reported) if reported else None,
    )


def _added(scan: ScanFacts, made: ReportFacts, incident: IncidentFacts) -> Added:
    handed_over = incidents.find_hand_over_by(scan.id) is not None
    return reports.added(scan, made, incident, handed_over=handed_over, now=clock.now())


def _report(made: ReportFacts, incident: IncidentFacts) -> ReportMade:
    station = find_station(incident.station_id)
    return ReportMade(
        number=incident.number,
        at=made.made_at,
        state=incident.state,
        moved_at=incidents.get_moved_at(incident.id),
        station_name=station.name if station else "",
        station_phone=station.phone if station else "",
        disposition=incident.disposition,
    )


def _opened(scan: str) -> tuple[str, str | None]:
    """The address of the scan that a tap belongs to, and the serial that its form tells where it is one of ours.

    A page that lay open too long or lost its stamp still reports, under a fresh address: only its second tap is a
    second scan. Its band stands in the form, or, on the finder's own page, behind the stamp; a tap with neither is
    none. Raises BadValue.
    """
    keys, band = house().ring.all("forms"), request.form.get("band", "")[:64]
    stamped = stamps.read(request.form.get("stamp", ""), keys) == scan
    if not stamped and not band:
        raise BadValue("page.form_stale")
    reference = scan if stamped else stamps.make(keys)[0]
    return reference, scanning.serial_of(band)


def _position() -> Position | None:
    """The phone's own position, or a pin's in the datum of the map it was set on."""
    latitude, longitude = request.form.get("latitude", ""), request.form.get("longitude", "")
    if not latitude.strip() and not longitude.strip():
        return None
    if request.form.get("source") == PlaceSource.PIN:
        return from_crs(degrees(latitude), degrees(longitude), Crs(house().settings.map_datum))
    return Position.parse(latitude, longitude)


def _accuracy_m() -> float | None:
    """What the phone said of its accuracy, in metres; nonsense is no accuracy."""
    try:
        accuracy_m = float(request.form.get("accuracy", ""))
    except ValueError:
        return None
    return min(accuracy_m, _VAGUEST_M) if accuracy_m >= 0 else None
