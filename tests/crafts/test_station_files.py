"""Station files, read row by row. Every station, address and number is made up (0592 000 0000 is nobody's)."""

import io
import json
from importlib import resources
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.crafts.station_files import FILES, HEADER, TONGAN, code_of, file_of, reasons_of, rejects_of, stations_of
from wristband.errors import BadValue
from wristband.refusals import SENTENCES
from wristband.stations.files import LARGEST_FILE_BYTES, RejectedRow, StationRow, count, read
from wristband.stations.rules import metres_between
from wristband.values.phone import Phone

# tables


def test_a_table_gives_stations_in_wgs84_whatever_its_datum() -> None:
    stations = stations_of(FILES / "tongan.csv")
    assert [station.name for station in stations] == ["示例·大同派出所", "示例·祥平派出所", "示例·西柯派出所"]
    assert all(metres_between(station.position, TONGAN) < 0.1 for station in stations)
    assert rejects_of(FILES / "tongan.csv") == []


def test_every_particular_of_a_row_is_kept() -> None:
    station = stations_of(FILES / "tongan.csv")[0]
    assert station == StationRow(
        line=2,
        source="made-up",
        source_id=station.source_id,
        name="示例·大同派出所",
        address="示例地址·甲路1号,后门",
        phone=Phone("+865920000000", "12"),
        position=TONGAN,
        org_code="000000000000",
        adcode="350212001",
        district="",
        opening_hours="",
        licence="",
    )


def test_110_as_a_stations_phone_is_left_to_the_page() -> None:
    station = stations_of(FILES / "tongan.csv")[2]
    assert station.phone is None
    assert station.left_out == ()


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
@pytest.mark.parametrize("separator", [",", "\t"])
def test_every_usual_way_to_save_a_table_is_read(encoding: str, line_end: str, separator: str) -> None:
    text = line_end.join(["名称,纬度,经度,坐标系", "示例·大同派出所,24.723,118.152,wgs84", ""]).replace(",", separator)
    (station,) = stations_of(file_of(text, encoding))
    assert station.name == "示例·大同派出所"
    assert station.position == TONGAN


def test_files_saved_by_spreadsheets_are_read() -> None:
    assert [row.name for row in stations_of(FILES / "tongan-gb18030.csv")] == [
        row.name for row in stations_of(FILES / "tongan.csv")
    ]
    assert stations_of(FILES / "tongan-excel.tsv")[0].phone == Phone("+865920000000")


def test_lines_are_counted_as_an_editor_counts_them() -> None:
    text = "\n\n" + HEADER + '"示例·两\n行派出所",24.7,118.1,wgs84\n\n示例·后派出所,,118.1,wgs84\n'
    assert [row.line for row in stations_of(file_of(text))] == [4]
    assert reasons_of(file_of(text)) == {7: "station.place_missing"}


def test_line_breaks_and_direction_marks_leave_a_name() -> None:
    (station,) = stations_of(file_of(HEADER + '"示例·\n东\u202e派出所\u200b ",24.7,118.1,wgs84\n'))
    assert station.name == "示例· 东 派出所"


def test_every_fault_of_a_row_has_its_reason() -> None:
    assert reasons_of(FILES / "faults.csv") == {
        2: "station.name_missing",
        3: "station.place_missing",
        4: "station.crs_missing",
        5: "station.crs_unknown",
        6: "position.not_a_number",
        7: "station.swapped_coordinates",
        8: "station.swapped_coordinates",
        9: "position.out_of_range",
        11: "station.duplicate",
        13: "station.same_id",
    }


def test_a_file_without_a_datum_column_is_rejected_row_by_row() -> None:
    assert reasons_of(file_of("name,lat,lon\n示例·东派出所,24.7,118.1\n")) == {2: "station.crs_missing"}


def test_what_does_not_fit_is_left_out_and_told() -> None:
    station = next(row for row in stations_of(FILES / "faults.csv") if row.source_id == "a-1")
    assert (station.phone, station.org_code, station.adcode) == (None, "", "")
    assert station.left_out == (
        "station.phone_left_out",
        "station.org_code_left_out",
        "station.adcode_left_out",
    )


def test_numbers_a_spreadsheet_made_of_codes_are_mended() -> None:
    (station,) = stations_of(file_of("name,lat,lon,crs,adcode\n示例·东派出所,24.7,118.1,wgs84,350212.0\n"))
    assert station.adcode == "350212"
    assert station.left_out == ()


def test_the_same_name_within_150_metres_is_the_same_station() -> None:
    duplicate = next(reject for reject in rejects_of(FILES / "faults.csv") if reject.code == "station.duplicate")
    assert duplicate.facts == {"first_line": 10}
    assert [row.source_id for row in stations_of(FILES / "faults.csv") if "东甲" in row.name] == ["a-1", "a-3"]


@pytest.mark.parametrize(("north", "same"), [(0.00134, True), (0.00136, False), (-0.00134, True), (-0.00136, False)])
def test_the_150_metres_are_true_metres(north: float, same: bool) -> None:
    # A degree of latitude is 110,770 m here.
    text = HEADER + f"示例·东派出所,24.7,118.1,wgs84\n示例 东派出所,{24.7 + north:.5f},118.1,wgs84\n"
    assert reasons_of(file_of(text)) == ({3: "station.duplicate"} if same else {})


def test_a_duplicate_is_found_across_datums() -> None:
    text = HEADER + "示例·东派出所,24.723,118.152,wgs84\n示例·东派出所,24.726066,118.163456,bd09\n"
    assert reasons_of(file_of(text)) == {3: "station.duplicate"}


def test_other_names_may_share_a_house() -> None:
    assert reasons_of(file_of(HEADER + "示例·东派出所,24.7,118.1,wgs84\n示例·西派出所,24.7,118.1,wgs84\n")) == {}


def test_outside_the_zone_is_rejected_only_when_asked() -> None:
    assert "示例·金门派出所" in [row.name for row in stations_of(FILES / "faults.csv")]
    assert reasons_of(FILES / "faults.csv", zone_only=True)[14] == "station.outside_zone"


def test_far_away_stations_are_not_taken_for_swapped() -> None:
    text = HEADER + "Example Oslo,59.9,10.7,wgs84\nExample Lima,-12.0,-77.0,wgs84\nExample Quito,-0.2,-78.5,wgs84\n"
    assert len(stations_of(file_of(text))) == 3


def test_a_row_without_an_id_gets_the_same_one_at_every_import() -> None:
    first, second = stations_of(FILES / "tongan.csv"), stations_of(FILES / "tongan-gb18030.csv")
    assert [row.source_id for row in first] == [row.source_id for row in second]
    assert len({row.source_id for row in first}) == 3


def test_a_hairs_breadth_keeps_the_id_and_a_street_does_not() -> None:
    def id_at(latitude: str) -> str:
        return stations_of(file_of(HEADER + f"示例·东派出所,{latitude},118.1,wgs84\n"))[0].source_id

    assert id_at("24.700001") == id_at("24.7")
    assert id_at("24.701") != id_at("24.7")


def test_the_source_is_the_column_or_else_the_files_name() -> None:
    text = "name,lat,lon,crs,source\n示例·东派出所,24.7,118.1,wgs84,\n示例·西派出所,24.7,118.1,wgs84,bureau\n"
    rows = list(read(file_of(text), name=r"C:\stations\xiamen.2026.csv"))
    assert [row.source for row in rows if isinstance(row, StationRow)] == ["xiamen.2026", "bureau"]


def test_a_text_too_long_to_keep_rejects_its_row() -> None:
    (reject,) = rejects_of(file_of(HEADER + f"{'所' * 121},24.7,118.1,wgs84\n"))
    assert reject == RejectedRow(2, "station.text_too_long", {"column": "名称", "most": 120})


def test_a_quotation_mark_never_closed_costs_its_row_and_no_crash() -> None:
    text = HEADER + '示例·东派出所,24.7,118.1,wgs84\n"' + "x" * 200_000 + "\n示例·西派出所,24.8,118.1,wgs84\n"
    assert [row.name for row in stations_of(file_of(text))] == ["示例·东派出所", "示例·西派出所"]
    assert reasons_of(file_of(text)) == {3: "station.unreadable_row"}


def test_rows_shorter_or_longer_than_the_header_are_read() -> None:
    text = "name,lat,lon,crs,phone\n示例·东派出所,24.7,118.1,wgs84\n示例·西派出所,24.8,118.1,wgs84,,extra,extra\n"
    assert len(stations_of(file_of(text))) == 2


# whole files


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "station_file.empty"),
        (b" \n\n ", "station_file.empty"),
        (HEADER.encode(), "station_file.empty"),
        (b'{"elements": []}', "station_file.empty"),
        (b'{"type": "FeatureCollection", "features": []}', "station_file.empty"),
        (b"PK\x03\x04 a workbook", "station_file.is_spreadsheet"),
        (b"\xd0\xcf\x11\xe0 an old workbook", "station_file.is_spreadsheet"),
        (b"\xff\xd8\xff\xe0 a photograph", "station_file.not_text"),
        (b"name,lat\x00,lon", "station_file.not_text"),
        (b"{", "station_file.not_json"),
        (b'{"a": ' + b"[" * 200_000, "station_file.not_json"),
        (b'{"a": ' + b"1" * 5000 + b"}", "station_file.not_json"),
        (b"{}", "station_file.not_stations"),
        (b"[]", "station_file.not_stations"),
        (b'{"type": "FeatureCollection"}', "station_file.not_stations"),
        (b'{"elements": [], "remark": "runtime error: timed out"}', "station_file.incomplete"),
        (
            b'{"type": "FeatureCollection", "crs": {"properties": {"name": "EPSG:2437"}}, "features": []}',
            "station_file.other_crs",
        ),
        ("姓名,年龄\n甲,1\n".encode(), "station_file.columns_missing"),
        (b"just a letter to the police\n", "station_file.columns_missing"),
    ],
)
def test_what_is_no_station_file_is_refused_at_once(content: bytes, code: str) -> None:
    assert code_of(lambda: read(io.BytesIO(content), name="a.csv")) == code
    assert code_of(lambda: count(io.BytesIO(content))) == code


def test_missing_columns_are_named() -> None:
    with pytest.raises(BadValue) as refusal:
        read(file_of("name,crs\n示例,wgs84\n"), name="a.csv")
    assert refusal.value.facts == {"columns": "纬度、经度"}


def test_a_file_above_100_megabytes_is_refused_unread(tmp_path: Path) -> None:
    large = tmp_path / "large.csv"
    with large.open("wb") as stream:
        stream.truncate(LARGEST_FILE_BYTES + 1)
    with pytest.raises(BadValue) as refusal:
        read(large, name="large.csv")
    assert (refusal.value.code, refusal.value.facts) == ("station_file.too_large", {"most_mb": 100})


def test_a_stream_is_read_from_its_start_and_stays_open() -> None:
    stream = file_of(HEADER + "示例·东派出所,24.7,118.1,wgs84\n")
    stream.read()
    assert count(stream) == 1
    assert len(list(read(stream, name="a.csv"))) == 1
    assert not stream.closed


def test_a_table_is_read_as_it_is_asked_for() -> None:
    rows = read(file_of(HEADER + "示例·东派出所,24.7,118.1,wgs84\n" * 3), name="a.csv")
    assert isinstance(next(rows), StationRow)
    assert isinstance(next(rows), RejectedRow)


@pytest.mark.parametrize("file", sorted(path.name for path in FILES.iterdir()))
def test_the_count_is_the_number_of_rows_read(file: str) -> None:
    assert count(FILES / file) == len(list(read(FILES / file, name=file)))


@pytest.mark.parametrize("file", sorted(path.name for path in FILES.iterdir()))
def test_every_reason_has_its_sentence(file: str) -> None:
    for row in read(FILES / file, name=file, zone_only=True):
        if isinstance(row, RejectedRow):
            assert SENTENCES[row.code] % row.facts
        else:
            assert all(SENTENCES[code] for code in row.left_out)


cells = st.one_of(
    st.text(max_size=12),
    st.sampled_from(["24.7", "118.1", "wgs84", "gcj02", "bd09", "0592-0000000", '"', ",", "\n", "\t", "示例·东派出所"]),
)


@given(st.lists(st.lists(cells, max_size=6), max_size=8), st.sampled_from(["utf-8", "gb18030"]))
def test_any_table_gives_rows_or_a_refusal(rows: list[list[str]], encoding: str) -> None:
    text = HEADER + "\n".join(",".join(row) for row in rows)
    assert only_rows_or_refusals(text.encode(encoding, errors="replace"))


json_keys = st.sampled_from(
    ["type", "id", "lat", "lon", "center", "tags", "name", "geometry", "coordinates", "properties", "phone", "crs"]
)
json_values = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(json_keys, inner, max_size=5),
    max_leaves=20,
)
json_kinds = st.sampled_from(["Feature", "Point", "Polygon", "MultiPolygon", "node"])


@given(st.lists(st.dictionaries(json_keys, json_values | json_kinds), max_size=4), json_values)
def test_any_json_gives_rows_or_a_refusal(things: list[dict[str, object]], anything: object) -> None:
    for document in (
        {"elements": things},
        {"type": "FeatureCollection", "features": things},
        {"type": "FeatureCollection", "features": [{"properties": {"name": "a"}, "geometry": it} for it in things]},
        anything,
    ):
        assert only_rows_or_refusals(json.dumps(document).encode())


@given(st.binary(max_size=200))
def test_any_bytes_give_rows_or_a_refusal(content: bytes) -> None:
    assert only_rows_or_refusals(content)
    assert only_rows_or_refusals(HEADER.encode() + content)


def only_rows_or_refusals(content: bytes) -> bool:
    """Whether reading gives known rows, all with sentences, or a refusal with one, and nothing else."""
    try:
        rows = list(read(io.BytesIO(content), name="a"))
    except BadValue as refusal:
        return refusal.code.startswith("station_file.") and bool(SENTENCES[refusal.code] % refusal.facts)
    return bool(rows) and all(isinstance(row, StationRow) or SENTENCES[row.code] % row.facts for row in rows)


# what we ship


def test_the_demonstration_is_plainly_one() -> None:
    with resources.as_file(resources.files("wristband.demonstration") / "stations.csv") as path:
        rows = list(read(path, name=path.name, zone_only=True))
        datums = {line.split(",")[5] for line in path.read_text(encoding="utf-8").splitlines()[1:]}
    assert len(rows) == 14
    assert datums == {"wgs84", "gcj02", "bd09"}
    for row in rows:
        assert isinstance(row, StationRow)
        assert row.source == "demonstration"
        assert row.name.startswith("示例·")
        assert row.address.startswith("示例地址·")
        assert row.phone is None
        assert row.left_out == ()
        assert metres_between(row.position, TONGAN) < 40_000


@pytest.mark.parametrize(
    ("hours", "left_out"),
    [
        ("24/7", ()),
        ("周一至周五 8:30-12:00", ()),
        ("", ()),
        ("见门口告示", ("station.hours_left_out",)),
        ("Mo-Fr 08:30+", ("station.hours_left_out",)),
    ],
)
def test_hours_that_are_not_understood_are_kept_as_written_and_counted(hours: str, left_out: tuple[str, ...]) -> None:
    table = f"名称,纬度,经度,坐标系,开放时间\n大同派出所,24.723,118.152,wgs84,{hours}\n"
    (row,) = read(io.BytesIO(table.encode()), name="stations.csv")
    assert isinstance(row, StationRow)
    assert row.opening_hours == hours
    assert row.left_out == left_out
