"""The second factor after the password, and proving oneself again before what is sensitive."""

from __future__ import annotations

from flask import Response, g, make_response, render_template, request, session, url_for

from wristband import clock
from wristband.accounts import passkeys
from wristband.accounts.staff import get_factors, list_credentials
from wristband.errors import BadValue, NotAllowed, TooMany, Unavailable
from wristband.services import proving
from wristband.web import proofs, sessions
from wristband.web.errors import refused, sentence
from wristband.web.forms import network
from wristband.web.guards import halfway, officer
from wristband.web.officer import challenges, police
from wristband.web.officer.sign_in import entered


@police.get("/sign-in/second")
@halfway
def second_factor() -> str:
    return _second()


@police.post("/sign-in/second")
@halfway
def enter_second_factor() -> Response:
    try:
        reference = _proved(request.form.get("means", ""))
    except (BadValue, TooMany, Unavailable) as refusal:
        return refused(_second(sentence(refusal)), refusal)
    return entered(reference)


@police.post("/sign-in/second/passkey/ask")
@halfway
def ask_passkey_as_second() -> Response:
    return _ask()


@police.get("/prove")
@officer(enrolling=True)
def prove_form() -> str:
    return proofs.page()


@police.post("/prove")
@officer(enrolling=True)
def prove() -> Response:
    """On to the page that asked; a form that was kept is shown once more, to be sent under the new sign-in."""
    action, kept = proofs.read_kept()
    try:
        reference = _proved(request.form.get("means", ""))
    except (BadValue, TooMany, Unavailable) as refusal:
        page = proofs.page(error=sentence(refusal), action=action, kept=request.form.get(proofs.KEPT, ""))
        return refused(page, refusal)
    if not action:
        return sessions.enter(reference, url_for("police.desk"))
    session.clear()
    session[sessions.REFERENCE] = reference
    return make_response(render_template("officer/proved.html", door="police", action=action, kept=kept))


@police.post("/prove/passkey/ask")
@officer(enrolling=True)
def ask_passkey_to_prove() -> Response:
    return _ask()


def _proved(means: str) -> str:
    """The new reference, by whichever means the form offers."""
    presence, now, typed = g.presence, clock.now(), request.form.get("code", "")
    if means == "password":
        return proving.by_password(presence, request.form.get("password", ""), now=now)
    if means == "passkey":
        answer = request.form.get("answer", "")
        return proving.by_passkey(presence, challenges.asked(), answer, address=network(), now=now)
    if means == "recovery":
        return proving.by_recovery(presence, typed, address=network(), now=now)
    if means == "totp":
        return proving.by_totp(presence, typed, address=network(), now=now)
    raise NotAllowed("page.bad_request")


def _ask() -> Response:
    known = list_credentials(g.presence.account.officer_id)
    return challenges.ask(lambda party, challenge: passkeys.ask_proof(party, challenge, known=known))


def _second(error: str = "") -> str:
    return render_template(
        "officer/second.html",
        door="police",
        error=error,
        means=request.form.get("means", ""),
        factors=get_factors(g.presence.account.officer_id),
        has_party=challenges.party() is not None,
    )
