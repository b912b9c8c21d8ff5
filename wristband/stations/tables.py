"""Station records out of CSV and TSV: a header row names the columns in Chinese or English, in any order."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain

from wristband.errors import BadValue
from wristband.values.width import half_width

# What a column may be called, by the field it fills; the first is the one we ask for.
HEADINGS = {
    "name": ("名称", "单位名称", "name"),
    "latitude": ("纬度", "lat", "latitude"),
    "longitude": ("经度", "lon", "lng", "longitude"),
    "crs": ("坐标系", "crs"),
    "address": ("地址", "详细地址", "address"),
    "phone": ("电话", "联系电话", "phone", "tel"),
    "org_code": ("机构代码", "org_code"),
    "adcode": ("辖区代码", "行政区划代码", "adcode"),
    "district": ("区县", "县区", "district"),
    "opening_hours": ("开放时间", "接待时间", "opening_hours"),
    "source": ("来源", "数据来源", "source"),
    "source_id": ("来源编号", "编号", "source_id", "id"),
    "licence": ("许可", "许可证", "licence", "license"),
}
_FIELDS = {heading: name for name, headings in HEADINGS.items() for heading in headings}
_REQUIRED = ("name", "latitude", "longitude")


@dataclass(frozen=True, slots=True)
class Record:
    """One station as a file gives it: text by field, nothing judged yet, unless its reader set a `refused` code.

    `line` is where it starts: the line of a table, the ordinal of a feature or element, both from 1.
    """

    line: int
    fields: dict[str, str] = field(default_factory=dict)
    refused: str = ""


def field_of(heading: str) -> str:
    """The field that a column or property of this heading fills, "" for one we do not keep."""
    return _FIELDS.get(half_width(heading).strip().lower().replace(" ", "_"), "")


def table_records(lines: Iterable[str]) -> Iterator[Record]:
    """The records of a table whose lines keep their ends (`newline=""`), blank rows left out, one row at a time.

    Raises BadValue("station_file.empty") or BadValue("station_file.columns_missing"), both before the first record.
    """
    source = iter(lines)
    skipped = 0
    for header in source:
        if header.strip():
            break
        skipped += 1
    else:
        raise BadValue("station_file.empty")
    # A tab within the header decides: Chinese headings hold none, and spreadsheets copy tables with tabs.
    reader = csv.reader(chain([header], source), delimiter="\t" if "\t" in header else ",")
    columns = _columns(next(reader))
    return _rows(reader, columns, skipped)


def _columns(headings: Sequence[str]) -> list[str]:
    columns = [field_of(heading) for heading in headings]
    missing = [HEADINGS[name][0] for name in _REQUIRED if name not in columns]
    if missing:
        raise BadValue("station_file.columns_missing", columns="、".join(missing))
    return columns


def _rows(reader: Iterator[list[str]], columns: Sequence[str], skipped: int) -> Iterator[Record]:
    """Every row as a record; of two columns for one field the first that is filled counts."""
    while True:
        line = skipped + reader.line_num + 1  # type: ignore[attr-defined]
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error:  # a cell of more than 128 kB, mostly a quotation mark never closed
            yield Record(line, refused="station.unreadable_row")
            continue
        fields: dict[str, str] = {}
        for name, cell in zip(columns, cells, strict=False):
            if name and cell.strip() and name not in fields:
                fields[name] = cell.strip()
        if any(cell.strip() for cell in cells):
            yield Record(line, fields)
