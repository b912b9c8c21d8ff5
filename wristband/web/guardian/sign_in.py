"""Coming in by phone and code, and going out."""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta

from flask import Response, make_response, redirect, render_template, request, session, url_for

from wristband import clock
from wristband.accounts.rules import Door
from wristband.errors import BadValue, Refusal, TooMany
from wristband.scans.rules import CODE_DIGITS
from wristband.sealing import SealBroken, box
from wristband.services import signing_in
from wristband.values.phone import Phone
from wristband.values.width import half_width
from wristband.web import sessions
from wristband.web.errors import refused, sentence
from wristband.web.forms import network
from wristband.web.guardian import family
from wristband.web.guards import visitor
from wristband.web.language import current
from wristband.web.pages import settings

# In the cookie of whoever is not signed in: the browser's own word, which outlives a sign-in, and the phone a code was
# just sent to. The cookie is signed and not sealed, and lies on the phone for months: the number is, and not for long.
_DEVICE = "device"
_ASKED = "asked"
_ASKED_LASTS = timedelta(minutes=10)
_ASKED_PLACE = "sign_in.asked"


@family.get("/sign-in")
@visitor
def sign_in() -> str:
    return _page("phone")


@family.post("/sign-in")
@visitor
def ask_code() -> Response:
    """Send a code and ask for it: the same answer for a known number and an unknown one."""
    typed = request.form.get("phone", "")[:40]
    try:
        phone = Phone.parse_mobile(typed)
        signing_in.ask_code(phone, address=network(), language=current(), device=_device(), now=clock.now())
    except (BadValue, TooMany) as refusal:
        return refused(_page("phone", phone=typed, refusal=refusal), refusal)
    _remember(phone, clock.now())
    return make_response(redirect(url_for("family.sign_in_code"), code=303))


@family.get("/sign-in/code")
@visitor
def sign_in_code() -> str | Response:
    phone = _asked_phone(clock.now())
    if phone is None:
        return make_response(redirect(url_for("family.sign_in")))
    return _page("code", phone=phone.masked())


@family.post("/sign-in/code")
@visitor
def enter_code() -> Response:
    phone = _asked_phone(clock.now())
    if phone is None:
        return make_response(redirect(url_for("family.sign_in"), code=303))
    try:
        code = "".join(half_width(request.form.get("code", "")[:40]).split())
        if not (code.isascii() and code.isdecimal() and len(code) == CODE_DIGITS):
            raise BadValue("accounts.code_wrong")  # a slip of the hand costs no try
        reference = signing_in.enter_code(phone, code, language=current(), device=_device(), now=clock.now())
    except (BadValue, TooMany) as refusal:
        return refused(_page("code", phone=phone.masked(), refusal=refusal), refusal)
    return sessions.enter(reference, url_for("family.home"))


@family.post("/sign-out")
@visitor  # whoever is not signed in any more is out already
def sign_out() -> Response:
    signing_in.sign_out(session.get(sessions.REFERENCE), Door.FAMILY, now=clock.now())
    device = _device()
    response = sessions.leave(url_for("family.sign_in"))
    session[_DEVICE] = device
    return response


def _device() -> str:
    """This browser's word: the reference of its last sign-in, over or not, by which it is known; else a random one."""
    word = session.get(sessions.REFERENCE) or session.get(_DEVICE) or secrets.token_urlsafe(16)
    if session.get(_DEVICE) != word:
        session[_DEVICE] = word
    return str(word)


def _remember(phone: Phone, now: datetime) -> None:
    asked_at = int(now.timestamp())
    session[_ASKED] = [asked_at, box().seal(phone.e164, place=_ASKED_PLACE, row=asked_at)]


def _asked_phone(now: datetime) -> Phone | None:
    """The phone that this browser has asked a code for just now."""
    try:
        asked_at, kept = session[_ASKED]
        if not 0 <= now.timestamp() - asked_at < _ASKED_LASTS.total_seconds():
            return None
        return Phone(box().open(kept, place=_ASKED_PLACE, row=asked_at))
    except (KeyError, ValueError, TypeError, SealBroken):  # none, of another version, or its key is gone
        return None


def _page(step: str, *, phone: str = "", refusal: Refusal | None = None) -> str:
    return render_template(
        "guardian/sign_in.html",
        door="family",
        step=step,
        phone=phone,
        error=sentence(refusal) if refusal else "",
        printed_messages=settings().demonstration,
        scanned=_scanned(),
    )


def _scanned() -> str:
    """The query of a blank band that led here: an officer who has scanned it takes it along to the other door."""
    path, _, query = session.get(sessions.THEN, "").partition("?")
    return query if path == url_for("family.bind_page") else ""
