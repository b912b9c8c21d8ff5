"""One incident: who it is, where, what happened, and every step of the station that has it."""

from __future__ import annotations

from datetime import datetime

from flask import Response, g, make_response, redirect, render_template, request, url_for

from wristband import clock
from wristband.accounts.rules import Act
from wristband.errors import BadValue, Conflict, NotAllowed, Refusal, TooMany
from wristband.incidents import desk, happenings, platform_queries, queries
from wristband.incidents.records import ElderToHelp, ElderToMeet, Revealed
from wristband.incidents.rules import (
    DISPOSITION_WORDS,
    MERGE_UNDONE_WITHIN,
    MOVES,
    PASSED_ON_FROM,
    SAFE,
    Disposition,
    IncidentState,
    clock_colour,
    endings_of,
)
from wristband.interchange.queries import find_holding
from wristband.reports.queries import list_pickups
from wristband.scans.levels import OFFICER_MAY_APPROVE_AFTER
from wristband.scans.queries import list_asks
from wristband.services import approving, handing_over, handling, looking, merging, supplementing
from wristband.web.errors import refused, sentence
from wristband.web.guards import officer
from wristband.web.language import gettext
from wristband.web.officer import police, shown, timeline
from wristband.web.officer.board import boards
from wristband.web.officer.places import where
from wristband.web.officer.reasons import reason_of, reasons_shown
from wristband.web.pages import settings
from wristband.web.posts import new_key

_TOLD = (BadValue, Conflict, NotAllowed, TooMany)


@police.get("/incidents/<int:incident_id>")
@officer(Act.HANDLE_INCIDENT)
def incident(incident_id: int) -> Response:
    """The whole page, or as a part only what has happened: asking for that is no look at the elder."""
    if request.headers.get("X-Part") == "happenings":
        found = queries.get_incident(incident_id, station_id=g.account.station_id)
        part = render_template("officer/incident_part.html", door="police", **_happened(found, clock.now()))
        return make_response(part)
    return _page(incident_id)


@police.get("/incidents/<int:incident_id>/portrait.jpg")
@officer(Act.HANDLE_INCIDENT)
def portrait(incident_id: int) -> Response:
    return Response(looking.portrait_bytes(incident_id, officer=g.account, now=clock.now()), mimetype="image/jpeg")


@police.post("/incidents/<int:incident_id>/move")
@officer(Act.HANDLE_INCIDENT)
def move(incident_id: int) -> Response:
    """The next step; closing needs a disposition."""
    after, disposition = request.form.get("state", ""), request.form.get("disposition", "")
    words = request.form.get("words", "")
    try:
        if after not in set(IncidentState) or (disposition and disposition not in set(Disposition)):
            raise BadValue("page.bad_request")
        handling.move(
            incident_id,
            IncidentState(after),
            officer=g.account,
            words=words,
            disposition=Disposition(disposition) if disposition else None,
            now=clock.now(),
        )
    except (BadValue, Conflict) as refusal:
        return refused(_page(incident_id, error=sentence(refusal), words_typed=words), refusal)
    return _back(incident_id)


@police.post("/incidents/<int:incident_id>/notes")
@officer(Act.HANDLE_INCIDENT)
def note(incident_id: int) -> Response:
    words = request.form.get("words", "")
    try:
        handling.note(incident_id, request.form.get("key", ""), words, officer=g.account, now=clock.now())
    except (BadValue, Conflict) as refusal:
        return refused(_page(incident_id, note_error=sentence(refusal), note_typed=words), refusal)
    return _back(incident_id)


@police.post("/incidents/<int:incident_id>/merge")
@officer(Act.HANDLE_INCIDENT)
def merge(incident_id: int) -> Response:
    """Join it to the incident whose number was typed, and go there."""
    number = request.form.get("number", "")
    try:
        into_id = merging.merge(incident_id, number, officer=g.account, now=clock.now())
    except (BadValue, Conflict) as refusal:
        return refused(_page(incident_id, merge_error=sentence(refusal), merge_typed=number), refusal)
    return _back(into_id)


@police.post("/incidents/<int:incident_id>/unmerge")
@officer(Act.HANDLE_INCIDENT)
def unmerge(incident_id: int) -> Response:
    try:
        merging.undo(incident_id, officer=g.account, now=clock.now())
    except Conflict as refusal:
        return refused(_page(incident_id, merge_error=sentence(refusal)), refusal)
    return _back(incident_id)


@police.get("/incidents/<int:incident_id>/photos/<int:supplement_id>.jpg")
@officer(Act.HANDLE_INCIDENT)
def photo(incident_id: int, supplement_id: int) -> Response:
    """A photograph that a finder added to his report."""
    jpeg = supplementing.photo_for_officer(supplement_id, incident_id, officer=g.account)
    return Response(jpeg, mimetype="image/jpeg")


@police.post("/incidents/<int:incident_id>/reveal")
@officer(Act.REVEAL)
def reveal(incident_id: int) -> Response:
    """Address and numbers, in this answer alone: no address shows them, a reload of the page hides them."""
    try:
        revealed = looking.reveal(incident_id, reason_of(request.form), officer=g.account, now=clock.now())
    except _TOLD as refusal:
        return refused(_page(incident_id, reveal_error=sentence(refusal)), refusal)
    return _page(incident_id, revealed=revealed)


@police.post("/incidents/<int:incident_id>/hand-over")
@officer(Act.HANDLE_INCIDENT)
def make_hand_over(incident_id: int) -> Response:
    """A code for the finder, by which he knows the officer who comes; shown in this answer alone."""
    end = request.form.get("end", "")
    try:
        if end not in set(Disposition):
            raise BadValue("incidents.disposition_needed")
        code = handing_over.make_on_duty(incident_id, Disposition(end), officer=g.account, now=clock.now())
    except (BadValue, Conflict) as refusal:
        return refused(_page(incident_id, hand_over_error=sentence(refusal)), refusal)
    page = render_template("officer/hand_over.html", door="police", incident_id=incident_id, code=code, end=end)
    return make_response(page)


@police.post("/incidents/<int:incident_id>/asks/<int:grant_id>")
@officer(Act.HANDLE_INCIDENT)
def stand_in(incident_id: int, grant_id: int) -> Response:
    """Answer a finder's question where nobody of the family has."""
    try:
        reason = reason_of(request.form)
        if reason is None:
            raise BadValue("scans.reason_missing")
        approving.approve_on_duty(grant_id, incident_id, officer=g.account, reason=reason, now=clock.now())
    except (BadValue, Conflict, NotAllowed) as refusal:
        return refused(_page(incident_id, ask_error=sentence(refusal)), refusal)
    return _back(incident_id)


def _back(incident_id: int) -> Response:
    return make_response(redirect(url_for("police.incident", incident_id=incident_id), code=303))


def _page(incident_id: int, *, revealed: Revealed | None = None, **told: str) -> Response:
    """The incident as it is now. What the record does not show is told instead; the steps work all the same."""
    now = clock.now()
    elder, shut = _look(incident_id, now)
    found = queries.get_incident(incident_id, station_id=g.account.station_id)
    page = render_template(
        "officer/incident.html",
        door="police",
        elder=elder,
        shut=sentence(shut) if shut else "",
        whole=isinstance(elder, ElderToHelp),
        age=shown.age(elder.birth_year, now) if isinstance(elder, ElderToHelp) else "",
        readable=shown.readable,
        revealed=revealed,
        reasons=reasons_shown(),
        asks=_waiting_asks(found.elder_id, now) if elder and not found.closed_at else [],
        told=told,
        pickups=list_pickups(incident_id),
        note_key=new_key(),
        **_happened(found, now),
        **_steps(found),
        **boards(found.id),
        **where(incident_id, found.station_id),
    )
    return refused(page, shut) if isinstance(shut, TooMany) else make_response(page)


def _happened(found: queries.IncidentFacts, now: datetime) -> dict[str, object]:
    """How far the incident is and what brought it there: what may change under an officer's eyes."""
    ours, merged = settings(), happenings.find_merged_into(found.id)
    return {
        "incident": found,
        "now": now,
        "released": find_holding(found, now=now),
        "rows": timeline.rows(found.id, station_id=g.account.station_id, whole=request.args.get("timeline") == "all"),
        "platform": platform_queries.standing(found.id),
        "colour": clock_colour(
            since=found.since,
            accepted_at=found.accepted_at,
            now=now,
            amber_s=ours.desk_amber_s,
            red_s=ours.desk_red_s,
        ),
        "signals": desk.find_signals(station_id=g.account.station_id, now=now, red_s=ours.desk_red_s),
        "minutes": int((now - found.since).total_seconds() // 60),
        "merged_into": merged,
        "may_unmerge": merged is not None and now - merged.at < MERGE_UNDONE_WITHIN,
    }


def _steps(found: queries.IncidentFacts) -> dict[str, object]:
    """What may be done with it now."""
    endings = [(value, gettext(DISPOSITION_WORDS[value])) for value in endings_of(found.state)]
    return {
        "next_states": [state for state in IncidentState if state in MOVES[found.state]],
        "may_pass_on": found.state in PASSED_ON_FROM,
        "dispositions_shown": endings,
        "ends_shown": [(value, said) for value, said in endings if value in SAFE],
    }


def _look(incident_id: int, now: datetime) -> tuple[ElderToHelp | ElderToMeet | None, Refusal | None]:
    try:
        return looking.look(incident_id, officer=g.account, now=now), None
    except (NotAllowed, TooMany) as refusal:
        return None, refusal


def _waiting_asks(elder_id: int | None, now: datetime) -> list[tuple[int, datetime]]:
    """The questions of finders that an officer may answer by now: id, and since when they wait."""
    asks = list_asks([elder_id] if elder_id else [], now=now)
    return [(ask.id, ask.made_at) for ask in asks if now - ask.made_at >= OFFICER_MAY_APPROVE_AFTER]
