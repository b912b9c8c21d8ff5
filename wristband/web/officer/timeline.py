"""An incident's time line: everything that happened, whoever did it, in one row each."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from wristband.incidents import duty, happenings, platform_queries, queries
from wristband.incidents.queries import ToldPlace
from wristband.incidents.rules import PASS_WORDS, IncidentState
from wristband.outbox.told import ToldOfIncident, list_told
from wristband.reports.queries import list_supplements, phone_times
from wristband.reports.rules import Claimed, Kind
from wristband.web.filters import day_time
from wristband.web.language import gettext
from wristband.web.officer import shown


def _(text: str) -> str:
    return text


_ON_TIME = timedelta(minutes=2)
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


def rows(incident_id: int, *, station_id: int) -> list[Row]:
    """All of it, the newest first. The scope of the incident itself is the caller's to ask."""
    scans = [report.scan_id for report in queries.list_reports(incident_id)]
    every = [
        *_moves(incident_id),
        *_reports(incident_id, scans, station_id),
        *_added(incident_id, scans),
        *_notes(incident_id, station_id),
        *_ways(incident_id),
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


def _reports(incident_id: int, scans: Sequence[int], station_id: int) -> Iterator[Row]:
    calls = happenings.list_phoned_in(scans, station_id=station_id)
    reports, sightings = queries.list_reports(incident_id), queries.list_sightings(scans)
    claims = phone_times([one.id for one in (*reports, *sightings)])
    for report in reports:
        call = calls.get(report.scan_id)
        if call is None:
            yield Row(report.made_at, gettext(_("发现人报警")), _late(report.made_at, claims.get(report.id)))
        else:
            number = gettext(_("来电 %(phone)s"), phone=shown.readable(call.phone)) if call.phone else ""
            yield Row(
                report.made_at, gettext(_("拨 110 报警，民警录入")), " · ".join(filter(None, (call.officer, number)))
            )
    for sighting in sightings:
        place = queries.told_place(sighting)
        detail = " · ".join(filter(None, (_where(place), _late(place.at, claims.get(sighting.id)))))
        yield Row(place.at, gettext(_("留下位置")), detail, place.words or "")
    for called in duty.list_called_in(scans):
        yield Row(called.made_at, gettext(_("家人没有回应，转到警情台")))


def _late(came_at: datetime, claimed: Claimed | None) -> str:
    """When it was done on a phone that had no network and kept it: the elder was there then, and not when it came."""
    if claimed is None or came_at - claimed.likely_at < _ON_TIME:
        return ""
    return gettext(_("发现人 %(time)s 就发了，手机没有网络，晚到了"), time=day_time(claimed.likely_at))


def _where(place: ToldPlace) -> str:
    if place.position is None:
        return ""
    return f"{place.position.latitude:.5f}, {place.position.longitude:.5f}"


def _added(incident_id: int, scans: Sequence[int]) -> Iterator[Row]:
    for one in list_supplements(scans):
        address = f"/police/incidents/{incident_id}/photos/{one.id}.jpg" if one.photo else ""
        yield Row(one.at, gettext(_ADDED[one.kind]), _late(one.at, one.claimed), words=one.words or "", photo=address)


def _notes(incident_id: int, station_id: int) -> Iterator[Row]:
    for note in happenings.list_notes(incident_id, station_id=station_id):
        yield Row(note.at, gettext(_("备注")), note.officer, shown.readable(note.words), note=True)


def _ways(incident_id: int) -> Iterator[Row]:
    for step in happenings.list_transfers(incident_id):
        way = gettext(_("%(here)s → %(there)s"), here=step.from_name, there=step.to_name)
        yield Row(step.at, gettext(_("转所")), f"{way} · {gettext(PASS_WORDS[step.reason])}")
    for joined in happenings.list_merged(incident_id):
        yield Row(joined.at, gettext(_("并入警情 %(number)s"), number=joined.number))


def _told(told: ToldOfIncident) -> Row:
    title = gettext(_TOLD.get(told.wording, _("告诉家人")))
    if told.failed == told.of:
        return Row(told.owed_at, title, gettext(_("没能发出")))
    if told.accepted == told.of:
        return Row(told.owed_at, title, gettext(_("%(n)s 人，都已发出"), n=told.of))
    return Row(told.owed_at, title, gettext(_("%(of)s 人，已发出 %(n)s 人"), of=told.of, n=told.accepted))
