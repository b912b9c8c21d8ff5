"""Lists of elders brought in: a sheet is sent, looked through, taken or left; how it goes is seen on the page."""

from __future__ import annotations

from flask import Response, g, make_response, redirect, render_template, request, url_for

from wristband import clock
from wristband.accounts.rules import Act
from wristband.clock import ZONE
from wristband.elders.rules import CONSENT_TEXTS
from wristband.errors import BadValue, Conflict, Refusal, TooMany, Unavailable
from wristband.house import house
from wristband.refusals import SENTENCES
from wristband.services import importing
from wristband.sheets import queries
from wristband.sheets.headings import HEADINGS, PURPOSES, REQUIRED
from wristband.sheets.rows import Fault
from wristband.sheets.rules import (
    FAULTS_SHOWN,
    KEPT_FOR,
    LARGEST_BYTES,
    MEDIA_TYPES,
    MOST_ROWS,
    UNDER_WAY,
    ImportState,
    SheetKind,
)
from wristband.sheets.template import template
from wristband.web.errors import refused, sentence
from wristband.web.forms import with_file
from wristband.web.guards import officer
from wristband.web.language import gettext
from wristband.web.officer import police


def _(text: str) -> str:
    return text


STATE_WORDS: dict[ImportState, str] = {
    ImportState.CHECKING: _("正在检查"),
    ImportState.CHECKED: _("等您确认"),
    ImportState.IMPORTING: _("正在登记"),
    ImportState.DONE: _("登记完了"),
    ImportState.CANCELLED: _("已取消"),
    ImportState.FAILED: _("没有读完"),
}
_BADGES = {
    ImportState.CHECKING: "wait",
    ImportState.CHECKED: "action",
    ImportState.IMPORTING: "wait",
    ImportState.DONE: "good",
    ImportState.FAILED: "danger",
}


@police.get("/imports")
@officer(Act.IMPORT_RECORDS)
def imports() -> str:
    return _imports_page()


@police.post("/imports")
@with_file
@officer(Act.IMPORT_RECORDS)
def send_sheet() -> Response:
    """The sheet is kept and looked through; nothing of it is registered yet."""
    sent, now = request.files.get("sheet"), clock.now()
    try:
        if sent is None or not sent.filename:
            raise BadValue("sheets.file_missing")
        data = sent.stream.read(LARGEST_BYTES + 1)
        invites = request.form.get("invites") == "yes"
        import_id = importing.begin(data, sent.filename, invites=invites, officer=g.account, now=now)
    except (BadValue, TooMany, Unavailable) as refusal:
        return refused(_imports_page(error=sentence(refusal)), refusal)
    return make_response(redirect(url_for("police.show_import", import_id=import_id), code=303))


@police.get("/imports/template.csv", defaults={"kind": SheetKind.CSV.value})
@police.get("/imports/template.xlsx", defaults={"kind": SheetKind.XLSX.value})
@officer(Act.IMPORT_RECORDS)
def sheet_template(kind: str) -> Response:
    """The empty sheet, which explains itself."""
    made = template(SheetKind(kind), organisation=house().settings.organisation, now=clock.now())
    return _file(made, SheetKind(kind), f"elders-template.{kind}")


@police.get("/imports/<int:import_id>")
@officer(Act.IMPORT_RECORDS)
def show_import(import_id: int) -> str:
    return _import_page(import_id)


@police.post("/imports/<int:import_id>/begin")
@officer(Act.IMPORT_RECORDS, stepped_up=True)
def begin_import(import_id: int) -> Response:
    try:
        importing.start(import_id, officer=g.account, now=clock.now())
    except Conflict as refusal:
        return refused(_import_page(import_id, error=sentence(refusal)), refusal)
    return make_response(redirect(url_for("police.show_import", import_id=import_id), code=303))


@police.post("/imports/<int:import_id>/cancel")
@officer(Act.IMPORT_RECORDS)
def cancel_import(import_id: int) -> Response:
    try:
        importing.cancel(import_id, officer=g.account, now=clock.now())
    except Conflict as refusal:
        return refused(_import_page(import_id, error=sentence(refusal)), refusal)
    return make_response(redirect(url_for("police.show_import", import_id=import_id), code=303))


@police.get("/imports/<int:import_id>/refused.csv")
@officer(Act.IMPORT_RECORDS)
def refused_rows(import_id: int) -> Response:
    """The rows that were not taken, as they were, each with its reason: to be put right and sent again."""
    data = importing.refused_rows(import_id, officer=g.account)
    return _file(data, SheetKind.CSV, f"refused-{clock.now().astimezone(ZONE):%Y%m%d-%H%M}.csv")


def _file(data: bytes, kind: SheetKind, name: str) -> Response:
    response = make_response(data)
    response.mimetype = MEDIA_TYPES[kind]
    response.headers["Content-Disposition"] = f"attachment; filename={name}"
    return response


def _imports_page(*, error: str = "") -> str:
    return render_template(
        "officer/sheets.html",
        door="police",
        imports=queries.list_imports(station_id=g.account.station_id),
        words=STATE_WORDS,
        badges=_BADGES,
        most_rows=MOST_ROWS,
        most_mb=LARGEST_BYTES // 1_000_000,
        kept_days=KEPT_FOR.days,
        required=[HEADINGS[field][0] for field in REQUIRED],
        consents=[(HEADINGS[field][0], CONSENT_TEXTS[purpose]) for field, purpose in PURPOSES.items()],
        error=error,
    )


def _import_page(import_id: int, *, error: str = "") -> str:
    one = queries.get_import(import_id, station_id=g.account.station_id)
    told = queries.told_of(one)
    part = request.headers.get("X-Part") == "import"
    return render_template(
        "officer/sheet_import_part.html" if part else "officer/sheet_import.html",
        door="police",
        one=one,
        state=one.state.value,
        words=STATE_WORDS[one.state],
        badge=_BADGES.get(one.state, ""),
        under_way=one.state in UNDER_WAY,
        share=round(100 * (one.added + one.met) / one.fit) if one.fit else 0,
        faults=[_told(fault) for fault in told.faults],
        most_faults=FAULTS_SHOWN,
        unused=told.unused,
        has_rows=bool(one.refused and one.name_sealed and one.state is not ImportState.CHECKING),
        kept_days=KEPT_FOR.days,
        error=error,
    )


def _told(fault: Fault) -> tuple[str, str]:
    """Where it is, in the sheet's own terms, and what to do."""
    words = sentence(Refusal(fault.code, **fault.facts)) if fault.code in SENTENCES else ""
    if not fault.number:
        return gettext("整张表"), words
    if fault.heading:
        return gettext("第 %(n)s 行「%(column)s」", n=fault.number, column=fault.heading), words
    return gettext("第 %(n)s 行", n=fault.number), words
