"""Links into map apps."""

from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wristband.stations.directions import MapLink, MapProvider, in_wechat, links, nearby_search_links
from wristband.values.position import Position

TONGAN = Position(24.723, 118.152)
KINMEN = Position(24.4366, 118.3186)
TAIPEI = Position(25.0375, 121.5637)
NAME = "示例·大同派出所"

AMAP, TENCENT, BAIDU, APPLE, GOOGLE, GEO = MapProvider
WECHAT_IPHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Mobile/15E148 MicroMessenger/8.0.50"
WECHAT_ANDROID = "Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 Chrome/116.0 MicroMessenger/8.0.47 XWEB/1160117"
ALIPAY = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AlipayClient/10.6.0"
DINGTALK = "Mozilla/5.0 (Linux; Android 14) AliApp(DingTalk/7.6.0)"
IPHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Version/18.0 Mobile/15E148 Safari/604.1"
ANDROID = "Mozilla/5.0 (Linux; Android 14; Pixel 8) AppleWebKit/537.36 Chrome/129.0 Mobile Safari/537.36"
HARMONY = "Mozilla/5.0 (Phone; OpenHarmony 5.0) AppleWebKit/537.36 Chrome/114.0 ArkWeb/4.1 Mobile"
AGENTS = [WECHAT_IPHONE, WECHAT_ANDROID, ALIPAY, DINGTALK, IPHONE, ANDROID, HARMONY, ""]


def link_of(provider: MapProvider, destination: Position = TONGAN, name: str = NAME) -> str:
    agent = IPHONE if provider is APPLE else ANDROID
    return {link.provider: link.href for link in links(destination, name, user_agent=agent, app="tongan")}[provider]


def query_of(href: str) -> dict[str, str]:
    return {key: values[0] for key, values in parse_qs(urlsplit(href).query, strict_parsing=True).items()}


@pytest.mark.parametrize(
    ("agent", "order"),
    [
        (WECHAT_IPHONE, [TENCENT, AMAP, BAIDU]),
        (WECHAT_ANDROID, [TENCENT, AMAP, BAIDU]),
        (ALIPAY, [AMAP, TENCENT]),
        (DINGTALK, [AMAP, TENCENT]),
        (IPHONE, [APPLE, AMAP, TENCENT]),
        (ANDROID, [AMAP, TENCENT, BAIDU]),
        (HARMONY, [AMAP, TENCENT, BAIDU]),
        ("", [AMAP, TENCENT, BAIDU]),
    ],
)
def test_the_browser_orders_the_buttons(agent: str, order: list[MapProvider]) -> None:
    assert [link.provider for link in links(TONGAN, NAME, user_agent=agent, app="tongan")] == order


@pytest.mark.parametrize("agent", AGENTS)
@pytest.mark.parametrize("destination", [KINMEN, TAIPEI, Position(35.68, 139.77)])
def test_outside_the_zone_the_maps_are_those_of_the_world(agent: str, destination: Position) -> None:
    found = links(destination, NAME, user_agent=agent, app="tongan")
    assert [link.provider for link in found] == [GOOGLE, APPLE, GEO]


def test_amap_gets_gcj02_longitude_first() -> None:
    href = link_of(AMAP)
    assert href.startswith("https://uri.amap.com/navigation?")
    assert query_of(href) == {
        "to": f"118.156908,24.720290,{NAME}",
        "mode": "walk",
        "policy": "0",
        "src": "tongan",
        "callnative": "1",
    }


def test_tencent_gets_gcj02_latitude_first_and_is_told_so() -> None:
    href = link_of(TENCENT)
    assert href.startswith("https://apis.map.qq.com/uri/v1/routeplan?")
    assert query_of(href) == {
        "type": "walk",
        "to": NAME,
        "tocoord": "24.720290,118.156908",
        "coord_type": "2",
        "policy": "0",
        "referer": "tongan",
    }


def test_baidu_gets_a_pin_in_gcj02_since_its_route_wants_an_origin() -> None:
    href = link_of(BAIDU)
    assert href.startswith("https://api.map.baidu.com/marker?")
    assert query_of(href) == {
        "location": "24.720290,118.156908",
        "title": NAME,
        "content": NAME,
        "output": "html",
        "coord_type": "gcj02",
        "src": "webapp.tongan.tongan",
    }


def test_apple_gets_gcj02_on_the_mainland_and_wgs84_elsewhere() -> None:
    assert query_of(link_of(APPLE)) == {"daddr": "24.720290,118.156908", "dirflg": "w", "q": NAME}
    assert query_of(link_of(APPLE, KINMEN))["daddr"] == "24.436600,118.318600"


def test_google_and_geo_get_wgs84() -> None:
    google, geo = link_of(GOOGLE, KINMEN), link_of(GEO, KINMEN, "Jincheng (police)")
    assert query_of(google) == {"api": "1", "destination": "24.436600,118.318600", "travelmode": "walking"}
    assert geo.startswith("geo:24.436600,118.318600?q=24.436600,118.318600(Jincheng%20")
    assert geo.count("(") == geo.count(")") == 1


@pytest.mark.parametrize("name", ["", "   ", "\u202e\u200b\x00"])
def test_a_station_without_a_name_is_still_called_something(name: str) -> None:
    assert query_of(link_of(TENCENT, name=name))["to"] == "派出所"


def test_a_hostile_name_stays_within_its_field() -> None:
    hostile = "a,1,2&to=9,9#x|y\"><script>alert('x')</script>\r\nSet-Cookie: a=b %2C\ud800"
    query = query_of(link_of(AMAP, name=hostile))
    assert query["to"].split(",")[:2] == ["118.156908", "24.720290"]
    assert query["to"].count(",") == 2
    assert set(query) == {"to", "mode", "policy", "src", "callnative"}


@given(st.text(), st.text(), st.sampled_from(AGENTS), st.sampled_from([TONGAN, KINMEN]))
def test_every_link_is_plain_ascii_with_the_fields_it_should_have(
    name: str, app: str, agent: str, destination: Position
) -> None:
    for link, expected in zip(
        links(destination, name, user_agent=agent, app=app),
        links(destination, "A", user_agent=agent, app="B"),
        strict=True,
    ):
        assert link.href.isascii()
        assert not set(link.href) & set(" \"'<>\\^`{|}\r\n\t")
        assert link.href.split("?")[0] == expected.href.split("?")[0]
        assert link.href.count("&") == expected.href.count("&")
        assert len(link.href) < 2000


@given(st.text())
def test_any_user_agent_gets_maps(agent: str) -> None:
    assert len(links(TONGAN, NAME, user_agent=agent, app="tongan")) >= 2


def test_the_search_is_around_the_phone_when_no_place_is_given() -> None:
    amap, tencent = nearby_search_links(None, user_agent=ANDROID, app="tongan")
    assert query_of(amap.href) == {"keyword": "派出所", "view": "map", "src": "tongan", "callnative": "1"}
    assert query_of(tencent.href) == {
        "keyword": "派出所",
        "center": "CurrentLocation",
        "radius": "5000",
        "coord_type": "1",
        "referer": "tongan",
    }


def test_the_search_says_each_map_the_place_in_its_datum() -> None:
    amap, tencent = nearby_search_links(TONGAN, user_agent=ANDROID, app="tongan")
    assert amap.href.startswith("https://uri.amap.com/search?")
    assert query_of(amap.href)["center"] == "118.156908,24.720290"
    assert tencent.href.startswith("https://apis.map.qq.com/uri/v1/search?")
    assert query_of(tencent.href)["center"] == "24.723000,118.152000"
    assert query_of(tencent.href)["coord_type"] == "1"


def test_the_search_is_no_finer_than_a_hundred_metres() -> None:
    exact = Position(24.7234321, 118.1517655)
    assert nearby_search_links(exact, user_agent=IPHONE, app="a") == nearby_search_links(
        Position(24.723, 118.152), user_agent=IPHONE, app="a"
    )


def test_the_search_on_an_iphone_asks_its_own_map_first() -> None:
    apple, amap, tencent = nearby_search_links(None, user_agent=IPHONE, app="tongan")
    assert (apple.provider, amap.provider, tencent.provider) == (APPLE, AMAP, TENCENT)
    assert query_of(apple.href) == {"q": "派出所"}
    around = nearby_search_links(TONGAN, user_agent=IPHONE, app="tongan")[0]
    assert query_of(around.href) == {"q": "派出所", "sll": "24.720290,118.156908"}


@pytest.mark.parametrize("agent", AGENTS)
def test_wechat_is_known_by_its_own_mark(agent: str) -> None:
    assert in_wechat(agent) is (agent in (WECHAT_IPHONE, WECHAT_ANDROID))


def test_the_search_in_wechat_asks_tencent_first() -> None:
    found = nearby_search_links(TONGAN, user_agent=WECHAT_ANDROID, app="tongan")
    assert [link.provider for link in found] == [TENCENT, AMAP]


def test_the_search_abroad_asks_the_maps_of_the_world() -> None:
    assert nearby_search_links(KINMEN, user_agent=IPHONE, app="tongan") == [
        MapLink(GOOGLE, "https://www.google.com/maps/search/?api=1&query=police%20station%2024.437000,118.319000"),
        MapLink(APPLE, "https://maps.apple.com/?q=police%20station&sll=24.437000,118.319000"),
        MapLink(GEO, "geo:24.437000,118.319000?q=police%20station"),
    ]
