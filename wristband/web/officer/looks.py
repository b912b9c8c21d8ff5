"""Break-glass looks: a whole record without an incident, told to the family, and judged afterwards by somebody else."""

from __future__ import annotations

import base64

from flask import Response, g, make_response, redirect, render_template, request, url_for

from wristband import clock
from wristband.accounts.rules import Act, reviews_district
from wristband.errors import BadValue, Conflict, NotAllowed, NotFound, TooMany
from wristband.incidents import queries
from wristband.incidents.rules import REASON_WORDS, Verdict
from wristband.services import looking
from wristband.values.code import BandCode
from wristband.web.errors import refused, sentence
from wristband.web.guards import officer
from wristband.web.officer import police, shown
from wristband.web.officer.reasons import reason_of, reasons_shown


@police.get("/look")
@officer(Act.BREAK_GLASS, stepped_up=True)
def break_glass_form() -> str:
    return _form()


@police.post("/look")
@officer(Act.BREAK_GLASS, stepped_up=True)
def break_glass() -> Response:
    """The record, in this answer alone."""
    typed, words, reason = request.form.get("code", "")[:40], request.form.get("words", ""), reason_of(request.form)
    now = clock.now()
    try:
        record = looking.break_glass(BandCode.parse(typed), reason, words, officer=g.account, now=now)
    except (BadValue, NotFound, TooMany) as refusal:
        chosen = reason.value if reason else ""
        return refused(_form(error=sentence(refusal), typed=typed, words=words, reason=chosen), refusal)
    page = render_template(
        "officer/look_record.html",
        door="police",
        elder=record.helpful,
        revealed=record.revealed,
        portrait=f"data:image/jpeg;base64,{base64.b64encode(record.portrait).decode()}" if record.portrait else "",
        age=shown.age(record.helpful.birth_year, now),
        readable=shown.readable,
        now=now,
    )
    return make_response(page)


@police.get("/looks")
@officer(Act.REVIEW_LOOKS)
def looks() -> str:
    return _list()


@police.post("/looks/<int:look_id>/review")
@officer(Act.REVIEW_LOOKS)
def review_look(look_id: int) -> Response:
    verdict, words = request.form.get("verdict", ""), request.form.get("words", "")
    try:
        if verdict not in set(Verdict):
            raise BadValue("page.bad_request")
        looking.review(look_id, Verdict(verdict), words, officer=g.account, now=clock.now())
    except (BadValue, Conflict, NotAllowed) as refusal:
        return refused(_list(error=sentence(refusal), at=look_id, words=words), refusal)
    return make_response(redirect(url_for("police.looks"), code=303))


def _form(*, error: str = "", typed: str = "", words: str = "", reason: str = "") -> str:
    return render_template(
        "officer/look.html",
        door="police",
        error=error,
        typed=typed,
        words_typed=words,
        reason=reason,
        reasons=reasons_shown(),
    )


def _list(*, error: str = "", at: int = 0, words: str = "") -> str:
    me, now = g.account, clock.now()
    waiting = queries.list_looks_to_review(
        station_id=me.station_id, district=reviews_district(me.role), officer_id=me.officer_id
    )
    return render_template(
        "officer/looks.html",
        door="police",
        looks=waiting,
        hours={look.id: int((now - look.at).total_seconds() // 3600) for look in waiting},
        reason_words=REASON_WORDS,
        readable=shown.readable,
        error=error,
        at=at,
        words_typed=words,
    )
