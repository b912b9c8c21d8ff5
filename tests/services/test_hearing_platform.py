"""What the police platform tells back: states by the table of moves, its own number, who saw it, and what clashes."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
import time_machine
from flask import Flask

from tests.services.finders import refused
from tests.services.platforms import (
    events,
    hear,
    hear_receipt,
    incident,
    kinds,
    notes,
    owed,
    report,
    with_platform,
    worker,
)
from tests.services.post import Post
from tests.together import raised, together
from tests.world import World, every_row, new_rows
from wristband.audit.models import AuditRow
from wristband.config import Settings
from wristband.db import db
from wristband.errors import Conflict
from wristband.gateways.police_mapping import Became
from wristband.incidents import platform_queries, queries
from wristband.incidents.models import Incident, IncidentMove
from wristband.incidents.platform_queries import Reached
from wristband.incidents.rules import MOVES, Disposition, IncidentState
from wristband.outbox.models import Message
from wristband.services import handling, looking

MINUTE = timedelta(minutes=1)
KEY = "p-a-key-of-one-call"


@pytest.fixture
def settings(settings: Settings, tmp_path: Path) -> Settings:
    return with_platform(settings, tmp_path)


@pytest.fixture
def now(world: World) -> datetime:
    return world.now + MINUTE


@pytest.fixture
def number(world: World, now: datetime) -> str:
    """An incident that a finder's report has opened."""
    return report(world, now).number


def standing(number: str) -> platform_queries.Standing:
    found = platform_queries.standing(incident(number).id)
    assert found is not None
    return found


def brought_to(number: str, state: IncidentState, now: datetime) -> None:
    """As if officers had brought it there."""
    db.session.execute(
        sa.update(Incident)
        .where(Incident.number == number)
        .values(state=state, closed_at=now if state is IncidentState.CLOSED else None)
    )
    db.session.commit()


def end_of(state: IncidentState) -> str:
    return "with_family" if state is IncidentState.CLOSED else ""


# ---- states


def test_a_state_that_fits_is_a_step_of_the_platforms(number: str, now: datetime) -> None:
    assert hear(number, now + MINUTE, "accepted", words="指挥中心已派单") is IncidentState.ACCEPTED
    moved = incident(number)
    assert (moved.state, moved.accepted_at, moved.changed_at) == (IncidentState.ACCEPTED, now + MINUTE, now + MINUTE)
    step = queries.list_moves(moved.id)[-1]
    assert (step.state, step.officer_id, step.words) == (IncidentState.ACCEPTED, None, "指挥中心已派单")
    assert platform_queries.steps_of_platform(moved.id) == {step.id}
    row = db.session.scalars(sa.select(AuditRow).where(AuditRow.deed == "incident.accepted")).one()
    assert row.actor == "platform"


def test_the_family_hears_of_it_and_the_platform_gets_it_back_in_its_order(number: str, now: datetime) -> None:
    hear(number, now + MINUTE, "accepted")
    told = db.session.scalars(sa.select(Message).where(Message.wording == "incident_accepted")).all()
    assert len(told) == 1
    assert kinds() == ["opened", "moved"]
    assert [event["event"]["by"] for event in events()] == ["finder", "platform"]


def test_a_whole_life_told_by_the_platform_ends_in_its_disposition(number: str, now: datetime) -> None:
    for state in ("accepted", "dispatched", "on_scene"):
        hear(number, now + MINUTE, state)
    assert hear(number, now + 2 * MINUTE, "closed", disposition="to_hospital") is IncidentState.CLOSED
    ended = incident(number)
    assert (ended.closed_at, ended.disposition) == (now + 2 * MINUTE, Disposition.TO_HOSPITAL)


@pytest.mark.parametrize("before", list(IncidentState))
@pytest.mark.parametrize("after", list(IncidentState))
@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_a_state_is_taken_exactly_where_the_table_of_moves_allows_it(
    number: str, now: datetime, before: IncidentState, after: IncidentState
) -> None:
    brought_to(number, before, now)
    if after in MOVES[before]:
        assert hear(number, now, after, disposition=end_of(after)) is after
        return
    assert refused(lambda: hear(number, now, after, disposition=end_of(after))) == "platform.does_not_fit"
    assert incident(number).state is before


def test_a_state_that_does_not_fit_changes_nothing_and_is_shown_to_officers(number: str, now: datetime) -> None:
    before = every_row()
    assert refused(lambda: hear(number, now + MINUTE, "on_scene")) == "platform.does_not_fit"
    assert new_rows(before) == {"platform_note": 1}
    assert incident(number).state is IncidentState.REPORTED
    [unfit] = standing(number).unfit
    assert (unfit.state, unfit.at) == ("on_scene", now + MINUTE)


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    ("state", "disposition", "code"),
    [
        ("begun", "", "platform.state_unknown"),
        ("closed", "", "platform.disposition_needed"),
        ("closed", "gone", "platform.disposition_unknown"),
        ("closed", "duplicate", "platform.disposition_unknown"),
        ("closed", "withdrawn", "platform.disposition_unknown"),
        ("accepted", "with_family", "platform.disposition_early"),
        ("", "with_family", "platform.disposition_early"),
    ],
)
def test_what_is_no_word_of_ours_is_refused_and_not_kept(
    number: str, now: datetime, state: str, disposition: str, code: str
) -> None:
    before = every_row()
    assert refused(lambda: hear(number, now, state, disposition=disposition)) == code
    assert every_row() == before


def test_an_incident_that_there_is_not_is_refused_and_not_kept(number: str, now: datetime) -> None:
    before = every_row()
    for unknown in ("991231-001", "", "' OR 1=1", "x" * 64):
        assert refused(lambda unknown=unknown: hear(unknown, now, "accepted")) == "platform.incident_unknown"
    assert every_row() == before


# ---- who was quicker


def test_an_officer_who_was_quicker_wins_and_the_platform_is_told(world: World, number: str, now: datetime) -> None:
    handling.move(incident(number).id, IncidentState.ACCEPTED, officer=world.officer, now=now)
    assert refused(lambda: hear(number, now, "accepted")) == "platform.does_not_fit"
    assert [unfit.state for unfit in standing(number).unfit] == ["accepted"]


def test_a_platform_that_was_quicker_wins_and_the_officer_is_told(world: World, number: str, now: datetime) -> None:
    hear(number, now, "accepted")
    with pytest.raises(Conflict):
        handling.move(incident(number).id, IncidentState.ACCEPTED, officer=world.officer, now=now)
    handling.move(incident(number).id, IncidentState.DISPATCHED, officer=world.officer, now=now)


def test_officer_and_platform_at_once_make_one_step(world: World, number: str, now: datetime, app: Flask) -> None:
    there = incident(number).id
    answers = together(
        app,
        [
            lambda: handling.move(there, IncidentState.ACCEPTED, officer=world.officer, now=now),
            lambda: hear(number, now, "accepted"),
        ],
    )
    assert [type(one) for one in raised(answers)] == [Conflict]
    db.session.rollback()
    steps = sa.select(IncidentMove).where(IncidentMove.state == IncidentState.ACCEPTED)
    assert len(db.session.scalars(steps).all()) == 1


def test_after_the_platform_accepted_the_station_sees_what_it_needs(world: World, number: str, now: datetime) -> None:
    hear(number, now, "accepted")
    shown = looking.look(incident(number).id, officer=world.officer, now=now + MINUTE)
    assert shown is not None
    assert IncidentState.ACCEPTED in queries.steps_of_officers(incident(number).id)


# ---- told again


def test_the_same_call_again_is_answered_the_same_and_changes_nothing(number: str, now: datetime) -> None:
    hear(number, now, "accepted", key=KEY)
    before = every_row()
    assert hear(number, now, "accepted", key=KEY) is IncidentState.ACCEPTED
    assert every_row() == before


def test_a_refused_call_again_is_refused_again_whatever_has_happened_since(number: str, now: datetime) -> None:
    assert refused(lambda: hear(number, now, "dispatched", key=KEY)) == "platform.does_not_fit"
    hear(number, now, "accepted")
    assert refused(lambda: hear(number, now, "dispatched", key=KEY)) == "platform.does_not_fit"
    assert len(notes()) == 2


def test_a_key_that_comes_with_something_else_is_refused(world: World, number: str, now: datetime) -> None:
    other = report(world, now, world.other.serial).number
    hear(number, now, "accepted", key=KEY)
    assert refused(lambda: hear(number, now, "dispatched", key=KEY)) == "platform.key_reused"
    assert refused(lambda: hear(other, now, "accepted", key=KEY)) == "platform.key_reused"
    assert incident(other).state is IncidentState.REPORTED


def test_the_same_call_many_times_at_once_is_one_step(number: str, now: datetime, app: Flask) -> None:
    answers = together(app, [lambda: hear(number, now, "accepted", key=KEY)] * 6)
    assert answers == [IncidentState.ACCEPTED] * 6
    assert kinds() == ["opened", "moved"]


# ---- its own number, and who saw it


def test_its_own_number_is_kept_and_told_along_from_then_on(number: str, now: datetime) -> None:
    hear(number, now, case="P000001")
    assert incident(number).state is IncidentState.REPORTED
    assert standing(number).case_number == "P000001"
    hear(number, now, "accepted")
    assert standing(number).case_number == "P000001"
    assert events()[-1]["incident"]["platform_case"] == "P000001"


def test_a_look_at_the_command_centre_is_the_first_look(number: str, now: datetime) -> None:
    [event] = events()
    assert hear_receipt(event["event"]["id"], Became.RECEIVED, now, case="P1") == 1
    assert standing(number).seen_at is None
    hear_receipt(event["event"]["id"], Became.SEEN, now + MINUTE)
    hear_receipt(event["event"]["id"], Became.SEEN, now + 9 * MINUTE)
    assert (standing(number).seen_at, standing(number).case_number) == (now + MINUTE, "P1")


def test_an_event_that_it_refuses_after_it_took_it_is_seen(number: str, now: datetime) -> None:
    with time_machine.travel(now, tick=False):
        worker(Post()).drain()
    assert standing(number).reached is Reached.HANDED_OVER
    hear_receipt(events()[0]["event"]["id"], Became.REFUSED, now, code="no_such_area")
    assert (standing(number).reached, standing(number).code) == (Reached.REFUSED, "no_such_area")


def test_receipts_again_change_nothing_and_those_of_nobody_are_counted_out(number: str, now: datetime) -> None:
    event = events()[0]["event"]["id"]
    assert hear_receipt(event, Became.SEEN, now, key=KEY) == 1
    before = every_row()
    assert hear_receipt(event, Became.SEEN, now, key=KEY) == 1
    assert every_row() == before
    assert refused(lambda: hear_receipt(event, Became.REFUSED, now, key=KEY)) == "platform.key_reused"
    for unknown in ("event-1", "event-", "event-99999999999999999999", "message-5", "x"):
        assert hear_receipt(unknown, Became.SEEN, now) == 0
    assert len(owed()) == 1
