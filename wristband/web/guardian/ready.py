"""How far a family is ready; a contact's number confirmed by code; a band tried."""

from __future__ import annotations

from flask import Response, g, make_response, redirect, render_template, request, url_for

from wristband import clock
from wristband.bands import queries as bands
from wristband.elders import queries
from wristband.elders.readiness import OPTIONAL, Point, lacking, ready_points
from wristband.elders.standing import gather
from wristband.errors import BadValue, Refusal, TooMany
from wristband.scans.drills import list_results
from wristband.scans.rules import CODE_DIGITS
from wristband.services import confirming, trying
from wristband.values.phone import Phone
from wristband.values.width import half_width
from wristband.web.errors import refused, sentence
from wristband.web.forms import network
from wristband.web.guardian import family
from wristband.web.guards import guardian
from wristband.web.pages import settings


@family.get("/elders/<int:elder_id>/ready")
@guardian
def ready(elder_id: int) -> str:
    """What is ready and what to do next, to be printed and put on the fridge."""
    elder, now = queries.get_elder(elder_id, guardian_id=g.account.guardian_id), clock.now()
    facts = gather([elder_id])[elder_id]
    there = ready_points(facts, now=now)
    worn = [band for band in bands.list_bands(elder_id, guardian_id=g.account.guardian_id) if not band.ended_at]
    return render_template(
        "guardian/ready.html",
        door="family",
        elder=elder,
        facts=facts,
        points=list(Point),
        there=there,
        optional=OPTIONAL,
        lacking=lacking(there),
        band=next((band for band in worn if not band.tested_at), None),
        result=next((each for each in list_results(elder_id) if each.answered_after_s is not None), None),
        now=now,
    )


def code_typed() -> str:
    """The code in the form. What cannot be one is a slip of the hand, and costs no try: raises BadValue."""
    code = "".join(half_width(request.form.get("code", "")[:40]).split())
    if not (code.isascii() and code.isdecimal() and len(code) == CODE_DIGITS):
        raise BadValue("quiet.code_missing")
    return code


# ---- a contact's number


@family.get("/elders/<int:elder_id>/contacts/<int:contact_id>/code")
@guardian
def contact_code(elder_id: int, contact_id: int) -> str:
    """Where the code is typed that whoever has the number tells."""
    return _code_page(elder_id, contact_id)


@family.post("/elders/<int:elder_id>/contacts/<int:contact_id>/code")
@guardian
def ask_contact_code(elder_id: int, contact_id: int) -> Response:
    me, now = g.account.guardian_id, clock.now()
    try:
        confirming.ask_code(elder_id, contact_id, guardian_id=me, address=network(), now=now)
    except (BadValue, TooMany) as refusal:
        return refused(_code_page(elder_id, contact_id, unsent=refusal), refusal)
    return make_response(redirect(url_for("family.contact_code", elder_id=elder_id, contact_id=contact_id), code=303))


@family.post("/elders/<int:elder_id>/contacts/<int:contact_id>/confirm")
@guardian
def confirm_contact(elder_id: int, contact_id: int) -> Response:
    try:
        code = code_typed()
        confirming.enter_code(elder_id, contact_id, code, guardian_id=g.account.guardian_id, now=clock.now())
    except (BadValue, TooMany) as refusal:
        return refused(_code_page(elder_id, contact_id, refusal=refusal), refusal)
    return make_response(redirect(url_for("family.circle", elder_id=elder_id), code=303))


def _code_page(elder_id: int, contact_id: int, *, refusal: Refusal | None = None, unsent: Refusal | None = None) -> str:
    elder = queries.get_elder(elder_id, guardian_id=g.account.guardian_id)
    contact = queries.get_contact(contact_id, elder_id=elder_id)
    return render_template(
        "guardian/contact_code.html",
        door="family",
        elder=elder,
        contact=contact,
        mine=contact.guardian_id == g.account.guardian_id,
        phone=Phone(contact.address).masked(),
        error=sentence(refusal) if refusal else "",
        unsent=sentence(unsent) if unsent else "",
        printed_messages=settings().demonstration,
    )


# ---- a band


@family.post("/bands/<int:band_id>/try")
@guardian
def try_band(band_id: int) -> Response:
    """Wait for the band to be opened on a phone: the page says when it was."""
    trying.begin_trial(band_id, guardian_id=g.account.guardian_id, now=clock.now())
    return make_response(redirect(url_for("family.band", band_id=band_id, _anchor="try"), code=303))
