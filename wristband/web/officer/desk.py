"""The desk: every open incident of the station, the longest waiting first."""

from __future__ import annotations

from flask import g, render_template, request

from wristband import clock
from wristband.accounts.rules import Act
from wristband.incidents import queries
from wristband.incidents.rules import clock_colour
from wristband.web.guards import officer
from wristband.web.officer import police


@police.get("")
@police.get("/")
@officer(Act.SEE_DESK)
def desk() -> str:
    """The whole page, or as a part only the list, which the desk's script asks for when something has changed."""
    station_id, now = g.account.station_id, clock.now()
    incidents = queries.list_open(station_id=station_id)
    part = request.headers.get("X-Part") == "desk"
    return render_template(
        "officer/desk_part.html" if part else "officer/desk.html",
        door="police",
        incidents=incidents,
        closed=queries.list_closed(station_id=station_id),
        colours={
            incident.id: clock_colour(opened_at=incident.opened_at, accepted_at=incident.accepted_at, now=now)
            for incident in incidents
        },
        minutes={incident.id: int((now - incident.opened_at).total_seconds() // 60) for incident in incidents},
        reports=queries.count_reports([incident.id for incident in incidents]),
    )
