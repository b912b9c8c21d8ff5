"""To which stations an incident may be passed on."""

from __future__ import annotations

import pytest

from tests.world import World
from wristband.db import db, transaction
from wristband.incidents.neighbours import SHOWN, list_choice
from wristband.stations.models import Station
from wristband.values.position import Position

AT_DATONG = Position(24.723, 118.152)


@pytest.fixture
def named(world: World) -> World:
    """Thirty stations called the same, the nearest the last by name, and one beyond the antimeridian."""
    spots = [(24.723, 118.152 + step / 10) for step in range(30, 0, -1)] + [(24.7, -179.9)]
    with transaction():
        for number, (latitude, longitude) in enumerate(spots):
            db.session.add(
                Station(
                    source="tests",
                    source_id=f"named-{number}",
                    name=f"示例{number:02d}所",
                    address="示例街道",
                    latitude=latitude,
                    longitude=longitude,
                    imported_at=world.now,
                )
            )
    return world


def test_by_name_the_nearest_come_first_and_none_of_them_is_left_out(named: World) -> None:
    found = list_choice("示例", AT_DATONG, beside=named.station_id)
    assert len(found) == SHOWN
    assert [one.station.name for one in found[:4]] == ["示例29所", "示例28所", "示例27所", "示例26所"]
    assert [round(one.metres or 0) // 1000 for one in found[:4]] == [10, 20, 30, 40]


def test_across_the_antimeridian_is_near(named: World) -> None:
    found = list_choice("示例", Position(24.7, 179.9), beside=named.station_id)
    assert found[0].station.name == "示例30所"


def test_without_a_place_they_come_by_name_and_no_distance_is_told(named: World) -> None:
    found = list_choice("示例", None, beside=named.station_id)
    assert [(one.station.name, one.metres) for one in found[:2]] == [("示例00所", None), ("示例01所", None)]


@pytest.mark.parametrize("words", ["示\0例", "100%", "_", "没有这样的所"])
def test_words_that_no_name_holds_find_nothing(named: World, words: str) -> None:
    assert list_choice(words, AT_DATONG, beside=named.station_id) == []


@pytest.mark.parametrize("nothing", ["", "  "])
def test_without_words_the_nearest_are_shown_but_for_the_one_that_asks(named: World, nothing: str) -> None:
    found = list_choice(nothing, AT_DATONG, beside=named.station_id)
    assert [one.station.id for one in found[:1]] == [named.other_station_id]
    assert named.station_id not in {one.station.id for one in found}
    assert list_choice(nothing, None, beside=named.station_id) == []
