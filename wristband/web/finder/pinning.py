"""The map on which a finder sets the place by hand, where the operator has configured one."""

from __future__ import annotations

from flask import g, render_template

from wristband.errors import NotFound
from wristband.incidents import queries as incidents
from wristband.scans import queries as scans
from wristband.stations.queries import find_station
from wristband.values.position import Crs, Position, to_gcj02
from wristband.web import headers
from wristband.web.finder import finder
from wristband.web.guards import anyone
from wristband.web.pages import settings

# Where a map begins that knows of no place: wide enough to find one's own city.
_CLOSE, _WIDE = 17, 5
_MIDDLE = Position(35.0, 105.0)


@finder.get("/s/<scan>/map")
@anyone
def pin(scan: str) -> str:
    """A map around the last place told, or the report's station. Only this page asks another host for pictures."""
    ours = settings()
    if not ours.map_tiles:
        raise NotFound("page.unknown")
    middle, zoom = _begin(scans.get_acted_scan(scan).id)
    if Crs(ours.map_datum) is Crs.GCJ02:
        latitude, longitude = to_gcj02(middle)
    else:
        latitude, longitude = middle.latitude, middle.longitude
    g.content_security_policy = headers.closed_policy(picture=f"'self' {ours.map_origin}")
    return render_template(
        "finder/map.html",
        door="finder",
        scan=scan,
        tiles=ours.map_tiles,
        attribution=ours.map_attribution,
        latitude=latitude,
        longitude=longitude,
        zoom=zoom,
    )


def _begin(scan_id: int) -> tuple[Position, int]:
    for place in map(incidents.told_place, incidents.list_sightings([scan_id])):
        if place.position is not None and not place.position.is_null_island:
            return place.position, _CLOSE
    reported = incidents.find_report(scan_id)
    station = find_station(reported[1].station_id) if reported else None
    return (Position(station.latitude, station.longitude), _CLOSE - 2) if station else (_MIDDLE, _WIDE)
