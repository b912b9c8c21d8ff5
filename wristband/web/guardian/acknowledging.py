"""The link in a message: one button, for whoever of the family reads it, without signing in."""

from __future__ import annotations

from flask import Response, make_response, redirect, render_template, url_for

from wristband import clock
from wristband.errors import NotFound
from wristband.services import reaching
from wristband.web.guardian import family
from wristband.web.guards import linked as by_link


@family.get("/a/<token>")
@by_link
def linked(token: str) -> str:
    """What the link is about. Opening it tells nobody anything: mail programs open links by themselves."""
    about = reaching.find_linked(token, now=clock.now())
    if about is None:
        raise NotFound("reach.link_unknown")
    return render_template("guardian/linked.html", door="family", token=token, about=about)


@family.post("/a/<token>")
@by_link
def acknowledge(token: str) -> Response:
    """Seen, and somebody is on it: the finder is told. The second time changes nothing and shows the same page."""
    reaching.acknowledge(token, now=clock.now())
    return make_response(redirect(url_for("family.linked", token=token), code=303))
