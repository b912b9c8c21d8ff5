"""Coming in by name and password, and going out."""

from __future__ import annotations

from flask import Response, make_response, redirect, render_template, request, session, url_for

from wristband import clock
from wristband.accounts.rules import Door
from wristband.errors import BadValue, TooMany
from wristband.services import signing_in
from wristband.web.errors import refused, sentence
from wristband.web.guards import REFERENCE, visitor
from wristband.web.officer import police
from wristband.web.sessions import THEN


@police.get("/sign-in")
@visitor
def sign_in() -> str:
    return render_template("officer/sign_in.html", door="police", username="", error="")


@police.post("/sign-in")
@visitor
def enter_password() -> Response:
    username = request.form.get("username", "")[:64]
    try:
        reference = signing_in.enter_password(username, request.form.get("password", ""), now=clock.now())
    except (BadValue, TooMany) as refusal:
        page = render_template("officer/sign_in.html", door="police", username=username, error=sentence(refusal))
        return refused(page, refusal)
    then = session.get(THEN) or url_for("police.desk")
    session.clear()  # a new sign-in takes nothing over from before but the way
    session[REFERENCE] = reference
    return make_response(redirect(then, code=303))


@police.post("/sign-out")
@visitor  # every role may leave, and whoever is not signed in any more is out already
def sign_out() -> Response:
    signing_in.sign_out(session.get(REFERENCE), Door.POLICE, now=clock.now())
    session.clear()
    response = make_response(redirect(url_for("police.sign_in"), code=303))
    response.headers["Clear-Site-Data"] = '"cache", "storage"'
    return response
