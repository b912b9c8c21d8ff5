"""The family's side of a board, and calling the finder."""

from __future__ import annotations

from flask import Response, current_app, g, make_response, redirect, render_template, request, url_for

from wristband import clock
from wristband.board import queries
from wristband.board.disclosure import ShownBoard
from wristband.board.rules import Side
from wristband.errors import BadValue, Conflict, Refusal, TooMany, Unavailable
from wristband.gateways.masked import MaskedRota
from wristband.scans import queries as scans
from wristband.services import connecting, posting
from wristband.web.errors import refused, sentence
from wristband.web.forms import with_file
from wristband.web.guardian import family
from wristband.web.guards import guardian
from wristband.web.posts import by_script, new_key, said, upto

_TOLD = (BadValue, Conflict, TooMany, Unavailable)

family.add_app_template_global(new_key)


@family.get("/boards/<int:scan_id>")
@guardian
def board(scan_id: int) -> Response:
    """Everything that was said; for the script the posts alone."""
    if by_script():
        return make_response(render_template("guardian/board_part.html", door="family", **around(scan_id)))
    return make_response(_page(scan_id))


@family.post("/boards/<int:scan_id>")
@with_file
@guardian
def post(scan_id: int) -> Response:
    me, key = g.account.guardian_id, request.form.get("key", "")
    try:
        posting.post_as_guardian(scan_id, key, said(Side.FAMILY), guardian_id=me, now=clock.now())
    except _TOLD as refusal:
        return _refused(scan_id, refusal, error=sentence(refusal), words=request.form.get("words", ""))
    return _back(scan_id)


@family.post("/boards/<int:scan_id>/read")
@guardian
def read(scan_id: int) -> Response:
    posting.read_as_guardian(scan_id, upto(), guardian_id=g.account.guardian_id, now=clock.now())
    return make_response("", 204) if by_script() else _back(scan_id)


@family.get("/boards/<int:scan_id>/<int:number>.jpg")
@guardian
def board_photo(scan_id: int, number: int) -> Response:
    me = g.account.guardian_id
    jpeg = posting.photo_for_guardian(scan_id, number, guardian_id=me, now=clock.now())
    return Response(jpeg, mimetype="image/jpeg")


@family.post("/boards/<int:scan_id>/connect")
@guardian
def connect(scan_id: int) -> Response:
    """Talk to the finder without either seeing the other's number, where a gateway lends one."""
    masked = _masked()
    try:
        if masked is None:
            raise Unavailable("board.not_connected")
        connecting.connect(scan_id, masked, guardian_id=g.account.guardian_id, now=clock.now())
    except _TOLD as refusal:
        return _refused(scan_id, refusal, call_error=sentence(refusal))
    return _back(scan_id)


def around(scan_id: int) -> dict[str, object]:
    """What a page needs to show the board of one of my elders' finders. Raises NotFound."""
    me, shown = g.account.guardian_id, _board(scan_id)
    phone = shown.number.phone if shown.number else None
    return {"board": shown, "masks": connecting.is_offered(phone, _masked(), guardian_id=me)}


def _masked() -> MaskedRota | None:
    return current_app.extensions.get("masked")


def _board(scan_id: int) -> ShownBoard:
    me = g.account.guardian_id
    scan = queries.get_scan_of_guardian(scan_id, guardian_id=me)
    return queries.show(scan, Side.FAMILY, reader_id=me, now=clock.now())


def _page(scan_id: int, **told: str) -> str:
    return render_template("guardian/board.html", door="family", told=told, back=_address(scan_id), **around(scan_id))


def _refused(scan_id: int, refusal: Refusal, **told: str) -> Response:
    return refused(_page(scan_id, **told), refusal)


def _back(scan_id: int) -> Response:
    return make_response(redirect(f"{_address(scan_id)}#board", code=303))


def _address(scan_id: int) -> str:
    """The finder's call where there is one: its page holds the board; else the board's own."""
    queries.get_scan_of_guardian(scan_id, guardian_id=g.account.guardian_id)
    reach = scans.find_reach(scan_id)
    if reach is None:
        return url_for("family.board", scan_id=scan_id)
    return url_for("family.call", reach_id=reach.id)
