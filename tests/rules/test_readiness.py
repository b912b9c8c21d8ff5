"""What a family is ready with, and when a number is to be confirmed anew."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wristband.accounts.rules import says_lost
from wristband.bands.rules import TRIAL_LASTS, is_tried
from wristband.elders.readiness import (
    CONFIRMED_LASTS,
    DRILLED_LASTS,
    OPTIONAL,
    Confirmation,
    Facts,
    Point,
    confirmation,
    lacking,
    may_remind,
    ready_points,
    reminders_due,
)

NOW = datetime(2026, 11, 24, 6, 5, tzinfo=UTC)
DAY, SECOND = timedelta(days=1), timedelta(seconds=1)
ALL = Facts(
    guardians=2,
    confirmed_ats=(NOW - 80 * DAY, NOW),
    quiet=1,
    portrait=True,
    voice=True,
    tested_ats=(NOW - DAY,),
    drilled_at=NOW - 100 * DAY,
)
NOTHING = Facts(guardians=1, confirmed_ats=(), quiet=0, portrait=False, voice=False, tested_ats=(), drilled_at=None)


def test_a_number_counts_for_ninety_days_to_the_second() -> None:
    assert confirmation(NOW - CONFIRMED_LASTS + SECOND, now=NOW) is Confirmation.CONFIRMED
    assert confirmation(NOW - CONFIRMED_LASTS, now=NOW) is Confirmation.OVERDUE
    assert confirmation(None, now=NOW) is Confirmation.NEVER


@pytest.mark.parametrize(("days", "reminders"), [(0, 0), (82, 0), (83, 1), (89, 1), (90, 2), (400, 2)])
def test_a_reminder_comes_a_week_before_and_another_at_the_day(days: int, reminders: int) -> None:
    assert reminders_due(NOW - days * DAY, now=NOW) == reminders


@pytest.mark.parametrize(("hour", "may"), [(0, False), (8, False), (9, True), (19, True), (20, False), (23, False)])
def test_nobody_is_reminded_at_night(hour: int, may: bool) -> None:
    assert may_remind(NOW.replace(hour=hour, minute=59)) is may


def test_a_family_that_has_everything_lacks_nothing() -> None:
    assert ready_points(ALL, now=NOW) == set(Point)
    assert lacking(ready_points(ALL, now=NOW)) == []


def test_a_family_that_has_just_begun_is_told_the_needed_things_in_order() -> None:
    assert ready_points(NOTHING, now=NOW) == set()
    assert lacking([]) == [Point.BAND, Point.NUMBERS, Point.GUARDIANS, Point.TESTED, Point.DRILL]


@pytest.mark.parametrize(
    ("changed", "point"),
    [
        ({"guardians": 1}, Point.GUARDIANS),
        ({"confirmed_ats": (NOW, None)}, Point.NUMBERS),
        ({"confirmed_ats": (NOW, NOW - CONFIRMED_LASTS)}, Point.NUMBERS),
        ({"tested_ats": (NOW, None)}, Point.TESTED),
        ({"drilled_at": NOW - DRILLED_LASTS}, Point.DRILL),
        ({"quiet": 0}, Point.QUIET),
        ({"portrait": False}, Point.PORTRAIT),
        ({"voice": False}, Point.VOICE),
    ],
)
def test_each_thing_that_is_missing_is_told_and_nothing_else(changed: dict[str, object], point: Point) -> None:
    facts = replace(ALL, **changed)  # type: ignore[arg-type]
    assert set(Point) - ready_points(facts, now=NOW) == {point}
    assert lacking(ready_points(facts, now=NOW)) == ([] if point in OPTIONAL else [point])


@given(st.sets(st.sampled_from(Point)))
def test_what_is_only_good_to_have_is_never_lacking(ready: set[Point]) -> None:
    assert not set(lacking(ready)) & (OPTIONAL | ready)


def test_a_band_is_tried_for_ten_minutes() -> None:
    assert is_tried(NOW, now=NOW + TRIAL_LASTS - SECOND)
    assert not is_tried(NOW, now=NOW + TRIAL_LASTS)
    assert not is_tried(None, now=NOW)


@pytest.mark.parametrize(
    ("code", "lost"),
    [
        *((code, True) for code in ("gone", "http_404", "rcpt_550", "dingtalk_300001")),
        *((code, False) for code in ("too_long", "http_413", "data_552", "data_554", "data_550", "rcpt_552")),
        *((code, False) for code in ("dingtalk_310000", "feishu_19024", "lark_19024")),
    ],
)
def test_an_address_is_not_lost_by_what_was_wrong_with_the_words(code: str, lost: bool) -> None:
    assert says_lost(code) is lost
