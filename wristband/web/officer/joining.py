"""Where an incident goes besides its next step: to another station, into another incident, and back."""

from __future__ import annotations

from flask import Response, g, make_response, redirect, render_template, request, url_for

from wristband import clock
from wristband.accounts.rules import Act
from wristband.errors import BadValue, Conflict, Refusal
from wristband.incidents import queries
from wristband.incidents.neighbours import list_choice
from wristband.incidents.rules import PASS_WORDS, PassReason
from wristband.services import passing_on
from wristband.stations.queries import find_station, position_of
from wristband.values.position import Position
from wristband.web.errors import refused, sentence
from wristband.web.forms import find_id
from wristband.web.guards import officer
from wristband.web.language import gettext
from wristband.web.officer import police

_LONGEST_NAME = 60


@police.get("/incidents/<int:incident_id>/pass-on")
@officer(Act.HANDLE_INCIDENT)
def pass_on_form(incident_id: int) -> str:
    """The stations nearest to the place, or those whose name holds what was searched for."""
    return _form(incident_id)


@police.post("/incidents/<int:incident_id>/pass-on")
@officer(Act.HANDLE_INCIDENT)
def pass_on(incident_id: int) -> Response:
    chosen, words = request.form.get("reason", ""), request.form.get("words", "")
    try:
        passing_on.pass_on(
            incident_id,
            find_id(request.form.get("station", "")),
            PassReason(chosen) if chosen in set(PassReason) else None,
            words,
            officer=g.account,
            now=clock.now(),
        )
    except (BadValue, Conflict) as refusal:
        return refused(_form(incident_id, refusal=refusal, words=words), refusal)
    return make_response(redirect(url_for("police.desk"), code=303))


def _form(incident_id: int, *, refusal: Refusal | None = None, words: str = "") -> str:
    me = g.account
    found = queries.get_incident(incident_id, station_id=me.station_id)
    name, near = request.values.get("name", "")[:_LONGEST_NAME], _place(incident_id, me.station_id)
    return render_template(
        "officer/pass_on.html",
        door="police",
        incident=found,
        stations=list_choice(name, near, beside=me.station_id),
        name=name,
        chosen=request.form.get("station", ""),
        reason=request.form.get("reason", ""),
        reasons=[("", gettext("请选择")), *((why.value, gettext(said)) for why, said in PASS_WORDS.items())],
        error=sentence(refusal) if refusal else "",
        words_typed=words,
    )


def _place(incident_id: int, station_id: int) -> Position | None:
    """Where the elder was seen last; this station where nobody told."""
    scans = [report.scan_id for report in queries.list_reports(incident_id)]
    told = (queries.told_place(sighting).position for sighting in queries.list_sightings(scans))
    seen = next((position for position in told if position is not None), None)
    station = find_station(station_id)
    return seen or (position_of(station) if station else None)
