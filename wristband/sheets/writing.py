"""CSV and XLSX out: every cell is a text, and none of them is ever taken for a formula."""

from __future__ import annotations

import csv
import io
import re
import zipfile
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from xml.sax.saxutils import escape

from wristband.sheets.rules import SheetKind

_EXCEL_READS_UTF8 = "\ufeff"
# What a spreadsheet begins a formula with, behind whatever white space it skips; and the cell's own quotation.
_FORMULA = re.compile(r"[\s\0]*[=+\-@＝＋－＠|%'\t\r]")
# Not to be in XML 1.0 at all.
_UNFIT = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_LONGEST_CELL = 32_767
"""What a spreadsheet takes."""
_STAMP = (2026, 1, 1, 0, 0, 0)


@dataclass(frozen=True, slots=True)
class Properties:
    """Who made a file, when, and what for; they stand in an XLSX's own properties."""

    title: str
    author: str
    words: str
    made_at: datetime


def guarded(text: str) -> str:
    """A text for a cell of a CSV: one that a spreadsheet would take for a formula stands behind a quotation mark."""
    return f"'{text}" if _FORMULA.match(text) else text


def unguarded(text: str) -> str:
    """The text of a cell that guarded() has written; any other as it is."""
    return text[1:] if text[:1] == "'" and _FORMULA.match(text[1:]) else text


class CsvWriter:
    """Rows into a CSV in UTF-8 with a mark, every cell quoted."""

    def __init__(self) -> None:
        self._text = io.StringIO()
        self._text.write(_EXCEL_READS_UTF8)
        self._writer = csv.writer(self._text, quoting=csv.QUOTE_ALL)

    def add(self, cells: Iterable[str]) -> None:
        self._writer.writerow([guarded(cell) for cell in cells])

    def close(self) -> bytes:
        return self._text.getvalue().encode(errors="replace")


class XlsxWriter:
    """Rows into the one sheet of an XLSX, packed as they come; nothing lies unpacked, on no disk.

    Written by hand because a library keeps rows in a file of its own meanwhile, unsealed. Texts stand in the cells
    themselves, in a style that says text and quotes.
    """

    def __init__(self, properties: Properties, *, widths: Sequence[int] = (), frozen_rows: int = 0) -> None:
        self._file = io.BytesIO()
        self._packed = zipfile.ZipFile(self._file, "w", zipfile.ZIP_DEFLATED)
        for name, text in _parts(properties).items():
            self._packed.writestr(zipfile.ZipInfo(name, _STAMP), text, zipfile.ZIP_DEFLATED)
        sheet = zipfile.ZipInfo("xl/worksheets/sheet1.xml", _STAMP)
        sheet.compress_type = zipfile.ZIP_DEFLATED
        self._sheet = self._packed.open(sheet, "w", force_zip64=True)
        self._write(_sheet_head(widths, frozen_rows))
        self._rows = 0

    def add(self, cells: Iterable[str], *, heading: bool = False) -> None:
        self._rows += 1
        style = 2 if heading else 1
        drawn = "".join(
            f'<c r="{_letters(at)}{self._rows}" t="inlineStr" s="{style}">'
            f'<is><t xml:space="preserve">{_xml(cell)}</t></is></c>'
            for at, cell in enumerate(cells)
            if cell
        )
        self._write(f'<row r="{self._rows}">{drawn}</row>')

    def close(self) -> bytes:
        self._write("</sheetData></worksheet>")
        self._sheet.close()
        self._packed.close()
        return self._file.getvalue()

    def _write(self, text: str) -> None:
        self._sheet.write(text.encode())


def write(
    kind: SheetKind,
    rows: Iterable[Sequence[str]],
    properties: Properties,
    *,
    headings_at: int = 0,
    widths: Sequence[int] = (),
) -> bytes:
    """A whole sheet. The row `headings_at` has its headings; it and what is above stay in sight."""
    if kind is SheetKind.CSV:
        table = CsvWriter()
        add: Callable[[int, Sequence[str]], None] = lambda _, cells: table.add(cells)  # noqa: E731
        close = table.close
    else:
        book = XlsxWriter(properties, widths=widths, frozen_rows=headings_at + 1)
        add = lambda at, cells: book.add(cells, heading=at == headings_at)  # noqa: E731
        close = book.close
    for at, cells in enumerate(rows):
        add(at, cells)
    return close()


def _xml(text: str) -> str:
    return escape(_UNFIT.sub("\ufffd", text)[:_LONGEST_CELL])


def _letters(at: int) -> str:
    letters = ""
    at += 1
    while at:
        at, rest = divmod(at - 1, 26)
        letters = chr(65 + rest) + letters
    return letters


_HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_TYPES = "application/vnd.openxmlformats-officedocument.spreadsheetml"


def _sheet_head(widths: Sequence[int], frozen_rows: int) -> str:
    pane = (
        f'<pane ySplit="{frozen_rows}" topLeftCell="A{frozen_rows + 1}" activePane="bottomLeft" state="frozen"/>'
        if frozen_rows
        else ""
    )
    columns = "".join(
        f'<col min="{at}" max="{at}" width="{width}" style="1" customWidth="1"/>' for at, width in enumerate(widths, 1)
    )
    return (
        f'{_HEAD}<worksheet xmlns="{_MAIN}"><sheetViews><sheetView workbookViewId="0">{pane}</sheetView></sheetViews>'
        f"{f'<cols>{columns}</cols>' if columns else ''}<sheetData>"
    )


def _parts(properties: Properties) -> dict[str, str]:
    made = properties.made_at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return {
        "[Content_Types].xml": (
            f'{_HEAD}<Types xmlns="{_PACKAGE}/content-types">'
            '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
            '<Default Extension="xml" ContentType="application/xml"/>'
            f'<Override PartName="/xl/workbook.xml" ContentType="{_TYPES}.sheet.main+xml"/>'
            f'<Override PartName="/xl/worksheets/sheet1.xml" ContentType="{_TYPES}.worksheet+xml"/>'
            f'<Override PartName="/xl/styles.xml" ContentType="{_TYPES}.styles+xml"/>'
            '<Override PartName="/docProps/core.xml"'
            ' ContentType="application/vnd.openxmlformats-package.core-properties+xml"/></Types>'
        ),
        "_rels/.rels": (
            f'{_HEAD}<Relationships xmlns="{_PACKAGE}/relationships">'
            f'<Relationship Id="rId1" Type="{_OFFICE}/officeDocument" Target="xl/workbook.xml"/>'
            f'<Relationship Id="rId2" Type="{_PACKAGE}/relationships/metadata/core-properties"'
            ' Target="docProps/core.xml"/></Relationships>'
        ),
        "docProps/core.xml": (
            f'{_HEAD}<cp:coreProperties xmlns:cp="{_PACKAGE}/metadata/core-properties"'
            ' xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:dcterms="http://purl.org/dc/terms/"'
            ' xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">'
            f"<dc:title>{_xml(properties.title)}</dc:title><dc:creator>{_xml(properties.author)}</dc:creator>"
            f"<dc:description>{_xml(properties.words)}</dc:description>"
            f'<dcterms:created xsi:type="dcterms:W3CDTF">{made}</dcterms:created></cp:coreProperties>'
        ),
        "xl/_rels/workbook.xml.rels": (
            f'{_HEAD}<Relationships xmlns="{_PACKAGE}/relationships">'
            f'<Relationship Id="rId1" Type="{_OFFICE}/worksheet" Target="worksheets/sheet1.xml"/>'
            f'<Relationship Id="rId2" Type="{_OFFICE}/styles" Target="styles.xml"/></Relationships>'
        ),
        "xl/workbook.xml": (
            f'{_HEAD}<workbook xmlns="{_MAIN}" xmlns:r="{_OFFICE}"><sheets>'
            f'<sheet name="{escape(properties.title[:31], {chr(34): "&quot;"})}" sheetId="1" r:id="rId1"/>'
            "</sheets></workbook>"
        ),
        "xl/styles.xml": _styles(),
    }


def _styles() -> str:
    """Style 1 is text (format 49, @) that is quoted; style 2 the same in bold."""
    text = '<xf numFmtId="49" fontId="{font}" fillId="0" borderId="0" xfId="0" quotePrefix="1" applyNumberFormat="1"/>'
    return (
        f'{_HEAD}<styleSheet xmlns="{_MAIN}">'
        '<fonts count="2"><font><sz val="11"/><name val="等线"/></font>'
        '<font><b/><sz val="11"/><name val="等线"/></font></fonts>'
        '<fills count="2"><fill><patternFill patternType="none"/></fill>'
        '<fill><patternFill patternType="gray125"/></fill></fills>'
        '<borders count="1"><border><left/><right/><top/><bottom/></border></borders>'
        '<cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/></cellStyleXfs>'
        '<cellXfs count="3"><xf numFmtId="0" fontId="0" fillId="0" borderId="0" xfId="0"/>'
        f"{text.format(font=0)}{text.format(font=1)}</cellXfs>"
        '<cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles></styleSheet>'
    )
