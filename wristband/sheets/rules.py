"""What may be brought in and taken out as a sheet, how much of it, and by whom."""

from __future__ import annotations

from collections.abc import Collection
from datetime import time, timedelta
from enum import StrEnum

from wristband.errors import BadValue
from wristband.values.budget import Budget, Fails


def _(text: str) -> str:
    return text


class SheetKind(StrEnum):
    CSV = "csv"
    XLSX = "xlsx"


MEDIA_TYPES = {
    SheetKind.CSV: "text/csv",
    SheetKind.XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}

# ---- in

LARGEST_BYTES = 20_000_000
"""Of a file that is sent to us; a phone list of 50,000 rows has less."""
LARGEST_COMMAND_BYTES = 100_000_000
"""Of a file that an operator gives the command."""
MOST_ROWS = 50_000
MOST_COMMAND_ROWS = 500_000
MOST_COLUMNS = 60
MOST_UNPACKED_BYTES = 250_000_000
"""Of an XLSX, every part of it."""
MOST_STRINGS_BYTES = 60_000_000
"""Of its table of texts, which is the one part that is held in memory."""
MOST_PARTS = 500
HEADER_WITHIN = 10
"""Rows in which the headings have to stand: what is above them is a title."""
ROWS_A_COMMIT = 50
"""A report that comes in meanwhile waits for no more than these."""
FAULTS_SHOWN = 100
KEPT_FOR = timedelta(days=7)
"""An uploaded sheet that nobody goes on with, and the rows that were not taken."""
OLDEST_PAPER = timedelta(days=3660)
"""A consent signed longer ago is to be asked for anew."""
INVITATIONS_AT_ONCE = 2
"""Invitations are owed so many a second: what a finder asks for never stands behind thousands of them."""
INVITED_FROM, INVITED_UNTIL = time(8), time(20)
"""Nobody is woken by one."""
INVITED_FOR = timedelta(days=30)
MOVED_ON_WITHIN = timedelta(seconds=30)
"""A job of which nothing was heard so long is another worker's to go on with."""

IMPORTS_AN_OFFICER = Budget(
    "sheet_import.officer", burst=10, every_s=3600, fails=Fails.CLOSED, refusal="sheets.imports_spent"
)


class ImportState(StrEnum):
    CHECKING = "checking"
    CHECKED = "checked"
    IMPORTING = "importing"
    DONE = "done"
    CANCELLED = "cancelled"
    FAILED = "failed"


IMPORT_MOVES: dict[ImportState, frozenset[ImportState]] = {
    ImportState.CHECKING: frozenset({ImportState.CHECKED, ImportState.CANCELLED, ImportState.FAILED}),
    ImportState.CHECKED: frozenset({ImportState.IMPORTING, ImportState.CANCELLED}),
    ImportState.IMPORTING: frozenset({ImportState.DONE, ImportState.CANCELLED, ImportState.FAILED}),
    ImportState.DONE: frozenset(),
    ImportState.CANCELLED: frozenset(),
    ImportState.FAILED: frozenset(),
}
UNDER_WAY = frozenset({ImportState.CHECKING, ImportState.IMPORTING})
"""A worker moves these on by itself."""

# ---- out

ALONE_AT_MOST = 100
"""Rows that one person may take within a day; for more a second one has to agree."""
MOST_EXPORTED = 20_000
AGREED_WITHIN = timedelta(hours=24)
TAKEN_WITHIN = timedelta(hours=24)
REASON_MIN = 6
REASON_MAX = 200
READ_AT_ONCE = 100

EXPORTS_AN_OFFICER = Budget(
    "sheet_export.officer", burst=5, every_s=17_280, fails=Fails.CLOSED, refusal="sheets.exports_spent"
)
"""Five at once, five a day."""


class ExportState(StrEnum):
    WAITING = "waiting"
    """For a second person."""
    MAKING = "making"
    MADE = "made"
    TAKEN = "taken"
    REFUSED = "refused"
    LAPSED = "lapsed"
    """Nobody agreed, or nobody took it, within a day."""


EXPORT_MOVES: dict[ExportState, frozenset[ExportState]] = {
    ExportState.WAITING: frozenset({ExportState.MAKING, ExportState.REFUSED, ExportState.LAPSED}),
    ExportState.MAKING: frozenset({ExportState.MADE, ExportState.LAPSED}),
    ExportState.MADE: frozenset({ExportState.TAKEN, ExportState.LAPSED}),
    ExportState.TAKEN: frozenset(),
    ExportState.REFUSED: frozenset(),
    ExportState.LAPSED: frozenset(),
}


class Column(StrEnum):
    """What an export may hold of an elder. Health words never leave in a list: the family gave them for an incident."""

    MASKED_NAME = "masked_name"
    STANDING = "standing"
    REGISTERED_AT = "registered_at"
    BANDS = "bands"
    MASKED_PHONE = "masked_phone"
    NAME = "name"
    CALLED = "called"
    SEX = "sex"
    BIRTH_YEAR = "birth_year"
    ADDRESS = "address"
    APPROACH = "approach"
    GUARDIANS = "guardians"
    PHONES = "phones"


COLUMN_WORDS: dict[Column, str] = {
    Column.MASKED_NAME: _("姓（名字隐去）"),
    Column.STANDING: _("登记状态"),
    Column.REGISTERED_AT: _("登记日期"),
    Column.BANDS: _("使用中的手环"),
    Column.MASKED_PHONE: _("联系电话（中间隐去）"),
    Column.NAME: _("姓名"),
    Column.CALLED: _("称呼"),
    Column.SEX: _("性别"),
    Column.BIRTH_YEAR: _("出生年"),
    Column.ADDRESS: _("住址"),
    Column.APPROACH: _("怎样说话"),
    Column.GUARDIANS: _("监护人"),
    Column.PHONES: _("联系电话"),
}
USUAL = (Column.MASKED_NAME, Column.STANDING, Column.REGISTERED_AT, Column.BANDS, Column.MASKED_PHONE)
"""They tell nobody who it is."""


def needs_second(rows: int, *, alone_today: int) -> bool:
    """Whether an export of so many rows needs a second person, after so many that one has taken alone today."""
    return rows + alone_today > ALONE_AT_MOST


def check_export(columns: Collection[Column], reason: str, rows: int) -> None:
    """Raises BadValue for an export of nothing, of too much, or for no reason."""
    if not columns:
        raise BadValue("sheets.columns_none")
    if len(reason) < REASON_MIN:
        raise BadValue("sheets.reason_missing", least=REASON_MIN)
    if not rows:
        raise BadValue("sheets.nothing_to_export")
    if rows > MOST_EXPORTED:
        raise BadValue("sheets.export_large", most=MOST_EXPORTED)


def invites_at(local: time) -> bool:
    """Whether families are texted at this hour."""
    return INVITED_FROM <= local < INVITED_UNTIL
