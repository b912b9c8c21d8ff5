"""The station's records: listed, filtered, found by what somebody says at the counter."""

from __future__ import annotations

from dataclasses import dataclass, field

from flask import Response, g, make_response, render_template, request

from wristband import clock
from wristband.accounts.rules import Act
from wristband.elders import at_station, search
from wristband.elders.keeping import STANDING_WORDS, Standing
from wristband.elders.rules import NAME_MAX, RELATIONS, clean_text
from wristband.elders.search import Listed, Ready, Worn
from wristband.errors import BadValue, NotFound, TooMany
from wristband.services import records_keeping
from wristband.stations import queries as stations
from wristband.values.code import BandCode
from wristband.values.phone import Phone
from wristband.web.errors import refused, sentence
from wristband.web.forms import find_id
from wristband.web.guards import officer
from wristband.web.language import gettext
from wristband.web.officer import police, shown

_SHOWS = ("elders", "bands", "guardians")
_TYPED_MAX = 80
_STATIONS_A_PAGE = 50


def _(text: str) -> str:
    return text


_READY = {Ready.LACKING: _("准备不全"), Ready.STALE: _("电话要重新确认"), Ready.READY: _("准备齐全")}


@dataclass
class _Found:
    """What a search has come to."""

    typed: str = ""
    rows: list[Listed] = field(default_factory=list)
    band: Worn | None = None
    error: str = ""
    asked: bool = False


@police.get("/records")
@officer(Act.SEE_RECORDS)
def records() -> str:
    """The station's elders, their bands or their guardians, newest first, a page at a time."""
    return _page(_Found())


@police.post("/records/search")
@officer(Act.SEE_RECORDS)
def search_records() -> Response:
    """By a name, a number or a band's code, whichever it is; in this answer alone, so that no address holds a name."""
    typed = request.form.get("typed", "")[:_TYPED_MAX]
    found = _Found(typed, asked=True)
    try:
        _search(typed, found)
    except (BadValue, NotFound, TooMany) as refusal:
        found.error = sentence(refusal)
        return refused(_page(found), refusal)
    return make_response(_page(found))


def _search(typed: str, found: _Found) -> None:
    """Raises BadValue for nothing typed and hidden characters, NotFound for a code of no band, TooMany."""
    me, now = g.account, clock.now()
    words = clean_text(typed, "records.search", _TYPED_MAX)
    code, phone = _code(words), _phone(words)
    if code is not None:
        found.band = records_keeping.look_up_band(code, officer=me, now=now)
    elif phone is not None:
        records_keeping.search("phone", officer=me, now=now)
        found.rows = search.find_by_phone(phone, station_id=me.station_id, now=now)
    else:
        records_keeping.search("name", officer=me, now=now)
        found.rows = search.find_by_name(words[:NAME_MAX], station_id=me.station_id, now=now)


def _code(words: str) -> BandCode | None:
    try:
        return BandCode.parse(words)
    except BadValue as refusal:
        if refusal.code == "code.mistyped" and any(each.isdigit() for each in words):
            raise
        return None


def _phone(words: str) -> Phone | None:
    try:
        return Phone.parse(words)
    except BadValue:
        return None


def _page(found: _Found) -> str:
    me, now, asked = g.account, clock.now(), request.args
    show = asked.get("show", "")
    stands, ready = asked.get("standing", ""), asked.get("ready", "")
    before = find_id(asked.get("before", ""))
    page = search.Page(found.rows)
    if not found.asked:
        page = search.list_page(
            station_id=me.station_id,
            now=now,
            standing=Standing(stands) if stands in set(Standing) else None,
            ready=Ready(ready) if ready in set(Ready) else None,
            before=before,
        )
    ids = [row.id for row in page.rows]
    chosen = show if show in _SHOWS and not found.asked else "elders"
    return render_template(
        "officer/records.html",
        door="police",
        page=page,
        found=found,
        chosen_show=chosen,
        standing=stands if stands in set(Standing) else "",
        ready=ready if ready in set(Ready) else "",
        first=before is None,
        bands=search.bands_of(ids) if chosen == "bands" else {},
        guardians=search.guardians_of(ids) if chosen == "guardians" else {},
        offers=[(search.masked_name(elder), elder.id, name) for _, elder, name in _offers()] if before is None else [],
        standings=[("", gettext("全部")), *((one.value, gettext(words)) for one, words in STANDING_WORDS.items())],
        readies=[("", gettext("不限")), *((one.value, gettext(words)) for one, words in _READY.items())],
        standing_words={one.value: gettext(words) for one, words in STANDING_WORDS.items()},
        relations=RELATIONS,
        readable=shown.readable,
    )


def _offers() -> list[tuple[at_station.TransferFacts, at_station.ElderFacts, str]]:
    return at_station.list_offers(station_id=g.account.station_id)


# ---- stations


@police.get("/records/stations")
@officer(Act.SEE_RECORDS)
def record_stations() -> str:
    """Other stations, with their telephones: whom to ask for a record that is theirs."""
    name = request.args.get("name", "")[:_TYPED_MAX]
    after = find_id(request.args.get("after", "")) or 0
    found = stations.list_after(after, name=name, limit=_STATIONS_A_PAGE + 1)
    return render_template(
        "officer/records_stations.html",
        door="police",
        stations=found[:_STATIONS_A_PAGE],
        after=found[_STATIONS_A_PAGE - 1].id if len(found) > _STATIONS_A_PAGE else None,
        name=name,
        first=after == 0,
    )
