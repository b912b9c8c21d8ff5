"""The drawing of where an elder was seen: to scale, inside its sheet, north up."""

from __future__ import annotations

import math

from hypothesis import given
from hypothesis import strategies as st

from wristband.incidents.schematic import HEIGHT, WIDTH, Told, draw
from wristband.values.position import Position

HERE = Position(24.7230, 118.1520)
latitudes = st.floats(-80, 80)
longitudes = st.floats(-180, 180)
places = st.builds(
    Told, st.builds(Position, latitudes, longitudes), st.none() | st.floats(0, 50_000), st.just("1 · 14:05")
)


def _told(north_m: float, east_m: float, accuracy_m: float | None = None) -> Told:
    latitude = HERE.latitude + north_m / 111_320
    longitude = HERE.longitude + east_m / 111_320 / math.cos(math.radians(HERE.latitude))
    return Told(Position(latitude, longitude), accuracy_m, "1")


def test_nothing_told_is_nothing_drawn() -> None:
    assert draw([], Told(HERE, None, "所")) is None


def test_north_is_up_and_east_is_right() -> None:
    drawn = draw([_told(0, 0), _told(300, 0), _told(0, 300)])
    assert drawn is not None
    here, north, east = drawn.places
    assert north.y < here.y
    assert abs(north.x - here.x) < 1
    assert east.x > here.x
    assert abs(east.y - here.y) < 1


def test_the_bar_and_the_circles_have_one_scale() -> None:
    drawn = draw([_told(0, 0, 100), _told(0, 1000)])
    assert drawn is not None
    one, other = drawn.places
    a_metre = (other.x - one.x) / 1000
    assert one.radius is not None
    assert abs(one.radius - 100 * a_metre) < 1
    assert abs(drawn.bar - drawn.bar_metres * a_metre) < 1
    assert other.radius is None


def test_a_station_beyond_a_days_walk_is_left_out() -> None:
    near, far = _told(0, 5_000), _told(0, 30_000)
    assert draw([_told(0, 0)], near).station is not None  # type: ignore[union-attr]
    assert draw([_told(0, 0)], far).station is None  # type: ignore[union-attr]


@given(st.lists(places, min_size=1, max_size=8), st.none() | places)
def test_whatever_is_told_stands_inside_the_sheet(told: list[Told], station: Told | None) -> None:
    drawn = draw(told, station)
    assert drawn is not None
    for point in [*drawn.places, *([drawn.station] if drawn.station else [])]:
        assert 0 <= point.x <= WIDTH
        assert 0 <= point.y <= HEIGHT
        assert point.radius is None or 0 <= point.radius <= HEIGHT / 2
    assert drawn.bar_metres >= 1
    assert 0 < drawn.bar <= WIDTH / 2
    assert str(drawn.bar_metres)[0] in "125"
    assert set(str(drawn.bar_metres)[1:]) <= {"0"}
