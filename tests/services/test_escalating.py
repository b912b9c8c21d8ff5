"""While nobody answers: one after the other is called, then the desk; an answer ends it."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa
from flask import Flask

from tests.services.calling import MINUTE, SECOND, called, calls, reach_by_id, reach_of, run, shown
from tests.services.finders import deeds, met, refused
from tests.services.relatives import son_of
from tests.together import together
from tests.world import DAUGHTER_PHONE, SON_PHONE, World
from wristband.db import db, transaction
from wristband.elders.models import Contact
from wristband.elders.queries import list_contacts
from wristband.incidents import duty
from wristband.incidents.models import DutyCall, Incident
from wristband.limits import spend
from wristband.outbox import arrivals
from wristband.outbox.escalation import CALLS_A_STRANGER, CALLS_AGAIN, FIRST_CALLS, StepKind
from wristband.outbox.models import Delivery, Message
from wristband.outbox.rules import CallState, Channel, MessageState, Outcome
from wristband.scans.answers import is_answered
from wristband.scans.models import Reach
from wristband.scans.reached import family_reached
from wristband.scans.rules import Answer
from wristband.services import escalating, family_circle, handing_over, reaching, reporting
from wristband.values.arrival import Arrival, ArrivalState
from wristband.values.phone import Phone


@pytest.fixture
def now(world: World) -> datetime:
    return world.now + timedelta(hours=26)


@pytest.fixture
def son(world: World, now: datetime) -> int:
    return son_of(world, now - timedelta(hours=2))


# ---- in turn


@pytest.mark.usefixtures("son")
def test_the_first_is_called_with_the_tap_the_second_a_minute_later(world: World, now: datetime) -> None:
    met(world, now)
    escalating.take_due(now)
    assert called() == [DAUGHTER_PHONE]
    run(now, now + 59 * SECOND)
    assert called() == [DAUGHTER_PHONE]
    escalating.take_due(now + MINUTE)
    assert called() == [DAUGHTER_PHONE, SON_PHONE]


@pytest.mark.usefixtures("son")
def test_after_five_minutes_the_desk_of_her_station_has_it_and_no_other(world: World, now: datetime) -> None:
    reference = met(world, now)
    run(now, now + 299 * SECOND)
    assert duty.list_unanswered(station_id=world.station_id) == []
    escalating.take_due(now + 5 * MINUTE)
    (unanswered,) = duty.list_unanswered(station_id=world.station_id)
    assert (unanswered.tapped_at, unanswered.called_at) == (now, now + 5 * MINUTE)
    assert unanswered.code_tail == world.her.code[-len(unanswered.code_tail) :]
    assert duty.list_unanswered(station_id=world.other_station_id) == []
    assert shown(reference).desk_at == now + 5 * MINUTE
    assert deeds(world.elder_id)[-1] == "desk.called"


def test_what_was_taken_once_is_taken_by_nobody_else(app: Flask, world: World, now: datetime) -> None:
    met(world, now)
    together(app, [lambda: escalating.take_due(now + 5 * MINUTE)] * 4)
    assert len(calls()) == 3
    assert db.session.scalar(sa.select(sa.func.count()).select_from(DutyCall)) == 1


def test_a_worker_that_slept_an_hour_does_what_is_still_true(world: World, now: datetime) -> None:
    met(world, now)
    escalating.take_due(now + timedelta(hours=1))
    assert len(duty.list_unanswered(station_id=world.station_id)) == 1
    assert {message.expires_at for message in calls()} == {now + timedelta(hours=1, minutes=15)}


# ---- answered


@pytest.mark.parametrize("said", list(Answer))
@pytest.mark.usefixtures("son")
def test_an_answer_ends_the_calling(world: World, now: datetime, said: Answer) -> None:
    reference = met(world, now)
    escalating.take_due(now)
    reaching.answer(reach_of(reference).id, said, guardian_id=world.daughter_id, now=now + 20 * SECOND)
    run(now, now + 10 * MINUTE)
    assert called() == [DAUGHTER_PHONE]
    assert duty.list_unanswered(station_id=world.station_id) == []
    assert shown(reference).next_at is None


@pytest.mark.usefixtures("son")
def test_to_have_seen_it_is_no_answer(world: World, now: datetime) -> None:
    reference = met(world, now)
    reaching.see(reach_of(reference).id, guardian_id=world.daughter_id, now=now + SECOND)
    run(now, now + 5 * MINUTE)
    assert SON_PHONE in called()
    assert len(duty.list_unanswered(station_id=world.station_id)) == 1


def test_an_answer_after_the_desk_was_called_takes_it_off_the_desk(world: World, now: datetime) -> None:
    reference = met(world, now)
    run(now, now + 5 * MINUTE)
    reaching.answer(reach_of(reference).id, Answer.COMING, guardian_id=world.daughter_id, now=now + 6 * MINUTE)
    assert duty.list_unanswered(station_id=world.station_id) == []


def twelve_at_once(world: World, now: datetime) -> tuple[Reach, list[Reach]]:
    """The finder whose messages carry others, and those others."""
    reaches = [reach_of(met(world, now)) for _ in range(12)]
    riders = [reach for reach in reaches if reach.told_with != reach.id]
    (carrier,) = [reach for reach in reaches if reach.id == riders[0].told_with]
    return carrier, riders


def test_a_pranksters_answer_is_not_the_honest_finders(world: World, now: datetime) -> None:
    carrier, riders = twelve_at_once(world, now)
    for prank in riders:
        reaching.answer(prank.id, Answer.AT_HOME, guardian_id=world.daughter_id, now=now + SECOND)
    assert not is_answered(carrier.id)
    run(now, now + 6 * MINUTE)
    assert [call for call in calls() if call.reach_id == carrier.id]
    reaching.answer(carrier.id, Answer.COMING, guardian_id=world.daughter_id, now=now + 7 * MINUTE)
    assert is_answered(carrier.id)
    assert family_reached(reach_by_id(carrier.id)).next_at is None


def test_the_last_answer_to_those_who_share_messages_takes_the_call_off_the_desk(world: World, now: datetime) -> None:
    carrier, riders = twelve_at_once(world, now)
    run(now, now + 5 * MINUTE, every=MINUTE)
    assert duty.find_duty_call(carrier.id)
    for reach in (carrier, *riders):
        call = duty.find_duty_call(carrier.id)
        assert call
        assert call.ended_at is None
        reaching.answer(reach.id, Answer.COMING, guardian_id=world.daughter_id, now=now + 6 * MINUTE)
        db.session.rollback()
    call = duty.find_duty_call(carrier.id)
    assert call
    assert call.ended_at


def test_who_taps_after_the_last_messages_were_answered_does_not_ride_on_them(world: World, now: datetime) -> None:
    carrier, riders = twelve_at_once(world, now)
    for reach in (carrier, *riders):
        reaching.answer(reach.id, Answer.AT_HOME, guardian_id=world.daughter_id, now=now + SECOND)
    late = reach_of(met(world, now + 2 * SECOND))
    assert late.told_with not in {carrier.id, *(rider.id for rider in riders)}
    run(now, now + 6 * MINUTE)
    assert duty.find_duty_call(late.told_with)


def test_once_the_incident_is_closed_or_the_elder_handed_over_nobody_is_called(world: World, now: datetime) -> None:
    closed, handed = met(world, now), met(world, now + SECOND)
    reporting.report(closed, world.her.serial, language="zh-CN", low_trust=False, now=now)
    code = handing_over.make_for_call(reach_of(handed).id, guardian_id=world.daughter_id, now=now + 2 * SECOND)
    handing_over.enter(handed, code.digits, now=now + 3 * SECOND)
    assert db.session.scalars(sa.select(Incident)).one().closed_at
    run(now + 4 * SECOND, now + 6 * MINUTE)
    assert called() == []
    assert duty.list_unanswered(station_id=world.station_id) == []


def test_a_later_code_that_nobody_has_typed_yet_begins_no_earlier_encounter_again(world: World, now: datetime) -> None:
    first = met(world, now)
    code = handing_over.make_for_call(reach_of(first).id, guardian_id=world.daughter_id, now=now + SECOND)
    handing_over.enter(first, code.digits, now=now + 2 * SECOND)
    second = met(world, now + 3 * SECOND)
    handing_over.make_for_call(reach_of(second).id, guardian_id=world.daughter_id, now=now + 4 * SECOND)
    run(now + 5 * SECOND, now + MINUTE)
    assert {message.reach_id for message in calls()} == {reach_of(second).id}
    again = {"guardian_id": world.daughter_id, "now": now + MINUTE}
    assert refused(lambda: handing_over.make_for_call(reach_of(first).id, **again)) == "hand_over.done"  # type: ignore[arg-type]


# ---- who can not be called


@pytest.mark.usefixtures("son")
def test_who_was_taken_off_the_list_meanwhile_is_passed_over_and_the_next_is_called_at_once(
    world: World, now: datetime
) -> None:
    met(world, now)
    with transaction():
        hers = next(one for one in list_contacts(world.elder_id) if one.guardian_id == world.daughter_id)
        db.session.delete(db.session.get_one(Contact, hers.id))
    escalating.take_due(now)
    escalating.take_due(now + SECOND)
    assert called() == [SON_PHONE]


def test_a_telephone_is_not_rung_more_often_than_providers_allow(world: World, now: datetime) -> None:
    (hers,) = list_contacts(world.elder_id)
    with transaction():
        for _ in range(FIRST_CALLS.burst):
            spend(FIRST_CALLS, hers.address_index, str(world.elder_id), now=now)
        for _ in range(CALLS_AGAIN.burst):
            spend(CALLS_AGAIN, hers.address_index, str(world.elder_id), now=now)
    met(world, now)
    run(now, now + 5 * MINUTE)
    assert called() == []
    assert len(duty.list_unanswered(station_id=world.station_id)) == 1


def test_whoever_notes_a_strangers_number_uses_up_none_of_its_own_familys_calls(world: World, now: datetime) -> None:
    family_circle.add_contact(world.other.elder_id, Phone(DAUGHTER_PHONE), guardian_id=world.neighbour_id, now=now)
    for number in range(6):
        met(world, now + number * SECOND, serial=world.other.serial)
    run(now, now + 6 * MINUTE)
    assert called().count(DAUGHTER_PHONE) <= CALLS_A_STRANGER.burst
    before = called().count(DAUGHTER_PHONE)
    met(world, now + 7 * MINUTE)
    escalating.take_due(now + 7 * MINUTE)
    assert called().count(DAUGHTER_PHONE) == before + 1


def test_a_number_nobody_has_confirmed_is_called_after_those_that_are(world: World, now: datetime) -> None:
    family_circle.add_contact(world.elder_id, Phone(SON_PHONE), guardian_id=world.daughter_id, now=now)
    with transaction():
        unsure = next(one for one in list_contacts(world.elder_id) if one.confirmed_at is None)
        unsure.calling_order = 0
    met(world, now)
    escalating.take_due(now)
    assert called() == [DAUGHTER_PHONE]


# ---- what the finder may be told


def told_by_provider(message: Message, state: ArrivalState, at: datetime) -> None:
    with transaction():
        db.session.add(
            Delivery(
                message_id=message.id,
                gateway="voice",
                began_at=at,
                ended_at=at,
                outcome=Outcome.ACCEPTED,
                receipt=f"call-{message.id}",
            )
        )
        db.session.execute(sa.update(Message).where(Message.id == message.id).values(state=MessageState.DELIVERED))
        arrivals.keep("voice", [Arrival(f"call-{message.id}", state, at)], now=at)


def test_the_finder_is_told_of_a_call_no_more_than_its_gateway_told(world: World, now: datetime) -> None:
    reference = met(world, now)
    escalating.take_due(now)
    assert [call.state for call in shown(reference).calls] == [CallState.DIALLING]
    assert shown(reference).state == "owed"
    (call,) = calls()
    told_by_provider(call, ArrivalState.PICKED_UP, now + 20 * SECOND)
    assert [call.state for call in shown(reference).calls] == [CallState.PICKED_UP]


def test_what_comes_next_and_when_is_told(world: World, now: datetime) -> None:
    reference = met(world, now)
    escalating.take_due(now)
    assert (shown(reference).next_kind, shown(reference).next_at) == (StepKind.CALL, now + MINUTE)
    run(now, now + 4 * MINUTE)
    assert (shown(reference).next_kind, shown(reference).next_at) == (StepKind.DESK, now + 5 * MINUTE)


def test_a_guardian_with_several_channels_is_one_person_to_the_finder(world: World, now: datetime) -> None:
    reference = met(world, now)
    escalating.take_due(now)
    assert {message.channel for message in db.session.scalars(sa.select(Message))} >= {Channel.SMS, Channel.VOICE}
    assert shown(reference).of == 1


def test_the_same_receipt_twice_is_kept_once(world: World, now: datetime) -> None:
    with transaction():
        first = arrivals.keep("voice", [Arrival("one", ArrivalState.FAILED, now)] * 2, now=now)
    with transaction():
        again = arrivals.keep("voice", [Arrival("one", ArrivalState.FAILED, now + MINUTE)], now=now)
    assert (len(first), again) == (1, [])
