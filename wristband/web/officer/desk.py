"""The desk: everything a station has to do on one screen, and what needs no incident's page."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from flask import Response, g, make_response, redirect, render_template, request, url_for

from wristband import clock
from wristband.accounts.rules import Act, sees_district
from wristband.errors import BadValue, Conflict
from wristband.incidents import desk as desks
from wristband.incidents import duty, queries
from wristband.incidents.rules import clock_colour
from wristband.reports.queries import list_waiting_pickups
from wristband.services import collecting, merging, standing_in
from wristband.web.errors import refused, sentence
from wristband.web.forms import find_id
from wristband.web.guards import officer
from wristband.web.officer import police
from wristband.web.pages import settings


@police.post("/duty-calls/<int:duty_call_id>/take")
@officer(Act.HANDLE_INCIDENT)
def take_duty_call(duty_call_id: int) -> Response:
    """Stand in for a family that does not answer: an incident is opened, or the open one joined."""
    try:
        incident_id = standing_in.take(duty_call_id, officer=g.account, now=clock.now())
    except Conflict as refusal:
        return refused(make_response(_page(error=sentence(refusal))), refusal)
    return make_response(redirect(url_for("police.incident", incident_id=incident_id), code=303))


@police.post("/pickups/<int:pickup_id>/take")
@officer(Act.HANDLE_INCIDENT)
def take_pickup(pickup_id: int) -> Response:
    """Somebody goes for an elder whose finder cannot stay."""
    return _pickup(collecting.take, pickup_id)


@police.post("/pickups/<int:pickup_id>/done")
@officer(Act.HANDLE_INCIDENT)
def finish_pickup(pickup_id: int) -> Response:
    return _pickup(collecting.finish, pickup_id)


def _pickup(deed: Callable[..., None], pickup_id: int) -> Response:
    try:
        deed(pickup_id, officer=g.account, now=clock.now())
    except Conflict as refusal:
        return refused(make_response(_page(error=sentence(refusal))), refusal)
    return _back()


@police.post("/unsorted/close")
@officer(Act.HANDLE_INCIDENT)
def close_unsorted() -> Response:
    """Close the ticked reports of bands that are not ours as false, with one reason."""
    ticked = [find_id(text) or 0 for text in request.form.getlist("incidents")]
    words = request.form.get("words", "")
    try:
        merging.close_as_false(ticked, words, officer=g.account, now=clock.now())
    except BadValue as refusal:
        return refused(make_response(_page(unsorted_error=sentence(refusal), words_typed=words)), refusal)
    return _back()


def _back() -> Response:
    return make_response(redirect(url_for("police.desk"), code=303))


@police.get("")
@police.get("/")
@officer(Act.SEE_DESK, home=True)
def desk() -> str:
    """The whole page, or as a part only the list, which the desk's script asks for when something has changed."""
    return _page()


def _page(**told: str) -> str:
    part = request.headers.get("X-Part") == "desk"
    now = clock.now()
    if sees_district(g.account.role):
        district = desks.list_of_district(g.account.station_id)
        page = "officer/district_part.html" if part else "officer/district.html"
        clocks = _clocks([incident for incident, _ in district], now)
        return render_template(page, door="police", now=now, incidents=district, **clocks)
    page = "officer/desk_part.html" if part else "officer/desk.html"
    return render_template(page, door="police", now=now, told=told, **_station(now))


def _station(now: datetime) -> dict[str, object]:
    station_id = g.account.station_id
    work = desks.list_work(station_id=station_id)
    unsorted = desks.list_unsorted(station_id=station_id, page=find_id(request.args.get("page", "")) or 1)
    shown = [*work, *unsorted.incidents]
    return {
        "incidents": work,
        "unsorted": unsorted,
        "unanswered": duty.list_unanswered(station_id=station_id),
        "pickups": list_waiting_pickups(station_id=station_id),
        "passed_on": desks.list_passed_on(station_id=station_id, now=now),
        "closed": queries.list_closed(station_id=station_id),
        "reports": queries.count_reports([incident.id for incident in shown]),
        **_clocks(shown, now),
        **_oldest_unsorted(unsorted.oldest_since, now),
    }


def _oldest_unsorted(since: datetime | None, now: datetime) -> dict[str, object]:
    """How long the first of the unrecognised ones has waited: said while they are folded away."""
    if since is None:
        return {}
    ours = settings()
    colour = clock_colour(since=since, accepted_at=None, now=now, amber_s=ours.desk_amber_s, red_s=ours.desk_red_s)
    return {"unsorted_minutes": int((now - since).total_seconds() // 60), "unsorted_colour": colour}


def _clocks(incidents: list[queries.IncidentFacts], now: datetime) -> dict[str, object]:
    """Of each incident how long it has waited at its desk, in minutes, and in which colour."""
    ours = settings()
    return {
        "colours": {
            incident.id: clock_colour(
                since=incident.since,
                accepted_at=incident.accepted_at,
                now=now,
                amber_s=ours.desk_amber_s,
                red_s=ours.desk_red_s,
            )
            for incident in incidents
        },
        "minutes": {incident.id: int((now - incident.since).total_seconds() // 60) for incident in incidents},
    }
