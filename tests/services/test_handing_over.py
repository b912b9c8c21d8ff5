"""Handing over: who may take the elder along is known by a code told face to face, and by nothing else."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa
from flask import Flask

from tests.services.comers import code_for_call, hand_overs, incident, mistype, report, wrong
from tests.services.finders import deeds, met, next_day, owed, refused
from tests.together import raised, together
from tests.world import World, every_row, new_reference
from wristband.audit.models import AuditRow
from wristband.db import db
from wristband.errors import Refusal
from wristband.incidents.models import IncidentMove
from wristband.incidents.rules import Disposition, IncidentState
from wristband.scans.queries import find_reach_of
from wristband.services import handing_over, handling, reporting, scanning

MINUTE = timedelta(minutes=1)
ONE_ENGINE = pytest.mark.parametrize("engine", ["sqlite"], indirect=True)


@pytest.fixture
def now(world: World) -> datetime:
    return next_day(world)


@pytest.fixture
def finder(world: World, now: datetime) -> str:
    """A finder who has told her family; nobody has told the police."""
    return met(world, now)


# ---- the right code


def test_without_an_incident_the_right_code_hands_over_and_the_family_hears_of_it(
    world: World, finder: str, now: datetime
) -> None:
    code = code_for_call(world, finder, now)
    assert len(code.digits) == 6
    assert code.until == now + 30 * MINUTE
    handing_over.enter(finder, code.digits, now=now + MINUTE)
    (done,) = hand_overs()
    assert done.used_at == done.closed_at == now + MINUTE
    assert done.incident_id is None
    assert len(owed("handed_over")) == 1
    assert deeds(world.elder_id)[-3:] == ["hand_over.coded", "hand_over.tried", "hand_over.done"]


def test_a_guardians_code_closes_the_incident_as_with_family_in_the_same_breath(
    world: World, finder: str, now: datetime
) -> None:
    incident_id = report(finder, world.her.serial, now)
    code = handing_over.make_for_incident(incident_id, guardian_id=world.daughter_id, now=now)
    handing_over.enter(finder, f" {code.digits[:3]} {code.digits[3:]} ", now=now + MINUTE)
    ended = incident(incident_id)
    assert (ended.state, ended.disposition, ended.closed_at) == (
        IncidentState.CLOSED,
        Disposition.WITH_FAMILY,
        now + MINUTE,
    )
    assert ended.changed_at == ended.accepted_at == now + MINUTE
    steps = db.session.scalars(sa.select(IncidentMove).order_by(IncidentMove.id)).all()
    assert [(step.state, step.officer_id) for step in steps] == [("reported", None), ("closed", None)]
    closing = db.session.scalars(sa.select(AuditRow).where(AuditRow.deed == "incident.closed")).one()
    assert (closing.actor, closing.facts) == (
        "finder",
        {"disposition": "with_family", "code_of": f"guardian:{world.daughter_id}"},
    )
    (message,) = owed("handed_over")
    assert ended.number in (message.body or "")


@pytest.mark.parametrize("end", [Disposition.WITH_FAMILY, Disposition.AT_STATION, Disposition.TO_HOSPITAL])
def test_an_officers_code_ends_it_as_the_officer_said(
    world: World, finder: str, now: datetime, end: Disposition
) -> None:
    incident_id = report(finder, world.her.serial, now)
    code = handing_over.make_on_duty(incident_id, end, officer=world.officer, now=now)
    handing_over.enter(finder, code.digits, now=now)
    assert incident(incident_id).disposition is end
    assert hand_overs()[0].officer_id == world.officer.officer_id


def test_a_code_made_for_the_call_closes_the_incident_that_was_opened_since(
    world: World, finder: str, now: datetime
) -> None:
    code = code_for_call(world, finder, now)
    incident_id = report(finder, world.her.serial, now + MINUTE)
    handing_over.enter(finder, code.digits, now=now + 2 * MINUTE)
    assert incident(incident_id).disposition is Disposition.WITH_FAMILY


def test_any_finder_of_her_band_may_type_it(world: World, finder: str, now: datetime) -> None:
    code = code_for_call(world, finder, now)
    handing_over.enter(met(world, now), code.digits, now=now)
    assert hand_overs()[0].used_at == now


def test_typed_again_by_the_same_finder_it_changes_nothing(world: World, finder: str, now: datetime) -> None:
    code = code_for_call(world, finder, now)
    handing_over.enter(finder, code.digits, now=now)
    messages, steps = len(owed("handed_over")), deeds(world.elder_id).count("hand_over.done")
    handing_over.enter(finder, code.digits, now=now)
    assert (len(owed("handed_over")), deeds(world.elder_id).count("hand_over.done")) == (messages, steps) == (1, 1)


def test_a_second_finder_with_the_right_code_is_told_the_truth(world: World, finder: str, now: datetime) -> None:
    second = met(world, now)
    code = code_for_call(world, finder, now)
    handing_over.enter(finder, code.digits, now=now)
    assert refused(lambda: handing_over.enter(second, code.digits, now=now)) == "hand_over.done"
    assert len(owed("handed_over")) == 1


# ---- any other code


def test_a_wrong_code_hands_over_nothing_and_says_how_many_tries_are_left(
    world: World, finder: str, now: datetime
) -> None:
    code = code_for_call(world, finder, now)
    for left in (4, 3, 2, 1):
        with pytest.raises(Refusal) as refusal:
            handing_over.enter(finder, wrong(code.digits), now=now)
        assert (refusal.value.code, refusal.value.facts) == ("hand_over.wrong", {"left": left})
    assert hand_overs()[0].used_at is None


def test_it_lasts_half_an_hour_and_stays_expired_though_the_clock_be_set_back(
    world: World, finder: str, now: datetime
) -> None:
    code = code_for_call(world, finder, now)
    late = now + 30 * MINUTE
    for at in (late, now):
        assert refused(lambda at=at: handing_over.enter(finder, code.digits, now=at)) == "hand_over.none"
    assert hand_overs()[0].tries == 0
    handing_over.enter(finder, code_for_call(world, finder, late).digits, now=late)


@ONE_ENGINE
@pytest.mark.parametrize(
    "typed", ["", "1234", "12345", "1234567", "abcdef", "12a456", "１２３４５", "-12345", "①②③④⑤", "一二三四五六"]
)
def test_what_is_no_code_spends_no_try(world: World, finder: str, now: datetime, typed: str) -> None:
    code_for_call(world, finder, now)
    before = every_row()
    assert refused(lambda: handing_over.enter(finder, typed, now=now)) == "hand_over.not_a_code"
    assert every_row() == before


def test_where_there_is_no_code_nothing_is_told_and_nothing_counted(world: World, finder: str, now: datetime) -> None:
    before = every_row()
    assert refused(lambda: handing_over.enter(finder, "123456", now=now)) == "hand_over.none"
    assert every_row() == before


# ---- whose it is


def test_a_strangers_scan_types_nothing(world: World, finder: str, now: datetime) -> None:
    code = code_for_call(world, finder, now)
    other = met(world, now, world.other.serial)
    unknown = new_reference()
    reporting.report(unknown, None, language="zh-CN", low_trust=False, now=now)
    assert refused(lambda: handing_over.enter(other, code.digits, now=now)) == "hand_over.none"
    assert refused(lambda: handing_over.enter(unknown, code.digits, now=now)) == "scans.no_family"
    assert refused(lambda: handing_over.enter(new_reference(), code.digits, now=now)) == "scans.unknown"
    opened = scanning.open_band(world.her.token).scan
    assert refused(lambda: handing_over.enter(opened, code.digits, now=now)) == "scans.unknown"
    assert hand_overs()[0].tries == 0


def test_nobody_but_her_guardian_and_her_station_makes_a_code(world: World, finder: str, now: datetime) -> None:
    incident_id = report(finder, world.her.serial, now)
    reach = find_reach_of(finder)
    assert reach
    reach_id, me = reach.id, world.neighbour_id
    assert refused(lambda: handing_over.make_for_call(reach_id, guardian_id=me, now=now)) == "scans.reach_unknown"
    assert refused(lambda: handing_over.make_for_incident(incident_id, guardian_id=me, now=now)) == "incidents.unknown"
    end = Disposition.AT_STATION
    said = refused(lambda: handing_over.make_on_duty(incident_id, end, officer=world.stranger, now=now))
    assert said == "incidents.unknown"
    assert hand_overs() == []


@ONE_ENGINE
@pytest.mark.parametrize("end", [Disposition.NOT_FOUND, Disposition.FALSE_REPORT, Disposition.WITHDRAWN])
def test_nobody_is_handed_over_to_nobody(world: World, finder: str, now: datetime, end: Disposition) -> None:
    incident_id = report(finder, world.her.serial, now)
    said = refused(lambda: handing_over.make_on_duty(incident_id, end, officer=world.officer, now=now))
    assert said == "incidents.disposition_needed"


def test_no_code_is_made_for_what_is_over(world: World, finder: str, now: datetime) -> None:
    tomorrow = now + timedelta(hours=24)
    assert refused(lambda: code_for_call(world, finder, tomorrow)) == "hand_over.call_over"
    handing_over.enter(finder, code_for_call(world, finder, now).digits, now=now)
    assert refused(lambda: code_for_call(world, finder, now)) == "hand_over.done"
    incident_id = report(met(world, now), world.her.serial, now)
    handling.move(incident_id, IncidentState.CLOSED, officer=world.officer, disposition=Disposition.AT_STATION, now=now)
    said = refused(lambda: handing_over.make_for_incident(incident_id, guardian_id=world.daughter_id, now=now))
    assert said == "hand_over.incident_closed"


def test_a_code_is_over_when_an_officer_has_closed_the_incident(world: World, finder: str, now: datetime) -> None:
    incident_id = report(finder, world.her.serial, now)
    code = handing_over.make_for_incident(incident_id, guardian_id=world.daughter_id, now=now)
    handling.move(incident_id, IncidentState.CLOSED, officer=world.officer, disposition=Disposition.AT_STATION, now=now)
    assert refused(lambda: handing_over.enter(finder, code.digits, now=now)) == "hand_over.none"
    assert incident(incident_id).disposition is Disposition.AT_STATION


def test_the_next_incident_has_its_own_tries(world: World, finder: str, now: datetime) -> None:
    first = report(finder, world.her.serial, now)
    code = handing_over.make_for_incident(first, guardian_id=world.daughter_id, now=now)
    mistype(finder, code, 5, now)
    handling.move(first, IncidentState.CLOSED, officer=world.officer, disposition=Disposition.AT_STATION, now=now)
    later = now + timedelta(days=3)
    second = report(met(world, later), world.her.serial, later)
    code = handing_over.make_for_incident(second, guardian_id=world.daughter_id, now=later)
    handing_over.enter(finder, code.digits, now=later)
    assert incident(second).state is IncidentState.CLOSED


# ---- many at once


def test_of_two_finders_at_once_one_wins_and_the_other_hears_the_truth(
    app: Flask, world: World, finder: str, now: datetime
) -> None:
    second = met(world, now)
    code = code_for_call(world, finder, now)
    answers = together(app, [lambda who=who: handing_over.enter(who, code.digits, now=now) for who in (finder, second)])
    assert [str(fault) for fault in raised(answers)] == ["hand_over.done"]
    assert len(owed("handed_over")) == 1


def test_codes_made_at_once_leave_one_hand_over(app: Flask, world: World, finder: str, now: datetime) -> None:
    reach = find_reach_of(finder)
    assert reach
    reach_id = reach.id
    making = [lambda: handing_over.make_for_call(reach_id, guardian_id=world.daughter_id, now=now)] * 5
    codes = together(app, making)
    assert raised(codes) == []
    assert len(hand_overs()) == 1


def test_a_stolen_table_yields_no_code(world: World, finder: str, now: datetime) -> None:
    code_for_call(world, finder, now)
    assert len(hand_overs()[0].code_hash or "") == 64
    made = db.session.scalars(sa.select(AuditRow).where(AuditRow.deed == "hand_over.coded")).one()
    assert made.facts == {"incident": None}
