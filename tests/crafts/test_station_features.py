"""GeoJSON and Overpass files. Every station, address and number is made up (0592 000 0000 is nobody's)."""

import json

import pytest

from tests.crafts.station_files import FILES, TONGAN, file_of, reasons_of, stations_of
from wristband.stations.files import StationRow, count, read
from wristband.stations.rules import metres_between
from wristband.values.phone import Phone
from wristband.values.position import Position


def test_geojson_points_and_centres_of_areas_are_places() -> None:
    places = {row.source_id: (row.name, row.position) for row in stations_of(FILES / "tongan.geojson")}
    assert places["p1"] == ("示例·点派出所", TONGAN)
    name, centre = places["2"]
    assert name == "示例·面派出所"
    assert (centre.latitude, centre.longitude) == pytest.approx((24.71, 118.13), abs=1e-9)
    ((_, middle),) = [place for place in places.values() if place[0] == "示例·多面派出所"]
    assert (middle.latitude, middle.longitude) == pytest.approx((24.71, 118.23), abs=1e-9)


def test_geojson_faults_have_their_reasons() -> None:
    assert reasons_of(FILES / "tongan.geojson") == {
        4: "station.place_missing",
        5: "station.place_missing",
        6: "station.unreadable_row",
        7: "station.unreadable_row",
        8: "station.not_for_the_lost",
    }


def test_geojson_numbers_are_codes_too() -> None:
    assert stations_of(FILES / "tongan.geojson")[0].adcode == "350212"


def test_geojson_may_name_the_datum_of_its_rows() -> None:
    feature = {
        "type": "Feature",
        "geometry": {"type": "Point", "coordinates": [118.156908, 24.720290]},
        "properties": {"name": "示例·东派出所", "坐标系": "gcj02"},
    }
    (station,) = stations_of(file_of(json.dumps(feature)))
    assert metres_between(station.position, TONGAN) < 0.1


@pytest.mark.parametrize(
    "coordinates",
    [[], [118.1], ["118.1", None], [118.1, True], [1e999, 24.7], [10**400, 24.7], None, 5, {"a": 1}, [[118.1], 24.7]],
)
def test_a_point_that_is_none_rejects_its_row(coordinates: object) -> None:
    feature = {
        "type": "Feature",
        "geometry": {"type": "Point", "coordinates": coordinates},
        "properties": {"name": "示例·东派出所"},
    }
    assert set(reasons_of(file_of(json.dumps(feature))).values()) <= {"station.place_missing", "position.out_of_range"}


@pytest.mark.parametrize("ring", [[], [[118.1, 24.7]], [[118.1, 24.7], [118.2, 24.8], [118.1, 24.7]], [[1]], "ring"])
@pytest.mark.parametrize("kind", ["Polygon", "MultiPolygon"])
def test_an_area_without_area_is_no_crash(ring: object, kind: str) -> None:
    coordinates = [ring] if kind == "Polygon" else [[ring]]
    feature = {
        "type": "Feature",
        "geometry": {"type": kind, "coordinates": coordinates},
        "properties": {"name": "示例·东派出所"},
    }
    assert count(file_of(json.dumps(feature))) == len(list(read(file_of(json.dumps(feature)), name="a.json"))) == 1


def test_a_line_drawn_as_an_area_lies_at_its_middle() -> None:
    ring = [[118.1, 24.7], [118.2, 24.8], [118.1, 24.7]]
    feature = {
        "type": "Feature",
        "geometry": {"type": "Polygon", "coordinates": [ring]},
        "properties": {"name": "示例·东派出所"},
    }
    (station,) = stations_of(file_of(json.dumps(feature)))
    assert (station.position.latitude, station.position.longitude) == pytest.approx((24.75, 118.15))


def test_overpass_elements_are_stations_with_their_licence() -> None:
    node, way = stations_of(FILES / "overpass.json", zone_only=True)
    assert node == StationRow(
        line=1,
        source="openstreetmap",
        source_id="node/1",
        name="示例·节点派出所",
        address="示例市示例路1号",
        phone=Phone("+865920000000"),
        position=Position(24.7, 118.1),
        org_code="",
        adcode="",
        district="",
        opening_hours="24/7",
        licence="ODbL-1.0",
    )
    assert (way.source_id, way.address, way.position) == ("way/2", "示例全址", Position(24.71, 118.11))


def test_overpass_places_that_do_not_look_after_the_lost_are_dropped_aloud() -> None:
    assert reasons_of(FILES / "overpass.json", zone_only=True) == {
        4: "station.not_for_the_lost",
        5: "station.not_for_the_lost",
        6: "station.name_missing",
        7: "station.place_missing",
        8: "station.outside_zone",
        9: "station.duplicate",
    }


@pytest.mark.parametrize("name", ["派出所", "公安局", "分局", "警务站", "警务室", "边防", "Police Box"])
def test_overpass_keeps(name: str) -> None:
    element = {"type": "node", "id": 1, "lat": 24.7, "lon": 118.1, "tags": {"name": f"示例·{name}"}}
    assert len(stations_of(file_of(json.dumps({"elements": [element]})))) == 1


@pytest.mark.parametrize(
    "name", ["交警", "车管", "出入境", "看守", "拘留", "消防", "检查站", "户政", "交警分局", "Embassy"]
)
def test_overpass_drops(name: str) -> None:
    element = {"type": "node", "id": 1, "lat": 24.7, "lon": 118.1, "tags": {"name": f"示例·{name}"}}
    assert reasons_of(file_of(json.dumps({"elements": [element]}))) == {1: "station.not_for_the_lost"}
