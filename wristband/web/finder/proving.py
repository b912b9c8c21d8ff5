"""What a finder proves, and the card that it opens. A card is only ever the answer to a POST: no address shows it."""

from __future__ import annotations

import base64

from flask import Response, make_response, render_template, request

from wristband import clock
from wristband.errors import BadValue, NotAllowed, TooMany, Unavailable
from wristband.scans import queries as scans
from wristband.scans.disclosure import Card, ConsentedCard, TracedCard
from wristband.scans.levels import GRANT_LASTS, GrantState
from wristband.services import approving, disclosing, verifying
from wristband.values.code import CheckCode
from wristband.values.phone import Phone
from wristband.web.errors import refused, sentence
from wristband.web.finder import finder
from wristband.web.forms import network
from wristband.web.guards import anyone, finder_tap
from wristband.web.language import current

_CARD_WORDS = 64
_TOLD = (BadValue, NotAllowed, TooMany, Unavailable)


@finder.get("/s/<scan>/help")
@anyone
def ways(scan: str) -> Response:
    """The three proofs, for who is with the elder and wants to know how to help."""
    return _ways(scan)


@finder.post("/s/<scan>/check")
@finder_tap
def enter_check_code(scan: str) -> Response:
    """The check code from the inside of the band."""
    try:
        check = CheckCode.parse(request.form.get("check", "")[:40])
        token = verifying.enter_check_code(scan, check, now=clock.now())
    except _TOLD as refusal:
        return refused(_ways(scan, check_error=sentence(refusal)), refusal)
    return _shown(scan, token)


@finder.post("/s/<scan>/phone")
@finder_tap
def send_code(scan: str) -> Response:
    """A code to the finder's own phone."""
    typed = request.form.get("phone", "")[:40]
    try:
        phone = Phone.parse_mobile(typed)
        verifying.ask_code(scan, phone, address=network(), language=current(), now=clock.now())
    except _TOLD as refusal:
        return refused(_ways(scan, phone=typed, phone_error=sentence(refusal)), refusal)
    return make_response(_code_page(scan, phone))


@finder.post("/s/<scan>/phone/code")
@finder_tap
def enter_phone_code(scan: str) -> Response:
    """The code that was sent; the phone stands in the form."""
    try:
        phone = Phone.parse_mobile(request.form.get("phone", "")[:40])
    except BadValue as refusal:
        return refused(_ways(scan, phone_error=sentence(refusal)), refusal)
    try:
        token = verifying.enter_code(scan, phone, request.form.get("code", "")[:40], now=clock.now())
    except _TOLD as refusal:
        return refused(_code_page(scan, phone, error=sentence(refusal)), refusal)
    return _shown(scan, token)


@finder.post("/s/<scan>/ask")
@finder_tap
def ask_family(scan: str) -> Response:
    """Ask the family to let this phone see. The page that answers holds the two digits and this phone's token."""
    typed = request.form.get("call_me", "")[:40]
    try:
        phone = Phone.parse_mobile(typed) if typed.strip() else None
        token, number = approving.ask_family(scan, phone=phone, address=network(), now=clock.now())
    except _TOLD as refusal:
        return refused(_ways(scan, call_me=typed, ask_error=sentence(refusal)), refusal)
    page = render_template("finder/asked.html", door="finder", scan=scan, grant=token, number=number, waited=False)
    return _with_cookie(make_response(page), token)


@finder.get("/s/<scan>/ask")
@anyone
def ask_state(scan: str) -> Response:
    """How the question stands, for the script of a waiting page: one word."""
    found = scans.find_acted_scan(scan)
    ask = scans.find_last_ask(found.id) if found else None
    state = "none" if ask is None else "ended" if ask.ends_at <= clock.now() else ask.state.value
    return Response(state, mimetype="text/plain")


@finder.post("/s/<scan>/card")
@finder_tap
def card(scan: str) -> Response:
    """The card again, or for the first time after the family said yes. The token is a field or a cookie."""
    token = request.form.get("grant", "")[:_CARD_WORDS] or request.cookies.get(_cookie_name(), "")[:_CARD_WORDS]
    found = scans.find_grant(scan, token)
    if found is not None and found.state is GrantState.ASKED and found.ends_at > clock.now():
        page = render_template(
            "finder/asked.html", door="finder", scan=scan, grant=token, number=found.number, waited=True
        )
        return make_response(page)
    return _shown(scan, token)


def _shown(scan: str, token: str) -> Response:
    try:
        opened = disclosing.show(scan, token, now=clock.now())
    except NotAllowed as refusal:
        return refused(_ways(scan, over=sentence(refusal)), refusal)
    page = render_template(
        "finder/card.html",
        door="finder",
        scan=scan,
        grant=token,
        card=opened,
        traced=isinstance(opened, TracedCard),
        consented=isinstance(opened, ConsentedCard),
        portrait=_portrait_inside(opened),
        voice=_voice_inside(opened),
        age=_age(opened),
        now=clock.now(),
    )
    return _with_cookie(make_response(page), token)


def _portrait_inside(opened: Card) -> str:
    """The portrait inside the page: it has no address that could be passed on or cached."""
    if isinstance(opened, TracedCard) or opened.portrait is None:
        return ""
    return f"data:image/jpeg;base64,{base64.b64encode(opened.portrait).decode()}"


def _age(opened: Card) -> int | None:
    if not isinstance(opened, ConsentedCard) or opened.birth_year is None:
        return None
    return clock.now().year - opened.birth_year


def _ways(scan: str, **told: str) -> Response:
    """The page of the three proofs. Raises NotFound for a scan that did nothing."""
    found = scans.get_acted_scan(scan)
    grant = scans.find_grant(scan, request.cookies.get(_cookie_name(), "")[:_CARD_WORDS])
    page = render_template(
        "finder/help.html",
        door="finder",
        scan=scan,
        told=told,
        recognised=scans.recognised(found),
        seen_before=grant is not None and grant.state is GrantState.GIVEN and grant.ends_at > clock.now(),
    )
    response = make_response(page)
    response.vary.add("Cookie")
    return response


def _code_page(scan: str, phone: Phone, *, error: str = "") -> str:
    return render_template("finder/phone_code.html", door="finder", scan=scan, phone=phone, error=error)


def _cookie_name() -> str:
    return "__Host-wristband_grant" if request.is_secure else "wristband_grant"


def _with_cookie(response: Response, token: str) -> Response:
    """The token for this browser; one that loses cookies has it in the page's form."""
    lasts = int(GRANT_LASTS.total_seconds())
    response.set_cookie(
        _cookie_name(), token, max_age=lasts, path="/", secure=request.is_secure, httponly=True, samesite="Strict"
    )
    return response


def _voice_inside(opened: Card) -> str:
    """The voice inside the page, at most 210 kB of it: no address that somebody else could open, later or at all."""
    if opened.voice is None:
        return ""
    return f"data:audio/mpeg;base64,{base64.b64encode(opened.voice).decode()}"
