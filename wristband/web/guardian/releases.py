"""A guardian lets others outside help to search: she ticks what they are shown, and takes it back."""

from __future__ import annotations

from flask import Response, g, make_response, redirect, render_template, request, url_for

from wristband import clock
from wristband.elders import queries as elders
from wristband.errors import BadValue, Conflict, Refusal
from wristband.incidents import queries as incidents
from wristband.services import releasing
from wristband.web import releases
from wristband.web.errors import refused, sentence
from wristband.web.guardian import family
from wristband.web.guards import guardian


@family.get("/incidents/<int:incident_id>/release")
@guardian
def release_form(incident_id: int) -> str:
    return _page(incident_id)


@family.post("/incidents/<int:incident_id>/release")
@guardian
def release(incident_id: int) -> Response:
    try:
        wanted = releases.wanted(request.form)
        releasing.release_own(incident_id, wanted, guardian_id=g.account.guardian_id, now=clock.now())
    except (BadValue, Conflict) as refusal:
        return refused(_page(incident_id, refusal=refusal), refusal)
    return _back(incident_id)


@family.post("/incidents/<int:incident_id>/release/withdraw")
@guardian
def withdraw_release(incident_id: int) -> Response:
    """Whoever released it."""
    releasing.withdraw_own(incident_id, guardian_id=g.account.guardian_id, now=clock.now())
    return _back(incident_id)


def _back(incident_id: int) -> Response:
    return make_response(redirect(url_for("family.release_form", incident_id=incident_id), code=303))


def _page(incident_id: int, *, refusal: Refusal | None = None) -> str:
    now, me = clock.now(), g.account.guardian_id
    found = incidents.get_own_incident(incident_id, guardian_id=me)
    told = releases.facts(found, now=now)
    return render_template(
        "guardian/release.html",
        door="family",
        incident=found,
        elder=elders.get_elder(found.elder_id or 0, guardian_id=me),
        now=now,
        error=sentence(refusal) if refusal else "",
        **told,
        **releases.choices(request.form if refusal else None, told["release"]),  # type: ignore[arg-type]
    )
