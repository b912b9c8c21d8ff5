"""Records that go elsewhere: to another station, into another record of the same person, and back."""

from __future__ import annotations

from flask import Response, g, make_response, redirect, render_template, request, url_for

from wristband import clock
from wristband.accounts.rules import Act
from wristband.elders import at_station, search
from wristband.elders.at_station import ElderFacts
from wristband.elders.keeping import RecordReason
from wristband.errors import BadValue, Conflict, Refusal, TooMany
from wristband.incidents.neighbours import list_choice
from wristband.services import merging_elders, records_keeping, transferring
from wristband.stations.queries import find_station, position_of
from wristband.web.errors import refused, sentence
from wristband.web.forms import find_id
from wristband.web.guards import officer
from wristband.web.officer import police, shown
from wristband.web.officer.records_one import back, portrait_of, record_page

_LONGEST_NAME = 60


# ---- to another station


@police.get("/records/<int:elder_id>/transfer")
@officer(Act.KEEP_RECORDS)
def transfer_form(elder_id: int) -> str:
    """The stations nearest to this one, or those whose name holds what was searched for."""
    return _transfer_page(elder_id)


@police.post("/records/<int:elder_id>/transfer")
@officer(Act.KEEP_RECORDS)
def offer_record(elder_id: int) -> Response:
    try:
        station_id = find_id(request.form.get("station", ""))
        transferring.offer(elder_id, station_id, officer=g.account, now=clock.now())
    except (BadValue, Conflict) as refusal:
        return refused(_transfer_page(elder_id, refusal), refusal)
    return back(elder_id)


def _transfer_page(elder_id: int, refusal: Refusal | None = None) -> str:
    me = g.account
    elder = at_station.get_record(elder_id, station_id=me.station_id)
    station, name = find_station(me.station_id), request.values.get("name", "")[:_LONGEST_NAME]
    near = position_of(station) if station else None
    return render_template(
        "officer/records_transfer.html",
        door="police",
        elder_id=elder_id,
        who=search.masked_name(elder),
        stations=list_choice(name, near, beside=me.station_id),
        name=name,
        chosen=request.form.get("station", ""),
        error=sentence(refusal) if refusal else "",
        readable=shown.readable,
    )


@police.post("/records/<int:elder_id>/take")
@officer(Act.KEEP_RECORDS)
def take_record(elder_id: int) -> Response:
    """Offered to this station, or nobody's: it is this station's from now on."""
    try:
        transferring.take(elder_id, officer=g.account, now=clock.now())
    except Conflict as refusal:
        return refused(record_page(elder_id, refusal), refusal)
    return back(elder_id)


@police.post("/records/<int:elder_id>/decline")
@officer(Act.KEEP_RECORDS)
def decline_record(elder_id: int) -> Response:
    """No to an offer; or the offer, taken back. Whoever may not see the record any more is led to the list."""
    transferring.decline(elder_id, officer=g.account, now=clock.now())
    if request.form.get("then") == "list":
        return make_response(redirect(url_for("police.records"), code=303))
    return back(elder_id)


# ---- into another record


@police.get("/records/<int:elder_id>/duplicates")
@officer(Act.MERGE_RECORDS, stepped_up=True)
def duplicates(elder_id: int) -> str:
    """Records of the station that may be the same person's."""
    return _duplicates_page(elder_id)


@police.post("/records/<int:elder_id>/duplicates")
@officer(Act.MERGE_RECORDS, stepped_up=True)
def compare(elder_id: int) -> Response:
    """Both records, side by side: each is opened with that reason, counts and is told."""
    me, now, other = g.account, clock.now(), find_id(request.form.get("other", ""))
    try:
        if other is None or other == elder_id:
            raise BadValue("records.merge_choice")
        for one in (elder_id, other):
            records_keeping.open_record(one, RecordReason.DUPLICATE, officer=me, now=now)
    except (BadValue, TooMany) as refusal:
        return refused(_duplicates_page(elder_id, refusal), refusal)
    return make_response(_duplicates_page(elder_id, other=other))


@police.post("/records/<int:elder_id>/merge")
@officer(Act.MERGE_RECORDS, stepped_up=True)
def merge_records(elder_id: int) -> Response:
    """One of the two goes on, whichever was chosen."""
    other, keep = find_id(request.form.get("other", "")), find_id(request.form.get("keep", ""))
    try:
        if other is None or keep not in (elder_id, other):
            raise BadValue("records.merge_choice")
        gone = other if keep == elder_id else elder_id
        merging_elders.merge(gone, keep, officer=g.account, now=clock.now())
    except (BadValue, Conflict) as refusal:
        return refused(_duplicates_page(elder_id, refusal, other=other), refusal)
    return back(keep)


@police.post("/records/<int:elder_id>/merges/<int:merge_id>/undo")
@officer(Act.MERGE_RECORDS, stepped_up=True)
def undo_merge(elder_id: int, merge_id: int) -> Response:
    try:
        merging_elders.undo(elder_id, merge_id, officer=g.account, now=clock.now())
    except Conflict as refusal:
        return refused(record_page(elder_id, refusal), refusal)
    return back(elder_id)


def _duplicates_page(elder_id: int, refusal: Refusal | None = None, *, other: int | None = None) -> str:
    me, now = g.account, clock.now()
    elder = at_station.get_record(elder_id, station_id=me.station_id)
    return render_template(
        "officer/records_duplicates.html",
        door="police",
        elder_id=elder_id,
        who=search.masked_name(elder),
        registered_at=elder.registered_at,
        candidates=search.find_candidates(elder, now=now),
        pair=_pair(elder_id, other) if other is not None else [],
        other=other,
        error=sentence(refusal) if refusal else "",
        readable=shown.readable,
        now=now,
    )


def _pair(elder_id: int, other: int) -> list[tuple[ElderFacts, dict[str, object]]]:
    """The two records with everything in them; none where one of them is not open to this officer."""
    me, now = g.account, clock.now()
    if not all(records_keeping.is_open(one, officer=me, now=now) for one in (elder_id, other)):
        return []
    pair = []
    for one in (elder_id, other):
        whole = records_keeping.show(one, officer=me, now=now)
        elder = at_station.get_record(one, station_id=me.station_id)
        facts: dict[str, object] = {
            "whole": whole,
            "portrait": portrait_of(whole),
            "bands": search.bands_of([one]).get(one, []),
            "guardians": search.guardians_of([one]).get(one, []),
            "incidents": at_station.list_incidents(one),
            "age": shown.age(whole.helpful.birth_year, now),
        }
        pair.append((elder, facts))
    return pair
