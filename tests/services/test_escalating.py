"""While nobody answers: one after the other is called, then the desk; an answer ends it."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa
from flask import Flask

from tests.services.finders import deeds, met, owed, refused
from tests.services.relatives import son_of
from tests.together import together
from tests.world import DAUGHTER_PHONE, SON_PHONE, World, every_row
from wristband.db import db, transaction
from wristband.elders.models import Contact
from wristband.elders.queries import list_contacts
from wristband.incidents import duty
from wristband.incidents.models import DutyCall, Incident
from wristband.limits import spend
from wristband.outbox import arrivals
from wristband.outbox.escalation import CALLS_A_NUMBER, StepKind, StepState
from wristband.outbox.models import Delivery, Message, Step
from wristband.outbox.rules import CallState, Channel, MessageState, Outcome
from wristband.scans.answers import is_answered
from wristband.scans.disclosure import FamilyReached
from wristband.scans.models import Reach
from wristband.scans.queries import find_reach_of
from wristband.scans.reached import family_reached
from wristband.scans.rules import Answer
from wristband.services import escalating, family_circle, handing_over, reaching, reporting, standing_in
from wristband.values.arrival import Arrival, ArrivalState

SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)


@pytest.fixture
def now(world: World) -> datetime:
    return world.now + timedelta(hours=26)


@pytest.fixture
def son(world: World, now: datetime) -> int:
    return son_of(world, now - timedelta(hours=2))


def calls() -> list[Message]:
    return owed("call_band_scanned")


def called() -> list[str]:
    return [message.recipient for message in calls()]


def reach_of(reference: str) -> Reach:
    db.session.rollback()
    found = find_reach_of(reference)
    assert found
    return found


def shown(reference: str) -> FamilyReached:
    return family_reached(reach_of(reference))


def waiting() -> int:
    db.session.rollback()
    question = sa.select(sa.func.count()).select_from(Step).where(Step.state == StepState.WAITING)
    return db.session.scalar(question) or 0


def run(begin: datetime, end: datetime, *, every: timedelta = 10 * SECOND) -> None:
    """Time passes, and the worker looks again and again."""
    at = begin
    while at <= end:
        escalating.take_due(at)
        at += every


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


def test_an_answer_to_one_who_rides_on_anothers_messages_takes_the_call_off_the_desk(
    world: World, now: datetime
) -> None:
    reaches = [reach_of(met(world, now)) for _ in range(12)]
    rider = next(reach for reach in reaches if reach.told_with != reach.id)
    run(now, now + 5 * MINUTE, every=MINUTE)
    before = len(duty.list_unanswered(station_id=world.station_id))
    reaching.answer(rider.id, Answer.COMING, guardian_id=world.daughter_id, now=now + 6 * MINUTE)
    assert len(duty.list_unanswered(station_id=world.station_id)) == before - 1


def test_an_answer_to_one_of_many_who_tapped_at_once_ends_it_for_the_messages_they_share(
    world: World, now: datetime
) -> None:
    references = [met(world, now) for _ in range(12)]
    riding = [reach for reach in map(reach_of, references) if reach.told_with != reach.id]
    assert riding
    reaching.answer(riding[0].id, Answer.COMING, guardian_id=world.daughter_id, now=now + SECOND)
    assert is_answered(riding[0].told_with)
    run(now, now + 6 * MINUTE)
    shared = [message for message in calls() if message.reach_id == riding[0].told_with]
    assert shared == []


def test_once_the_incident_is_closed_or_the_elder_handed_over_nobody_is_called(world: World, now: datetime) -> None:
    closed, handed = met(world, now), met(world, now + SECOND)
    reporting.report(closed, world.her.serial, language="zh-CN", low_trust=False, now=now)
    code = handing_over.make_for_call(reach_of(handed).id, guardian_id=world.daughter_id, now=now + 2 * SECOND)
    handing_over.enter(handed, code.digits, now=now + 3 * SECOND)
    assert db.session.scalars(sa.select(Incident)).one().closed_at
    run(now + 4 * SECOND, now + 6 * MINUTE)
    assert called() == []
    assert duty.list_unanswered(station_id=world.station_id) == []


# ---- the desk stands in


def test_an_officer_who_stands_in_has_an_incident_and_finder_and_family_know(world: World, now: datetime) -> None:
    reference = met(world, now)
    run(now, now + 5 * MINUTE)
    (unanswered,) = duty.list_unanswered(station_id=world.station_id)
    incident_id = standing_in.take(unanswered.id, officer=world.officer, now=now + 6 * MINUTE)
    incident = db.session.get_one(Incident, incident_id)
    assert (incident.elder_id, incident.station_id) == (world.elder_id, world.station_id)
    assert shown(reference).taken_at == now + 6 * MINUTE
    assert duty.list_unanswered(station_id=world.station_id) == []
    assert owed("incident_reported")
    assert incident.number in (owed("incident_reported")[0].body or "")
    assert deeds(world.elder_id)[-3:].count("desk.answered") == 1


def test_who_stands_in_joins_the_incident_that_is_open(world: World, now: datetime) -> None:
    met(world, now)
    other = met(world, now + SECOND)
    number = reporting.report(other, world.her.serial, language="zh-CN", low_trust=False, now=now + 2 * SECOND)
    run(now, now + 5 * MINUTE)
    for unanswered in duty.list_unanswered(station_id=world.station_id):
        incident_id = standing_in.take(unanswered.id, officer=world.officer, now=now + 6 * MINUTE)
        assert db.session.get_one(Incident, incident_id).number == number
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Incident)) == 1


def test_of_two_officers_one_has_it_and_the_other_is_told(world: World, now: datetime) -> None:
    met(world, now)
    run(now, now + 5 * MINUTE)
    (unanswered,) = duty.list_unanswered(station_id=world.station_id)
    standing_in.take(unanswered.id, officer=world.officer, now=now + 6 * MINUTE)
    before = every_row()
    late = lambda: standing_in.take(unanswered.id, officer=world.officer, now=now + 6 * MINUTE)  # noqa: E731
    assert refused(late) == "incidents.duty_call_taken"
    assert every_row() == before


def test_another_stations_officer_finds_no_such_call(world: World, now: datetime) -> None:
    met(world, now)
    run(now, now + 5 * MINUTE)
    (unanswered,) = duty.list_unanswered(station_id=world.station_id)
    take = lambda: standing_in.take(unanswered.id, officer=world.stranger, now=now + 6 * MINUTE)  # noqa: E731
    assert refused(take) == "incidents.duty_call_unknown"


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
        for _ in range(CALLS_A_NUMBER.burst):
            spend(CALLS_A_NUMBER, hers.address_index, now=now)
    met(world, now)
    run(now, now + 5 * MINUTE)
    assert called() == []
    assert len(duty.list_unanswered(station_id=world.station_id)) == 1


def test_a_number_nobody_has_confirmed_is_called_after_those_that_are(world: World, now: datetime) -> None:
    from wristband.values.phone import Phone

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
