"""The desk: every open incident of the station, the longest waiting first."""

from __future__ import annotations

from flask import Response, g, make_response, redirect, render_template, request, url_for

from wristband import clock
from wristband.accounts.rules import Act
from wristband.errors import Conflict
from wristband.incidents import duty, queries
from wristband.incidents.rules import clock_colour
from wristband.services import standing_in
from wristband.web.errors import refused, sentence
from wristband.web.guards import officer
from wristband.web.officer import police


@police.post("/duty-calls/<int:duty_call_id>/take")
@officer(Act.HANDLE_INCIDENT)
def take_duty_call(duty_call_id: int) -> Response:
    """Stand in for a family that does not answer: an incident is opened, or the open one joined."""
    try:
        incident_id = standing_in.take(duty_call_id, officer=g.account, now=clock.now())
    except Conflict as refusal:
        return refused(make_response(_page(error=sentence(refusal))), refusal)
    return make_response(redirect(url_for("police.incident", incident_id=incident_id), code=303))


@police.get("")
@police.get("/")
@officer(Act.SEE_DESK)
def desk() -> str:
    """The whole page, or as a part only the list, which the desk's script asks for when something has changed."""
    return _page()


def _page(*, error: str = "") -> str:
    station_id, now = g.account.station_id, clock.now()
    incidents = queries.list_open(station_id=station_id)
    part = request.headers.get("X-Part") == "desk"
    return render_template(
        "officer/desk_part.html" if part else "officer/desk.html",
        door="police",
        error=error,
        incidents=incidents,
        unanswered=duty.list_unanswered(station_id=station_id),
        now=now,
        closed=queries.list_closed(station_id=station_id),
        colours={
            incident.id: clock_colour(opened_at=incident.opened_at, accepted_at=incident.accepted_at, now=now)
            for incident in incidents
        },
        minutes={incident.id: int((now - incident.opened_at).total_seconds() // 60) for incident in incidents},
        reports=queries.count_reports([incident.id for incident in incidents]),
    )
