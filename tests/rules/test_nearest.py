"""Which stations are nearest."""

import math

import pytest
from geopy.distance import geodesic
from hypothesis import given
from hypothesis import strategies as st

from wristband.stations.rules import StationIndex, metres_between, walking_minutes
from wristband.values.position import Position

TONGAN = Position(24.723, 118.152)

# Whole earth, then the seams: poles and antimeridian, and a crowd in one town.
everywhere = st.builds(Position, st.floats(-90, 90), st.floats(-180, 180))
seams = st.builds(
    Position,
    st.sampled_from([-90.0, -89.999, 89.999, 90.0, 0.0]) | st.floats(89, 90),
    st.sampled_from([-180.0, -179.999, 179.999, 180.0, 0.0]) | st.floats(179, 180),
)
in_town = st.builds(Position, st.floats(24.70, 24.75), st.floats(118.12, 118.18))
on_a_grid = st.builds(Position, st.integers(-90, 90).map(float), st.integers(-180, 180).map(float))
positions = everywhere | seams | in_town | on_a_grid


def index_of(*spots: Position) -> StationIndex:
    """Numbered from 1."""
    return StationIndex(range(1, len(spots) + 1), [one.latitude for one in spots], [one.longitude for one in spots])


def by_brute_force(among: list[Position], position: Position, k: int) -> list[float]:
    """Distances by geopy, an implementation of the same geodesic that shares no walk with ours."""
    here = (position.latitude, position.longitude)
    everyone = [geodesic(here, (spot.latitude, spot.longitude)).m for spot in among]
    return sorted(everyone)[:k]


@given(st.lists(positions, max_size=40), positions, st.integers(1, 6))
def test_the_nearest_are_those_of_brute_force(spots: list[Position], position: Position, k: int) -> None:
    found = index_of(*spots).nearest(position, k)
    assert [metres for _, metres in found] == pytest.approx(by_brute_force(spots, position, k), abs=1e-6)
    assert len({station_id for station_id, _ in found}) == len(found) == min(k, len(spots))
    for station_id, metres in found:
        assert metres == metres_between(position, spots[station_id - 1])


def test_among_many_the_nearest_are_those_of_brute_force() -> None:
    # A lattice bent by irrational steps: 2,000 stations over the whole zone, without chance.
    spots = [
        Position(18 + (number * math.sqrt(2) * 7) % 35, 74 + (number * math.sqrt(3) * 11) % 60)
        for number in range(2000)
    ]
    index = index_of(*spots)
    for position in (TONGAN, Position(45, 90), Position(-24, -62), Position(90, 0), Position(0, 180)):
        found = index.nearest(position, 5)
        assert [metres for _, metres in found] == pytest.approx(by_brute_force(spots, position, 5), abs=1e-6)


def test_among_thousands_at_the_seams_the_nearest_are_those_of_brute_force() -> None:
    # Half within two degrees of a pole, half as near to the antimeridian: more than are looked at first.
    steps = [((number * math.sqrt(2)) % 1, (number * math.sqrt(3)) % 1) for number in range(2600)]
    spots = [
        Position(88 + 2 * one, 360 * other - 180) if number % 2 else Position(60 * one - 30, 178 + 2 * other)
        for number, (one, other) in enumerate(steps)
    ]
    index = index_of(*spots)
    for position in (Position(90, 0), Position(89.2, -179.9), Position(5, -179.99), Position(-90, 12), Position(40, 0)):
        found = index.nearest(position, 4)
        assert [metres for _, metres in found] == pytest.approx(by_brute_force(spots, position, 4), abs=1e-6)


def test_across_the_antimeridian_is_near() -> None:
    index = index_of(Position(0, 170), Position(0, -179.9))
    assert [station_id for station_id, _ in index.nearest(Position(0, 179.9), 1)] == [2]


def test_across_the_pole_is_near() -> None:
    index = index_of(Position(85, 0), Position(89, 180))
    assert [station_id for station_id, _ in index.nearest(Position(89, 0), 1)] == [2]


def test_true_distance_decides_where_a_sphere_would_err() -> None:
    # On a sphere the eastern station is nearer, on the ellipsoid the northern one.
    here, north, east = Position(0, 0), Position(0.9, 0), Position(0, 0.897)
    assert index_of(north, east).nearest(here, 1)[0][0] == 1


def test_equally_near_stations_come_in_the_order_of_their_ids() -> None:
    index = StationIndex([7, 3, 5], [TONGAN.latitude] * 3, [TONGAN.longitude] * 3)
    assert index.nearest(TONGAN, 2) == [(3, 0.0), (5, 0.0)]


def test_fewer_stations_than_asked_for_are_all_given() -> None:
    assert [station_id for station_id, _ in index_of(TONGAN).nearest(Position(-24.7, -61.8), 3)] == [1]


def test_no_stations_or_none_wanted_gives_none() -> None:
    assert index_of().nearest(TONGAN, 3) == []
    assert index_of(TONGAN).nearest(TONGAN, 0) == []
    assert len(index_of()) == 0


def test_a_degree_of_meridian_is_as_long_as_surveyors_say() -> None:
    assert metres_between(Position(0, 118), Position(1, 118)) == pytest.approx(110_574.4, abs=0.1)


@pytest.mark.parametrize(
    ("metres", "minutes"), [(0, 1), (1, 1), (51, 1), (52, 2), (500, 10), (520, 15), (1000, 20), (3000, 60), (5000, 105)]
)
def test_walking_is_reckoned_by_streets_and_rounded_up_as_the_estimate_it_is(metres: float, minutes: int) -> None:
    assert walking_minutes(metres) == minutes
