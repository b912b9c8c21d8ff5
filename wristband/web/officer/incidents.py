"""One incident: who it is, where, and the next step."""

from __future__ import annotations

from flask import Response, g, make_response, redirect, render_template, request, url_for

from wristband import clock
from wristband.accounts.rules import Act
from wristband.errors import BadValue, Conflict
from wristband.incidents import queries
from wristband.incidents.rules import DISPOSITION_WORDS, MOVES, Disposition, IncidentState, clock_colour
from wristband.services import handling
from wristband.stations import directions, rules
from wristband.stations import queries as stations
from wristband.web.errors import sentence
from wristband.web.guards import officer
from wristband.web.language import gettext
from wristband.web.officer import police


@police.get("/incidents/<int:incident_id>")
@officer(Act.HANDLE_INCIDENT)
def incident(incident_id: int) -> str:
    return _page(incident_id)


@police.get("/incidents/<int:incident_id>/portrait.jpg")
@officer(Act.HANDLE_INCIDENT)
def portrait(incident_id: int) -> Response:
    return Response(handling.portrait_bytes(incident_id, officer=g.account, now=clock.now()), mimetype="image/jpeg")


@police.post("/incidents/<int:incident_id>/move")
@officer(Act.HANDLE_INCIDENT)
def move(incident_id: int) -> Response | tuple[str, int]:
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
        return _page(incident_id, error=sentence(refusal), words=words), refusal.status
    return make_response(redirect(url_for("police.incident", incident_id=incident_id), code=303))


def _page(incident_id: int, *, error: str = "", words: str = "") -> str:
    now = clock.now()
    elder = handling.look_at_elder(incident_id, officer=g.account, now=now)
    found = queries.get_incident(incident_id, station_id=g.account.station_id)
    reports = queries.list_reports(incident_id)
    sightings = queries.list_sightings([report.scan_id for report in reports])
    places = [queries.told_place(sighting) for sighting in sightings]
    where = next((place.position for place in places if place.position), None)
    station = stations.find_station(found.station_id)
    return render_template(
        "officer/incident.html",
        door="police",
        incident=found,
        elder=elder,
        age=now.year - elder.birth_year if elder and elder.birth_year else None,
        reports=reports,
        places=places,
        place_links=directions.links(where, "", user_agent=request.user_agent.string, app="wristband") if where else [],
        metres=rules.metres_between(where, stations.position_of(station)) if where and station else None,
        moves=queries.list_moves_named(incident_id),
        next_states=[state for state in IncidentState if state in MOVES[found.state]],
        dispositions_shown=[(value, gettext(shown)) for value, shown in DISPOSITION_WORDS.items()],
        colour=clock_colour(opened_at=found.opened_at, accepted_at=found.accepted_at, now=now),
        minutes=int((now - found.opened_at).total_seconds() // 60),
        error=error,
        words_typed=words,
    )
