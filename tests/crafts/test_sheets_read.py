"""Sheets read: whatever a community has, told in its own terms; and what is no sheet, refused at once."""

from __future__ import annotations

import contextlib
import io
import zipfile
from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.crafts.sheets import HEADING, csv_of, faults, headings, judged, one, row, xlsx_of
from wristband.elders.rules import Purpose
from wristband.errors import BadValue
from wristband.sheets.headings import SheetField, field_of, find_header
from wristband.sheets.reading import read
from wristband.sheets.rows import Registered
from wristband.sheets.rules import MOST_COLUMNS, SheetKind
from wristband.sheets.writing import Properties, write


def refused(data: bytes) -> str:
    with pytest.raises(BadValue) as refusal:
        list(read(io.BytesIO(data)).rows)
    return refusal.value.code


# ---- encodings, kinds


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
@pytest.mark.parametrize("delimiter", [",", "\t", ";"])
def test_a_table_is_read_in_every_encoding_that_spreadsheets_write(encoding: str, delimiter: str) -> None:
    found = one(csv_of([headings(), row()], encoding, delimiter))
    assert found.particulars.name == "黄水妹"
    assert found.guardian_name == "黄家的儿子"


def test_a_workbook_says_the_same_as_its_table() -> None:
    assert one(xlsx_of([headings(), row()])) == one(csv_of([headings(), row()]))


def test_what_a_workbook_keeps_as_number_or_day_is_read_as_it_is_shown() -> None:
    cells: list[object] = list(row(birth_year="1943"))
    fields = list(SheetField)
    cells[fields.index(SheetField.PHONE)] = 13800138007.0
    cells[fields.index(SheetField.BIRTH_YEAR)] = date(1943, 5, 6)
    cells[fields.index(SheetField.AGREED_SERVICE)] = datetime(2026, 11, 2)  # noqa: DTZ001  as workbooks keep days
    found = one(xlsx_of([headings(), cells]))
    assert found.phone.e164 == "+8613800138007"
    assert found.particulars.birth_year == 1943
    assert found.agreed[Purpose.SERVICE] == date(2026, 11, 2)


def test_rows_have_the_numbers_that_a_spreadsheet_shows() -> None:
    rows = [headings(), row(), [], row(name="陈福"), row(name="")]
    for data in (csv_of(rows), xlsx_of(rows)):
        found = judged(data)
        assert [each.number if isinstance(each, Registered) else each[0].number for each in found] == [2, 4, 5]


# ---- headings


def test_a_title_and_merged_headings_stand_above_the_rows() -> None:
    upper = ["老人登记表", *[""] * 7]
    groups = ["老人", "", "", "监护人", "", "", "签字", ""]
    names = ["姓名", "性别", "出生日期", "姓名", "电话", "关系", "同意登记", "同意民警查看"]
    cells = ["黄水妹", "女", "1943年5月", "黄家的儿子", "13800138007", "女儿", "2026/11/1", "2026.11.1"]
    found = one(xlsx_of([upper, groups, names, cells], ["A1:H1", "A2:C2", "D2:F2", "G2:H2"]))
    assert (found.particulars.name, found.guardian_name) == ("黄水妹", "黄家的儿子")
    assert (found.number, found.particulars.birth_year) == (4, 1943)


@pytest.mark.parametrize(
    "word", ["监护人手机", " 监护人 手机 ", "*监护人手机（必填）", "监护人手机：", "家属联系电话", "PHONE"]
)
def test_a_heading_is_known_with_stars_brackets_and_spaces(word: str) -> None:
    assert field_of(word) is SheetField.PHONE


def test_columns_that_are_missing_are_named_at_once() -> None:
    kept = [field for field in SheetField if field not in (SheetField.PHONE, SheetField.AGREED_POLICE)]
    with pytest.raises(BadValue) as refusal:
        find_header([[HEADING[field] for field in kept]])
    assert refusal.value.code == "sheets.columns_missing"
    assert refusal.value.facts == {"columns": "监护人手机、同意民警查看日期"}


def test_two_columns_of_one_meaning_are_not_guessed_between() -> None:
    assert refused(csv_of([[*headings(), "联系电话"], row()])) == "sheets.column_twice"


def test_a_sheet_without_headings_is_told_which_to_write() -> None:
    assert refused(csv_of([row(), row()])) == "sheets.no_headings"


def test_columns_of_others_are_told_not_read() -> None:
    sheet = read(io.BytesIO(csv_of([[*headings(), "备注"], [*row(), "喜欢下棋"]])))
    assert sheet.header.unused == ["备注"]


# ---- cells


@pytest.mark.parametrize(
    "typed", ["１３８００１３８００７", "138 0013 8007", "+86 138-0013-8007", '="13800138007"', "'+8613800138007"]
)
def test_a_telephone_is_read_however_it_is_written(typed: str) -> None:
    assert one(csv_of([headings(), row(phone=typed)])).phone.e164 == "+8613800138007"


@pytest.mark.parametrize(
    ("typed", "year"),
    [("１９４３", 1943), ("1943年", 1943), ("1943-05-06", 1943), ("19430506", 1943), ("1943.5", 1943), ("", None)],
)
def test_of_a_birthday_the_year_is_kept(typed: str, year: int | None) -> None:
    assert one(csv_of([headings(), row(birth_year=typed)])).particulars.birth_year == year


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ({"birth_year": "2031"}, ("出生年", "elders.birth_year")),
        ({"birth_year": "四三年"}, ("出生年", "elders.birth_year")),
        ({"name": ""}, ("老人姓名", "elders.name_missing")),
        ({"phone": "12345"}, ("监护人手机", "phone.not_a_phone")),
        ({"phone": "1.38001E+10"}, ("监护人手机", "sheets.scientific")),
        ({"phone": "0592 201 0000"}, ("监护人手机", "phone.not_a_mobile")),
        ({"phone": ""}, ("监护人手机", "sheets.phone_missing")),
        ({"phone": "+1 202 555 0143"}, ("监护人手机", "phone.country_not_texted")),
        ({"relation": "邻居"}, ("与老人关系", "sheets.relation")),
        ({"relation": ""}, ("与老人关系", "elders.relation_missing")),
        ({"sex": "不详"}, ("性别", "sheets.sex")),
        ({"guardian_name": ""}, ("监护人姓名", "sheets.guardian_name_missing")),
        ({"station": "祥平派出所"}, ("派出所", "sheets.other_station")),
        ({"agreed_service": ""}, ("同意登记日期", "sheets.consent_missing")),
        ({"agreed_police": "否"}, ("同意民警查看日期", "sheets.consent_missing")),
        ({"agreed_police": "签了"}, ("同意民警查看日期", "sheets.day")),
        ({"agreed_police": "2026-02-30"}, ("同意民警查看日期", "sheets.day")),
        ({"agreed_service": "2026-11-25"}, ("同意登记日期", "sheets.day_future")),
        ({"agreed_service": "2010-11-25"}, ("同意登记日期", "sheets.day_old")),
        ({"health": "对青霉素过敏"}, ("健康提示", "elders.health_without_consent")),
        ({"name": "=1+1"}, ("老人姓名", "sheets.formula")),
        ({"address": "一" * 121}, ("住址", "elders.address_long")),
    ],
)
def test_what_is_wrong_is_told_by_row_and_heading(values: dict[str, str], told: tuple[str, str]) -> None:
    assert faults(values) == [(2, *told)]


def test_every_fault_of_a_row_is_told_at_once() -> None:
    told = {code for _, _, code in faults({"name": "", "phone": "1", "birth_year": "2031", "agreed_service": ""})}
    assert told == {"elders.name_missing", "phone.not_a_phone", "elders.birth_year", "sheets.consent_missing"}


def test_a_formula_of_a_workbook_is_refused_and_never_worked_out() -> None:
    cells = row(name='=HYPERLINK("https://example.org","林")')
    (found,) = judged(xlsx_of([headings(), cells]))
    assert isinstance(found, list)
    assert [(fault.heading, fault.code) for fault in found] == [("老人姓名", "sheets.formula")]


def test_the_own_station_may_be_named_or_left_out() -> None:
    assert {one(csv_of([headings(), row(station=name)])).station_id for name in ("", "大同派出所")} == {7}


# ---- what is no sheet


def test_an_old_workbook_and_one_with_macros_are_refused() -> None:
    assert refused(b"\xd0\xcf\x11\xe0" + bytes(600)) == "sheets.old_format"
    data = io.BytesIO(xlsx_of([headings(), row()]))
    with zipfile.ZipFile(data, "a") as packed:
        packed.writestr("xl/vbaProject.bin", b"x")
    assert refused(data.getvalue()) == "sheets.macros"


def test_a_bomb_is_refused_before_it_is_unpacked() -> None:
    data = io.BytesIO(xlsx_of([headings(), row()]))
    with zipfile.ZipFile(data, "a", zipfile.ZIP_DEFLATED) as packed, packed.open("xl/media/x", "w") as part:
        for _ in range(260):
            part.write(bytes(1_000_000))
    assert len(data.getvalue()) < 2_000_000
    assert refused(data.getvalue()) == "sheets.bomb"


def test_entities_of_a_workbook_are_not_expanded() -> None:
    data, made = io.BytesIO(xlsx_of([headings(), row()])), io.BytesIO()
    with zipfile.ZipFile(data) as packed, zipfile.ZipFile(made, "w") as hostile:
        for name in packed.namelist():
            text = packed.read(name)
            if name == "xl/worksheets/sheet1.xml":
                text = b'<!DOCTYPE x [<!ENTITY a "aaaa">]>' + text
            hostile.writestr(name, text)
    assert refused(made.getvalue()) == "sheets.broken"


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "sheets.empty"),
        (b"PK\x03\x04 and nothing", "sheets.broken"),
        (b"\x00\x01\x02\x03\x00", "sheets.not_text"),
        (b"\xff\xd8\xff\xe0" + bytes(100), "sheets.not_text"),
        (csv_of([[*headings(), *["备注"] * MOST_COLUMNS], row()]), "sheets.columns_many"),
    ],
)
def test_what_is_no_sheet_is_refused(data: bytes, code: str) -> None:
    assert refused(data) == code


def test_more_bytes_or_rows_than_may_be_are_refused() -> None:
    data = csv_of([headings(), *[row()] * 4])
    with pytest.raises(BadValue, match=r"sheets\.too_large"):
        read(io.BytesIO(data), largest_bytes=len(data) - 1)
    sheet = read(io.BytesIO(data), most_rows=3)
    with pytest.raises(BadValue, match=r"sheets\.rows_many"):
        list(sheet.rows)


@given(st.binary(max_size=400))
def test_any_bytes_are_a_sheet_or_refused(data: bytes) -> None:
    with contextlib.suppress(BadValue):
        list(read(io.BytesIO(data)).rows)


@given(st.lists(st.lists(st.text(max_size=12), max_size=18), max_size=5))
def test_any_row_below_our_headings_is_registered_or_told_why_not(rows: list[list[str]]) -> None:
    fit = [[cell.encode(errors="ignore").decode().replace("\0", "") for cell in cells] for cells in rows]
    for found in judged(csv_of([headings(), *fit])):
        assert isinstance(found, Registered) or found


WORKBOOK = write(SheetKind.XLSX, [headings(), row()], Properties("", "", "", datetime(2026, 11, 24, tzinfo=UTC)))


@given(data=st.data())
def test_any_broken_workbook_is_refused_or_read(data: st.DataObject) -> None:
    whole = bytearray(WORKBOOK)
    for at in data.draw(st.lists(st.integers(0, len(whole) - 1), min_size=1, max_size=8)):
        whole[at] ^= data.draw(st.integers(1, 255))
    with contextlib.suppress(BadValue):
        judged(bytes(whole))
