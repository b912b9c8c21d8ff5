"""Somebody comes for the elder: the finder types the code that he was told, and learns whether it is the family's."""

from __future__ import annotations

from flask import Response, make_response, redirect, render_template, request, url_for

from wristband import clock
from wristband.errors import BadValue, Conflict
from wristband.scans import queries as scans
from wristband.services import handing_over
from wristband.web.errors import refused, sentence
from wristband.web.finder import finder
from wristband.web.guards import anyone, finder_tap
from wristband.web.language import chosen


@finder.get("/s/<scan>/hand-over")
@anyone
def hand_over(scan: str) -> str:
    """Where the code is typed. The page is the same whether there is a code or not."""
    scans.get_acted_scan(scan)
    return _page(scan)


@finder.post("/s/<scan>/hand-over")
@finder_tap
def enter_hand_over(scan: str) -> Response:
    try:
        handing_over.enter(scan, request.form.get("code", "")[:20], now=clock.now())
    except (BadValue, Conflict) as refusal:
        return refused(
            _page(scan, error=sentence(refusal), only_police=refusal.code == "hand_over.police_only"), refusal
        )
    return make_response(redirect(url_for("finder.progress", scan=scan) + chosen(), code=303))


def _page(scan: str, *, error: str = "", only_police: bool = False) -> str:
    return render_template("finder/hand_over.html", door="finder", scan=scan, error=error, only_police=only_police)
