"""Relaying: a partner's report is a finder's, once a key; what the partner may read of it afterwards, and no more."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa
from flask import Flask

from tests.services.partners import added, admitted, asked, hired, hooked, kinds, owed, reported
from tests.together import together
from tests.world import DAUGHTER_PHONE, ELDER, World, last_body, new_reference
from wristband.db import db
from wristband.errors import BadValue, Conflict, NotFound
from wristband.incidents import desk
from wristband.incidents import queries as incidents
from wristband.incidents.models import Incident, Report
from wristband.incidents.rules import Disposition, IncidentState
from wristband.partners import queries
from wristband.partners.models import PartnerReport
from wristband.partners.rules import CALL_KEPT, SEEN_AFTER_CLOSING, PartnerAccount
from wristband.services import handling, relaying, reporting
from wristband.services.relaying import Relayed
from wristband.values.position import Position

MINUTE = timedelta(minutes=1)


@pytest.fixture
def now(world: World) -> datetime:
    return world.now + MINUTE


@pytest.fixture
def partner(world: World, now: datetime) -> PartnerAccount:
    return hired(now)


def _incident(number: str) -> Incident:
    db.session.rollback()
    question = sa.select(Incident).where(Incident.number == number)
    return db.session.scalars(question, execution_options={"populate_existing": True}).one()


def _count(model: type) -> int:
    db.session.rollback()
    return db.session.scalar(sa.select(sa.func.count()).select_from(model)) or 0


def _reads(number: str, partner: PartnerAccount, now: datetime) -> bool:
    db.session.rollback()
    try:
        return queries.get_followed(number, partner=partner, now=now).incident.number == number
    except NotFound:
        return False


def _move(world: World, number: str, after: IncidentState, now: datetime, **more: Disposition) -> None:
    handling.move(_incident(number).id, after, officer=world.officer, now=now, **more)


def test_a_report_with_a_band_opens_the_elders_incident_and_the_family_hears(
    world: World, partner: PartnerAccount, now: datetime
) -> None:
    answer = reported(partner, world.her.code, now)
    assert (answer.facts["joined"], answer.facts["band_recognised"]) == (False, True)
    incident = _incident(answer.facts["number"])
    assert (incident.elder_id, incident.station_id) == (world.elder_id, world.station_id)
    assert incident.number in last_body(DAUGHTER_PHONE)


def test_it_joins_the_incident_that_a_finder_has_opened_and_a_finder_joins_its(
    world: World, partner: PartnerAccount, now: datetime
) -> None:
    number = reporting.report(new_reference(), world.her.serial, language="zh-CN", low_trust=False, now=now)
    answer = reported(partner, world.her.code, now)
    assert answer.facts == {"number": number, "joined": True, "band_recognised": True}
    again = reporting.report(new_reference(), world.her.serial, language="zh-CN", low_trust=False, now=now)
    assert (again, _count(Report)) == (number, 3)


@pytest.mark.parametrize("code", ["", "XXX", "000-000-000", "看不清"])
def test_without_a_code_of_ours_it_is_a_report_all_the_same(
    world: World, partner: PartnerAccount, now: datetime, code: str
) -> None:
    answer = reported(partner, code, now, position=Position(24.7101, 118.1401), accuracy_m=30.0)
    assert answer.facts["band_recognised"] is False
    incident = _incident(answer.facts["number"])
    assert (incident.elder_id, incident.station_id) == (None, world.other_station_id)


def test_the_desk_reads_who_tells_it_and_puts_it_among_its_work(
    world: World, partner: PartnerAccount, now: datetime
) -> None:
    answer = reported(partner, "", now, position=Position(24.7230, 118.1520), place="汽车站二号口")
    incident = _incident(answer.facts["number"])
    scans = [report.scan_id for report in incidents.list_reports(incident.id)]
    assert incidents.list_sightings(scans)[0].words == "示例热线：汽车站二号口\n老人坐在车站"
    assert [one.id for one in desk.list_work(station_id=world.station_id)] == [incident.id]
    assert queries.list_relayed(scans) == set(scans)


def test_the_same_key_is_one_report_and_answered_the_same(world: World, partner: PartnerAccount, now: datetime) -> None:
    first = reported(partner, world.her.code, now, key="k" * 16)
    again = reported(partner, world.her.code, now + MINUTE, key="k" * 16)
    assert (again.facts, again.again, first.again) == (first.facts, True, False)
    assert _count(Report) == 1


def test_the_same_key_with_something_else_is_refused(world: World, partner: PartnerAccount, now: datetime) -> None:
    reported(partner, world.her.code, now, key="k" * 16)
    with pytest.raises(Conflict):
        relaying.report(asked("another", key="k" * 16), Relayed("另一件事"), partner=partner, now=now)
    assert _count(Report) == 1


def test_another_partners_key_of_the_same_text_is_another(world: World, partner: PartnerAccount, now: datetime) -> None:
    reported(partner, world.her.code, now, key="k" * 16)
    assert not reported(hired(now, "另一家"), world.her.code, now, key="k" * 16).again
    assert _count(Report) == 2


def test_many_at_once_with_one_key_are_one_report(
    app: Flask, world: World, partner: PartnerAccount, now: datetime
) -> None:
    told = together(app, [lambda: reported(partner, world.her.code, now, key="k" * 16)] * 4)
    assert len({str(answer.facts) for answer in told}) == 1
    assert sorted(answer.again for answer in told) == [False, True, True, True]
    assert (_count(Report), _count(PartnerReport)) == (1, 1)


def test_a_refused_report_leaves_its_key_free(world: World, partner: PartnerAccount, now: datetime) -> None:
    with pytest.raises(BadValue):
        relaying.report(asked(key="k" * 16), Relayed("\u202e"), partner=partner, now=now)
    assert not reported(partner, world.her.code, now, key="k" * 16).again


def test_a_key_is_remembered_for_a_day_and_then_forgotten(world: World, partner: PartnerAccount, now: datetime) -> None:
    reported(partner, world.her.code, now, key="k" * 16)
    assert reported(partner, world.her.code, now + CALL_KEPT - MINUTE, key="k" * 16).again
    assert not reported(partner, world.her.code, now + CALL_KEPT + MINUTE, key="k" * 16).again


# ---- what it may read


def test_who_reported_it_reads_how_far_it_is_until_a_day_after_its_end(
    world: World, partner: PartnerAccount, now: datetime
) -> None:
    number = reported(partner, world.her.code, now).facts["number"]
    _move(world, number, IncidentState.ACCEPTED, now)
    assert queries.get_followed(number, partner=partner, now=now).incident.state is IncidentState.ACCEPTED
    _move(world, number, IncidentState.CLOSED, now, disposition=Disposition.WITH_FAMILY)
    assert _reads(number, partner, now + SEEN_AFTER_CLOSING - MINUTE)
    assert not _reads(number, partner, now + SEEN_AFTER_CLOSING)


def test_nobody_else_learns_that_it_is_there(world: World, partner: PartnerAccount, now: datetime) -> None:
    number = reported(partner, world.her.code, now).facts["number"]
    other = hired(now, "另一家")
    assert not _reads(number, other, now)
    assert queries.list_followed(partner=other, after=None, most=10, now=now) == []
    assert [one.incident.number for one in queries.list_followed(partner=partner, after=None, most=10, now=now)] == [
        number
    ]


def test_the_list_goes_on_where_the_page_before_ended(world: World, partner: PartnerAccount, now: datetime) -> None:
    numbers = [reported(partner, "", now).facts["number"] for _ in range(5)]
    first = queries.list_followed(partner=partner, after=None, most=3, now=now)
    rest = queries.list_followed(partner=partner, after=first[-1].incident.id, most=3, now=now)
    assert [one.incident.number for one in (*first, *rest)] == numbers[::-1]


# ---- what its webhooks are told


def test_its_webhook_is_told_each_step_in_order_with_ids_only(
    world: World, partner: PartnerAccount, now: datetime
) -> None:
    webhook_id = hooked(partner, now)
    number = reported(partner, world.her.code, now).facts["number"]
    reported(partner, world.her.code, now)
    for state in (IncidentState.ACCEPTED, IncidentState.DISPATCHED):
        _move(world, number, state, now)
    _move(world, number, IncidentState.CLOSED, now, disposition=Disposition.WITH_FAMILY)
    assert kinds(webhook_id) == [
        "incident.opened",
        "incident.changed",
        "incident.accepted",
        "incident.changed",
        "incident.closed",
    ]
    events = owed(webhook_id)
    assert [event["number"] for event in events] == [1, 2, 3, 4, 5]
    assert {str(event["subject"]) for event in events} == {
        str({"kind": "incident", "id": number, "path": f"/api/v1/incidents/{number}"})
    }
    assert not any(text in str(events) for text in ELDER.values())


def test_a_webhook_of_somebody_else_hears_nothing_of_it(world: World, partner: PartnerAccount, now: datetime) -> None:
    other = hooked(hired(now, "另一家"), now)
    hooked(partner, now)
    number = reported(partner, world.her.code, now).facts["number"]
    _move(world, number, IncidentState.ACCEPTED, now)
    assert kinds(other) == []


def test_a_partner_that_may_not_read_incidents_is_told_of_none(world: World, now: datetime) -> None:
    blind = admitted(added(now, "只报不看", scopes=["incidents:report", "webhooks:manage"]), now)
    webhook_id = hooked(blind, now)
    reported(blind, world.her.code, now)
    assert kinds(webhook_id) == []


def test_a_code_is_told_to_be_ours_and_worn_and_never_whose(
    world: World, partner: PartnerAccount, now: datetime
) -> None:
    assert relaying.check_band(world.her.code, partner=partner, now=now) == (True, True, True)
    assert relaying.check_band("not a code", partner=partner, now=now) == (False, False, False)
