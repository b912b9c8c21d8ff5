"""The police's side of the boards of an incident: one for each finder who reported."""

from __future__ import annotations

from flask import Response, g, make_response, redirect, render_template, request, url_for

from wristband import clock
from wristband.accounts.rules import Act
from wristband.board import queries
from wristband.board.disclosure import ShownBoard
from wristband.board.listing import list_boards, page_of
from wristband.board.rules import Side
from wristband.errors import BadValue, Conflict, TooMany, Unavailable
from wristband.services import posting
from wristband.web.errors import refused, sentence
from wristband.web.forms import find_id, with_file
from wristband.web.guards import officer
from wristband.web.officer import police
from wristband.web.posts import by_script, new_key, said, upto

_TOLD = (BadValue, Conflict, TooMany, Unavailable)

police.add_app_template_global(new_key)


@police.get("/incidents/<int:incident_id>/boards/<int:scan_id>")
@officer(Act.HANDLE_INCIDENT)
def board(incident_id: int, scan_id: int) -> Response:
    """Everything that was said; for the script the posts alone."""
    if by_script():
        shown = _board(incident_id, scan_id)
        return make_response(
            render_template("officer/board_part.html", door="police", incident_id=incident_id, board=shown)
        )
    return make_response(_page(incident_id, scan_id))


@police.post("/incidents/<int:incident_id>/boards/<int:scan_id>")
@with_file
@officer(Act.HANDLE_INCIDENT)
def post(incident_id: int, scan_id: int) -> Response:
    key = request.form.get("key", "")
    try:
        posting.post_as_officer(scan_id, incident_id, key, said(Side.POLICE), officer=g.account, now=clock.now())
    except _TOLD as refusal:
        words = request.form.get("words", "")
        return refused(_page(incident_id, scan_id, error=sentence(refusal), words=words), refusal)
    return _back(incident_id, scan_id)


@police.post("/incidents/<int:incident_id>/boards/<int:scan_id>/read")
@officer(Act.HANDLE_INCIDENT)
def read(incident_id: int, scan_id: int) -> Response:
    posting.read_as_officer(scan_id, incident_id, upto(), officer=g.account, now=clock.now())
    return make_response("", 204) if by_script() else _back(incident_id, scan_id)


@police.get("/incidents/<int:incident_id>/boards/<int:scan_id>/<int:number>.jpg")
@officer(Act.HANDLE_INCIDENT)
def board_photo(incident_id: int, scan_id: int, number: int) -> Response:
    jpeg = posting.photo_for_officer(scan_id, incident_id, number, officer=g.account, now=clock.now())
    return Response(jpeg, mimetype="image/jpeg")


def boards(incident_id: int) -> dict[str, object]:
    """What an incident's page shows of its boards: a few whole, of the others a line each. Raises NotFound."""
    listed = list_boards(incident_id, Side.POLICE, now=clock.now())
    few = page_of(listed, find_id(request.args.get("boards", "")) or 1)
    shown = [_board(incident_id, one.scan_id) for one in few.whole]
    return {"boards": [one for one in shown if one.readable], "board_page": few}


def _board(incident_id: int, scan_id: int) -> ShownBoard:
    me = g.account
    scan = queries.get_scan_of_incident(scan_id, incident_id=incident_id, station_id=me.station_id)
    return queries.show(scan, Side.POLICE, reader_id=me.officer_id, now=clock.now())


def _page(incident_id: int, scan_id: int, **told: str) -> str:
    shown = _board(incident_id, scan_id)
    return render_template("officer/board.html", door="police", incident_id=incident_id, board=shown, told=told)


def _back(incident_id: int, scan_id: int) -> Response:
    return make_response(redirect(f"{url_for('police.incident', incident_id=incident_id)}#board-{scan_id}", code=303))
