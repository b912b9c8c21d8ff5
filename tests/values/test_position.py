"""Positions, and the two datums Chinese maps use."""

import hashlib
import math
from importlib import resources

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from wristband.errors import BadValue
from wristband.values.position import (
    Crs,
    Position,
    from_crs,
    inside_gcj02_zone,
    near_gcj02_zone,
    to_bd09,
    to_gcj02,
)

TONGAN = Position(24.723, 118.152)
KINMEN = Position(24.4366, 118.3186)

# Agreed upon by three independent libraries to 0.1 mm.
KNOWN = {
    "Tong'an": (TONGAN, (24.720290, 118.156908), (24.726066, 118.163456)),
    "Xiamen station": (Position(24.466, 118.113), (24.463353, 118.117962), (24.469206, 118.124476)),
    "Hong Kong": (Position(22.281, 114.158), (22.278281, 114.162995), (22.284063, 114.169521)),
    "Beijing": (Position(39.9087, 116.3975), (39.910103, 116.403744), (39.916443, 116.410117)),
}
INSIDE = {
    "Tong'an": (24.723, 118.152),
    "Dadeng with Xiang'an airport": (24.544, 118.361),
    "Putuoshan": (29.987, 122.380),
    "Cheung Chau": (22.211, 114.028),
    "Urumqi": (43.825, 87.617),
    "Harbin": (45.803, 126.535),
    "Sanya": (18.253, 109.512),
    "Gulangyu": (24.447, 118.063),
}
OUTSIDE = {
    "Kinmen": (24.4366, 118.3186),
    "Lieyu": (24.428, 118.230),
    "Dadan": (24.386, 118.168),
    "Matsu": (26.150, 119.933),
    "Taipei": (25.0375, 121.5637),
    "Seoul": (37.5665, 126.9780),
    "Hanoi": (21.0285, 105.8542),
    "Osaka": (34.6937, 135.5023),
    "Ulaanbaatar": (47.9186, 106.9170),
    "Greenwich": (51.4779, 0.0),
}

everywhere = st.builds(Position, st.floats(-90, 90), st.floats(-180, 180))
around_china = st.builds(Position, st.floats(15, 54.5), st.floats(73, 135.5))


def metres_apart(one: Position, other: Position) -> float:
    north = (one.latitude - other.latitude) * 111_320
    east = (one.longitude - other.longitude) * 111_320 * math.cos(math.radians(one.latitude))
    return math.hypot(north, east)


def outcome_of_parsing(latitude: str, longitude: str) -> str:
    """The code of the refusal, "" if there was none."""
    try:
        Position.parse(latitude, longitude)
    except BadValue as refusal:
        return refusal.code
    return ""


@pytest.mark.parametrize("latitude", [math.nan, math.inf, -math.inf, 90.000001, -90.000001, 118.0])
def test_a_latitude_that_is_none_is_refused(latitude: float) -> None:
    with pytest.raises(BadValue) as refusal:
        Position(latitude, 118.0)
    assert refusal.value.code == "position.out_of_range"


@pytest.mark.parametrize("longitude", [math.nan, math.inf, -math.inf, 180.000001, -180.000001])
def test_a_longitude_that_is_none_is_refused(longitude: float) -> None:
    with pytest.raises(BadValue) as refusal:
        Position(24.7, longitude)
    assert refusal.value.code == "position.out_of_range"


def test_poles_and_the_antimeridian_are_places() -> None:
    assert Position(90, 180) == Position(90.0, 180.0)
    assert Position(-90, -180) == Position(-90.0, -180.0)


@pytest.mark.parametrize(
    ("latitude", "longitude"),
    [("24.723", "118.152"), (" 24.723 ", "118.152\n"), ("+24.723°", "118.1520°")],
)
def test_degrees_are_read_as_people_type_them(latitude: str, longitude: str) -> None:
    assert Position.parse(latitude, longitude) == TONGAN


def test_full_width_digits_and_signs_are_read() -> None:
    wide = str.maketrans({chr(code): chr(code + 0xFEE0) for code in range(0x21, 0x7F)})
    assert Position.parse("-24.723".translate(wide), "118.152".translate(wide)) == Position(-24.723, 118.152)
    assert Position.parse("\N{MINUS SIGN}24.723", "118.152") == Position(-24.723, 118.152)


@pytest.mark.parametrize("text", ["", " ", "nan", "inf", "1e1", "24,7", "24.7.2", "24²", "0x18", "北纬24", "٢٤", "--2"])
def test_what_is_no_decimal_number_is_refused(text: str) -> None:
    with pytest.raises(BadValue) as refusal:
        Position.parse(text, "118.152")
    assert refusal.value.code == "position.not_a_number"


@given(st.text(), st.text() | st.from_regex(r"[+-]?[0-9]{1,4}\.[0-9]*", fullmatch=True))
def test_any_text_gives_a_position_or_a_refusal(latitude: str, longitude: str) -> None:
    assert outcome_of_parsing(latitude, longitude) in {"", "position.not_a_number", "position.out_of_range"}
    assert outcome_of_parsing("24.7", longitude) in {"", "position.not_a_number", "position.out_of_range"}


@given(everywhere)
def test_written_degrees_are_read_back(position: Position) -> None:
    assert Position.parse(f"{position.latitude:.20f}", f"{position.longitude:.20f}") == Position(
        float(f"{position.latitude:.20f}"), float(f"{position.longitude:.20f}")
    )


def test_null_island_is_valid_but_told() -> None:
    assert Position(0, 0).is_null_island
    assert Position(0.0005, -0.0005).is_null_island
    assert not Position(0, 118).is_null_island
    assert not TONGAN.is_null_island


@pytest.mark.parametrize("place", KNOWN)
def test_known_places_shift_to_gcj02_and_bd09(place: str) -> None:
    position, gcj02, bd09 = KNOWN[place]
    assert to_gcj02(position) == pytest.approx(gcj02, abs=6e-7, rel=0)
    assert to_bd09(position) == pytest.approx(bd09, abs=6e-7, rel=0)


@pytest.mark.parametrize("place", KNOWN)
def test_known_places_come_back_from_gcj02_and_bd09(place: str) -> None:
    position, gcj02, bd09 = KNOWN[place]
    assert metres_apart(from_crs(*gcj02, Crs.GCJ02), position) < 0.1
    assert metres_apart(from_crs(*bd09, Crs.BD09), position) < 0.1
    assert from_crs(position.latitude, position.longitude, Crs.WGS84) == position


def test_a_point_in_kinmen_is_left_alone() -> None:
    kinmen = (KINMEN.latitude, KINMEN.longitude)
    assert to_gcj02(KINMEN) == kinmen
    assert to_bd09(KINMEN) == kinmen
    for crs in Crs:
        assert from_crs(*kinmen, crs) == KINMEN


def test_forgetting_to_convert_in_xiamen_costs_half_a_kilometre() -> None:
    assert 570 < metres_apart(TONGAN, Position(*to_gcj02(TONGAN))) < 585
    assert 1170 < metres_apart(TONGAN, Position(*to_bd09(TONGAN))) < 1225


@given(around_china)
def test_gcj02_comes_back_to_within_a_micrometre(position: Position) -> None:
    assume(inside_gcj02_zone(position.latitude, position.longitude))
    assert metres_apart(from_crs(*to_gcj02(position), Crs.GCJ02), position) < 1e-6


@given(around_china)
def test_bd09_comes_back_to_within_a_micrometre(position: Position) -> None:
    assume(inside_gcj02_zone(position.latitude, position.longitude))
    assert metres_apart(from_crs(*to_bd09(position), Crs.BD09), position) < 1e-6


@given(around_china)
def test_the_shift_is_never_far(position: Position) -> None:
    assert metres_apart(position, Position(*to_gcj02(position))) < 1000
    assert metres_apart(position, Position(*to_bd09(position))) < 2500


@given(everywhere)
def test_outside_the_zone_nothing_is_shifted(position: Position) -> None:
    assume(not inside_gcj02_zone(position.latitude, position.longitude))
    assert to_gcj02(position) == (position.latitude, position.longitude)
    assert to_bd09(position) == (position.latitude, position.longitude)


@given(everywhere, st.sampled_from(Crs))
def test_far_from_the_zone_every_datum_means_wgs84(position: Position, crs: Crs) -> None:
    assume(not near_gcj02_zone(position.latitude, position.longitude))
    assert from_crs(position.latitude, position.longitude, crs) == position


def test_a_point_on_the_seam_comes_back_though_its_image_lies_outside() -> None:
    # The zone ends at 18 N on open sea here, and GCJ-02 moves this point south of it.
    seam = Position(18.0005, 109.0)
    assert inside_gcj02_zone(seam.latitude, seam.longitude)
    assert not inside_gcj02_zone(*to_gcj02(seam))
    assert metres_apart(from_crs(*to_gcj02(seam), Crs.GCJ02), seam) < 1e-6


def test_a_point_on_the_very_edge_comes_back() -> None:
    edge = Position(18.0, 109.0)
    assert inside_gcj02_zone(edge.latitude, edge.longitude)
    assert metres_apart(from_crs(*to_gcj02(edge), Crs.GCJ02), edge) < 1e-6
    assert metres_apart(from_crs(*to_bd09(edge), Crs.BD09), edge) < 1e-6


@pytest.mark.parametrize("crs", Crs)
def test_coordinates_out_of_range_are_refused_in_every_datum(crs: Crs) -> None:
    with pytest.raises(BadValue) as refusal:
        from_crs(118.152, 24.723, crs)
    assert refusal.value.code == "position.out_of_range"
    with pytest.raises(BadValue):
        from_crs(math.nan, math.nan, crs)


@pytest.mark.parametrize("place", INSIDE)
def test_the_zone_holds(place: str) -> None:
    assert inside_gcj02_zone(*INSIDE[place])


@pytest.mark.parametrize("place", OUTSIDE)
def test_the_zone_does_not_hold(place: str) -> None:
    assert not inside_gcj02_zone(*OUTSIDE[place])


@given(everywhere)
def test_the_zone_lies_within_its_rectangle(position: Position) -> None:
    if inside_gcj02_zone(position.latitude, position.longitude):
        assert near_gcj02_zone(position.latitude, position.longitude)


def test_the_zone_takes_no_number_that_is_none() -> None:
    assert not inside_gcj02_zone(math.nan, 118.0)
    assert not inside_gcj02_zone(24.0, math.nan)


def test_the_extent_is_the_file_that_was_checked() -> None:
    extent = resources.files("wristband.values").joinpath("gcj02_extent.json").read_bytes()
    assert hashlib.sha256(extent).hexdigest() == "10c54fbd832d60780931d023b8f096bc770f780aaa301f7b54d475cd527c59dc"
