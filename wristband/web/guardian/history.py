"""What has happened to an elder: every incident, when it was, how it ended."""

from __future__ import annotations

from flask import g, render_template, request

from wristband.elders.queries import get_elder
from wristband.reports import queries
from wristband.web.forms import find_id
from wristband.web.guardian import family
from wristband.web.guards import guardian

_A_PAGE = 20


@family.get("/elders/<int:elder_id>/incidents")
@guardian
def incident_history(elder_id: int) -> str:
    """The latest, or those before the one that `before` names."""
    me = g.account.guardian_id
    elder = get_elder(elder_id, guardian_id=me)
    before = find_id(request.args.get("before", ""))
    # One more than is shown tells whether there are older ones.
    found = queries.list_history(elder_id, guardian_id=me, before=before, limit=_A_PAGE + 1)
    older = found[_A_PAGE - 1].id if len(found) > _A_PAGE else None
    return render_template(
        "guardian/history.html",
        door="family",
        elder=elder,
        incidents=found[:_A_PAGE],
        older=older,
        first=before is None,
    )
