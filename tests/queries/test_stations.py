"""Stations asked for by place, district and id."""

from __future__ import annotations

from datetime import datetime

import pytest

from tests.world import World
from wristband.clock import ZONE
from wristband.db import db, transaction
from wristband.stations import queries
from wristband.stations.models import Station
from wristband.stations.opening_hours import Opening
from wristband.values.position import Position

AT_DATONG = Position(24.7231, 118.1521)
NIGHT = datetime(2026, 11, 24, 23, 0, tzinfo=ZONE)
BY_DAY = "Mo-Su 08:00-18:00"


def add(name: str, latitude: float, longitude: float, hours: str = "", **more: str) -> Station:
    """A station more, in the caller's deed."""
    station = Station(
        source="tests",
        source_id=name,
        name=name,
        latitude=latitude,
        longitude=longitude,
        opening_hours=hours,
        imported_at=NIGHT,
        **more,
    )
    db.session.add(station)
    return station


def names(listed: list[queries.ListedStation]) -> list[tuple[str, Opening]]:
    return [(one.station.name, one.standing.opening) for one in listed]


def test_the_nearest_stand_first_with_their_metres(world: World) -> None:
    found = queries.nearest(AT_DATONG, 5)
    assert [one.station.id for one in found] == [world.station_id, world.other_station_id]
    assert found[0].metres < 20 < 1000 < found[1].metres


@pytest.mark.parametrize("most", [0, -1])
def test_none_are_none(world: World, most: int) -> None:
    assert queries.nearest(AT_DATONG, most) == []


@pytest.mark.usefixtures("app")
def test_where_there_are_no_stations_none_is_near() -> None:
    assert queries.nearest(AT_DATONG, 5) == []
    assert queries.list_districts() == []
    assert queries.list_names() == []


def test_a_station_that_is_gone_is_not_found(world: World) -> None:
    assert queries.nearest(AT_DATONG, 1)[0].station.id == world.station_id
    assert queries.find_station(world.station_id)
    assert queries.find_station(None) is None
    assert queries.find_station(10**30) is None


def test_stations_are_listed_by_district(world: World) -> None:
    with transaction():
        db.session.add(
            Station(
                source="tests",
                source_id="3",
                name="湖里派出所",
                latitude=24.5,
                longitude=118.1,
                district="湖里区",
                adcode="350206",
                imported_at=world.now,
            )
        )
    assert queries.list_districts() == [("同安区", 2), ("湖里区", 1)]
    assert [station.name for station in queries.list_in_district("同安区")] == ["大同派出所", "祥平派出所"]
    assert [name for _, name in queries.list_names()] == ["大同派出所", "祥平派出所", "湖里派出所"]
    assert queries.position_of(queries.list_in_district("湖里区")[0]) == Position(24.5, 118.1)


@pytest.mark.parametrize("district", ["", "同安", "思明区", "同安区\0", "\0", "%", "x" * 10_000])
def test_a_district_that_is_none_has_no_stations(world: World, district: str) -> None:
    assert queries.list_in_district(district) == []


def test_a_station_is_found_by_its_whole_name(world: World) -> None:
    found = queries.find_station_by_name(" 大同派出所 ")
    assert found
    assert found.id == world.station_id
    assert queries.find_station_by_name("大同") is None


def test_stations_of_one_import_are_all_found_though_they_come_in_several_deeds(world: World) -> None:
    with transaction():
        add("先到", 24.7300, 118.1600)
    assert len(queries.nearest(AT_DATONG, 9)) == 3
    with transaction():
        add("后到", 24.7301, 118.1601)
    assert len(queries.nearest(AT_DATONG, 9)) == 4


def test_a_station_that_moved_is_where_it_is_now(world: World) -> None:
    assert queries.nearest(AT_DATONG, 1)[0].station.id == world.station_id
    with transaction():
        db.session.get_one(Station, world.station_id).latitude = 30.0
    assert queries.nearest(AT_DATONG, 1)[0].station.id == world.other_station_id


@pytest.mark.parametrize(("place", "k"), [(AT_DATONG, 1), (AT_DATONG, 9), (Position(60, -100), 2), (AT_DATONG, 0)])
def test_a_deed_that_finds_no_index_builds_none_and_is_as_exact(world: World, place: Position, k: int) -> None:
    with transaction():
        add("远处", 39.9, 116.4)
        db.session.flush()
        before = dict(queries._indexes)
        found = queries.nearest(place, k)
        assert queries._indexes == before
    assert [(one.station.id, one.metres) for one in found] == [
        (one.station.id, one.metres) for one in queries.nearest(place, k)
    ]


def test_an_index_made_ready_serves_the_deed_that_follows(world: World) -> None:
    queries.make_ready()
    with transaction():
        index = queries._find_index()
    assert index is not None
    assert len(index) == 2


def test_what_is_closed_comes_last_and_what_is_unknown_counts_as_open(world: World) -> None:
    with transaction():
        add("近而关着", AT_DATONG.latitude, AT_DATONG.longitude, BY_DAY)
        add("稍远", 24.7240, 118.1530, "24/7")
    assert names(queries.list_near(AT_DATONG, 3, now=NIGHT)) == [
        ("大同派出所", Opening.UNKNOWN),
        ("稍远", Opening.OPEN),
        ("祥平派出所", Opening.UNKNOWN),
        ("近而关着", Opening.CLOSED),
    ]
    by_day = queries.list_near(AT_DATONG, 3, now=NIGHT.replace(hour=12))
    assert [one.station.name for one in by_day] == ["近而关着", "大同派出所", "稍远"]
