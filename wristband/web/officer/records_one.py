"""One record: masked until it is opened with a reason; edited for the family, who hear of it."""

from __future__ import annotations

import base64
from datetime import date, datetime

from flask import Response, g, make_response, redirect, render_template, request, url_for

from wristband import clock
from wristband.accounts.queries import stations_of_officers
from wristband.accounts.rules import Act
from wristband.audit.accesses import CHANGES, list_accesses
from wristband.audit.deeds import Deed
from wristband.elders import at_station, changes, queries, search
from wristband.elders.keeping import RECORD_REASON_WORDS, STANDING_WORDS, RecordReason
from wristband.elders.rules import RELATIONS, Particulars, Purpose
from wristband.errors import BadFields, BadValue, Conflict, Refusal, TooMany
from wristband.incidents.records import FullRecord
from wristband.services import editing, records_keeping
from wristband.stations.queries import find_station
from wristband.web.errors import refused, sentence
from wristband.web.guards import officer
from wristband.web.language import gettext
from wristband.web.officer import police, shown

TEXTS = ("name", "called", "sex", "birth_year", "address", "approach", "health")


def _(text: str) -> str:
    return text


FIELD_WORDS = {
    "name": _("姓名"),
    "called": _("称呼"),
    "sex": _("性别"),
    "birth_year": _("出生年份"),
    "address": _("住址"),
    "approach": _("怎样和老人说话"),
    "health": _("健康提示"),
    "station_id": _("派出所"),
    "relation": _("和老人的关系"),
}


# They have a list of their own on the page.
_TOLD_ELSEWHERE = {Deed.CONSENT_GIVEN, Deed.CONSENT_WITHDRAWN, Deed.ELDER_CHANGED}


@police.get("/records/<int:elder_id>")
@officer(Act.SEE_RECORDS)
def record(elder_id: int) -> str:
    """How the record stands, and, for a while after it was opened with a reason, what is in it."""
    return record_page(elder_id)


@police.post("/records/<int:elder_id>/open")
@officer(Act.SEE_RECORDS)
def open_record(elder_id: int) -> Response:
    chosen = request.form.get("reason", "")
    reason = RecordReason(chosen) if chosen in set(RecordReason) else None
    try:
        records_keeping.open_record(elder_id, reason, officer=g.account, now=clock.now())
    except (BadValue, TooMany) as refusal:
        return refused(record_page(elder_id, refusal), refusal)
    return back(elder_id)


def back(elder_id: int) -> Response:
    """To the record, after a deed."""
    return make_response(redirect(url_for("police.record", elder_id=elder_id), code=303))


def record_page(elder_id: int, refusal: Refusal | None = None) -> str:
    """The record's page, with what was refused and what was typed. Raises NotFound."""
    me, now = g.account, clock.now()
    elder = at_station.get_record_in_sight(elder_id, station_id=me.station_id)
    ours = elder.station_id == me.station_id
    whole = None
    if ours and records_keeping.is_open(elder_id, officer=me, now=now):
        whole = records_keeping.show(elder_id, officer=me, now=now)
        elder = at_station.get_record(elder_id, station_id=me.station_id)
    stands = at_station.standings([elder])[elder_id]
    transfer = at_station.find_transfer(elder_id)
    there = find_station(transfer.to_station_id) if transfer else None
    return render_template(
        "officer/records_one.html",
        door="police",
        error=sentence(refusal) if refusal else "",
        elder=elder,
        name=search.masked_name(elder),
        ours=ours,
        whole=whole,
        portrait=portrait_of(whole),
        age=shown.age(whole.helpful.birth_year, now) if whole else "",
        standing=stands.value,
        standing_words={one.value: gettext(words) for one, words in STANDING_WORDS.items()},
        reasons=[("", gettext("请选择")), *((one.value, gettext(said)) for one, said in RECORD_REASON_WORDS.items())],
        station=find_station(elder.station_id),
        transfer=transfer,
        transfer_to=there.name if there else "",
        dispute=at_station.find_dispute(elder_id),
        removals={removal.guardian_id: removal for removal in at_station.list_removals(elder_id)},
        merges=at_station.list_merges(elder_id, now=now),
        may_undo_death=at_station.may_undo_death(elder, now=now),
        readable=shown.readable,
        relations=RELATIONS,
        now=now,
        **_parts(elder_id, opened=whole is not None),
    )


def _parts(elder_id: int, *, opened: bool) -> dict[str, object]:
    """What belongs to the record: bands, guardians, consents, incidents, history."""
    return {
        "bands": search.bands_of([elder_id]).get(elder_id, []),
        "guardians": search.guardians_of([elder_id]).get(elder_id, []),
        "consents": queries.consent_states(elder_id),
        "incidents": at_station.list_incidents(elder_id),
        "history": _history(elder_id, opened=opened),
        "deeds": _deeds(elder_id),
    }


def _history(elder_id: int, *, opened: bool) -> list[tuple[datetime, str, str, str]]:
    """Each change of a field: when, who, which; and what stood there before, where the record is open."""
    rows = changes.list_changes(elder_id)
    officers = {int(row.actor.partition(":")[2]) for row in rows if row.actor.startswith("officer:")}
    names = stations_of_officers(officers)
    sexes = {"female": gettext("女"), "male": gettext("男")}
    lines = []
    for row in rows:
        kind, _colon, number = row.actor.partition(":")
        who = _who(kind, int(number), names)
        before = shown.readable(changes.before_of(row)) if opened else ""
        lines.append((row.at, who, gettext(FIELD_WORDS[row.field]), sexes.get(before, before)))
    return lines


def _deeds(elder_id: int) -> list[tuple[datetime, str, str]]:
    """What was done to the record, without the looks: when, who, what."""
    done = [deed for deed in list_accesses(elder_id, limit=60) if deed.deed in CHANGES.keys() - _TOLD_ELSEWHERE]
    names = stations_of_officers({deed.actor_id or 0 for deed in done if deed.actor_kind == "officer"})
    return [(deed.at, _who(deed.actor_kind, deed.actor_id or 0, names), gettext(CHANGES[deed.deed])) for deed in done]


def _who(kind: str, actor_id: int, stations: dict[int, str]) -> str:
    if kind == "officer":
        return gettext("%(station)s的民警", station=stations.get(actor_id, ""))
    return gettext("监护人")


def portrait_of(whole: FullRecord | None) -> str:
    """The portrait inside the page, so that it has no address."""
    if whole is None or whole.portrait is None:
        return ""
    return f"data:image/jpeg;base64,{base64.b64encode(whole.portrait).decode()}"


# ---- editing


@police.get("/records/<int:elder_id>/edit")
@officer(Act.KEEP_RECORDS)
def edit_record(elder_id: int) -> Response:
    """The particulars to be changed; only of a record that is open, since they are all shown."""
    me, now = g.account, clock.now()
    elder = at_station.get_record(elder_id, station_id=me.station_id)
    if not records_keeping.is_open(elder_id, officer=me, now=now):
        return back(elder_id)
    seen, whole = elder.changed_at, records_keeping.show(elder_id, officer=me, now=now)
    texts = {name: shown.readable(str(getattr(whole.helpful, name, None) or "")) for name in TEXTS}
    texts |= {"address": shown.readable(whole.revealed.address), "seen": seen.isoformat()}
    return make_response(_edit_page(elder_id, texts, {}))


@police.post("/records/<int:elder_id>/edit")
@officer(Act.KEEP_RECORDS)
def keep_record(elder_id: int) -> Response:
    """Keep what was typed, or come back with it, every fault named; also where somebody else was quicker."""
    me, now = g.account, clock.now()
    texts = {name: request.form.get(name, "") for name in (*TEXTS, "seen")}
    at_station.get_record(elder_id, station_id=me.station_id)
    try:
        particulars = _particulars(elder_id, texts, now.date())
        editing.edit_at_counter(elder_id, particulars, seen=_moment(texts["seen"]), officer=me, now=now)
    except BadFields as refusal:
        return make_response(_edit_page(elder_id, texts, dict(refusal.fields)), refusal.status)
    except Conflict as refusal:
        # From here on the newest is what is seen: kept again, it is kept knowingly.
        texts["seen"] = at_station.get_record(elder_id, station_id=me.station_id).changed_at.isoformat()
        return refused(_edit_page(elder_id, texts, {}, told=sentence(refusal)), refusal)
    return back(elder_id)


def _particulars(elder_id: int, texts: dict[str, str], today: date) -> Particulars:
    consents = {state.purpose for state in queries.consent_states(elder_id) if state.given}
    # Whose relation to the elder it is an officer does not say, so any will do.
    typed = {name: texts[name] for name in TEXTS}
    return Particulars.of(today=today, consents=consents, relation="relative", **typed)


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise BadValue("page.bad_request") from None
    if moment.tzinfo is None:
        raise BadValue("page.bad_request")
    return moment


def _edit_page(elder_id: int, texts: dict[str, str], errors: dict[str, Refusal], *, told: str = "") -> str:
    me, now = g.account, clock.now()
    newest = None
    if told and records_keeping.is_open(elder_id, officer=me, now=now):
        newest = records_keeping.show(elder_id, officer=me, now=now)
    return render_template(
        "officer/records_edit.html",
        door="police",
        elder_id=elder_id,
        values=texts,
        told=told,
        newest=newest,
        errors={name: sentence(refusal) for name, refusal in errors.items()},
        health_kept=queries.consented(elder_id, Purpose.HEALTH),
        readable=shown.readable,
    )
