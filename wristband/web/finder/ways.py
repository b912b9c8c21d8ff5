"""The way to the nearest police station."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from flask import g, render_template, request

from wristband.errors import BadValue
from wristband.stations import directions, queries
from wristband.stations.directions import MapLink
from wristband.stations.rules import walking_minutes
from wristband.values.position import Position
from wristband.web.errors import sentence
from wristband.web.finder import finder
from wristband.web.guards import anyone, finder_tap

_APP = "wristband"
_SHOWN = 5


@dataclass(frozen=True, slots=True)
class StationOnPage:
    """A station as a finder sees it; `metres` and `minutes` on foot only where the finder's place is known."""

    name: str
    address: str
    phone: str
    metres: float | None
    minutes: int | None
    links: list[MapLink]
    demonstration: bool


@finder.get("/stations")
@anyone
def stations() -> str:
    """By district, and the map providers' own search, which needs nothing of the finder."""
    district = request.args.get("district", "")[:40]
    known = district in dict(queries.list_districts())
    g.address_says = {"district": district} if known else {}
    listed = [(station, None) for station in queries.list_in_district(district)] if known else []
    return _page(listed, district=district)


@finder.post("/stations")
@finder_tap
def stations_near() -> str | tuple[str, int]:
    """The nearest to the place in the form. The place is used for this answer and kept nowhere."""
    form = request.form
    try:
        place = Position.parse(form.get("latitude", ""), form.get("longitude", ""))
    except BadValue as refusal:
        return _page([], error=sentence(refusal)), refusal.status
    near = queries.nearest(place, _SHOWN)
    return _page([(found.station, found.metres) for found in near], place=place)


def _page(
    listed: Sequence[tuple[queries.StationFacts, float | None]],
    *,
    place: Position | None = None,
    district: str = "",
    error: str | None = None,
) -> str:
    user_agent = request.user_agent.string
    return render_template(
        "finder/stations.html",
        door="finder",
        place=place is not None,
        stations=[
            StationOnPage(
                name=station.name,
                address=station.address,
                phone=station.phone,
                metres=metres,
                minutes=walking_minutes(metres) if metres is not None else None,
                links=directions.links(
                    Position(station.latitude, station.longitude), station.name, user_agent=user_agent, app=_APP
                ),
                demonstration=station.demonstration,
            )
            for station, metres in listed
        ],
        search_links=directions.nearby_search_links(None, user_agent=user_agent, app=_APP),
        districts=queries.list_districts(),
        district=district,
        error=error,
    )
