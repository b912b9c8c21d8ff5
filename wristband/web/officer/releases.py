"""Releasing an incident to others outside: what is shown, who has read it, and what came back."""

from __future__ import annotations

from flask import Response, g, make_response, redirect, render_template, request, url_for

from wristband import clock
from wristband.accounts.rules import Act
from wristband.errors import BadValue, Conflict, Refusal
from wristband.incidents import queries
from wristband.interchange.queries import list_from_outside
from wristband.interchange.rules import AUDIENCE_WORDS
from wristband.services import hearing_pfif, releasing
from wristband.web import releases
from wristband.web.errors import refused, sentence
from wristband.web.guards import officer
from wristband.web.language import gettext
from wristband.web.officer import police


@police.get("/incidents/<int:incident_id>/release")
@officer(Act.RELEASE)
def release_form(incident_id: int) -> str:
    """What others would be shown, before and after; the least is ticked."""
    return _page(incident_id)


@police.post("/incidents/<int:incident_id>/release")
@officer(Act.RELEASE)
def release(incident_id: int) -> Response:
    try:
        wanted = releases.wanted(request.form)
        releasing.release_on_duty(incident_id, wanted, officer=g.account, now=clock.now())
    except (BadValue, Conflict) as refusal:
        return refused(_page(incident_id, refusal=refusal), refusal)
    return _back(incident_id)


@police.post("/incidents/<int:incident_id>/release/withdraw")
@officer(Act.RELEASE)
def withdraw_release(incident_id: int) -> Response:
    releasing.withdraw_on_duty(incident_id, officer=g.account, now=clock.now())
    return _back(incident_id)


@police.post("/incidents/<int:incident_id>/outside/<int:note_id>/link")
@officer(Act.RELEASE)
def link_record(incident_id: int, note_id: int) -> Response:
    """The person whom a note from outside names is this elder: told to others on both records."""
    try:
        hearing_pfif.link(note_id, incident_id, officer=g.account, now=clock.now())
    except Conflict as refusal:
        return refused(_page(incident_id, refusal=refusal), refusal)
    return _back(incident_id)


def _back(incident_id: int) -> Response:
    return make_response(redirect(url_for("police.release_form", incident_id=incident_id), code=303))


def _page(incident_id: int, *, refusal: Refusal | None = None) -> str:
    now = clock.now()
    found = queries.get_incident(incident_id, station_id=g.account.station_id)
    told = releases.facts(found, now=now)
    sent_again = request.form if refusal and "days" in request.form else None
    return render_template(
        "officer/release.html",
        door="police",
        incident=found,
        now=now,
        error=sentence(refusal) if refusal else "",
        outside=list_from_outside(incident_id),
        audiences=[(one.value, gettext(said)) for one, said in AUDIENCE_WORDS.items()],
        **told,
        **releases.choices(sent_again, told["release"]),  # type: ignore[arg-type]
    )
