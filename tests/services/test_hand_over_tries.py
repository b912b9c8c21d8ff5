"""Tries at a hand-over code: each finder has five of his own, each code twenty, and strangers spend nobody else's."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import pytest
from flask import Flask

from tests.services.comers import code_for_call, hand_overs, incident, mistype, report, shut, tries
from tests.services.finders import deeds, met, next_day, owed, refused
from tests.together import raised, together
from tests.world import World, every_row
from wristband.incidents.rules import Disposition, IncidentState
from wristband.services import handing_over
from wristband.services.handing_over import HandOverCode


@pytest.fixture
def now(world: World) -> datetime:
    return next_day(world)


@pytest.fixture
def finder(world: World, now: datetime) -> str:
    """A finder who has told her family; nobody has told the police."""
    return met(world, now)


def test_after_five_wrong_ones_it_is_the_police_only_though_the_sixth_be_right(
    world: World, finder: str, now: datetime
) -> None:
    code = code_for_call(world, finder, now)
    assert mistype(finder, code, 5, now) == ["hand_over.wrong"] * 4 + ["hand_over.police_only"]
    assert refused(lambda: handing_over.enter(finder, code.digits, now=now)) == "hand_over.police_only"
    assert (tries(), hand_overs()[0].tries) == ([5], 5)
    assert owed("hand_over_spent") == []


def test_a_strangers_wrong_codes_take_no_try_from_the_finder_who_is_with_her(
    world: World, finder: str, now: datetime
) -> None:
    code = code_for_call(world, finder, now)
    assert mistype(met(world, now), code, 6, now)[4:] == ["hand_over.police_only"] * 2
    handing_over.enter(finder, code.digits, now=now)
    assert hand_overs()[0].used_at == now


def test_a_new_code_ends_the_one_before_and_gives_no_finder_new_tries(world: World, finder: str, now: datetime) -> None:
    first = code_for_call(world, finder, now)
    mistype(finder, first, 3, now)
    second = code_for_call(world, finder, now)
    while second.digits == first.digits:
        second = code_for_call(world, finder, now)
    assert refused(lambda: handing_over.enter(finder, first.digits, now=now)) == "hand_over.wrong"
    assert mistype(finder, second, 1, now) == ["hand_over.police_only"]
    assert refused(lambda: handing_over.enter(finder, second.digits, now=now)) == "hand_over.police_only"
    assert (tries(), len(hand_overs())) == ([5], 1)


def test_the_fifth_try_may_be_the_right_one_and_typed_twice_changes_nothing(
    world: World, finder: str, now: datetime
) -> None:
    code = code_for_call(world, finder, now)
    mistype(finder, code, 4, now)
    handing_over.enter(finder, code.digits, now=now)
    before = every_row()
    handing_over.enter(finder, code.digits, now=now)
    assert every_row() == before


def test_twenty_wrong_ones_of_all_finders_shut_the_code_and_the_family_hears_of_it(
    world: World, finder: str, now: datetime
) -> None:
    code = code_for_call(world, finder, now)
    fifteen_before = met(world, now)
    mistype(fifteen_before, code, 4, now)
    for _ in range(3):
        mistype(met(world, now), code, 5, now)
    assert owed("hand_over_spent") == []
    assert mistype(finder, code, 1, now) == ["hand_over.shut"]
    assert len(owed("hand_over_spent")) == 1
    for who in (finder, fifteen_before):
        assert refused(lambda who=who: handing_over.enter(who, code.digits, now=now)) == "hand_over.shut"
    assert hand_overs()[0].tries == 20
    assert sorted(tries()) == [1, 4, 5, 5, 5]


def test_who_finds_the_code_shut_has_a_new_one_at_once_and_the_finder_all_his_tries(
    world: World, finder: str, now: datetime
) -> None:
    shut(world, code_for_call(world, finder, now), now)
    code = code_for_call(world, finder, now)
    assert mistype(finder, code, 4, now) == ["hand_over.wrong"] * 4
    handing_over.enter(finder, code.digits, now=now)
    assert hand_overs()[0].used_at == now


def test_after_five_codes_that_were_tried_there_is_no_sixth(world: World, finder: str, now: datetime) -> None:
    for _ in range(5):
        shut(world, code_for_call(world, finder, now), now)
    assert refused(lambda: code_for_call(world, finder, now)) == "hand_over.spent"
    assert len(owed("hand_over_spent")) == 5
    assert deeds(world.elder_id).count("hand_over.tried") == 100


def test_a_code_made_again_before_anybody_tried_it_is_none_of_the_five(
    world: World, finder: str, now: datetime
) -> None:
    for _ in range(8):
        code = code_for_call(world, finder, now)
    handing_over.enter(finder, code.digits, now=now)
    assert hand_overs()[0].codes_before == 0


def test_a_try_of_a_spent_finder_costs_the_code_nothing(world: World, finder: str, now: datetime) -> None:
    code = code_for_call(world, finder, now)
    mistype(finder, code, 5, now)
    before = every_row()
    assert mistype(finder, code, 20, now) == ["hand_over.police_only"] * 20
    assert every_row() == before


def test_opening_an_incident_gives_no_new_tries(world: World, finder: str, now: datetime) -> None:
    mistype(finder, code_for_call(world, finder, now), 4, now)
    incident_id = report(finder, world.her.serial, now)
    again = handing_over.make_on_duty(incident_id, Disposition.AT_STATION, officer=world.officer, now=now)
    assert mistype(finder, again, 1, now) == ["hand_over.police_only"]


def test_a_failure_between_leaves_the_try_spent_and_the_elder_where_she_is(
    world: World, finder: str, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    incident_id = report(finder, world.her.serial, now)
    code = handing_over.make_for_incident(incident_id, guardian_id=world.daughter_id, now=now)

    def broken(*_args: object, **_more: object) -> None:
        raise OSError("the store broke")

    with monkeypatch.context() as fault:
        fault.setattr("wristband.outbox.family.owe", broken)
        with pytest.raises(OSError, match="broke"):
            handing_over.enter(finder, code.digits, now=now)
    assert (tries(), hand_overs()[0].used_at) == ([1], None)
    assert incident(incident_id).state is IncidentState.REPORTED
    handing_over.enter(finder, code.digits, now=now)
    assert incident(incident_id).state is IncidentState.CLOSED


# ---- many at once


def guesses(finder: str, code: HandOverCode, now: datetime) -> list[Callable[[], None]]:
    """Twenty wrong codes of one finder."""
    typed = [f"{(int(code.digits) + n) % 10**6:06d}" for n in range(1, 21)]
    return [lambda other=other: handing_over.enter(finder, other, now=now) for other in typed]


def test_twenty_guesses_of_one_finder_at_once_are_never_more_than_five(
    app: Flask, world: World, finder: str, now: datetime
) -> None:
    answers = [str(fault) for fault in raised(together(app, guesses(finder, code_for_call(world, finder, now), now)))]
    assert len(answers) == 20
    assert answers.count("hand_over.wrong") == 4
    assert deeds(world.elder_id).count("hand_over.tried") == 5
    assert (tries(), hand_overs()[0].tries) == ([5], 5)


def test_five_finders_at_once_never_try_a_code_more_than_twenty_times(
    app: Flask, world: World, finder: str, now: datetime
) -> None:
    code = code_for_call(world, finder, now)
    finders = [finder, *(met(world, now) for _ in range(4))]
    deeds_at_once = [guess for who in finders for guess in guesses(who, code, now)[:5]]
    answers = [str(fault) for fault in raised(together(app, deeds_at_once))]
    assert len(answers) == 25
    assert deeds(world.elder_id).count("hand_over.tried") == sum(tries()) == hand_overs()[0].tries == 20
    assert max(tries()) <= 5
    assert len(owed("hand_over_spent")) == 1
