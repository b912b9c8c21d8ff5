"""Where an elder was seen, as an incident's page shows it: a list, a drawing to scale, ways to a map."""

from __future__ import annotations

from flask import request

from wristband.incidents import queries, schematic
from wristband.incidents.queries import ToldPlace
from wristband.stations import directions, rules
from wristband.stations import queries as stations
from wristband.web.filters import clock_time


def where(incident_id: int, station_id: int | None) -> dict[str, object]:
    """Places, the newest first, and what is drawn of them."""
    reports = queries.list_reports(incident_id)
    places = [queries.told_place(told) for told in queries.list_sightings([report.scan_id for report in reports])]
    last = next((place.position for place in places if place.position), None)
    station = stations.find_station(station_id)
    return {
        "reports": reports,
        "places": places,
        "place_links": directions.links(last, "", user_agent=request.user_agent.string, app="wristband")
        if last
        else [],
        "metres": rules.metres_between(last, stations.position_of(station)) if last and station else None,
        "drawing": _drawing(places, station),
    }


def _drawing(places: list[ToldPlace], station: stations.StationFacts | None) -> schematic.Schematic | None:
    told = [
        schematic.Told(place.position, place.accuracy_m, f"{number} · {clock_time(place.at)}")
        for number, place in enumerate(places, 1)
        if place.position is not None and not place.position.is_null_island
    ]
    own = schematic.Told(stations.position_of(station), None, station.name) if station else None
    return schematic.draw(told, own)
