"""The way to the nearest police station."""

from __future__ import annotations

import math
import re
from datetime import UTC, datetime
from urllib.parse import parse_qs, urlsplit

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests import world as cast
from tests.doors.asking import ON_SQLITE, count, statements, tells, value_of, words
from tests.world import World
from wristband import clock
from wristband.db import db, transaction
from wristband.gateways.wechat import WechatPages
from wristband.gateways.wire import Limits
from wristband.scans.models import Scan
from wristband.stations.models import Station

HERE = {"latitude": "24.7101", "longitude": "118.1409", "accuracy": "25"}
HOSTILE = "\"'><script>alert(1)</script>&dest=0,0#\u202e|{{7*7}}"


def _add(name: str, latitude: float, longitude: float, *, district: str = "翔安区", **more: str) -> None:
    with transaction():
        db.session.add(
            Station(
                source="tests",
                source_id=name,
                name=name,
                address=more.get("address", "示例街道"),
                phone=more.get("phone", ""),
                opening_hours=more.get("hours", ""),
                latitude=latitude,
                longitude=longitude,
                district=district,
                imported_at=clock.now(),
            )
        )


def _haversine_m(lat_1: float, lon_1: float, lat_2: float, lon_2: float) -> float:
    one, other = math.radians(lat_1), math.radians(lat_2)
    chord = math.sin((other - one) / 2) ** 2
    chord += math.cos(one) * math.cos(other) * math.sin(math.radians(lon_2 - lon_1) / 2) ** 2
    return 2 * 6_371_009 * math.asin(math.sqrt(chord))


def test_the_nearest_come_first_with_their_true_distance(client: FlaskClient, world: World) -> None:
    _add("远处派出所", 24.9, 118.4)
    shown = words(client.post("/stations", data=HERE))
    order = [shown.index(name) for name in ("祥平派出所", "大同派出所", "远处派出所")]
    assert order == sorted(order)
    far = re.search(r"远处派出所.*?约 ([\d.]+) 公里", shown, re.S)
    assert far
    assert float(far[1]) == pytest.approx(_haversine_m(24.7101, 118.1409, 24.9, 118.4) / 1000, rel=0.02)


@ON_SQLITE
def test_across_the_date_line_the_nearest_is_still_the_nearest(client: FlaskClient, app: Flask) -> None:
    _add("西边", 0.0, 179.9)
    _add("东边", 0.0, -179.99)
    shown = words(client.post("/stations", data={"latitude": "0", "longitude": "179.999"}))
    assert shown.index("东边") < shown.index("西边")


@ON_SQLITE
def test_asking_for_the_way_keeps_no_place(client: FlaskClient, world: World) -> None:
    with statements() as seen:
        page = client.post("/stations", data=HERE)
    assert not [statement for statement in seen if not statement.lstrip().upper().startswith(("SELECT", "BEGIN"))]
    assert count(Scan) == 0
    assert "24.7101" not in page.get_data(as_text=True)


@ON_SQLITE
@pytest.mark.parametrize(
    ("place", "code"),
    [
        ({}, "position.not_a_number"),
        ({"latitude": "nan", "longitude": "nan"}, "position.not_a_number"),
        ({"latitude": "1e400", "longitude": "0"}, "position.not_a_number"),
        ({"latitude": "90.1", "longitude": "0"}, "position.out_of_range"),
    ],
)
def test_a_place_that_is_none_is_told(client: FlaskClient, world: World, place: dict[str, str], code: str) -> None:
    page = client.post("/stations", data=place)
    assert page.status_code == 422
    assert tells(page, code)
    assert 'href="tel:110"' in page.get_data(as_text=True)


@ON_SQLITE
def test_a_hostile_name_harms_neither_the_page_nor_a_link(client: FlaskClient, app: Flask) -> None:
    _add(HOSTILE, 24.71, 118.14, address=HOSTILE)
    page = client.post("/stations", data=HERE).get_data(as_text=True)
    assert "<script>alert" not in page
    assert "49" not in re.findall(r"<h2><bdi>(.*?)</bdi>", page)[0]
    outward = [link.replace("&amp;", "&") for link in re.findall(r'href="((?:https|geo):[^"]*)"', page)]
    assert outward
    for link in outward:
        assert re.fullmatch(r"[!-~]+", link)
        assert not {"'", "<", ">", "|"} & set(link)
        assert urlsplit(link).fragment == ""
        assert "dest" not in parse_qs(urlsplit(link).query)


@ON_SQLITE
def test_no_link_to_a_map_tells_it_where_it_was_tapped(client: FlaskClient, world: World) -> None:
    page = client.post("/stations", data=HERE).get_data(as_text=True)
    outward = re.findall(r'<a [^>]*href="https://[^>]*>', page)
    assert outward
    for link in outward:
        assert 'rel="noreferrer"' in link
        assert "24.7101" not in link


@ON_SQLITE
def test_a_district_lists_its_stations_and_no_other(client: FlaskClient, world: World) -> None:
    _add("马巷派出所", 24.66, 118.24)
    page = words(client.get("/stations?district=翔安区"))
    assert "马巷派出所" in page
    assert "大同派出所" not in page


@pytest.mark.parametrize("district", ["火星区", "%00", "%FF", "'%20OR%201=1--", "x" * 3000])
def test_an_unknown_district_is_empty_and_shows_110(client: FlaskClient, world: World, district: str) -> None:
    page = client.get(f"/stations?district={district}")
    assert page.status_code == 200
    assert "大同派出所" not in words(page)
    assert 'href="tel:110"' in page.get_data(as_text=True)


def test_an_empty_store_still_shows_maps_and_110(client: FlaskClient, app: Flask) -> None:
    for page in (client.get("/stations"), client.post("/stations", data=HERE)):
        assert page.status_code == 200
        assert 'href="tel:110"' in page.get_data(as_text=True)
        assert "amap.com" in page.get_data(as_text=True)


@ON_SQLITE
def test_the_finders_home_leads_to_code_and_stations(client: FlaskClient, world: World) -> None:
    page = client.get("/").get_data(as_text=True)
    assert 'href="/b"' in page
    assert 'href="/stations"' in page
    assert cast.ELDER["name"] not in page


@ON_SQLITE
def test_what_is_closed_is_marked_told_when_it_opens_and_shown_last(
    client: FlaskClient, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Friday, 18:00 in the stations' zone.
    monkeypatch.setattr(clock, "now", lambda: datetime(2026, 11, 27, 10, 0, tzinfo=UTC))
    _add("关着的", 24.7101, 118.1409, hours="Mo-Fr 08:30-12:00,14:30-17:30; PH off")
    _add("开着的", 24.7102, 118.1409, hours="08:00-21:00")
    _add("不懂的", 24.7103, 118.1409, hours="见告示")
    shown = words(client.post("/stations", data=HERE))
    order = [shown.index(name) for name in ("开着的", "不懂的", "祥平派出所", "关着的")]
    assert order == sorted(order)
    assert re.search(r"关着的\s+现在不接待，周一 08:30 开门", shown)
    assert re.search(r"开着的\s+现在开放，今天 21:00 关门", shown)
    assert re.search(r"不懂的\s+接待时间： 见告示", shown)
    assert re.search(r"祥平派出所\s+接待时间没有登记", shown)


@ON_SQLITE
def test_nobody_is_led_on_foot_over_many_kilometres(client: FlaskClient, world: World) -> None:
    _add("远处派出所", 24.9, 118.4)
    shown = words(client.post("/stations", data=HERE))
    assert re.search(r"祥平派出所.*?步行约 \d+ 分钟", shown, re.S)
    assert re.search(r"远处派出所.*?走过去太远，请拨 110", shown, re.S)


@ON_SQLITE
def test_no_district_is_chosen_before_somebody_chooses(client: FlaskClient, world: World) -> None:
    assert value_of(client.get("/stations"), "district") == ""
    assert re.search(r'<option value="">请选择</option>|<option value="" selected>请选择', client.get("/stations").text)
    assert value_of(client.get("/stations?district=同安区"), "district") == "同安区"


@ON_SQLITE
def test_a_phone_without_a_fix_is_not_at_0_0(client: FlaskClient, world: World) -> None:
    page = client.post("/stations", data={"latitude": "0", "longitude": "0"})
    assert page.status_code == 422
    assert tells(page, "stations.no_fix")


WECHAT = {"User-Agent": "Mozilla/5.0 (Linux; Android 14) Chrome/116.0 MicroMessenger/8.0.47"}


def _account(app: Flask, *, gives: bool) -> None:
    """An account at WeChat whose ticket is at hand, or nowhere to be had."""
    ours = WechatPages("wx110", "secret-of-wechat", Limits(public_only=True), url="http://127.0.0.1:9")
    if gives:
        ours._ticket, ours._good_until = "ticket", math.inf
    app.extensions["wechat"] = ours


@ON_SQLITE
def test_inside_wechat_its_script_is_allowed_from_its_one_host_and_on_this_page_alone(
    client: FlaskClient, world: World, app: Flask
) -> None:
    _account(app, gives=True)
    page = client.get("/stations?district=同安区", headers=WECHAT)
    policy = dict(part.split(" ", 1) for part in page.headers["Content-Security-Policy"].split("; "))
    assert policy["script-src"] == "'self' https://res.wx.qq.com"
    assert policy["connect-src"] == policy["img-src"] == "'self'"
    assert 'data-app="wx110"' in page.text
    assert "https://res.wx.qq.com/open/js/jweixin-1.6.0.js" in page.text
    assert "secret-of-wechat" not in page.text
    assert 'data-latitude="24.72' in page.text
    for answer in (client.get("/", headers=WECHAT), client.get("/stations")):
        assert "wx.qq.com" not in answer.headers["Content-Security-Policy"] + answer.text


@ON_SQLITE
def test_where_wechat_gives_no_ticket_the_page_does_without(client: FlaskClient, world: World, app: Flask) -> None:
    _account(app, gives=False)
    page = client.post("/stations", data=HERE, headers=WECHAT)
    assert page.status_code == 200
    assert "wx.qq.com" not in page.headers["Content-Security-Policy"] + page.text
    assert "apis.map.qq.com" in page.text
