"""Taking everything along, and having everything erased."""

from __future__ import annotations

import io

from flask import Response, g, make_response, redirect, render_template, request, send_file, session, url_for

from wristband import clock
from wristband.clock import ZONE
from wristband.elders import queries
from wristband.errors import BadValue, Conflict, NotAllowed, Refusal, TooMany
from wristband.scans.rules import CODE_DIGITS
from wristband.services import erasing, exporting
from wristband.values.width import half_width
from wristband.web.errors import refused, sentence
from wristband.web.guardian import family
from wristband.web.guards import guardian
from wristband.web.pages import settings
from wristband.web.sessions import REFERENCE

# ---- everything kept, as one file


@family.get("/elders/<int:elder_id>/export")
@guardian
def export_page(elder_id: int) -> str:
    return _export_page(elder_id)


@family.post("/elders/<int:elder_id>/export/code")
@guardian
def ask_export_code(elder_id: int) -> Response:
    me = g.account.guardian_id
    try:
        phone = exporting.ask_code(elder_id, guardian_id=me, device=session[REFERENCE], now=clock.now())
    except TooMany as refusal:
        return refused(_export_page(elder_id, refusal=refusal), refusal)
    return make_response(_export_page(elder_id, sent_to=phone.masked()))


@family.post("/elders/<int:elder_id>/export/confirm")
@guardian
def confirm_export(elder_id: int) -> Response:
    try:
        code = "".join(half_width(request.form.get("code", "")[:40]).split())
        if not (code.isascii() and code.isdecimal() and len(code) == CODE_DIGITS):
            raise BadValue("accounts.code_wrong")  # a slip of the hand costs no try
        me = g.account.guardian_id
        exporting.enter_code(elder_id, code, guardian_id=me, device=session[REFERENCE], now=clock.now())
    except (BadValue, TooMany) as refusal:
        return refused(_export_page(elder_id, refusal=refusal, asked=True), refusal)
    return make_response(redirect(url_for("family.export_page", elder_id=elder_id), code=303))


@family.post("/elders/<int:elder_id>/export")
@guardian
def take_export(elder_id: int) -> Response:
    now, me = clock.now(), g.account.guardian_id
    try:
        data = exporting.take(elder_id, guardian_id=me, device=session[REFERENCE], now=now)
    except (NotAllowed, TooMany) as refusal:
        return refused(_export_page(elder_id, refusal=refusal), refusal)
    name = f"wristband-{now.astimezone(ZONE):%Y%m%d-%H%M}.zip"
    return send_file(io.BytesIO(data), mimetype="application/zip", as_attachment=True, download_name=name)


def _export_page(elder_id: int, *, sent_to: str = "", asked: bool = False, refusal: Refusal | None = None) -> str:
    me = g.account.guardian_id
    return render_template(
        "guardian/export.html",
        door="family",
        elder=queries.get_elder(elder_id, guardian_id=me),
        confirmed=exporting.is_confirmed(elder_id, guardian_id=me, device=session[REFERENCE], now=clock.now()),
        sent_to=sent_to,
        asked=asked or bool(sent_to),
        error=sentence(refusal) if refusal else "",
        printed_messages=settings().demonstration,
    )


# ---- nothing kept any more


@family.get("/elders/<int:elder_id>/erase")
@guardian
def erase_page(elder_id: int) -> str:
    return _erase_page(elder_id)


@family.post("/elders/<int:elder_id>/erase")
@guardian
def ask_erasure(elder_id: int) -> Response:
    typed = request.form.get("name", "")[:200]
    try:
        erasing.ask(elder_id, typed, guardian_id=g.account.guardian_id, now=clock.now())
    except (BadValue, Conflict) as refusal:
        return refused(_erase_page(elder_id, typed=typed, error=sentence(refusal)), refusal)
    return _to_erasure(elder_id)


@family.post("/elders/<int:elder_id>/erase/undo")
@guardian
def undo_erasure(elder_id: int) -> Response:
    erasing.undo(elder_id, guardian_id=g.account.guardian_id, now=clock.now())
    return _to_erasure(elder_id)


@family.post("/elders/<int:elder_id>/erase/object")
@guardian
def object_to_erasure(elder_id: int) -> Response:
    erasing.object_to(elder_id, guardian_id=g.account.guardian_id, now=clock.now())
    return _to_erasure(elder_id)


@family.post("/elders/<int:elder_id>/erase/settle")
@guardian
def settle_objection(elder_id: int) -> Response:
    """Whoever objected: we agree again."""
    erasing.end_objection(elder_id, guardian_id=g.account.guardian_id, now=clock.now())
    return _to_erasure(elder_id)


def _to_erasure(elder_id: int) -> Response:
    return make_response(redirect(url_for("family.erase_page", elder_id=elder_id), code=303))


def _erase_page(elder_id: int, *, typed: str = "", error: str = "") -> str:
    me = g.account.guardian_id
    elder = queries.get_elder(elder_id, guardian_id=me)
    objection = queries.find_objection(elder_id) if elder.disputed_at else None
    return render_template(
        "guardian/erase.html",
        door="family",
        elder=elder,
        erasure=queries.find_erasure(elder_id),
        others=len(queries.list_guardians(elder_id)) > 1,
        mine_to_settle=objection is not None and objection.objected_by == me,
        me=me,
        typed=typed,
        error=error,
    )
