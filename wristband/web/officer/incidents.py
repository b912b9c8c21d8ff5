"""One incident: who it is, where, and the next step."""

from __future__ import annotations

from datetime import datetime

from flask import Response, g, make_response, redirect, render_template, request, url_for

from wristband import clock
from wristband.accounts.rules import Act
from wristband.errors import BadValue, Conflict, NotAllowed, Refusal, TooMany
from wristband.incidents import queries
from wristband.incidents.records import ElderToHelp, ElderToMeet, Revealed
from wristband.incidents.rules import DISPOSITION_WORDS, MOVES, SAFE, Disposition, IncidentState, clock_colour
from wristband.scans.levels import OFFICER_MAY_APPROVE_AFTER
from wristband.scans.queries import list_asks
from wristband.services import approving, handing_over, handling, looking
from wristband.stations import directions, rules
from wristband.stations import queries as stations
from wristband.web.errors import refused, sentence
from wristband.web.guards import officer
from wristband.web.language import gettext
from wristband.web.officer import police, shown
from wristband.web.officer.board import boards
from wristband.web.officer.reasons import reason_of, reasons_shown

_TOLD = (BadValue, Conflict, NotAllowed, TooMany)


@police.get("/incidents/<int:incident_id>")
@officer(Act.HANDLE_INCIDENT)
def incident(incident_id: int) -> Response:
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
        incident=found,
        elder=elder,
        shut=sentence(shut) if shut else "",
        whole=isinstance(elder, ElderToHelp),
        age=shown.age(elder.birth_year, now) if isinstance(elder, ElderToHelp) else "",
        readable=shown.readable,
        revealed=revealed,
        reasons=reasons_shown(),
        now=now,
        asks=_waiting_asks(found.elder_id, now) if elder and not found.closed_at else [],
        moves=queries.list_moves_named(incident_id),
        next_states=[state for state in IncidentState if state in MOVES[found.state]],
        dispositions_shown=[(value, gettext(shown)) for value, shown in DISPOSITION_WORDS.items()],
        ends_shown=[(value, gettext(shown)) for value, shown in DISPOSITION_WORDS.items() if value in SAFE],
        colour=clock_colour(opened_at=found.opened_at, accepted_at=found.accepted_at, now=now),
        minutes=int((now - found.opened_at).total_seconds() // 60),
        told=told,
        boards=boards(incident_id),
        **_where(incident_id, found.station_id),
    )
    return refused(page, shut) if isinstance(shut, TooMany) else make_response(page)


def _look(incident_id: int, now: datetime) -> tuple[ElderToHelp | ElderToMeet | None, Refusal | None]:
    try:
        return looking.look(incident_id, officer=g.account, now=now), None
    except (NotAllowed, TooMany) as refusal:
        return None, refusal


def _waiting_asks(elder_id: int | None, now: datetime) -> list[tuple[int, datetime]]:
    """The questions of finders that an officer may answer by now: id, and since when they wait."""
    asks = list_asks([elder_id] if elder_id else [], now=now)
    return [(ask.id, ask.made_at) for ask in asks if now - ask.made_at >= OFFICER_MAY_APPROVE_AFTER]


def _where(incident_id: int, station_id: int | None) -> dict[str, object]:
    reports = queries.list_reports(incident_id)
    places = [queries.told_place(told) for told in queries.list_sightings([report.scan_id for report in reports])]
    where = next((place.position for place in places if place.position), None)
    station = stations.find_station(station_id)
    return {
        "reports": reports,
        "places": places,
        "place_links": directions.links(where, "", user_agent=request.user_agent.string, app="wristband")
        if where
        else [],
        "metres": rules.metres_between(where, stations.position_of(station)) if where and station else None,
    }
