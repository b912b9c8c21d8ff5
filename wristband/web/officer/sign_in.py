"""Coming in by name and password, and going out."""

from __future__ import annotations

from flask import Response, render_template, request, session, url_for

from wristband import clock
from wristband.accounts.rules import Door
from wristband.errors import BadValue, TooMany, Unavailable
from wristband.services import signing_in
from wristband.web import sessions
from wristband.web.errors import refused, sentence
from wristband.web.forms import network
from wristband.web.guards import visitor
from wristband.web.officer import police


@police.get("/sign-in")
@visitor
def sign_in() -> str:
    return render_template("officer/sign_in.html", door="police", username="", error="")


@police.post("/sign-in")
@visitor
def enter_password() -> Response:
    username = request.form.get("username", "")[:64]
    try:
        reference = signing_in.enter_password(
            username, request.form.get("password", ""), address=network(), now=clock.now()
        )
    except (BadValue, TooMany, Unavailable) as refusal:
        page = render_template("officer/sign_in.html", door="police", username=username, error=sentence(refusal))
        return refused(page, refusal)
    return sessions.enter(reference, url_for("police.desk"))


@police.post("/sign-out")
@visitor  # every role may leave, and whoever is not signed in any more is out already
def sign_out() -> Response:
    signing_in.sign_out(session.get(sessions.REFERENCE), Door.POLICE, now=clock.now())
    return sessions.leave(url_for("police.sign_in"))
