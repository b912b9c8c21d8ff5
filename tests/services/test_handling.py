"""Handling an incident: step by step, one officer a step, the family told, every look recorded."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import product

import pytest
import sqlalchemy as sa
from flask import Flask

from tests.together import raised, together
from tests.world import DAUGHTER_PHONE, World, every_row, new_reference, new_rows
from wristband.accounts.rules import OfficerAccount
from wristband.audit.models import AuditRow
from wristband.db import db, transaction
from wristband.errors import BadValue, Conflict, NotFound
from wristband.incidents.models import Incident, IncidentMove
from wristband.incidents.rules import MOVES, OWN_DEEDS, Disposition, IncidentState
from wristband.outbox.models import Message
from wristband.services import handling, reporting
from wristband.services.handling import WORDS_MAX

MINUTE = timedelta(minutes=1)
# What is decided before the database is asked needs no second one.
ONE_ENGINE = pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
CLOSED = IncidentState.CLOSED


@pytest.fixture
def now(world: World) -> datetime:
    return world.now + MINUTE


def report(serial: str | None, now: datetime) -> int:
    number = reporting.report(new_reference(), serial, language="zh-CN", low_trust=False, now=now)
    return db.session.scalars(sa.select(Incident.id).where(Incident.number == number)).one()


@pytest.fixture
def incident_id(world: World, now: datetime) -> int:
    """Hers, beside the neighbour's and an unknown one."""
    report(world.other.serial, now)
    mine = report(world.her.serial, now)
    report(None, now)
    return mine


def step(incident_id: int, after: IncidentState, officer: OfficerAccount, now: datetime, words: str = "") -> None:
    disposition = Disposition.WITH_FAMILY if after is CLOSED else None
    handling.move(incident_id, after, officer=officer, words=words, disposition=disposition, now=now)


def incident(incident_id: int) -> Incident:
    db.session.rollback()
    return db.session.get_one(Incident, incident_id)


def put(incident_id: int, state: IncidentState, now: datetime) -> None:
    with transaction():
        closed_at = now if state is CLOSED else None
        db.session.execute(
            sa.update(Incident).where(Incident.id == incident_id).values(state=state, closed_at=closed_at)
        )


# ---- steps


def test_a_step_is_taken_where_the_table_says_and_refused_everywhere_else(
    world: World, incident_id: int, now: datetime
) -> None:
    for before, after in product(IncidentState, IncidentState):
        put(incident_id, before, now)
        rows = every_row()
        if after in MOVES[before]:
            step(incident_id, after, world.officer, now + MINUTE)
            assert incident(incident_id).state is after
        else:
            with pytest.raises(Conflict) as refusal:
                step(incident_id, after, world.officer, now + MINUTE)
            assert refusal.value.code == "incidents.moved_on"
            assert every_row() == rows, (before, after)


def test_the_whole_life_is_on_the_time_line_and_on_the_trail(world: World, incident_id: int, now: datetime) -> None:
    for minute, after in enumerate(list(IncidentState)[1:], 1):
        step(incident_id, after, world.officer, now + minute * MINUTE, words=f"第 {minute} 步")
    ended = incident(incident_id)
    assert (ended.accepted_at, ended.closed_at) == (now + MINUTE, now + 5 * MINUTE)
    assert ended.disposition is Disposition.WITH_FAMILY
    moves = db.session.scalars(
        sa.select(IncidentMove).where(IncidentMove.incident_id == incident_id).order_by(IncidentMove.id)
    ).all()
    assert [(move.state, move.officer_id, move.words) for move in moves] == [
        (IncidentState.REPORTED, None, None),
        (IncidentState.ACCEPTED, world.officer.officer_id, "第 1 步"),
        (IncidentState.DISPATCHED, world.officer.officer_id, "第 2 步"),
        (IncidentState.ON_SCENE, world.officer.officer_id, "第 3 步"),
        (IncidentState.HANDED_OVER, world.officer.officer_id, "第 4 步"),
        (CLOSED, world.officer.officer_id, "第 5 步"),
    ]
    trail = db.session.scalars(
        sa.select(AuditRow).where(AuditRow.actor == world.officer.actor).order_by(AuditRow.id)
    ).all()
    assert [row.deed for row in trail] == [
        "incident.accepted",
        "incident.dispatched",
        "incident.on_scene",
        "incident.taken_over",
        "incident.closed",
    ]
    assert {row.elder_id for row in trail} == {world.elder_id}
    assert trail[-1].facts == {"disposition": "with_family"}


def test_a_report_closed_at_once_was_accepted_at_that_moment(world: World, incident_id: int, now: datetime) -> None:
    step(incident_id, CLOSED, world.officer, now + MINUTE)
    assert incident(incident_id).accepted_at == now + MINUTE


def test_of_officers_who_accept_at_once_one_wins_and_the_others_are_told(
    app: Flask, world: World, incident_id: int, now: datetime
) -> None:
    before = every_row()
    answers = together(app, [lambda: step(incident_id, IncidentState.ACCEPTED, world.officer, now)] * 6)
    assert len(raised(answers)) == 5
    assert {str(fault) for fault in raised(answers)} == {"incidents.moved_on"}
    assert new_rows(before) == {"incident_move": 1, "audit_row": 1, "message": 1}


def test_of_two_stations_that_take_an_unknown_band_at_once_one_has_it(app: Flask, world: World, now: datetime) -> None:
    nobodys = report(None, now)
    officers = [world.officer, world.stranger] * 3
    answers = together(app, [lambda who=who: step(nobodys, IncidentState.ACCEPTED, who, now) for who in officers])
    assert len(raised(answers)) == 5
    assert incident(nobodys).station_id in (world.station_id, world.other_station_id)
    winner = officers[answers.index(None)]
    assert incident(nobodys).station_id == winner.station_id


def test_another_stations_incident_and_none_at_all_are_refused_alike(
    world: World, incident_id: int, now: datetime
) -> None:
    before = every_row()
    for after, wanted in product(IncidentState, (incident_id, 1, 2**70)):
        with pytest.raises(NotFound) as refusal:
            step(wanted, after, world.stranger, now)
        assert refusal.value.code == "incidents.unknown"
    assert every_row() == before


# ---- closing


def test_closing_needs_a_disposition(world: World, incident_id: int, now: datetime) -> None:
    before = every_row()
    with pytest.raises(BadValue) as refusal:
        handling.move(incident_id, CLOSED, officer=world.officer, now=now)
    assert refusal.value.code == "incidents.disposition_needed"
    assert every_row() == before


def test_nothing_but_closing_takes_a_disposition(world: World, incident_id: int, now: datetime) -> None:
    for after in set(IncidentState) - {CLOSED}:
        with pytest.raises(BadValue):
            handling.move(incident_id, after, officer=world.officer, disposition=Disposition.FALSE_REPORT, now=now)
    assert incident(incident_id).state is IncidentState.REPORTED


@ONE_ENGINE
@pytest.mark.parametrize("disposition", sorted(set(Disposition) - OWN_DEEDS))
def test_every_disposition_but_a_merges_own_closes(
    world: World, incident_id: int, now: datetime, disposition: Disposition
) -> None:
    handling.move(incident_id, CLOSED, officer=world.officer, disposition=disposition, now=now)
    assert incident(incident_id).disposition is disposition


@ONE_ENGINE
@pytest.mark.parametrize(
    ("words", "code"), [("字" * (WORDS_MAX + 1), "incidents.words_long"), ("a\u202eb", "text.hidden_characters")]
)
def test_words_that_are_too_many_or_hide_something_take_no_step(
    world: World, incident_id: int, now: datetime, words: str, code: str
) -> None:
    before = every_row()
    with pytest.raises(BadValue) as refusal:
        step(incident_id, IncidentState.ACCEPTED, world.officer, now, words)
    assert refusal.value.code == code
    assert every_row() == before


# ---- the family


def test_the_family_is_told_of_the_report_the_acceptance_and_the_end_once_each(
    world: World, incident_id: int, now: datetime
) -> None:
    for after in list(IncidentState)[1:]:
        step(incident_id, after, world.officer, now)
    messages = db.session.scalars(
        sa.select(Message).where(Message.incident_id == incident_id).order_by(Message.id)
    ).all()
    assert [message.wording for message in messages] == [
        "incident_reported",
        "incident_accepted",
        "incident_closed",
    ]
    assert {message.recipient for message in messages} == {DAUGHTER_PHONE}
    assert all("林" not in message.body for message in messages)


def test_nobody_is_told_of_an_unknown_bands_incident(world: World, now: datetime) -> None:
    nobodys = report(None, now)
    step(nobodys, CLOSED, world.officer, now)
    assert db.session.scalar(sa.select(sa.func.count(Message.id))) == 0


def test_a_guardian_confirms_that_her_elder_is_home(world: World, incident_id: int, now: datetime) -> None:
    step(incident_id, CLOSED, world.officer, now)
    before = every_row()
    handling.confirm(incident_id, guardian_id=world.daughter_id, now=now + MINUTE)
    confirmed = incident(incident_id)
    assert (confirmed.confirmed_at, confirmed.confirmed_by) == (now + MINUTE, world.daughter_id)
    assert new_rows(before) == {"audit_row": 1}


def test_confirming_twice_is_confirming_once(world: World, incident_id: int, now: datetime) -> None:
    step(incident_id, CLOSED, world.officer, now)
    handling.confirm(incident_id, guardian_id=world.daughter_id, now=now)
    before = every_row()
    handling.confirm(incident_id, guardian_id=world.daughter_id, now=now + MINUTE)
    assert every_row() == before


def test_confirming_many_times_at_once_is_confirming_once(
    app: Flask, world: World, incident_id: int, now: datetime
) -> None:
    step(incident_id, CLOSED, world.officer, now)
    before = every_row()
    deeds = [lambda: handling.confirm(incident_id, guardian_id=world.daughter_id, now=now)] * 6
    assert raised(together(app, deeds)) == []
    assert new_rows(before) == {"audit_row": 1}


def test_an_open_incident_is_not_confirmed(world: World, incident_id: int, now: datetime) -> None:
    before = every_row()
    with pytest.raises(Conflict) as refusal:
        handling.confirm(incident_id, guardian_id=world.daughter_id, now=now)
    assert refusal.value.code == "incidents.still_open"
    db.session.rollback()
    assert every_row() == before


def test_the_neighbour_confirms_nothing_of_hers(world: World, incident_id: int, now: datetime) -> None:
    step(incident_id, CLOSED, world.officer, now)
    before = every_row()
    for wanted in (incident_id, 1, 2**70):
        with pytest.raises(NotFound) as refusal:
            handling.confirm(wanted, guardian_id=world.neighbour_id, now=now)
        assert refusal.value.code == "incidents.unknown"
    assert every_row() == before
