"""An officer's own account: password, language, where she is signed in, what she is to be told."""

from __future__ import annotations

from flask import Response, g, make_response, redirect, render_template, request, session, url_for

from wristband import clock
from wristband.accounts.notices import list_unseen
from wristband.accounts.rules import IDLE, Door
from wristband.accounts.sign_ins import list_live
from wristband.accounts.staff import get_factors
from wristband.errors import BadValue, Conflict, TooMany, Unavailable
from wristband.language import LANGUAGES
from wristband.services import activating
from wristband.web import sessions
from wristband.web.errors import refused, sentence
from wristband.web.guards import officer
from wristband.web.language import gettext
from wristband.web.officer import police, words
from wristband.web.officer.sign_in import password_hint
from wristband.web.pages import settings


@police.get("/own")
@officer()
def own() -> str:
    return _page()


@police.post("/own/password")
@officer()
def change_password() -> Response:
    new = request.form.get("new", "")
    try:
        if new != request.form.get("again", ""):
            raise BadValue("accounts.passwords_differ")
        reference = activating.change_password(g.presence, request.form.get("old", ""), new, now=clock.now())
    except (BadValue, Conflict, TooMany, Unavailable) as refusal:
        return refused(_page(refusal.code, sentence(refusal)), refusal)
    return sessions.enter(reference, url_for("police.own", done="password"))


@police.post("/own/language")
@officer()
def choose_language() -> Response:
    activating.choose_language(g.presence, request.form.get("language", ""))
    return _back("language")


@police.post("/own/sign-ins/end")
@officer()
def end_other_sign_ins() -> Response:
    activating.end_own(g.presence, now=clock.now())
    return _back("ended")


@police.post("/own/sign-ins/<int:sign_in_id>/end")
@officer()
def end_sign_in(sign_in_id: int) -> Response:
    """Ending this very one is leaving."""
    activating.end_own(g.presence, only=sign_in_id, now=clock.now())
    if sign_in_id == g.presence.sign_in_id:
        return sessions.leave(url_for("police.sign_in"))
    return _back("ended")


@police.get("/own/told")
@officer(enrolling=True)
def told() -> str:
    """What has happened to accounts since she was here last."""
    return render_template(
        "officer/told.html",
        door="police",
        notices=list_unseen(g.account.officer_id),
        notice_words=words.NOTICES,
        notice_help=words.NOTICE_HELP,
    )


@police.post("/own/told")
@officer(enrolling=True)
def mark_told() -> Response:
    activating.mark_told(g.presence, now=clock.now())
    then = session.pop(sessions.THEN, "")
    return make_response(redirect(then or url_for("police.desk"), code=303))


def _back(done: str) -> Response:
    return make_response(redirect(url_for("police.own", done=done), code=303))


def _page(refusal: str = "", error: str = "") -> str:
    me, now = g.account, clock.now()
    factors = get_factors(me.officer_id)
    about_old = refusal == "accounts.old_password_wrong"
    return render_template(
        "officer/own.html",
        door="police",
        done=request.args.get("done", ""),
        old_error=error if about_old else "",
        new_error="" if about_old else error,
        hint=password_hint(has_factor=factors.any or settings().second_factor == "required"),
        factors=factors,
        sign_ins=list_live(me.officer_id, idle=IDLE[Door.POLICE], now=now),
        this=g.presence.sign_in_id,
        languages=[("", gettext("跟浏览器一样")), *LANGUAGES.items()],
        browser_words=words.BROWSERS,
        role_words=words.ROLES,
        required=settings().second_factor == "required",
    )
