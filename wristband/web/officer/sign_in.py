"""Coming in by password or passkey, activating an account, and going out."""

from __future__ import annotations

from flask import Response, make_response, redirect, render_template, request, session, url_for

from wristband import clock
from wristband.accounts import passkeys
from wristband.accounts.notices import list_unseen
from wristband.accounts.passwords import PASSWORD_MAX, PASSWORD_MIN, PASSWORD_MIN_WITH_FACTOR
from wristband.accounts.rules import Door, Stage
from wristband.accounts.sign_ins import browser_of
from wristband.errors import BadValue, TooMany, Unavailable
from wristband.services import activating, signing_in
from wristband.web import sessions
from wristband.web.errors import refused, sentence
from wristband.web.forms import network
from wristband.web.guards import visitor
from wristband.web.language import gettext
from wristband.web.officer import challenges, police
from wristband.web.pages import settings


@police.get("/sign-in")
@visitor
def sign_in() -> str:
    return _page()


@police.post("/sign-in")
@visitor
def enter_password() -> Response:
    username = request.form.get("username", "")[:64]
    try:
        reference = signing_in.enter_password(
            username,
            request.form.get("password", ""),
            address=network(),
            browser=browser_of(request.user_agent.string),
            now=clock.now(),
        )
    except (BadValue, TooMany, Unavailable) as refusal:
        return refused(_page(username, sentence(refusal)), refusal)
    return entered(reference)


@police.post("/sign-in/passkey/ask")
@visitor
def ask_passkey_to_sign_in() -> Response:
    return challenges.ask(passkeys.ask_proof)


@police.post("/sign-in/passkey")
@visitor
def enter_passkey() -> Response:
    try:
        reference = signing_in.enter_passkey(
            challenges.asked(),
            request.form.get("answer", ""),
            address=network(),
            browser=browser_of(request.user_agent.string),
            now=clock.now(),
        )
    except (BadValue, TooMany) as refusal:
        return refused(_page("", sentence(refusal)), refusal)
    return entered(reference)


@police.get("/activate")
@police.get("/activate/<code>")
@visitor
def activate_form(code: str = "") -> str:
    return _activation(code[:60])


@police.post("/activate")
@visitor
def activate() -> Response:
    code, new = request.form.get("code", ""), request.form.get("new", "")
    try:
        if new != request.form.get("again", ""):
            raise BadValue("accounts.passwords_differ")
        reference = activating.activate(
            code,
            new,
            address=network(),
            browser=browser_of(request.user_agent.string),
            now=clock.now(),
        )
    except (BadValue, TooMany, Unavailable) as refusal:
        return refused(_activation(code[:60], refusal.code, sentence(refusal)), refusal)
    session.pop(sessions.THEN, None)
    return sessions.enter(reference, url_for("police.own_factors"))


@police.post("/sign-out")
@visitor  # every role may leave, and whoever is not signed in any more is out already
def sign_out() -> Response:
    signing_in.sign_out(session.get(sessions.REFERENCE), Door.POLICE, now=clock.now())
    return sessions.leave(url_for("police.sign_in"))


def entered(reference: str) -> Response:
    """Signed in: on to where she wanted to go, but first to what she has to be told."""
    presence = signing_in.resume_officer(reference, now=clock.now())
    response = sessions.enter(reference, url_for("police.desk"))
    if presence and presence.stage is Stage.WHOLE and list_unseen(presence.account.officer_id):
        session[sessions.THEN] = response.location
        return make_response(redirect(url_for("police.told"), code=303))
    return response


def _page(username: str = "", error: str = "") -> str:
    return render_template("officer/sign_in.html", door="police", username=username, error=error)


def _activation(code: str, refusal: str = "", error: str = "") -> str:
    about_code = refusal == "accounts.activation_over"
    return render_template(
        "officer/activate.html",
        door="police",
        code=code,
        code_error=error if about_code else "",
        error="" if about_code else error,
        hint=password_hint(has_factor=settings().second_factor == "required"),
    )


def password_hint(*, has_factor: bool) -> str:
    """What a new password has to be."""
    shortest = PASSWORD_MIN_WITH_FACTOR if has_factor else PASSWORD_MIN
    return gettext(
        "%(shortest)s 到 %(longest)s 个字符，中文也可以。几个不相干的词连起来，好记又难猜。",
        shortest=shortest,
        longest=PASSWORD_MAX,
    )
