"""Passing an incident on: the other station has it at once, this one nothing of the elder any more."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa
from flask import Flask

from tests.together import raised, together
from tests.world import World, every_row, new_reference, new_rows
from wristband.accounts.rules import OfficerAccount
from wristband.db import db
from wristband.errors import NotAllowed, NotFound, Refusal
from wristband.incidents import desk, happenings
from wristband.incidents.models import HandOver, Incident, IncidentMove, Transfer
from wristband.incidents.records import ElderToHelp, ElderToMeet
from wristband.incidents.rules import (
    BACK_AFTER,
    PASSES_MOST,
    Disposition,
    IncidentState,
    PassReason,
    PlaceSource,
    Reason,
    clock_colour,
)
from wristband.outbox.models import Message
from wristband.services import handing_over, handling, looking, passing_on, reporting
from wristband.values.position import Position

MINUTE = timedelta(minutes=1)


@pytest.fixture
def now(world: World) -> datetime:
    return world.now + MINUTE


@pytest.fixture
def incident_id(world: World, now: datetime) -> int:
    """Hers, beside the neighbour's."""
    _report(world.other.serial, now)
    return _report(world.her.serial, now)


def _report(serial: str | None, now: datetime) -> int:
    number = reporting.report(new_reference(), serial, language="zh-CN", low_trust=False, now=now)
    return db.session.scalars(sa.select(Incident.id).where(Incident.number == number)).one()


def _pass(incident_id: int, to: int | None, officer: OfficerAccount, now: datetime, words: str = "") -> None:
    passing_on.pass_on(incident_id, to, PassReason.NEARER, words, officer=officer, now=now)


def _step(incident_id: int, after: IncidentState, officer: OfficerAccount, now: datetime) -> None:
    handling.move(incident_id, after, officer=officer, now=now)


def _code(deed: object) -> str:
    with pytest.raises(Refusal) as refusal:
        deed()  # type: ignore[operator]
    return refusal.value.code


def _incident(incident_id: int) -> Incident:
    db.session.rollback()
    db.session.expire_all()
    return db.session.get_one(Incident, incident_id)


def test_the_other_station_has_it_as_new_and_the_clock_runs_from_there(
    world: World, incident_id: int, now: datetime
) -> None:
    _step(incident_id, IncidentState.ACCEPTED, world.officer, now)
    later = now + 20 * MINUTE
    before = every_row()
    _pass(incident_id, world.other_station_id, world.officer, later, "她在河边")
    assert new_rows(before) == {
        "incident_transfer": 1,
        "incident_move": 1,
        "audit_row": 1,
        "message": 1,
        "data_key": 1,  # for the words
    }
    passed = _incident(incident_id)
    assert (passed.station_id, passed.state, passed.accepted_at) == (
        world.other_station_id,
        IncidentState.REPORTED,
        None,
    )
    assert (passed.opened_at, passed.since) == (now, later)
    assert clock_colour(since=passed.since, accepted_at=None, now=later + MINUTE) == "calm"
    assert incident_id in [one.id for one in desk.list_work(station_id=world.other_station_id)]
    assert incident_id not in [one.id for one in desk.list_work(station_id=world.station_id)]


def test_the_family_hears_of_the_new_station_and_of_its_acceptance_too(
    world: World, incident_id: int, now: datetime
) -> None:
    _step(incident_id, IncidentState.ACCEPTED, world.officer, now)
    _pass(incident_id, world.other_station_id, world.officer, now + MINUTE)
    _step(incident_id, IncidentState.ACCEPTED, world.stranger, now + 2 * MINUTE)
    told = db.session.scalars(sa.select(Message).where(Message.incident_id == incident_id).order_by(Message.id)).all()
    assert [message.wording for message in told] == [
        "incident_reported",
        "incident_accepted",
        "incident_passed_on",
        "incident_accepted",
    ]
    assert "祥平派出所" in told[2].body
    assert "祥平派出所" in told[3].body


def test_what_the_first_station_earned_by_accepting_is_not_handed_on(
    world: World, incident_id: int, now: datetime
) -> None:
    _step(incident_id, IncidentState.ACCEPTED, world.officer, now)
    _pass(incident_id, world.other_station_id, world.officer, now)
    assert isinstance(looking.look(incident_id, officer=world.stranger, now=now), ElderToMeet)
    with pytest.raises(NotAllowed):
        looking.reveal(incident_id, Reason.REACH, officer=world.stranger, now=now)
    _step(incident_id, IncidentState.ACCEPTED, world.stranger, now)
    assert isinstance(looking.look(incident_id, officer=world.stranger, now=now), ElderToHelp)


def test_the_station_that_passed_it_on_sees_where_it_is_for_a_day_and_nothing_of_the_elder(
    world: World, incident_id: int, now: datetime
) -> None:
    _pass(incident_id, world.other_station_id, world.officer, now)
    for deed in (
        lambda: looking.look(incident_id, officer=world.officer, now=now),
        lambda: looking.portrait_bytes(incident_id, officer=world.officer, now=now),
        lambda: _step(incident_id, IncidentState.ACCEPTED, world.officer, now),
        lambda: handling.note(incident_id, "k" * 22, "看一看", officer=world.officer, now=now),
    ):
        with pytest.raises(NotFound):
            deed()
    day = timedelta(days=1)
    shown = desk.list_passed_on(station_id=world.station_id, now=now + day - MINUTE)
    assert [(one.station, one.state) for one in shown] == [("祥平派出所", IncidentState.REPORTED)]
    assert desk.list_passed_on(station_id=world.station_id, now=now + day) == []
    assert desk.list_passed_on(station_id=world.other_station_id, now=now) == []


def test_notes_stay_with_the_station_that_wrote_them(world: World, incident_id: int, now: datetime) -> None:
    handling.note(incident_id, "k" * 22, "本所的话", officer=world.officer, now=now)
    _pass(incident_id, world.other_station_id, world.officer, now)
    assert happenings.list_notes(incident_id, station_id=world.other_station_id) == []
    assert [note.words for note in happenings.list_notes(incident_id, station_id=world.station_id)] == ["本所的话"]


def test_an_officers_code_is_void_and_the_familys_is_not(world: World, incident_id: int, now: datetime) -> None:
    _step(incident_id, IncidentState.ACCEPTED, world.officer, now)
    handing_over.make_on_duty(incident_id, Disposition.AT_STATION, officer=world.officer, now=now)
    _pass(incident_id, world.other_station_id, world.officer, now)
    assert db.session.scalar(sa.select(HandOver.code_hash)) is None
    handing_over.make_for_incident(incident_id, guardian_id=world.daughter_id, now=now)
    _pass(incident_id, world.station_id, world.stranger, now + BACK_AFTER)
    assert db.session.scalar(sa.select(HandOver.code_hash)) is not None


def test_it_does_not_bounce_back_before_half_an_hour(world: World, incident_id: int, now: datetime) -> None:
    _pass(incident_id, world.other_station_id, world.officer, now)
    early = now + BACK_AFTER - MINUTE
    assert _code(lambda: _pass(incident_id, world.station_id, world.stranger, early)) == "incidents.pass_back"
    _pass(incident_id, world.station_id, world.stranger, now + BACK_AFTER)
    assert _incident(incident_id).station_id == world.station_id


def test_after_so_many_stations_somebody_keeps_it(world: World, incident_id: int, now: datetime) -> None:
    stations = [(world.other_station_id, world.officer), (world.station_id, world.stranger)]
    for number in range(PASSES_MOST):
        to, officer = stations[number % 2]
        _pass(incident_id, to, officer, now + number * BACK_AFTER)
    to, officer = stations[PASSES_MOST % 2]
    late = now + PASSES_MOST * BACK_AFTER
    assert _code(lambda: _pass(incident_id, to, officer, late)) == "incidents.pass_spent"


def test_one_that_no_station_has_goes_to_the_one_it_is_given(world: World, now: datetime) -> None:
    nobodys = _report(None, now)
    _pass(nobodys, world.other_station_id, world.officer, now)
    assert _incident(nobodys).station_id == world.other_station_id


@pytest.mark.parametrize("state", [IncidentState.ON_SCENE, IncidentState.HANDED_OVER, IncidentState.CLOSED])
def test_what_officers_stand_beside_or_have_ended_stays(
    world: World, incident_id: int, now: datetime, state: IncidentState
) -> None:
    for after in list(IncidentState)[1 : list(IncidentState).index(state) + 1]:
        disposition = Disposition.WITH_FAMILY if after is IncidentState.CLOSED else None
        handling.move(incident_id, after, officer=world.officer, disposition=disposition, now=now)
    code = "incidents.over" if state is IncidentState.CLOSED else "incidents.pass_late"
    assert _code(lambda: _pass(incident_id, world.other_station_id, world.officer, now)) == code


def test_what_is_missing_or_no_station_is_told_and_nothing_moves(world: World, incident_id: int, now: datetime) -> None:
    before = every_row()
    me = world.officer
    cases = {
        "incidents.pass_reason": lambda: passing_on.pass_on(
            incident_id, world.other_station_id, None, officer=me, now=now
        ),
        "incidents.pass_station": lambda: _pass(incident_id, None, me, now),
        "incidents.pass_here": lambda: _pass(incident_id, world.station_id, me, now),
        "incidents.words_long": lambda: _pass(incident_id, world.other_station_id, me, now, "字" * 301),
        "incidents.unknown": lambda: _pass(incident_id, world.station_id, world.stranger, now),
    }
    for code, deed in cases.items():
        assert _code(deed) == code
    for unknown in (1, 2**70):
        assert _code(lambda there=unknown: _pass(incident_id, there, me, now)) == "incidents.pass_station"
    db.session.rollback()
    assert every_row() == before


def test_of_officers_who_pass_it_on_at_once_one_wins_and_the_others_are_told(
    app: Flask, world: World, incident_id: int, now: datetime
) -> None:
    answers = together(app, [lambda: _pass(incident_id, world.other_station_id, world.officer, now)] * 4)
    assert len(raised(answers)) == 3
    assert {str(fault) for fault in raised(answers)} <= {"incidents.unknown", "incidents.pass_late"}
    db.session.rollback()
    assert db.session.scalar(sa.select(sa.func.count(Transfer.id))) == 1
    moves = sa.select(sa.func.count(IncidentMove.id)).where(IncidentMove.incident_id == incident_id)
    assert db.session.scalar(moves) == 2


def test_a_finders_later_place_does_not_take_it_from_the_station_it_was_given(world: World, now: datetime) -> None:
    reference = new_reference()
    number = reporting.report(reference, world.her.serial, language="zh-CN", low_trust=False, now=now)
    incident_id = db.session.scalars(sa.select(Incident.id).where(Incident.number == number)).one()
    _pass(incident_id, world.other_station_id, world.officer, now)
    beside_the_first = Position(24.7231, 118.1521)
    reporting.add_place(
        reference,
        "k" * 22,
        source=PlaceSource.DEVICE,
        position=beside_the_first,
        accuracy_m=20,
        words="",
        now=now + MINUTE,
    )
    assert _incident(incident_id).station_id == world.other_station_id
