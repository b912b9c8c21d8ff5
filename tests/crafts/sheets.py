"""Sheets as communities keep them: filled in by the words of our own headings."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any

import openpyxl

from wristband.sheets.headings import HEADINGS, SheetField
from wristband.sheets.reading import read
from wristband.sheets.rows import Fault, Place, Registered, judge

TODAY = date(2026, 11, 24)
PLACE = Place({"大同派出所": 7}, 7, ("86",), TODAY)
HEADING = {field: words[0] for field, words in HEADINGS.items()}
USUAL: dict[SheetField, str] = {
    SheetField.NAME: "黄水妹",
    SheetField.SEX: "女",
    SheetField.BIRTH_YEAR: "1943",
    SheetField.GUARDIAN_NAME: "黄家的儿子",
    SheetField.PHONE: "13800138007",
    SheetField.RELATION: "儿子",
    SheetField.AGREED_SERVICE: "2026-11-01",
    SheetField.AGREED_POLICE: "2026-11-01",
}


def row(**values: str) -> list[str]:
    """One elder; `values` by the field's name, in place of the usual ones."""
    own = USUAL | {SheetField(name): value for name, value in values.items()}
    return [own.get(field, "") for field in SheetField]


def headings() -> list[str]:
    return [HEADING[field] for field in SheetField]


def csv_of(rows: Iterable[Sequence[str]], encoding: str = "utf-8", delimiter: str = ",") -> bytes:
    text = io.StringIO()
    csv.writer(text, delimiter=delimiter).writerows(rows)
    return text.getvalue().encode(encoding)


def xlsx_of(rows: Iterable[Sequence[Any]], merged: Sequence[str] = ()) -> bytes:
    book = openpyxl.Workbook()
    for cells in rows:
        book.active.append(list(cells))
    for area in merged:
        book.active.merge_cells(area)
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def judged(data: bytes, place: Place = PLACE) -> list[Registered | list[Fault]]:
    sheet = read(io.BytesIO(data))
    return [judge(each, sheet.header, place) for each in sheet.rows]


def one(data: bytes) -> Registered:
    """The one row of a sheet, which is fit."""
    (found,) = judged(data)
    assert isinstance(found, Registered), found
    return found


def faults(values: Mapping[str, str]) -> list[tuple[int, str, str]]:
    """Number, heading and code of what is wrong with a row of these values."""
    (found,) = judged(csv_of([headings(), row(**values)]))
    assert isinstance(found, list)
    return [(fault.number, fault.heading, fault.code) for fault in found]
