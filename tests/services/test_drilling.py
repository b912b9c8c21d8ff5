"""Trying things out: a drill runs the whole chain and bothers nobody else; a band is seen to open."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa
from flask import Flask

from tests.services.finders import deeds, met, next_day, owed, refused
from tests.services.relatives import son_of
from tests.services.test_subscribing import add_push
from tests.together import together
from tests.world import DAUGHTER_PHONE, SON_PHONE, World, new_reference
from wristband.audit.deeds import Deed
from wristband.bands.models import Band
from wristband.bands.rules import TRIAL_LASTS, BandEnd
from wristband.db import db, transaction
from wristband.elders.readiness import DRILL_LASTS, Point, ready_points
from wristband.elders.standing import gather
from wristband.incidents.models import DutyCall, Incident, Report
from wristband.outbox.escalation import StepState
from wristband.outbox.models import Message, Step
from wristband.outbox.rules import Channel, MessageState
from wristband.scans import drills
from wristband.scans.drills import DrillResult, list_results
from wristband.scans.models import Reach, Scan
from wristband.scans.queries import list_reaches, list_scans
from wristband.scans.rules import Answer
from wristband.services import drilling, escalating, issuing, posting, reaching, reporting, scanning, trying, verifying
from wristband.services.drilling import NO_DRILL_BESIDE
from wristband.services.scanning import Opening
from wristband.values.code import CheckCode
from wristband.values.phone import Phone

SECOND, MINUTE, DAY = timedelta(seconds=1), timedelta(minutes=1), timedelta(days=1)


@pytest.fixture
def now(world: World) -> datetime:
    return next_day(world)


@pytest.fixture
def son(world: World, now: datetime) -> int:
    return son_of(world, now - DAY)


def begin(world: World, now: datetime, *, others: bool = False, reference: str | None = None) -> int:
    return drilling.begin(
        world.elder_id,
        reference or new_reference(),
        guardian_id=world.daughter_id,
        others=others,
        language="zh-CN",
        now=now,
    )


def reach(reach_id: int) -> Reach:
    db.session.rollback()
    return db.session.get_one(Reach, reach_id, populate_existing=True)


def told(wording: str = "drill") -> list[str]:
    return sorted(message.recipient for message in owed(wording))


def steps(state: StepState) -> int:
    db.session.rollback()
    return db.session.scalar(sa.select(sa.func.count(Step.id)).where(Step.state == state)) or 0


def count(model: type[DutyCall] | type[Incident] | type[Report]) -> int:
    db.session.rollback()
    return db.session.scalar(sa.select(sa.func.count(model.id))) or 0


def test_a_drill_tells_her_alone_in_every_channel_and_says_that_it_is_one(
    world: World, now: datetime, son: int
) -> None:
    add_push(world, now)
    begin(world, now)
    assert {message.channel for message in owed("drill")} == {Channel.SMS, Channel.PUSH}
    assert {message.guardian_id for message in owed("drill")} == {world.daughter_id}
    assert all("演练" in (message.body or "") for message in owed("drill"))
    assert not owed("band_scanned")


def test_the_others_are_told_where_she_takes_them_along(world: World, now: datetime, son: int) -> None:
    begin(world, now, others=True)
    assert told() == [DAUGHTER_PHONE, SON_PHONE]


def test_while_one_goes_on_there_is_no_other(world: World, now: datetime) -> None:
    first = begin(world, now)
    assert begin(world, now + 9 * MINUTE) == first
    assert len(owed("drill")) == 1
    assert begin(world, now + DRILL_LASTS) != first


def test_two_taps_at_once_are_one_drill(app: Flask, world: World, now: datetime) -> None:
    begun = together(app, [lambda: begin(world, now)] * 2)
    assert len(set(begun)) == 1
    assert len(owed("drill")) == 1


def test_nobody_answers_and_she_is_called_but_no_desk(world: World, now: datetime) -> None:
    begin(world, now)
    for minute in range(10):
        escalating.take_due(now + minute * MINUTE)
    assert told("call_drill") == [DAUGHTER_PHONE] * len(owed("call_drill"))
    assert owed("call_drill")
    assert count(DutyCall) == 0


def test_who_has_received_it_ends_it_and_nobody_is_called(world: World, now: datetime) -> None:
    reach_id = begin(world, now)
    drilling.receive(reach_id, guardian_id=world.daughter_id, now=now + 42 * SECOND)
    answered = reach(reach_id)
    assert (answered.answered_at, answered.answered_by) == (now + 42 * SECOND, world.daughter_id)
    assert answered.answer is Answer.ON_IT
    assert steps(StepState.WAITING) == 0
    again = {"guardian_id": world.daughter_id, "now": now + MINUTE}
    assert refused(lambda: drilling.receive(reach_id, **again)) == "drill.over"  # type: ignore[arg-type]
    assert Point.DRILL in ready_points(gather([world.elder_id])[world.elder_id], now=now)
    assert Point.DRILL not in ready_points(gather([world.elder_id])[world.elder_id], now=now + 181 * DAY)


def test_what_a_drill_has_shown_is_kept(world: World, now: datetime) -> None:
    add_push(world, now)
    first = begin(world, now)
    drilling.receive(first, guardian_id=world.daughter_id, now=now + 42 * SECOND)
    with transaction():
        went_out = sa.update(Message).where(Message.reach_id == first, Message.channel == Channel.PUSH)
        db.session.execute(went_out.values(state=MessageState.DELIVERED))
    second = begin(world, now + MINUTE)
    assert list_results(world.elder_id) == [
        DrillResult(second, now + MINUTE, (), None),
        DrillResult(first, now, (Channel.PUSH,), 42),
    ]


def test_a_drill_that_nobody_answers_ends_by_itself(world: World, now: datetime) -> None:
    reach_id = begin(world, now)
    assert drilling.end_overdue(now + DRILL_LASTS - SECOND) == 0
    assert steps(StepState.WAITING)
    assert drilling.end_overdue(now + DRILL_LASTS) > 1
    assert not steps(StepState.WAITING)
    assert [message.state for message in owed("drill")] == [MessageState.STOPPED]
    assert drilling.end_overdue(now + DRILL_LASTS) == 0
    late = {"guardian_id": world.daughter_id, "now": now + DRILL_LASTS}
    assert refused(lambda: drilling.receive(reach_id, **late)) == "drill.over"  # type: ignore[arg-type]


def test_a_real_finder_ends_a_drill_and_has_the_line_for_himself(world: World, now: datetime) -> None:
    begin(world, now)
    drilled = steps(StepState.WAITING)
    met(world, now + SECOND)
    assert steps(StepState.DROPPED) == drilled
    assert [message.state for message in owed("drill")] == [MessageState.STOPPED]
    assert {message.state for message in owed("band_scanned")} == {MessageState.PENDING}


def test_while_a_finder_waits_for_an_answer_there_is_no_drill(world: World, now: datetime) -> None:
    met(world, now)
    assert refused(lambda: begin(world, now + MINUTE)) == "drill.finder_waits"
    begin(world, now + 2 * NO_DRILL_BESIDE)


def test_three_drills_a_day_and_no_more(world: World, now: datetime) -> None:
    for each in range(3):
        begin(world, now + each * 11 * MINUTE)
    assert refused(lambda: begin(world, now + 33 * MINUTE)) == "drill.spent"
    begin(world, now + DAY)


def test_a_stranger_begins_none_and_receives_none(world: World, now: datetime) -> None:
    reach_id = begin(world, now)
    them = {"guardian_id": world.neighbour_id, "now": now}
    assert refused(lambda: drilling.receive(reach_id, **them)) == "drill.unknown"  # type: ignore[arg-type]
    assert (
        refused(
            lambda: drilling.begin(
                world.elder_id,
                new_reference(),
                others=False,
                language="zh-CN",
                **them,  # type: ignore[arg-type]
            )
        )
        == "elders.unknown"
    )


def test_without_a_band_there_is_nothing_to_try(world: World, now: datetime) -> None:
    issuing.end(world.her.band_id, BandEnd.LOST, guardian_id=world.daughter_id, now=now)
    assert refused(lambda: begin(world, now)) == "drill.no_band"


def test_while_the_police_look_for_her_there_is_no_drill(world: World, now: datetime) -> None:
    reporting.report(new_reference(), world.her.serial, language="zh-CN", low_trust=False, now=now)
    assert refused(lambda: begin(world, now)) == "drill.incident_open"
    assert not owed("drill")


def test_a_drill_is_no_call_for_help_anywhere_else(world: World, now: datetime) -> None:
    begin(world, now)
    me = {"guardian_id": world.daughter_id}
    assert not list_reaches(**me)
    assert not list_scans(world.elder_id, **me)
    assert deeds(world.elder_id).count(Deed.DRILL_BEGUN) == 1


def test_a_real_finder_never_rides_on_a_drill(world: World, now: datetime) -> None:
    begin(world, now)
    for each in range(9):
        met(world, now + each * SECOND)
    finders = db.session.scalars(sa.select(Reach).where(Reach.drill.is_(False)).order_by(Reach.id)).all()
    assert finders[-1].told_with == finders[-2].id
    assert not db.session.get_one(Reach, finders[-1].told_with).drill


def test_from_the_finders_page_of_a_drill_nothing_goes_out(world: World, now: datetime) -> None:
    reference = new_reference()
    begin(world, now, reference=reference)
    before = len(deeds())
    assert (
        refused(lambda: reporting.report(reference, world.her.serial, language="zh-CN", low_trust=False, now=now))
        == "drill.nothing_goes_out"
    )
    assert refused(lambda: verifying.enter_check_code(reference, her_check(world), now=now)) == "drill.nothing_opens"
    posting.leave_number(reference, Phone("+8613800138009"), now=now)
    assert count(Report) == count(Incident) == 0
    assert not owed("number_left")
    assert not owed("card_opened")
    assert len(deeds()) > before


def her_check(world: World) -> CheckCode:
    kept = db.session.get_one(Band, world.her.band_id).check_code
    assert kept
    return CheckCode.parse(kept)


def test_the_address_of_a_finder_is_never_a_drills(world: World, now: datetime) -> None:
    reference = met(world, now)
    later = now + 2 * NO_DRILL_BESIDE
    assert refused(lambda: begin(world, later, reference=reference)) == "page.form_stale"
    assert not owed("drill")


def test_the_link_in_a_message_answers_a_drill_too(world: World, now: datetime) -> None:
    from wristband.house import house
    from wristband.outbox import links

    add_push(world, now)
    reach_id = begin(world, now)
    (message,) = [message for message in owed("drill") if message.channel is Channel.PUSH]
    token = links.make(message.id, house().ring.all("forms"))
    linked = reaching.find_linked(token, now=now)
    assert linked is not None
    assert linked.drill
    assert reaching.acknowledge(token, now=now + SECOND)
    assert drills.is_over(reach(reach_id), now=now + SECOND)


# ---- one band


def opened(world: World, at: datetime, serial: str | None = None) -> None:
    code = serial or world.her.code
    scanning._write([Opening(new_reference(), code, "zh-CN", at)])
    db.session.rollback()


def band(world: World) -> Band:
    db.session.rollback()
    return db.session.get_one(Band, world.her.band_id, populate_existing=True)


def test_the_first_opening_within_ten_minutes_says_that_the_band_works(world: World, now: datetime) -> None:
    trying.begin_trial(world.her.band_id, guardian_id=world.daughter_id, now=now)
    opened(world, now + MINUTE)
    opened(world, now + 2 * MINUTE)
    assert (band(world).tested_at, band(world).trial_at) == (now + MINUTE, None)
    assert not db.session.scalars(sa.select(Message.id).where(Message.owed_at >= now)).all()
    assert db.session.scalar(sa.select(sa.func.count(Scan.id))) == 2


@pytest.mark.parametrize("after", [-SECOND, TRIAL_LASTS])
def test_an_opening_outside_of_them_says_nothing(world: World, now: datetime, after: timedelta) -> None:
    trying.begin_trial(world.her.band_id, guardian_id=world.daughter_id, now=now)
    opened(world, now + after)
    assert band(world).tested_at is None


def test_without_a_trial_an_opening_changes_no_band(world: World, now: datetime) -> None:
    opened(world, now)
    assert band(world).tested_at is None


def test_another_band_that_opens_tests_only_itself(world: World, now: datetime) -> None:
    trying.begin_trial(world.her.band_id, guardian_id=world.daughter_id, now=now)
    opened(world, now + SECOND, world.other.code)
    assert band(world).tested_at is None
    assert band(world).trial_at == now


def test_a_stranger_and_an_ended_band_try_nothing(world: World, now: datetime) -> None:
    them = {"guardian_id": world.neighbour_id, "now": now}
    assert refused(lambda: trying.begin_trial(world.her.band_id, **them)) == "bands.unknown"  # type: ignore[arg-type]
    issuing.end(world.her.band_id, BandEnd.LOST, guardian_id=world.daughter_id, now=now)
    me = {"guardian_id": world.daughter_id, "now": now}
    assert refused(lambda: trying.begin_trial(world.her.band_id, **me)) == "bands.ended"  # type: ignore[arg-type]
