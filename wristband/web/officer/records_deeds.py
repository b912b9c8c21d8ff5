"""What an officer does with a record: confirmed, disputed, settled, closed after a death, left by its family."""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus

from flask import Response, g, make_response, redirect, request, url_for

from wristband import clock
from wristband.accounts.rules import Act
from wristband.bands.rules import BandForm
from wristband.elders import at_station
from wristband.errors import BadValue, Conflict, NotAllowed, TooMany, Unavailable
from wristband.services import disputing, erasing, issuing, records_keeping
from wristband.web.errors import refused
from wristband.web.forms import find_id
from wristband.web.guards import officer
from wristband.web.officer import police
from wristband.web.officer.records_one import back, record_page

_TOLD = (BadValue, Conflict, NotAllowed, TooMany, Unavailable)
# More than any reason may have: enough to see that it is too long.
_ENOUGH_CHARACTERS = 2000


def _words() -> str:
    return request.form.get("words", "")[:_ENOUGH_CHARACTERS]


def _do(elder_id: int, deed: Callable[[], object]) -> Response:
    """Back to the record; with what was refused, and what was typed, where it was."""
    at_station.get_record(elder_id, station_id=g.account.station_id)
    try:
        deed()
    except _TOLD as refusal:
        return refused(record_page(elder_id, refusal), refusal)
    return back(elder_id)


@police.post("/records/<int:elder_id>/confirm")
@officer(Act.KEEP_RECORDS)
def confirm_record(elder_id: int) -> Response:
    return _do(elder_id, lambda: records_keeping.confirm(elder_id, officer=g.account, now=clock.now()))


@police.post("/records/<int:elder_id>/dispute")
@officer(Act.KEEP_RECORDS)
def dispute_record(elder_id: int) -> Response:
    return _do(elder_id, lambda: disputing.open_dispute(elder_id, _words(), officer=g.account, now=clock.now()))


@police.post("/records/<int:elder_id>/settle")
@officer(Act.KEEP_RECORDS)
def settle_dispute(elder_id: int) -> Response:
    return _do(elder_id, lambda: disputing.settle(elder_id, _words(), officer=g.account, now=clock.now()))


@police.post("/records/<int:elder_id>/guardians/<int:guardian_id>/remove")
@officer(Act.KEEP_RECORDS)
def ask_removal(elder_id: int, guardian_id: int) -> Response:
    """A guardian is to answer for the elder no more; a second officer decides."""
    return _do(
        elder_id,
        lambda: disputing.ask_removal(elder_id, guardian_id, _words(), officer=g.account, now=clock.now()),
    )


@police.post("/records/<int:elder_id>/removals/<int:removal_id>")
@officer(Act.KEEP_RECORDS, stepped_up=True)
def decide_removal(elder_id: int, removal_id: int) -> Response:
    agreed = request.form.get("answer") == "agreed"
    return _do(
        elder_id,
        lambda: disputing.decide_removal(elder_id, removal_id, agreed=agreed, officer=g.account, now=clock.now()),
    )


@police.post("/records/<int:elder_id>/death")
@officer(Act.KEEP_RECORDS, stepped_up=True)
def note_death(elder_id: int) -> Response:
    """The elder has died; the name, typed, confirms it."""
    name = request.form.get("typed_name", "")
    return _do(elder_id, lambda: records_keeping.note_death(elder_id, name, officer=g.account, now=clock.now()))


@police.post("/records/<int:elder_id>/death/undo")
@officer(Act.KEEP_RECORDS)
def undo_death(elder_id: int) -> Response:
    return _do(elder_id, lambda: records_keeping.undo_death(elder_id, officer=g.account, now=clock.now()))


@police.post("/records/<int:elder_id>/leave")
@officer(Act.KEEP_RECORDS, stepped_up=True)
def leave(elder_id: int) -> Response:
    """A guardian at the counter wants nothing to be kept: the same wish as at the family's door."""
    return _do(elder_id, lambda: _leave(elder_id))


def _leave(elder_id: int) -> None:
    guardian_id = find_id(request.form.get("guardian", ""))
    if guardian_id is None or not at_station.has_guardian(elder_id, guardian_id):
        raise BadValue("records.guardian_missing")
    name = request.form.get("leave_name", "")
    erasing.ask(elder_id, name, guardian_id=guardian_id, officer=g.account, now=clock.now())


@police.post("/records/<int:elder_id>/bands")
@officer(Act.KEEP_RECORDS)
def issue_band(elder_id: int) -> Response:
    """One more band, to be printed on the spot."""
    form, key = request.form.get("form", ""), request.form.get("key", "")
    if form not in set(BandForm) or not 16 <= len(key) <= 64:
        raise BadValue("page.bad_request")
    answer = _do(
        elder_id,
        lambda: issuing.issue_at_counter(key, elder_id, BandForm(form), officer=g.account, now=clock.now()),
    )
    if answer.status_code == HTTPStatus.SEE_OTHER and request.form.get("then") == "registered":
        return make_response(redirect(url_for("police.registered", elder_id=elder_id), code=303))
    return answer
