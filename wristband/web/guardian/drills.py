"""A drill: the whole chain to the family, run by a guardian to see that it works."""

from __future__ import annotations

from datetime import datetime

from flask import Response, g, make_response, redirect, render_template, request, url_for

from wristband import clock
from wristband.elders import queries
from wristband.elders.readiness import DRILL_LASTS
from wristband.errors import BadValue, Conflict, TooMany
from wristband.house import house
from wristband.outbox.paths import Path, list_paths
from wristband.scans import drills, stamps
from wristband.scans.drills import list_results
from wristband.scans.queries import find_reach_of
from wristband.services import drilling
from wristband.web.errors import refused, sentence
from wristband.web.guardian import family
from wristband.web.guards import guardian
from wristband.web.language import current, gettext


@family.get("/elders/<int:elder_id>/drills")
@guardian
def drill_page(elder_id: int) -> str:
    return _start_page(elder_id)


@family.post("/elders/<int:elder_id>/drills")
@guardian
def begin_drill(elder_id: int) -> Response:
    """Run it; where one goes on already, to that one."""
    queries.get_elder(elder_id, guardian_id=g.account.guardian_id)
    reference = stamps.read(request.form.get("stamp", ""), house().ring.all("forms"))
    if reference is None:
        raise BadValue("page.form_stale")
    others, me, now = request.form.get("others") == "yes", g.account.guardian_id, clock.now()
    try:
        reach_id = drilling.begin(elder_id, reference, guardian_id=me, others=others, language=current(), now=now)
    except (Conflict, TooMany) as refusal:
        return refused(_start_page(elder_id, error=sentence(refusal)), refusal)
    return make_response(redirect(url_for("family.drill", drill_id=reach_id, finder=reference), code=303))


@family.get("/drills/<int:drill_id>")
@guardian
def drill(drill_id: int) -> str:
    """What has happened so far, by channel; asked for again and again by static/live.js, as a part."""
    return _drill_page(drill_id)


@family.post("/drills/<int:drill_id>/received")
@guardian
def receive_drill(drill_id: int) -> Response:
    try:
        drilling.receive(drill_id, guardian_id=g.account.guardian_id, now=clock.now())
    except Conflict as refusal:
        return refused(_drill_page(drill_id, error=sentence(refusal)), refusal)
    back = url_for("family.drill", drill_id=drill_id, finder=request.form.get("finder", "")[:22] or None)
    return make_response(redirect(back, code=303))


def _start_page(elder_id: int, *, error: str = "") -> str:
    elder = queries.get_elder(elder_id, guardian_id=g.account.guardian_id)
    _, stamp = stamps.make(house().ring.all("forms"))
    return render_template(
        "guardian/drills.html",
        door="family",
        elder=elder,
        stamp=stamp,
        others=len(queries.list_guardians(elder_id)) - 1,
        running=drills.find_running(elder_id, now=clock.now()),
        results=list_results(elder_id),
        error=error,
    )


def _drill_page(drill_id: int, *, error: str = "") -> str:
    reach, now = drills.get_drill(drill_id, guardian_id=g.account.guardian_id), clock.now()
    names = {person.id: person.name for _, person in queries.list_guardians(reach.elder_id)}
    part = request.headers.get("X-Part") == "drill"
    return render_template(
        "guardian/drill_part.html" if part else "guardian/drill.html",
        door="family",
        elder=queries.get_elder(reach.elder_id, guardian_id=g.account.guardian_id),
        reach=reach,
        over=drills.is_over(reach, now=now),
        ends_at=reach.made_at + DRILL_LASTS,
        lines=[(_who(path, names), path, _heard(path)) for path in list_paths(reach.id)],
        seconds=_seconds(reach.made_at, reach.answered_at),
        finder=_finder(reach.id),
        error=error,
    )


def _finder(reach_id: int) -> str:
    """The address of the finder's page, where this browser has it from beginning the drill; only it is given it."""
    reference = request.args.get("finder", "")[:22]
    behind = find_reach_of(reference) if reference else None
    return reference if behind is not None and behind.id == reach_id else ""


def _who(path: Path, names: dict[int, str | None]) -> str:
    if path.guardian_id == g.account.guardian_id:
        return gettext("您自己")
    return (names.get(path.guardian_id) if path.guardian_id else None) or gettext("另一位监护人")


def _heard(path: Path) -> list[tuple[str, datetime]]:
    """What the provider told of it, the first first."""
    return sorted(((state.value, at) for state, at in path.heard.items()), key=lambda told: told[1])


def _seconds(began_at: datetime, answered_at: datetime | None) -> int | None:
    return round((answered_at - began_at).total_seconds()) if answered_at else None
