"""An officer's second factors: authenticator, passkeys, recovery codes. All that opens where one has to be set up."""

from __future__ import annotations

from flask import Response, g, make_response, redirect, render_template, request, session, url_for

from wristband import clock
from wristband.accounts import factors, passkeys
from wristband.accounts.queries import get_username
from wristband.accounts.staff import get_factors, list_credentials
from wristband.errors import BadValue, Conflict, TooMany
from wristband.services import enrolling
from wristband.services.enrolling import Enrolled
from wristband.web import sessions
from wristband.web.errors import refused, sentence
from wristband.web.guards import officer
from wristband.web.officer import challenges, police
from wristband.web.pages import settings


@police.get("/own/factors")
@officer(enrolling=True)
def own_factors() -> str:
    return _page()


@police.post("/own/factors/totp")
@officer(enrolling=True, stepped_up=True)
def begin_totp() -> Response:
    enrolling.begin_totp(g.presence, now=clock.now())
    return make_response(redirect(url_for("police.totp_form"), code=303))


@police.get("/own/factors/totp")
@officer(enrolling=True, stepped_up=True)
def totp_form() -> Response:
    if enrolling.find_pending(g.presence) is None:
        return make_response(redirect(url_for("police.own_factors"), code=303))
    return make_response(_totp())


@police.post("/own/factors/totp/confirm")
@officer(enrolling=True, stepped_up=True)
def confirm_totp() -> Response:
    try:
        done = enrolling.confirm_totp(g.presence, request.form.get("code", ""), now=clock.now())
    except Conflict as refusal:
        return refused(_page(sentence(refusal)), refusal)
    except (BadValue, TooMany) as refusal:
        return refused(_totp(sentence(refusal)), refusal)
    return _enrolled(done)


@police.post("/own/factors/totp/remove")
@officer(stepped_up=True)
def remove_totp() -> Response:
    try:
        enrolling.remove_totp(g.presence, now=clock.now())
    except Conflict as refusal:
        return refused(_page(sentence(refusal)), refusal)
    return _back("removed")


@police.post("/own/factors/passkeys/ask")
@officer(enrolling=True, stepped_up=True)
def ask_new_passkey() -> Response:
    me = g.account
    return challenges.ask(
        lambda party, challenge: passkeys.ask_new(
            party,
            challenge,
            issuer=settings().organisation,
            officer_id=me.officer_id,
            username=get_username(me.officer_id),
            name=me.name,
            known=list_credentials(me.officer_id),
        )
    )


@police.post("/own/factors/passkeys")
@officer(enrolling=True, stepped_up=True)
def add_passkey() -> Response:
    name, answer = request.form.get("name", ""), request.form.get("answer", "")
    try:
        done = enrolling.add_passkey(g.presence, challenges.asked(), answer, name, now=clock.now())
    except (BadValue, Conflict) as refusal:
        return refused(_page(sentence(refusal), name), refusal)
    return _enrolled(done)


@police.post("/own/factors/passkeys/<int:passkey_id>/name")
@officer()
def rename_passkey(passkey_id: int) -> Response:
    try:
        enrolling.rename_passkey(g.presence, passkey_id, request.form.get("name", ""))
    except BadValue as refusal:
        return refused(_page(sentence(refusal)), refusal)
    return _back("named")


@police.post("/own/factors/passkeys/<int:passkey_id>/remove")
@officer(stepped_up=True)
def remove_passkey(passkey_id: int) -> Response:
    try:
        enrolling.remove_passkey(g.presence, passkey_id, now=clock.now())
    except Conflict as refusal:
        return refused(_page(sentence(refusal)), refusal)
    return _back("removed")


@police.post("/own/factors/codes")
@officer(stepped_up=True)
def renew_codes() -> Response:
    try:
        codes = enrolling.renew_codes(g.presence, now=clock.now())
    except Conflict as refusal:
        return refused(_page(sentence(refusal)), refusal)
    return make_response(_codes(codes))


def _enrolled(done: Enrolled) -> Response:
    """On under the new reference; recovery codes that were made are shown in this answer alone."""
    then = session.pop(sessions.THEN, "")
    session.clear()
    session[sessions.REFERENCE] = done.reference
    if done.codes:
        if then:
            session[sessions.THEN] = then
        return make_response(_codes(done.codes))
    return make_response(redirect(url_for("police.own_factors", done="added"), code=303))


def _back(done: str) -> Response:
    return make_response(redirect(url_for("police.own_factors", done=done), code=303))


def _codes(codes: list[str]) -> str:
    return render_template("officer/recovery_codes.html", door="police", codes=codes, made_at=clock.now())


def _totp(error: str = "") -> str:
    secret = enrolling.find_pending(g.presence) or ""
    address = factors.address_of(secret, username=get_username(g.account.officer_id), issuer=settings().organisation)
    return render_template(
        "officer/totp.html",
        door="police",
        error=error,
        symbol=factors.symbol_of(address),
        secret=factors.grouped(secret),
    )


def _page(error: str = "", name: str = "") -> str:
    return render_template(
        "officer/factors.html",
        door="police",
        done=request.args.get("done", ""),
        error=error,
        name=name,
        factors=get_factors(g.account.officer_id),
        has_party=challenges.party() is not None,
        required=settings().second_factor == "required",
        longest=enrolling.PASSKEY_NAME_MAX,
    )
