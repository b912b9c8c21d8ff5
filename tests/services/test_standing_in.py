"""The duty desk stands in where a family does not answer: one officer has it, finder and family know."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa

from tests.services.calling import MINUTE, SECOND, run, shown
from tests.services.finders import deeds, met, owed, refused
from tests.world import World, every_row
from wristband.db import db
from wristband.incidents import duty
from wristband.incidents.models import Incident
from wristband.incidents.rules import IncidentState
from wristband.services import reporting, standing_in


@pytest.fixture
def now(world: World) -> datetime:
    return world.now + timedelta(hours=26)


def test_an_officer_who_stands_in_has_an_incident_and_finder_and_family_know(world: World, now: datetime) -> None:
    reference = met(world, now)
    run(now, now + 5 * MINUTE)
    (unanswered,) = duty.list_unanswered(station_id=world.station_id)
    incident_id = standing_in.take(unanswered.id, officer=world.officer, now=now + 6 * MINUTE)
    incident = db.session.get_one(Incident, incident_id)
    assert (incident.elder_id, incident.station_id) == (world.elder_id, world.station_id)
    assert shown(reference).taken_at == now + 6 * MINUTE
    assert duty.list_unanswered(station_id=world.station_id) == []
    assert incident.state is IncidentState.ACCEPTED
    assert incident.number in (owed("duty_taken")[0].body or "")
    assert owed("incident_reported") == []
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


def test_a_desk_shows_the_finders_of_one_elder_as_one_line_and_one_takes_them_all(world: World, now: datetime) -> None:
    references = [met(world, now + number * SECOND) for number in range(3)]
    run(now, now + 6 * MINUTE, every=MINUTE)
    (line,) = duty.list_unanswered(station_id=world.station_id)
    assert (line.finders, line.tapped_at) == (3, now)
    standing_in.take(line.id, officer=world.officer, now=now + 7 * MINUTE)
    assert all(shown(reference).taken_at for reference in references)
    assert duty.list_unanswered(station_id=world.station_id) == []
