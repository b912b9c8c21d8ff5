"""Stations asked for by place, district and id."""

from __future__ import annotations

import pytest

from tests.world import World
from wristband.db import db, transaction
from wristband.stations import queries
from wristband.stations.models import Station
from wristband.values.position import Position

AT_DATONG = Position(24.7231, 118.1521)


def test_the_nearest_stand_first_with_their_metres(world: World) -> None:
    found = queries.nearest(AT_DATONG, 5)
    assert [one.station.id for one in found] == [world.station_id, world.other_station_id]
    assert found[0].metres < 20 < 1000 < found[1].metres


@pytest.mark.parametrize("most", [0, -1])
def test_none_are_none(world: World, most: int) -> None:
    assert queries.nearest(AT_DATONG, most) == []


@pytest.mark.usefixtures("app")
def test_where_there_are_no_stations_none_is_near() -> None:
    assert queries.nearest(AT_DATONG) == []
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
