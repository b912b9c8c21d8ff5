"""Where an elder was seen, as an incident's page shows it: a list, a drawing to scale, ways to a map."""

from __future__ import annotations

from flask import request

from wristband.incidents import queries, schematic
from wristband.incidents.queries import ToldPlace
from wristband.interchange.pfif_checks import read_location
from wristband.interchange.queries import list_from_outside
from wristband.stations import directions, rules
from wristband.stations import queries as stations
from wristband.web.filters import clock_time
from wristband.web.language import gettext

# More are in the time line, for whoever asks.
_NEWEST = 10


def where(incident_id: int, station_id: int | None) -> dict[str, object]:
    """The newest places and what is drawn of them."""
    reports = queries.list_reports(incident_id)
    scans = [report.scan_id for report in reports]
    places = [queries.told_place(told) for told in queries.list_sightings(scans, latest=_NEWEST)]
    outside = _outside(incident_id)
    last = next((place.position for place in places if place.position), None)
    station = stations.find_station(station_id)
    return {
        "reports": reports,
        "places": places,
        "place_links": directions.links(last, "", user_agent=request.user_agent.string, app="wristband")
        if last
        else [],
        "metres": rules.metres_between(last, stations.position_of(station)) if last and station else None,
        "outside_places": [(one, source) for one, source in outside if one.position],
        "drawing": _drawing(places, [one for one, _source in outside], station),
    }


def _outside(incident_id: int) -> list[tuple[ToldPlace, str]]:
    """What other repositories told of the place, the newest first, and whose it is: nobody here has checked it."""
    return [
        (ToldPlace(one.source_at, read_location(one.said.get("last_known_location", "")), None, None), one.source)
        for one in reversed(list_from_outside(incident_id)[-_NEWEST:])
    ]


def _drawing(
    places: list[ToldPlace], outside: list[ToldPlace], station: stations.StationFacts | None
) -> schematic.Schematic | None:
    told = [
        schematic.Told(place.position, place.accuracy_m, f"{number} · {clock_time(place.at)}")
        for number, place in enumerate(places, 1)
        if place.position is not None and not place.position.is_null_island
    ]
    told += [
        schematic.Told(place.position, None, gettext("外单位 · %(time)s", time=clock_time(place.at)))
        for place in outside
        if place.position is not None
    ]
    own = schematic.Told(stations.position_of(station), None, station.name) if station else None
    return schematic.draw(told, own)
