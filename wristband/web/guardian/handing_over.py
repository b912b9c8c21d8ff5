"""A guardian comes for the elder: the code to tell whoever is with the elder, shown once."""

from __future__ import annotations

from flask import Response, g, make_response, render_template, url_for

from wristband import clock
from wristband.errors import Conflict
from wristband.services import handing_over
from wristband.services.handing_over import HandOverCode
from wristband.web.errors import refused, sentence
from wristband.web.guardian import family
from wristband.web.guards import guardian


@family.post("/calls/<int:reach_id>/hand-over")
@guardian
def hand_over_for_call(reach_id: int) -> Response:
    back = url_for("family.call", reach_id=reach_id)
    try:
        code = handing_over.make_for_call(reach_id, guardian_id=g.account.guardian_id, now=clock.now())
    except Conflict as refusal:
        return _refused(back, refusal)
    return make_response(_page(back, code))


@family.post("/incidents/<int:incident_id>/hand-over")
@guardian
def hand_over_for_incident(incident_id: int) -> Response:
    back = url_for("family.incident", incident_id=incident_id)
    try:
        code = handing_over.make_for_incident(incident_id, guardian_id=g.account.guardian_id, now=clock.now())
    except Conflict as refusal:
        return _refused(back, refusal)
    return make_response(_page(back, code))


def _refused(back: str, refusal: Conflict) -> Response:
    return refused(_page(back, None, error=sentence(refusal)), refusal)


def _page(back: str, code: HandOverCode | None, *, error: str = "") -> str:
    return render_template("guardian/hand_over.html", door="family", back=back, code=code, error=error)
