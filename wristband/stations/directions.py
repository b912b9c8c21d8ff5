"""Links that open a map at a station, each in the datum, order and form its provider expects; keyless, no request.

A link names the destination only: the map starts from "here" by itself, and no finder's position leaves the page.
Forms and datums as documented at lbs.amap.com, lbs.qq.com, lbsyun.baidu.com and developers.google.com.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import quote, urlencode

from wristband.values.position import Position, inside_gcj02_zone, to_gcj02

# WeChat's own mark in its user agent, in small letters.
_IN_WECHAT = "micromessenger"
_LONGEST_LABEL = 60
_SEARCHED = "派出所"
_SEARCHED_ABROAD = "police station"
_SEARCH_RADIUS_M = 5000
# Signs that part fields inside a parameter (Amap's "lon,lat,name", geo's "(name)"), by their full-width likeness.
_FIELD_SIGNS = {ord(sign): ord(sign) + 0xFEE0 for sign in ",|;()<>&#%\"'"}


class MapProvider(StrEnum):
    """A map a finder may have."""

    AMAP = "amap"
    TENCENT = "tencent"
    BAIDU = "baidu"
    APPLE = "apple"
    GOOGLE = "google"
    GEO = "geo"


@dataclass(frozen=True, slots=True)
class MapLink:
    """One button: whose map, and the address it opens (percent-encoded ASCII, to be escaped for HTML as usual)."""

    provider: MapProvider
    href: str


_WECHAT = (MapProvider.TENCENT, MapProvider.AMAP, MapProvider.BAIDU)
_ALIBABA = (MapProvider.AMAP, MapProvider.TENCENT)
_APPLE_BROWSER = (MapProvider.APPLE, MapProvider.AMAP, MapProvider.TENCENT)
_ANY_OTHER = (MapProvider.AMAP, MapProvider.TENCENT, MapProvider.BAIDU)
_ABROAD = (MapProvider.GOOGLE, MapProvider.APPLE, MapProvider.GEO)

# The first mark found decides: WeChat on an iPhone is WeChat before it is an iPhone.
_ORDER_BY_MARK = (
    (_IN_WECHAT, _WECHAT),
    ("alipayclient", _ALIBABA),
    ("dingtalk", _ALIBABA),
    ("iphone", _APPLE_BROWSER),
    ("ipad", _APPLE_BROWSER),
    ("ipod", _APPLE_BROWSER),
)


def links(destination: Position, name: str, *, user_agent: str, app: str) -> list[MapLink]:
    """Walking directions to `destination`, the likeliest map first; `app` tells providers who refers.

    The user agent only orders the buttons; print name, address and phone beside them in any case.
    """
    label = _label(name) or _SEARCHED
    if inside_gcj02_zone(destination.latitude, destination.longitude):
        order = _order(user_agent)
        latitude, longitude = to_gcj02(destination)
    else:
        order = _ABROAD
        latitude, longitude = destination.latitude, destination.longitude
    return [MapLink(provider, _directions(provider, latitude, longitude, label, _label(app))) for provider in order]


def in_wechat(user_agent: str) -> bool:
    """Whether the page is looked at inside WeChat, as far as the browser says."""
    return _IN_WECHAT in user_agent.lower()


def nearby_search_links(position: Position | None, *, user_agent: str, app: str) -> list[MapLink]:
    """Searches for police stations, for when we know of none: around `position`, or around the phone if None.

    A position given does reach the map provider, so pass a city's centre or what its owner agreed to send; it is
    rounded to 0.001 degrees (about 100 m), which is plenty for a search of 5 km.
    """
    if position is not None:
        position = Position(round(position.latitude, 3), round(position.longitude, 3))
        if not inside_gcj02_zone(position.latitude, position.longitude):
            return _searches_abroad(position)
    searches = {
        MapProvider.AMAP: _amap_search(position, _label(app)),
        MapProvider.TENCENT: _tencent_search(position, _label(app)),
        MapProvider.APPLE: _apple_search(position),
    }
    return [MapLink(provider, searches[provider]) for provider in _order(user_agent) if provider in searches]


def _directions(provider: MapProvider, latitude: float, longitude: float, label: str, app: str) -> str:
    """The address at `provider` for a destination already in the provider's datum there."""
    lat_lon, lon_lat = _pair(latitude, longitude), _pair(longitude, latitude)
    if provider is MapProvider.AMAP:
        to = f"{lon_lat},{label}"
        return _address("https://uri.amap.com/navigation", to=to, mode="walk", policy="0", src=app, callnative="1")
    if provider is MapProvider.TENCENT:
        return _address(
            "https://apis.map.qq.com/uri/v1/routeplan",
            type="walk", to=label, tocoord=lat_lon, coord_type="2", policy="0", referer=app,
        )  # fmt: skip
    if provider is MapProvider.BAIDU:
        # Baidu's route needs an origin, which we do not give away: its pin has a button for the way.
        return _address(
            "https://api.map.baidu.com/marker",
            location=lat_lon, title=label, content=label, output="html", coord_type="gcj02", src=f"webapp.{app}.{app}",
        )  # fmt: skip
    if provider is MapProvider.APPLE:
        return _address("https://maps.apple.com/", daddr=lat_lon, dirflg="w", q=label)
    if provider is MapProvider.GOOGLE:
        return _address("https://www.google.com/maps/dir/", api="1", destination=lat_lon, travelmode="walking")
    return f"geo:{lat_lon}?q={lat_lon}({quote(label, safe='')})"


def _amap_search(position: Position | None, app: str) -> str:
    around = {"center": _pair(*reversed(to_gcj02(position)))} if position else {}
    return _address("https://uri.amap.com/search", keyword=_SEARCHED, **around, view="map", src=app, callnative="1")


def _tencent_search(position: Position | None, app: str) -> str:
    """Tencent takes WGS-84 as coord_type 1, and "CurrentLocation" (phones only) for the phone's own place."""
    center = _pair(position.latitude, position.longitude) if position else "CurrentLocation"
    return _address(
        "https://apis.map.qq.com/uri/v1/search",
        keyword=_SEARCHED, center=center, radius=str(_SEARCH_RADIUS_M), coord_type="1", referer=app,
    )  # fmt: skip


def _apple_search(position: Position | None) -> str:
    around = {"sll": _pair(*to_gcj02(position))} if position else {}
    return _address("https://maps.apple.com/", q=_SEARCHED, **around)


def _searches_abroad(position: Position) -> list[MapLink]:
    lat_lon = _pair(position.latitude, position.longitude)
    google = _address("https://www.google.com/maps/search/", api="1", query=f"{_SEARCHED_ABROAD} {lat_lon}")
    apple = _address("https://maps.apple.com/", q=_SEARCHED_ABROAD, sll=lat_lon)
    geo = f"geo:{lat_lon}?q={quote(_SEARCHED_ABROAD)}"
    return [
        MapLink(MapProvider.GOOGLE, google),
        MapLink(MapProvider.APPLE, apple),
        MapLink(MapProvider.GEO, geo),
    ]


def _order(user_agent: str) -> tuple[MapProvider, ...]:
    agent = user_agent.lower()
    return next((order for mark, order in _ORDER_BY_MARK if mark in agent), _ANY_OTHER)


def _label(text: str) -> str:
    """`text` as one short line no provider can misread: no control or direction marks, no field separators."""
    visible = "".join(" " if unicodedata.category(character)[0] in "CZ" else character for character in text)
    return " ".join(visible.translate(_FIELD_SIGNS).split())[:_LONGEST_LABEL].strip()


def _pair(first: float, second: float) -> str:
    """Two coordinates to six decimals, some 10 cm."""
    return f"{first:.6f},{second:.6f}"


def _address(base: str, **parameters: str) -> str:
    """`base` with its query, percent-encoded UTF-8 (a space as %20, since apps read "+" as itself)."""
    return f"{base}?{urlencode(parameters, quote_via=quote, safe=',')}"
