"""The way to the nearest police station."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from flask import Response, current_app, g, make_response, render_template, request

from wristband import clock
from wristband.clock import ZONE
from wristband.errors import BadValue, Refusal
from wristband.gateways.wechat import Signature, WechatPages
from wristband.services import locating
from wristband.stations import directions, queries
from wristband.stations.directions import MapLink
from wristband.stations.opening_hours import Opening
from wristband.stations.rules import walking_minutes
from wristband.values.position import Position, to_gcj02
from wristband.web.errors import refused, sentence
from wristband.web.finder import finder
from wristband.web.forms import network
from wristband.web.guards import anyone, finder_tap
from wristband.web.headers import closed_policy

_APP = "wristband"
_SHOWN = 5
_WECHAT_SCRIPTS = "https://res.wx.qq.com"
# Farther than this nobody is led on foot.
_WALKED_M = 5000


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
    opening: Opening
    changes_at: datetime | None
    """On the stations' clock: when it closes, or opens next."""
    days_off: int
    """How many midnights lie between now and then."""
    hours: str
    """As they are written, where nobody can say what they mean."""
    gcj02: tuple[float, float]
    """Latitude and longitude as WeChat's map expects them."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What is told about one question: the stations, what was asked, and what went wrong."""

    listed: list[queries.ListedStation] = field(default_factory=list)
    place: bool = False
    found: str | None = None
    """What the geocoder calls the place of a typed address, "" where it names none; None where none was typed."""
    address: str = ""
    district: str = ""
    refusal: Refusal | None = None


@finder.before_request
def _ready_before_a_deed() -> None:
    """What comes with a place chooses its station inside a deed, for which everybody waits: nothing is built there."""
    if request.method == "POST" and request.endpoint == "finder.add_place":
        queries.make_ready()


@finder.get("/stations")
@anyone
def stations() -> Response:
    """By district, and the map providers' own search, which needs nothing of the finder."""
    district = request.args.get("district", "")[:40]
    known = district in dict(queries.list_districts())
    g.address_says = {"district": district} if known else {}
    listed = [(station, None) for station in queries.list_in_district(district)] if known else []
    return _page(Answer(queries.open_first(listed, now=clock.now()), district=district))


@finder.post("/stations")
@finder_tap
def stations_near() -> Response:
    """The nearest to the place or the typed address in the form. They are used for this answer and kept nowhere."""
    form = request.form
    geocoder = current_app.extensions["geocoder"]
    address = form.get("address", "").strip() if geocoder is not None else ""
    try:
        if "address" in form and geocoder is not None:
            found = locating.locate(address, geocoder, network=network(), now=clock.now())
            place, label = found.position, found.label
        else:
            place, label = Position.parse(form.get("latitude", ""), form.get("longitude", "")), None
            if place.is_null_island:
                raise BadValue("stations.no_fix")
    except Refusal as refusal:
        return _page(Answer(refusal=refusal, address=address[: locating.ADDRESS_MAX]))
    listed = queries.list_near(place, _SHOWN, now=clock.now())
    return _page(Answer(listed, place=True, found=label, address=address))


def _page(answer: Answer) -> Response:
    user_agent = request.user_agent.string
    wechat = _wechat(user_agent)
    if wechat is not None:
        g.content_security_policy = closed_policy(script=f"'self' {_WECHAT_SCRIPTS}")
    page = render_template(
        "finder/stations.html",
        door="finder",
        answer=answer,
        stations=[_on_page(one, user_agent) for one in answer.listed],
        search_links=directions.nearby_search_links(None, user_agent=user_agent, app=_APP),
        districts=queries.list_districts(),
        asks_address=current_app.extensions["geocoder"] is not None,
        address_max=locating.ADDRESS_MAX,
        wechat=wechat,
        wechat_script=f"{_WECHAT_SCRIPTS}/open/js/jweixin-1.6.0.js",
        error=sentence(answer.refusal) if answer.refusal else None,
    )
    return refused(page, answer.refusal) if answer.refusal else make_response(page)


def _on_page(one: queries.ListedStation, user_agent: str) -> StationOnPage:
    station, standing = one.station, one.standing
    position = queries.position_of(station)
    today = clock.now().astimezone(ZONE).date()
    return StationOnPage(
        name=station.name,
        address=station.address,
        phone=station.phone,
        metres=one.metres,
        minutes=walking_minutes(one.metres) if one.metres is not None and one.metres <= _WALKED_M else None,
        links=directions.links(position, station.name, user_agent=user_agent, app=_APP),
        demonstration=station.demonstration,
        opening=standing.opening,
        changes_at=standing.changes_at,
        days_off=(standing.changes_at.date() - today).days if standing.changes_at else 0,
        hours=station.opening_hours if standing.opening is Opening.UNKNOWN else "",
        gcj02=to_gcj02(position),
    )


def _wechat(user_agent: str) -> Signature | None:
    """What WeChat's script needs on this page; None outside WeChat, and where the operator has no account there."""
    pages: WechatPages | None = current_app.extensions["wechat"]
    if pages is None or not directions.in_wechat(user_agent):
        return None
    query = request.query_string.decode("latin-1")
    return pages.sign(f"{request.host_url.rstrip('/')}{request.path}{'?' if query else ''}{query}")
