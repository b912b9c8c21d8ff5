"""The lives of bands, incidents and codes: every move in the table, and every other one refused."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wristband.bands import rules as bands
from wristband.bands.rules import BandState
from wristband.errors import Refusal
from wristband.incidents import rules as incidents
from wristband.incidents.rules import (
    DISPOSITION_WORDS,
    SAFE,
    Disposition,
    IncidentState,
    Opening,
    clock_colour,
    number,
    opening,
)

OPENED = datetime(2026, 11, 24, 6, 0, tzinfo=UTC)

INCIDENT_MOVES = {
    ("reported", "accepted"),
    ("reported", "closed"),
    ("accepted", "dispatched"),
    ("accepted", "closed"),
    ("dispatched", "on_scene"),
    ("dispatched", "closed"),
    ("on_scene", "handed_over"),
    ("on_scene", "closed"),
    ("handed_over", "closed"),
}
BAND_MOVES = {("blank", "active"), ("blank", "ended"), ("active", "ended")}


@pytest.mark.parametrize(("before", "after"), [*product(IncidentState, IncidentState)])
def test_an_incident_moves_as_the_table_says_and_no_other_way(before: IncidentState, after: IncidentState) -> None:
    allowed = (before.value, after.value) in INCIDENT_MOVES
    assert (after in incidents.MOVES[before]) is allowed
    assert (before in incidents.states_before(after)) is allowed


@pytest.mark.parametrize(("before", "after"), [*product(BandState, BandState)])
def test_a_band_moves_as_the_table_says_and_no_other_way(before: BandState, after: BandState) -> None:
    allowed = (before.value, after.value) in BAND_MOVES
    assert (after in bands.MOVES[before]) is allowed
    assert (before in bands.states_before(after)) is allowed


def test_nothing_leads_back_to_the_beginning_or_out_of_the_end() -> None:
    assert incidents.states_before(IncidentState.REPORTED) == frozenset()
    assert incidents.MOVES[IncidentState.CLOSED] == frozenset()
    assert bands.states_before(BandState.BLANK) == frozenset()
    assert bands.MOVES[BandState.ENDED] == frozenset()


def test_every_state_but_the_end_leads_to_the_end() -> None:
    assert incidents.states_before(IncidentState.CLOSED) == set(IncidentState) - {IncidentState.CLOSED}
    assert bands.states_before(BandState.ENDED) == set(BandState) - {BandState.ENDED}


STEPS = [set(), {IncidentState.ACCEPTED}, {IncidentState.CLOSED}, {IncidentState.ACCEPTED, IncidentState.CLOSED}]


@pytest.mark.parametrize(("own", "steps", "closed_ago"), [*product((True, False), STEPS, (None, 23, 24))])
def test_an_incident_opens_what_its_steps_have_earned(
    own: bool, steps: set[IncidentState], closed_ago: int | None
) -> None:
    closed_at = None if closed_ago is None else OPENED - timedelta(hours=closed_ago)
    opens = opening(own=own, steps=steps, closed_at=closed_at, now=OPENED)
    accepted = IncidentState.ACCEPTED in steps
    # Numbers: while it is open, after an acceptance, and never else.
    assert (opens is Opening.REACHING) is (closed_ago is None and accepted)
    # Another station: nothing of name and health without an acceptance.
    if not own and not accepted:
        assert opens is (Opening.MEETING if closed_ago is None else Opening.NOTHING)
    # Afterwards: a day, for a station whose officers did something.
    if closed_ago is not None:
        handled = accepted or (own and bool(steps))
        assert opens is (Opening.HELPING if handled and closed_ago < 24 else Opening.NOTHING)
    elif own and not accepted:
        assert opens is Opening.HELPING


@pytest.mark.parametrize(("state", "reaches"), [("blank", False), ("active", True), ("ended", False)])
def test_only_a_band_in_use_leads_to_a_family(state: str, reaches: bool) -> None:
    assert bands.reaches_family(BandState(state)) is reaches


def test_every_disposition_every_form_and_every_reason_for_an_end_has_its_words() -> None:
    assert set(DISPOSITION_WORDS) == set(Disposition)
    assert set(bands.END_WORDS) == set(bands.BandEnd)
    assert set(bands.FORM_WORDS) == set(bands.BandForm)
    assert set(Disposition) > SAFE


# ---- the desk's clock


@pytest.mark.parametrize(
    ("waited_s", "colour"),
    [(0, "calm"), (179.999, "calm"), (180, "amber"), (299.999, "amber"), (300, "red"), (86_400, "red"), (-60, "calm")],
)
def test_the_clock_turns_amber_at_three_minutes_and_red_at_five(waited_s: float, colour: str) -> None:
    now = OPENED + timedelta(seconds=waited_s)
    assert clock_colour(since=OPENED, accepted_at=None, now=now) == colour


@given(st.timedeltas(min_value=timedelta(), max_value=timedelta(days=30)))
def test_the_clock_is_calm_once_somebody_has_accepted(later: timedelta) -> None:
    accepted_at = OPENED + timedelta(minutes=20)
    assert clock_colour(since=OPENED, accepted_at=accepted_at, now=accepted_at + later) == "calm"


# ---- the number that is read aloud


@pytest.mark.parametrize(
    ("day", "serial", "shown"),
    [
        (date(2026, 11, 24), 37, "261124-037"),
        (date(2027, 1, 2), 1, "270102-001"),
        (date(2026, 11, 24), 999, "261124-999"),
        (date(2026, 11, 24), 1000, "261124-1000"),
    ],
)
def test_a_number_is_the_day_and_how_many_that_day(day: date, serial: int, shown: str) -> None:
    assert number(day, serial) == shown


@given(st.dates(date(2026, 1, 1), date(2098, 1, 1)), st.integers(1, 10_000), st.integers(1, 10_000))
def test_two_incidents_of_a_day_never_share_a_number(day: date, one: int, other: int) -> None:
    assert (number(day, one) == number(day, other)) is (one == other)
    assert len(number(day, one)) <= 16


# ---- passing on

HERE, THERE, ELSEWHERE = 1, 2, 3


@pytest.mark.parametrize(
    ("to", "passed", "code"),
    [
        (THERE, [], None),
        (HERE, [], "incidents.pass_here"),
        (THERE, [(THERE, incidents.BACK_AFTER - timedelta(seconds=1))], "incidents.pass_back"),
        (THERE, [(THERE, incidents.BACK_AFTER)], None),
        (THERE, [(ELSEWHERE, timedelta())], None),
        (THERE, [(ELSEWHERE, timedelta(days=1))] * (incidents.PASSES_MOST - 1), None),
        (THERE, [(ELSEWHERE, timedelta(days=1))] * incidents.PASSES_MOST, "incidents.pass_spent"),
    ],
)
def test_an_incident_goes_to_another_station_and_not_to_and_fro(
    to: int, passed: list[tuple[int, timedelta]], code: str | None
) -> None:
    history = [(station, OPENED - ago) for station, ago in passed]
    if code is None:
        incidents.check_pass(to, here=HERE, passed=history, now=OPENED)
        return
    with pytest.raises(Refusal) as refusal:
        incidents.check_pass(to, here=HERE, passed=history, now=OPENED)
    assert refusal.value.code == code


def test_what_officers_stand_beside_is_not_passed_on() -> None:
    beside = {IncidentState.ON_SCENE, IncidentState.HANDED_OVER, IncidentState.CLOSED}
    assert set(IncidentState) - beside == incidents.PASSED_ON_FROM


def test_an_operators_own_clock_turns_red_however_amber_is_set() -> None:
    later = OPENED + timedelta(seconds=10)
    assert clock_colour(since=OPENED, accepted_at=None, now=later, amber_s=60, red_s=10) == "red"
    assert clock_colour(since=OPENED, accepted_at=None, now=later, amber_s=5, red_s=60) == "amber"
    assert clock_colour(since=OPENED, accepted_at=None, now=later, amber_s=11, red_s=60) == "calm"
