"""Lists of elders taken out: asked for with a reason, agreed to by a second person, fetched once."""

from __future__ import annotations

from flask import Response, g, make_response, redirect, render_template, request, url_for

from wristband import clock
from wristband.accounts.rules import Act
from wristband.elders.keeping import STANDING_WORDS, Standing
from wristband.errors import BadValue, Conflict, TooMany
from wristband.services import exporting_records
from wristband.sheets import queries
from wristband.sheets.rules import (
    ALONE_AT_MOST,
    COLUMN_WORDS,
    MEDIA_TYPES,
    REASON_MAX,
    USUAL,
    Column,
    ExportState,
    SheetKind,
)
from wristband.web.errors import refused, sentence
from wristband.web.guards import officer
from wristband.web.language import gettext
from wristband.web.officer import police


def _(text: str) -> str:
    return text


STATE_WORDS: dict[ExportState, str] = {
    ExportState.WAITING: _("等另一位领导同意"),
    ExportState.MAKING: _("正在制作"),
    ExportState.MADE: _("可以下载"),
    ExportState.TAKEN: _("已下载"),
    ExportState.REFUSED: _("没有同意"),
    ExportState.LAPSED: _("过期了"),
}
_BADGES = {
    ExportState.WAITING: "wait",
    ExportState.MAKING: "wait",
    ExportState.MADE: "good",
    ExportState.REFUSED: "danger",
}
_CLOSED = tuple(column for column in Column if column not in USUAL)
_COLUMNS = "columns"


@police.get("/exports")
@officer(Act.EXPORT_RECORDS, stepped_up=True)
def exports() -> str:
    return _exports_page(list(USUAL))


@police.post("/exports")
@officer(Act.EXPORT_RECORDS, stepped_up=True)
def ask_export() -> Response:
    ticked = request.form.getlist(_COLUMNS)
    columns = [Column(word) for word in ticked if word in set(Column)]
    kind, standing = request.form.get("kind", ""), request.form.get("standing", "")
    reason = request.form.get("reason", "")[: REASON_MAX * 2]
    try:
        export_id = exporting_records.ask(
            columns,
            SheetKind(kind) if kind in set(SheetKind) else SheetKind.XLSX,
            Standing(standing) if standing in set(Standing) else None,
            reason,
            officer=g.account,
            now=clock.now(),
        )
    except (BadValue, TooMany) as refusal:
        page = _exports_page(columns, kind=kind, standing=standing, reason=reason, error=sentence(refusal))
        return refused(page, refusal)
    return make_response(redirect(url_for("police.show_export", export_id=export_id), code=303))


@police.get("/exports/<int:export_id>")
@officer(Act.EXPORT_RECORDS)
def show_export(export_id: int) -> str:
    return _export_page(export_id)


@police.post("/exports/<int:export_id>/file")
@officer(Act.EXPORT_RECORDS, stepped_up=True)
def take_export(export_id: int) -> Response:
    """The file, once."""
    try:
        taken = exporting_records.take(export_id, officer=g.account, now=clock.now())
    except Conflict as refusal:
        return refused(_export_page(export_id, error=sentence(refusal)), refusal)
    response = make_response(taken.data)
    response.mimetype = MEDIA_TYPES[taken.kind]
    response.headers["Content-Disposition"] = f"attachment; filename={taken.name}"
    return response


@police.get("/exports/waiting")
@officer(Act.APPROVE_EXPORTS)
def waiting_exports() -> str:
    return _waiting_page()


@police.post("/exports/<int:export_id>/decide")
@officer(Act.APPROVE_EXPORTS, stepped_up=True)
def decide_export(export_id: int) -> Response:
    verdict = request.form.get("verdict", "")
    if verdict not in ("agree", "refuse"):
        raise BadValue("page.bad_request")
    try:
        exporting_records.decide(export_id, verdict == "agree", officer=g.account, now=clock.now())
    except Conflict as refusal:
        return refused(_waiting_page(error=sentence(refusal)), refusal)
    return make_response(redirect(url_for("police.waiting_exports"), code=303))


def _exports_page(
    ticked: list[Column], *, kind: str = "", standing: str = "", reason: str = "", error: str = ""
) -> str:
    return render_template(
        "officer/sheets_out.html",
        door="police",
        usual=[(column.value, gettext(COLUMN_WORDS[column])) for column in USUAL],
        closed=[(column.value, gettext(COLUMN_WORDS[column])) for column in _CLOSED],
        ticked={column.value for column in ticked},
        standings=[("", gettext("全部")), *((one.value, gettext(said)) for one, said in STANDING_WORDS.items())],
        kinds=[("xlsx", gettext("表格（.xlsx）")), ("csv", "CSV")],
        kind=kind or "xlsx",
        standing=standing,
        reason=reason,
        reason_max=REASON_MAX,
        alone=ALONE_AT_MOST,
        exports=queries.list_exports(officer_id=g.account.officer_id),
        words=STATE_WORDS,
        badges=_BADGES,
        error=error,
    )


def _export_page(export_id: int, *, error: str = "") -> str:
    one = queries.get_export(export_id, officer_id=g.account.officer_id)
    part = request.headers.get("X-Part") == "export"
    return render_template(
        "officer/sheet_export_part.html" if part else "officer/sheet_export.html",
        door="police",
        one=one,
        state=one.state.value,
        words=STATE_WORDS[one.state],
        badge=_BADGES.get(one.state, ""),
        under_way=one.state in (ExportState.WAITING, ExportState.MAKING),
        columns=_column_words(one.columns),
        error=error,
    )


def _waiting_page(*, error: str = "") -> str:
    asked = queries.list_waiting(officer=g.account, now=clock.now())
    return render_template(
        "officer/sheets_waiting.html",
        door="police",
        asked=[(each, _column_words(each.export.columns)) for each in asked],
        standing_words=STANDING_WORDS,
        error=error,
    )


def _column_words(columns: str) -> str:
    return gettext("、").join(gettext(COLUMN_WORDS[Column(word)]) for word in columns.split())
