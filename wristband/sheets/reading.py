"""CSV and XLSX as a stream of rows of text: what is no sheet, or too much of one, is refused before it is read."""

from __future__ import annotations

import codecs
import csv
import io
import re
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from itertools import islice
from typing import Any, BinaryIO

import openpyxl  # type: ignore[import-untyped]

from wristband.errors import BadValue
from wristband.sheets.headings import Header, find_header
from wristband.sheets.rules import (
    HEADER_WITHIN,
    LARGEST_BYTES,
    MOST_COLUMNS,
    MOST_PARTS,
    MOST_ROWS,
    MOST_STRINGS_BYTES,
    MOST_UNPACKED_BYTES,
    SheetKind,
)
from wristband.sheets.writing import unguarded

_ZIP, _OLD = b"PK\x03\x04", b"\xd0\xcf\x11\xe0"
_CHUNK_BYTES = 1 << 20
_DELIMITERS = ",\t;"
# A number that a spreadsheet has shortened: its digits are lost.
_SCIENTIFIC = re.compile(r"[+-]?[0-9](\.[0-9]+)?[eE]\+[0-9]{1,3}")
# How some write a number so that a spreadsheet leaves it alone: ="13800138000".
_QUOTED = re.compile(r'="([^"=]*)"')


@dataclass(frozen=True, slots=True)
class RawRow:
    """A row as the sheet has it: its number as a spreadsheet shows it, its cells, and the code of what no cell may be.

    `bad` holds a refusal's code by the column's place.
    """

    number: int
    cells: list[str]
    bad: dict[int, str] = field(default_factory=dict)

    @property
    def is_empty(self) -> bool:
        return not any(cell.strip() for cell in self.cells) and not self.bad


@dataclass(frozen=True, slots=True)
class Sheet:
    """An opened sheet: where its fields stand, and its rows, which are read as they are asked for.

    The rows may raise BadValue: "sheets.rows_many", "sheets.broken".
    """

    kind: SheetKind
    header: Header
    rows: Iterator[RawRow]


def read(data: BinaryIO, *, largest_bytes: int = LARGEST_BYTES, most_rows: int = MOST_ROWS) -> Sheet:
    """Open a sheet. `data` is seekable and stays open while its rows are read; only their texts are kept.

    Raises BadValue for the whole of it: "sheets.empty", ".too_large", ".old_format", ".macros", ".bomb", ".broken",
    ".not_text", ".columns_many" and what headings.find_header raises.
    """
    size = data.seek(0, io.SEEK_END)
    data.seek(0)
    if size > largest_bytes:
        raise BadValue("sheets.too_large", most_mb=largest_bytes // 1_000_000)
    head = data.read(4)
    if not head.strip():
        raise BadValue("sheets.empty")
    if head.startswith(_OLD):
        raise BadValue("sheets.old_format")
    kind = SheetKind.XLSX if head == _ZIP else SheetKind.CSV
    rows = _xlsx_rows(data) if kind is SheetKind.XLSX else _csv_rows(data, _encoding(data))
    first = list(islice(rows, HEADER_WITHIN))
    header = find_header([row.cells for row in first])
    return Sheet(kind, header, _counted(_after(first[header.rows :], rows), most_rows))


def _after(first: list[RawRow], rest: Iterator[RawRow]) -> Iterator[RawRow]:
    yield from first
    yield from rest


def _counted(rows: Iterator[RawRow], most: int) -> Iterator[RawRow]:
    """The rows that hold something, as many as may be."""
    count = 0
    for row in rows:
        if row.is_empty:
            continue
        count += 1
        if count > most:
            raise BadValue("sheets.rows_many", most=most)
        yield row


# ---- CSV


def _encoding(data: BinaryIO) -> str:
    """The first encoding in which the whole file is text; read through in pieces, nothing kept."""
    data.seek(0)
    head = data.read(4)
    # Excel's "Unicode text" is UTF-16 with a mark; its CSV is GB18030 on a Chinese machine, or UTF-8 with a mark.
    marked = head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    for encoding in ("utf-16",) if marked else ("utf-8-sig", "gb18030"):
        if _is_text(data, encoding):
            return encoding
    raise BadValue("sheets.not_text")


def _is_text(data: BinaryIO, encoding: str) -> bool:
    decoder = codecs.getincrementaldecoder(encoding)()
    data.seek(0)
    try:
        while chunk := data.read(_CHUNK_BYTES):
            if "\0" in decoder.decode(chunk):
                return False
        return "\0" not in decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False


def _csv_rows(data: BinaryIO, encoding: str) -> Iterator[RawRow]:
    data.seek(0)
    text = io.TextIOWrapper(data, encoding=encoding, newline="")
    try:
        start = text.read(65_536)
        text.seek(0)
        delimiter = max(_DELIMITERS, key=start.count)
        reader = csv.reader(text, delimiter=delimiter)
        number = 0
        while True:
            number += 1
            try:
                cells = next(reader)
            except StopIteration:
                return
            except csv.Error:  # a cell of more than 128 kB: mostly a quotation mark that is never closed
                yield RawRow(number, [], {0: "sheets.row_unreadable"})
                continue
            yield _row(number, [_csv_cell(cell) for cell in cells])
    finally:
        text.detach()  # or it would close a stream that is not ours


def _csv_cell(cell: str) -> tuple[str, str]:
    cell = cell.strip()
    plain = unguarded(cell)
    if plain == cell:
        if quoted := _QUOTED.fullmatch(cell):
            return quoted[1].strip(), ""
        if len(cell) > 1 and cell[0] == "=":
            return cell, "sheets.formula"
    return plain, "sheets.scientific" if _SCIENTIFIC.fullmatch(plain) else ""


def _row(number: int, cells: list[tuple[str, str]]) -> RawRow:
    while cells and cells[-1] == ("", ""):
        cells.pop()
    if len(cells) > MOST_COLUMNS:
        raise BadValue("sheets.columns_many", most=MOST_COLUMNS)
    return RawRow(number, [text for text, _ in cells], {at: code for at, (_, code) in enumerate(cells) if code})


# ---- XLSX


def _xlsx_rows(data: BinaryIO) -> Iterator[RawRow]:
    _check_parts(data)
    book = _guarded(lambda: openpyxl.load_workbook(data, read_only=True, data_only=False, keep_links=False))
    try:
        sheet = _guarded(lambda: book.worksheets[0])
        sheet.reset_dimensions()  # what a file says of its own size is not believed
        rows = sheet.iter_rows(max_col=MOST_COLUMNS + 1)
        number = 0
        while True:
            number += 1
            cells = _guarded(lambda: next(rows, None))
            if cells is None:
                return
            yield _row(number, [_xlsx_cell(cell) for cell in cells])
    finally:
        book.close()


def _guarded(step: Callable[[], Any]) -> Any:
    try:
        return step()
    except BadValue:
        raise
    except Exception:  # a broken or hostile workbook makes its library fail in more ways than can be named
        raise BadValue("sheets.broken") from None


def _check_parts(data: BinaryIO) -> None:
    """What is packed in it, before any of it is unpacked: a part that says too little of its size ends there."""
    data.seek(0)
    try:
        with zipfile.ZipFile(data) as packed:
            parts = packed.infolist()
    except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError):
        raise BadValue("sheets.broken") from None
    names = [part.filename.lower() for part in parts]
    if any(name.endswith(("vbaproject.bin", ".bin.vba")) or "macrosheets/" in name for name in names):
        raise BadValue("sheets.macros")
    if not any(name.startswith("xl/") for name in names) or any(part.flag_bits & 1 for part in parts):
        raise BadValue("sheets.broken")
    strings = sum(part.file_size for part in parts if part.filename.lower().endswith("sharedstrings.xml"))
    whole = sum(part.file_size for part in parts)
    if len(parts) > MOST_PARTS or whole > MOST_UNPACKED_BYTES or strings > MOST_STRINGS_BYTES:
        raise BadValue("sheets.bomb")


def _xlsx_cell(cell: Any) -> tuple[str, str]:
    value = cell.value
    if value is None:
        return "", ""
    if cell.data_type == "f":
        return str(value) if isinstance(value, str) else "=", "sheets.formula"
    if cell.data_type == "e":
        return str(value), "sheets.error_cell"
    return _text(value), ""


def _text(value: object) -> str:
    """A cell as it would be read aloud: a day as 2026-11-24, a whole number without a point."""
    if isinstance(value, datetime):
        return value.date().isoformat()
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, bool):
        return "是" if value else "否"
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    return str(value).strip()
