"""Sheets written: texts and nothing else, whatever program opens them."""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.crafts.sheets import judged
from wristband.sheets.headings import SheetField
from wristband.sheets.reading import read
from wristband.sheets.rules import SheetKind
from wristband.sheets.template import is_example, template
from wristband.sheets.writing import Properties, guarded, unguarded, write

NOW = datetime(2026, 11, 24, 6, tzinfo=UTC)
PROPERTIES = Properties("名单", "民警 <7>", "只用于走访 & 核对", NOW)
HOSTILE = ["=1+1", "+86138", "-2", "@SUM(A1)", "\t=1", "＝1", "|cmd", "'quoted", " =1"]
texts = st.text(
    st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\ufffe\uffff"), min_size=1, max_size=20
)


def cells_of(data: bytes) -> list[list[object]]:
    sheet = openpyxl.load_workbook(io.BytesIO(data)).active
    return [[cell.value or "" for cell in row] for row in sheet.iter_rows()]


@pytest.mark.parametrize("text", HOSTILE)
def test_no_cell_of_a_table_begins_as_a_formula(text: str) -> None:
    data = write(SheetKind.CSV, [["姓名"], [text]], PROPERTIES)
    (_, (cell,)) = csv.reader(io.StringIO(data.decode("utf-8-sig")))
    assert cell == f"'{text}"


@pytest.mark.parametrize("text", HOSTILE)
def test_a_cell_of_a_workbook_is_a_quoted_text(text: str) -> None:
    book = openpyxl.load_workbook(io.BytesIO(write(SheetKind.XLSX, [["姓名"], [text]], PROPERTIES)))
    cell = book.active["A2"]
    assert (cell.data_type, cell.value) == ("s", text)
    assert (cell.number_format, cell.quotePrefix) == ("@", True)


def test_a_workbook_says_who_made_it() -> None:
    book = openpyxl.load_workbook(io.BytesIO(write(SheetKind.XLSX, [["姓名"]], PROPERTIES)))
    told = book.properties
    assert (told.creator, told.description) == ("民警 <7>", "只用于走访 & 核对")
    assert told.created.replace(tzinfo=UTC) == NOW


@given(st.text(max_size=30))
def test_what_is_guarded_comes_back(text: str) -> None:
    assert unguarded(guarded(text)) == text


@given(st.lists(st.lists(texts, min_size=1, max_size=30), min_size=1, max_size=4))
def test_any_texts_come_back_from_a_workbook(rows: list[list[str]]) -> None:
    read_back = cells_of(write(SheetKind.XLSX, rows, PROPERTIES))
    for written, found in zip(rows, read_back, strict=True):
        assert found[: len(written)] == written


@pytest.mark.parametrize("kind", SheetKind)
def test_our_own_sheet_has_every_column_and_one_example(kind: SheetKind) -> None:
    data = template(kind, organisation="同安分局", now=NOW)
    sheet = read(io.BytesIO(data))
    assert list(sheet.header.columns) == list(SheetField)
    (example,) = sheet.rows
    assert (example.number, is_example(example.cells[0])) == (4, True)
    assert len(judged(data)) == 1
