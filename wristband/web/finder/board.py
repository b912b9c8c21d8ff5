"""The finder's side of the board, and the number under which the family may call him."""

from __future__ import annotations

from flask import Response, make_response, redirect, render_template, request, url_for

from wristband import clock
from wristband.board import queries
from wristband.board.disclosure import ShownBoard
from wristband.board.rules import Side
from wristband.errors import BadValue, Conflict, Refusal, TooMany, Unavailable
from wristband.scans import queries as scans
from wristband.services import posting
from wristband.values.phone import Phone
from wristband.web.errors import refused, sentence
from wristband.web.finder import finder
from wristband.web.forms import with_file
from wristband.web.guards import anyone, finder_tap
from wristband.web.language import chosen
from wristband.web.posts import by_script, new_key, said, upto

_TOLD = (BadValue, Conflict, TooMany, Unavailable)
_LATEST = 3
"""Posts on the page of the progress: the rest is a tap away."""

finder.add_app_template_global(new_key)


@finder.get("/s/<scan>/board")
@anyone
def board(scan: str) -> Response:
    """Everything that was said. Its posts alone for the script, and for the page of the progress the latest of them."""
    if by_script():
        shown = latest_board(scan) if "latest" in request.args else _board(scan)
        return make_response(render_template("finder/board_part.html", door="finder", scan=scan, board=shown))
    return make_response(_page(scan))


@finder.post("/s/<scan>/board")
@with_file
@finder_tap
def post(scan: str) -> Response:
    """A phrase goes back to the page of the progress, words and photographs to the board."""
    try:
        told = said(Side.FINDER)
        posting.post_as_finder(scan, request.form.get("key", ""), told, now=clock.now())
    except _TOLD as refusal:
        return _refused(scan, refusal, error=sentence(refusal), words=request.form.get("words", ""))
    return _back(scan, to_board="words" in request.form)


@finder.post("/s/<scan>/board/read")
@finder_tap
def read(scan: str) -> Response:
    posting.read_as_finder(scan, upto(), now=clock.now())
    return make_response("", 204) if by_script() else _back(scan)


@finder.get("/s/<scan>/board/<int:number>.jpg")
@anyone
def board_photo(scan: str, number: int) -> Response:
    return Response(posting.photo_for_finder(scan, number, now=clock.now()), mimetype="image/jpeg")


@finder.post("/s/<scan>/number")
@finder_tap
def leave_number(scan: str) -> Response:
    """Where the family may call."""
    typed = request.form.get("number", "")[:40]
    try:
        posting.leave_number(scan, Phone.parse(typed), now=clock.now())
    except _TOLD as refusal:
        return _refused(scan, refusal, number_error=sentence(refusal), number=typed)
    return _back(scan)


@finder.post("/s/<scan>/number/remove")
@finder_tap
def take_number_back(scan: str) -> Response:
    posting.take_number_back(scan, now=clock.now())
    return _back(scan)


def latest_board(reference: str) -> ShownBoard:
    """What the page of the progress shows of the board. Raises NotFound."""
    return _board(reference, latest=_LATEST)


def _board(reference: str, *, latest: int | None = None) -> ShownBoard:
    return queries.show(scans.get_acted_scan(reference), Side.FINDER, latest=latest, now=clock.now())


def _page(scan: str, **told: str) -> str:
    return render_template("finder/board.html", door="finder", scan=scan, board=_board(scan), told=told)


def _refused(scan: str, refusal: Refusal, **told: str) -> Response:
    return refused(_page(scan, **told), refusal)


def _back(scan: str, *, to_board: bool = False) -> Response:
    page = "finder.board" if to_board else "finder.progress"
    return make_response(redirect(f"{url_for(page, scan=scan)}{chosen()}#board", code=303))
