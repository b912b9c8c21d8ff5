"""The numbers of a station: what counts, what does not, and whose they are."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from tests.services.reports import incident_of
from tests.world import World, new_reference
from wristband.bands.queries import find_band
from wristband.clock import ZONE
from wristband.db import db, transaction
from wristband.incidents.models import Incident
from wristband.incidents.rules import Disposition, IncidentState
from wristband.numbers import queries
from wristband.numbers.queries import Bands, Numbers, Scope
from wristband.numbers.rules import Period, Share, Spread
from wristband.scans.keeping import note_openings
from wristband.scans.rules import Answer
from wristband.services import drilling, handling, reaching, reporting

MINUTE = timedelta(minutes=1)
DAY = timedelta(days=1)


@pytest.fixture
def now(world: World) -> datetime:
    """Nine in the morning of the day after the cast came to be."""
    return (world.now + DAY).astimezone(ZONE).replace(hour=9, minute=0)


def numbers(now: datetime, scope: Scope, days: int = 1) -> Numbers:
    today = now.astimezone(ZONE).date()
    db.session.rollback()
    first = today - timedelta(days=days - 1)
    return queries.count(Period(first, today), scope, now=now + timedelta(hours=6))


def opened(world: World, at: datetime, serial: str | None = None) -> str:
    """A finder has opened a band and done nothing. The scan's reference."""
    reference = new_reference()
    band = find_band(serial or world.her.serial)
    assert band
    with transaction():
        note_openings([(reference, band.id, "zh-CN", at)])
    return reference


def reported(world: World, reference: str, at: datetime, serial: str | None = None) -> Incident:
    reporting.report(reference, serial or world.her.serial, language="zh-CN", low_trust=False, now=at)
    return incident_of(reference)


def closed(incident: Incident, world: World, at: datetime, disposition: Disposition, officer: bool = True) -> None:
    who = world.officer if officer else world.stranger
    handling.move(incident.id, IncidentState.CLOSED, officer=who, disposition=disposition, now=at)


@pytest.fixture
def here(world: World) -> Scope:
    return Scope(world.station_id)


def test_a_quiet_day_counts_what_is_there_and_says_nothing_of_speed(now: datetime, here: Scope) -> None:
    told = numbers(now, here)
    assert (told.registered, told.confirmed, told.provisional) == (0, 0, 1)
    assert told.bands == Bands(issued=0, active=1, ended=0, never_tested=Share(1, 1))
    assert (told.opened, told.acted, told.calls, told.reports, told.incidents) == (0, 0, 0, 0, 0)
    assert told.unanswered == told.repeats == Share(0, 0)
    assert told.hours == (0,) * 24
    assert told.to_seen is told.to_accepted is told.to_hand_over is None
    assert told.dispositions == {}


def test_the_day_of_the_registration_has_it(world: World, here: Scope) -> None:
    told = numbers(world.now, here)
    assert (told.registered, told.bands.issued) == (1, 1)


def test_from_the_first_scan_to_a_desk_to_a_family(world: World, now: datetime, here: Scope) -> None:
    opened(world, now)
    first, second = opened(world, now), opened(world, now + MINUTE)
    incident = reported(world, second, now + 2 * MINUTE)
    assert reported(world, first, now + 3 * MINUTE).id == incident.id
    handling.move(incident.id, IncidentState.ACCEPTED, officer=world.officer, now=now + 4 * MINUTE)
    closed(incident, world, now + 34 * MINUTE, Disposition.WITH_FAMILY)
    told = numbers(now, here)
    assert (told.opened, told.acted, told.reports, told.incidents, told.by_telephone) == (3, 2, 2, 1, 0)
    assert told.hours[9] == 2
    assert told.to_accepted == Spread(1, 240.0, 240.0)
    assert told.to_hand_over == Spread(1, 34 * 60.0, 34 * 60.0)
    assert told.dispositions == {Disposition.WITH_FAMILY: 1}


def test_an_officers_step_says_earlier_than_the_closing_that_the_elder_is_safe(
    world: World, now: datetime, here: Scope
) -> None:
    incident = reported(world, opened(world, now), now)
    steps = (IncidentState.ACCEPTED, IncidentState.DISPATCHED, IncidentState.ON_SCENE, IncidentState.HANDED_OVER)
    for minutes, state in enumerate(steps, 1):
        handling.move(incident.id, state, officer=world.officer, now=now + minutes * MINUTE)
    closed(incident, world, now + 60 * MINUTE, Disposition.WITH_FAMILY)
    assert numbers(now, here).to_hand_over == Spread(1, 240.0, 240.0)


def test_what_was_false_says_nothing_of_how_fast_anybody_was_helped(world: World, now: datetime, here: Scope) -> None:
    incident = reported(world, opened(world, now), now)
    closed(incident, world, now + MINUTE, Disposition.FALSE_REPORT)
    told = numbers(now, here)
    assert (told.incidents, told.dispositions) == (1, {Disposition.FALSE_REPORT: 1})
    assert told.to_accepted is None
    assert told.repeats == Share(0, 0)


def test_a_second_incident_within_half_a_year_is_a_repeat(world: World, now: datetime, here: Scope) -> None:
    for day in (0, 3):
        incident = reported(world, opened(world, now + day * DAY), now + day * DAY)
        closed(incident, world, now + day * DAY + MINUTE, Disposition.WITH_FAMILY)
    assert numbers(now + 3 * DAY, here, days=4).repeats == Share(1, 2)
    # The one before is not in the period, and is known all the same.
    assert numbers(now + 3 * DAY, here, days=1).repeats == Share(1, 1)
    later = now + 190 * DAY
    closed(reported(world, opened(world, later), later), world, later, Disposition.WITH_FAMILY)
    assert numbers(later, here).repeats == Share(0, 1)


def test_a_call_is_unanswered_after_half_an_hour_and_counts_nowhere_before(
    world: World, now: datetime, here: Scope
) -> None:
    reaching.tell_family(opened(world, now), world.her.serial, language="zh-CN", low_trust=False, now=now)
    day = Period(now.date(), now.date())
    assert queries.count(day, here, now=now + 29 * MINUTE).unanswered == Share(0, 0)
    assert queries.count(day, here, now=now + 30 * MINUTE).unanswered == Share(1, 1)


def test_a_call_that_is_seen_and_answered_says_how_fast(world: World, now: datetime, here: Scope) -> None:
    reach = reaching.tell_family(opened(world, now), world.her.serial, language="zh-CN", low_trust=False, now=now)
    assert reach
    reaching.see(reach.id, guardian_id=world.daughter_id, now=now + MINUTE)
    reaching.answer(reach.id, Answer.COMING, guardian_id=world.daughter_id, now=now + 2 * MINUTE)
    told = numbers(now, here)
    assert (told.calls, told.unanswered) == (1, Share(0, 1))
    assert told.to_seen == Spread(1, 60.0, 60.0)


def test_a_drill_is_no_finders_call(world: World, now: datetime, here: Scope) -> None:
    drilling.begin(
        world.elder_id, new_reference(), guardian_id=world.daughter_id, others=False, language="zh-CN", now=now
    )
    told = numbers(now, here)
    assert (told.calls, told.opened, told.acted) == (0, 0, 0)


def test_another_station_sees_nothing_of_it_its_district_and_all_do(world: World, now: datetime) -> None:
    reported(world, opened(world, now), now)
    there = Scope(world.other_station_id)
    assert (numbers(now, there).reports, numbers(now, there).opened, numbers(now, there).provisional) == (0, 0, 1)
    district, everywhere = Scope(world.other_station_id, district=True), Scope()
    assert numbers(now, district) == numbers(now, everywhere)
    assert (numbers(now, everywhere).reports, numbers(now, everywhere).provisional) == (1, 2)


def test_a_day_ends_at_midnight(world: World, now: datetime, here: Scope) -> None:
    reported(world, opened(world, now.replace(hour=23, minute=59)), now.replace(hour=23, minute=59))
    assert numbers(now, here).hours[23] == 1
    assert numbers(now + DAY, here).reports == 0
