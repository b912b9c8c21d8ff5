"""What a community wrote down of an elder: the family completes it, agrees to each purpose, or wants none of it."""

from __future__ import annotations

import json

from flask import Response, g, make_response, redirect, url_for

from wristband import clock
from wristband.partners.proposals import get_waiting_proposal
from wristband.services import proposing
from wristband.web.guardian import family
from wristband.web.guardian.elders import form_of_proposal
from wristband.web.guards import guardian


@family.get("/proposals/<int:proposal_id>")
@guardian
def proposal(proposal_id: int) -> str:
    """The form of a registration, filled with what the community wrote; nothing in it is ticked."""
    me, now = g.account.guardian_id, clock.now()
    found, proposer = get_waiting_proposal(proposal_id, guardian_id=me, now=now)
    texts: dict[str, str] = json.loads(found.texts or "{}")
    return form_of_proposal(proposal_id, proposer, texts, found.station_id)


@family.post("/proposals/<int:proposal_id>/decline")
@guardian
def decline_proposal(proposal_id: int) -> Response:
    proposing.decline(proposal_id, guardian_id=g.account.guardian_id, now=clock.now())
    return make_response(redirect(url_for("family.home"), code=303))
