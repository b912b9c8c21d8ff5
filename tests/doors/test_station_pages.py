"""The way to the nearest police station."""

from __future__ import annotations

import math
import re
from urllib.parse import parse_qs, urlsplit

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests import world as cast
from tests.doors.asking import ON_SQLITE, count, statements, tells, words
from tests.world import World
from wristband import clock
from wristband.db import db, transaction
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
