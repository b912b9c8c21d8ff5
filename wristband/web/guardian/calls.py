"""When somebody calls for help: what a guardian sees, answers, confirms."""

from __future__ import annotations

from flask import Response, g, make_response, redirect, render_template, request, url_for

from wristband import clock
from wristband.board.listing import list_boards, page_of
from wristband.board.rules import Side
from wristband.elders import queries as elders
from wristband.elders.rules import Purpose
from wristband.errors import BadValue
from wristband.incidents import platform_queries
from wristband.incidents import queries as incidents
from wristband.incidents.encounters import find_handed_over_at, how_it_ended
from wristband.incidents.rules import SAFE
from wristband.interchange.queries import find_holding
from wristband.scans import queries as scans
from wristband.scans.reached import family_reached
from wristband.scans.rules import Answer
from wristband.services import handling, reaching
from wristband.stations import directions
from wristband.stations import queries as stations
from wristband.web.forms import find_id
from wristband.web.guardian import family
from wristband.web.guardian.board import around
from wristband.web.guards import guardian

# So many of the newest places are listed: hundreds may have told one.
_PLACES = 10


@family.get("/calls/<int:reach_id>")
@guardian
def call(reach_id: int) -> str:
    """One finder's call for help. Opening it is what the finder is told as "seen"."""
    me = g.account.guardian_id
    # A look ahead by the browser is nobody's look.
    looked = request.method == "GET" and "prefetch" not in request.headers.get("Sec-Purpose", "")
    reach = scans.get_reach(reach_id, guardian_id=me)
    if looked:
        reach = reaching.see(reach_id, guardian_id=me, now=clock.now())
    elder = elders.get_elder(reach.elder_id, guardian_id=me)
    reported = incidents.find_report(reach.scan_id)
    places = _places(reach.elder_id, [reach.scan_id])
    ended = how_it_ended(reach.scan_id, reach.elder_id, since=reach.made_at)
    part = request.headers.get("X-Part") == "call"
    return render_template(
        "guardian/call_part.html" if part else "guardian/call.html",
        door="family",
        reach=reach,
        reached=family_reached(reach),
        whereabouts=elders.consented(reach.elder_id, Purpose.WHEREABOUTS),
        elder=elder,
        answers=list(Answer),
        incident=reported[1] if reported else None,
        hand_over=incidents.find_hand_over(reach.elder_id),
        hand_over_action=url_for("family.hand_over_for_call", reach_id=reach_id),
        handed_over_at=ended.handed_over_at,
        places=places,
        place_links=_map_links(places),
        **around(reach.scan_id),
    )


@family.post("/calls/<int:reach_id>/answer")
@guardian
def answer_call(reach_id: int) -> Response:
    said = request.form.get("answer", "")
    if said not in set(Answer):
        raise BadValue("page.bad_request")
    reaching.answer(reach_id, Answer(said), guardian_id=g.account.guardian_id, now=clock.now())
    return make_response(redirect(url_for("family.call", reach_id=reach_id), code=303))


@family.get("/incidents/<int:incident_id>")
@guardian
def incident(incident_id: int) -> str:
    me = g.account.guardian_id
    found = incidents.get_own_incident(incident_id, guardian_id=me)
    finders = [report.scan_id for report in incidents.list_reports(incident_id)]
    places = _places(found.elder_id, finders)
    boards = list_boards(incident_id, Side.FAMILY, now=clock.now())
    return render_template(
        "guardian/incident.html",
        door="family",
        platform=platform_queries.standing(incident_id),
        incident=found,
        released=find_holding(found, now=clock.now()),
        elder=elders.get_elder(found.elder_id or 0, guardian_id=me),
        station=stations.find_station(found.station_id),
        moves=incidents.list_moves(incident_id),
        safe=SAFE,
        board_page=page_of(boards, find_id(request.args.get("boards", "")) or 1),
        hand_over=incidents.find_hand_over(found.elder_id or 0),
        hand_over_action=url_for("family.hand_over_for_incident", incident_id=incident_id),
        handed_over_at=find_handed_over_at(incident_id),
        places=places,
        place_links=_map_links(places),
    )


@family.post("/incidents/<int:incident_id>/confirm")
@guardian
def confirm_incident(incident_id: int) -> Response:
    handling.confirm(incident_id, guardian_id=g.account.guardian_id, now=clock.now())
    return make_response(redirect(url_for("family.incident", incident_id=incident_id), code=303))


def _places(elder_id: int | None, scan_ids: list[int]) -> list[incidents.ToldPlace]:
    """What finders told of the place, where the family agreed that it is kept for them."""
    if elder_id is None or not elders.consented(elder_id, Purpose.WHEREABOUTS):
        return []
    return [incidents.told_place(sighting) for sighting in incidents.list_sightings(scan_ids, latest=_PLACES)]


def _map_links(places: list[incidents.ToldPlace]) -> list[directions.MapLink]:
    """The way to the newest place that has a position."""
    position = next((place.position for place in places if place.position), None)
    if position is None:
        return []
    return directions.links(position, "", user_agent=request.user_agent.string, app="wristband")
