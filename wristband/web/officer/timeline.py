"""An incident's time line: everything that happened, whoever did it, in one row each."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from wristband.incidents import duty, happenings, platform_queries, queries
from wristband.incidents.queries import ToldPlace
from wristband.incidents.rules import PASS_WORDS, IncidentState
from wristband.interchange.queries import list_from_outside
from wristband.outbox.told import ToldOfIncident, list_told
from wristband.reports.queries import count_supplements, list_supplements, phone_times
from wristband.reports.rules import Claimed, Kind
from wristband.web.filters import day_time
from wristband.web.language import gettext
from wristband.web.officer import shown


def _(text: str) -> str:
    return text


_ON_TIME = timedelta(minutes=2)
# Of what any number of strangers can add to, so many rows of a kind are shown unasked.
_NEWEST = 10
_STATES = {
    IncidentState.REPORTED: _("已报警，等待受理"),
    IncidentState.ACCEPTED: _("已受理"),
    IncidentState.DISPATCHED: _("民警已出发"),
    IncidentState.ON_SCENE: _("民警已到场"),
    IncidentState.HANDED_OVER: _("民警已接到老人"),
    IncidentState.CLOSED: _("已办结"),
}
_TOLD = {
    "incident_reported": _("告诉家人：有人报警"),
    "incident_accepted": _("告诉家人：已受理"),
    "duty_taken": _("告诉家人：民警已接手"),
    "incident_passed_on": _("告诉家人：转到别的派出所"),
    "incident_closed": _("告诉家人：已办结"),
    "officer_looked": _("告诉家人：民警查看了资料"),
    "officer_revealed": _("告诉家人：民警看了住址和电话"),
    "handed_over": _("告诉家人：老人已交接"),
    "incident_released": _("告诉家人：对外公开了"),
    "release_ended": _("告诉家人：停止对外公开"),
}
_ADDED = {
    Kind.WORDS: _("发现人补充"),
    Kind.PHOTO: _("发现人补了照片"),
    Kind.ELDER_GONE: _("发现人说老人走了"),
}


@dataclass(frozen=True, slots=True)
class Row:
    """One thing that happened. `words` are what somebody wrote, shown apart; `photo` is the address of a picture."""

    at: datetime
    title: str
    detail: str = ""
    words: str = ""
    photo: str = ""
    note: bool = False
    folded: bool = False
    """Stands for many of a kind, which are listed when asked for."""


def rows(incident_id: int, *, station_id: int, whole: bool) -> list[Row]:
    """The newest first; not `whole`, a flood of reports, places or supplements is one row each. The scope of the
    incident itself is the caller's to ask.
    """
    newest = None if whole else _NEWEST
    reports = queries.list_reports(incident_id)
    scans = [report.scan_id for report in reports]
    every = [
        *_moves(incident_id),
        *_reports(reports, station_id, newest),
        *_places(scans, newest),
        *_added(incident_id, scans, newest),
        *_notes(incident_id, station_id),
        *_ways(incident_id),
        *_from_outside(incident_id, newest),
        *map(_told, list_told(incident_id)),
    ]
    return sorted(every, key=lambda row: row.at, reverse=True)


def _moves(incident_id: int) -> Iterator[Row]:
    passed, by_platform = False, platform_queries.steps_of_platform(incident_id)
    for step, named in queries.list_moves_named(incident_id):
        name = gettext(_("警方平台")) if step.id in by_platform else named
        if step.state is IncidentState.REPORTED:
            if passed:
                yield Row(step.at, gettext(_("转过来，等待受理")), name, step.words or "")
            passed = True
            continue
        by_code = step.state is IncidentState.CLOSED and not name
        detail = gettext(_("发现人输对了接老人的交接码")) if by_code else name
        yield Row(step.at, gettext(_STATES[step.state]), detail, step.words or "")


def _reports(reports: Sequence[queries.ReportFacts], station_id: int, newest: int | None) -> Iterator[Row]:
    scans = [report.scan_id for report in reports]
    calls = happenings.list_phoned_in(scans, station_id=station_id)
    found = [report for report in reports if report.scan_id not in calls]
    # The first report is what it began with.
    folded = found[1:-newest] if newest else []
    claims = phone_times([report.id for report in found[:1] + found[1 + len(folded) :]])
    for report in found[:1] + found[1 + len(folded) :]:
        yield Row(report.made_at, gettext(_("发现人报警")), _late(report.made_at, claims.get(report.id)))
    if folded:
        span = f"{day_time(folded[0].made_at)} – {day_time(folded[-1].made_at)}"
        yield Row(folded[-1].made_at, gettext(_("还有 %(n)s 次报警"), n=len(folded)), span, folded=True)
    for report in reports:
        if call := calls.get(report.scan_id):
            number = gettext(_("来电 %(phone)s"), phone=shown.readable(call.phone)) if call.phone else ""
            detail = " · ".join(filter(None, (call.officer, number)))
            yield Row(report.made_at, gettext(_("拨 110 报警，民警录入")), detail)
    for called in duty.list_called_in(scans):
        yield Row(called.made_at, gettext(_("家人没有回应，转到警情台")))


def _places(scans: Sequence[int], newest: int | None) -> Iterator[Row]:
    sightings = queries.list_sightings(scans, latest=newest)
    claims = phone_times([one.id for one in sightings])
    for sighting in sightings:
        place = queries.told_place(sighting)
        detail = " · ".join(filter(None, (_where(place), _late(place.at, claims.get(sighting.id)))))
        yield Row(place.at, gettext(_("留下位置")), detail, place.words or "")
    if len(sightings) == newest and (more := queries.count_sightings(scans) - newest):
        yield Row(sightings[-1].seen_at, gettext(_("还有 %(n)s 次留下位置"), n=more), folded=True)


def _late(came_at: datetime, claimed: Claimed | None) -> str:
    """When it was done on a phone that had no network and kept it: the elder was there then, and not when it came."""
    if claimed is None or came_at - claimed.likely_at < _ON_TIME:
        return ""
    return gettext(_("发现人 %(time)s 就发了，手机没有网络，晚到了"), time=day_time(claimed.likely_at))


def _where(place: ToldPlace) -> str:
    if place.position is None:
        return ""
    return f"{place.position.latitude:.5f}, {place.position.longitude:.5f}"


def _added(incident_id: int, scans: Sequence[int], newest: int | None) -> Iterator[Row]:
    supplements = list_supplements(scans, latest=newest)
    for one in supplements:
        address = f"/police/incidents/{incident_id}/photos/{one.id}.jpg" if one.photo else ""
        yield Row(one.at, gettext(_ADDED[one.kind]), _late(one.at, one.claimed), words=one.words or "", photo=address)
    if len(supplements) == newest and (more := count_supplements(scans) - newest):
        yield Row(supplements[-1].at, gettext(_("发现人还补充了 %(n)s 次"), n=more), folded=True)


def _notes(incident_id: int, station_id: int) -> Iterator[Row]:
    for note in happenings.list_notes(incident_id, station_id=station_id):
        yield Row(note.at, gettext(_("备注")), note.officer, shown.readable(note.words), note=True)


def _ways(incident_id: int) -> Iterator[Row]:
    for step in happenings.list_transfers(incident_id):
        way = gettext(_("%(here)s → %(there)s"), here=step.from_name, there=step.to_name)
        yield Row(step.at, gettext(_("转所")), f"{way} · {gettext(PASS_WORDS[step.reason])}")
    for joined in happenings.list_merged(incident_id):
        yield Row(joined.at, gettext(_("并入警情 %(number)s"), number=joined.number))


def _from_outside(incident_id: int, newest: int | None) -> Iterator[Row]:
    every = list_from_outside(incident_id)
    listed = every[-newest:] if newest else every
    for one in listed:
        detail = " · ".join(filter(None, (one.source, one.said.get("last_known_location", ""))))
        yield Row(one.source_at, gettext(_("外单位送来线索，没有核实")), detail, one.said.get("text", ""))
    if more := len(every) - len(listed):
        yield Row(listed[0].source_at, gettext(_("外单位还送来 %(n)s 条线索"), n=more), folded=True)


def _told(told: ToldOfIncident) -> Row:
    title = gettext(_TOLD.get(told.wording, _("告诉家人")))
    if told.failed == told.of:
        return Row(told.owed_at, title, gettext(_("没能发出")))
    if told.accepted == told.of:
        return Row(told.owed_at, title, gettext(_("%(n)s 人，都已发出"), n=told.of))
    return Row(told.owed_at, title, gettext(_("%(of)s 人，已发出 %(n)s 人"), of=told.of, n=told.accepted))
