"""Periods, and what is said of many durations."""

from __future__ import annotations

import contextlib
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wristband.errors import BadValue
from wristband.numbers import chart
from wristband.numbers.rules import HOURS, LONGEST_DAYS, Period, Share, Spread, busiest, by_hour, spread

TODAY = date(2026, 11, 24)
CHINA = ZoneInfo("Asia/Shanghai")


def test_nothing_typed_means_the_last_thirty_days() -> None:
    assert Period.of("", " ", today=TODAY) == Period(date(2026, 10, 26), TODAY)
    assert Period.of("", "", today=TODAY).days == 30


def test_a_day_begins_at_midnight_in_china() -> None:
    period = Period.of("2026-11-24", "2026-11-24", today=TODAY)
    begins_at, ends_at = period.moments(CHINA)
    assert begins_at == datetime(2026, 11, 23, 16, tzinfo=UTC)
    assert ends_at - begins_at == timedelta(days=1)


@pytest.mark.parametrize(
    ("first", "last", "code"),
    [
        ("24.11.2026", "", "numbers.day"),
        ("2026-02-30", "", "numbers.day"),
        ("", "0001-01-01", "numbers.day"),
        ("2026-11-24", "2026-11-23", "numbers.backwards"),
        ("2026-11-24", "2026-11-25", "numbers.future"),
        ("2025-11-01", "2026-11-24", "numbers.long"),
    ],
)
def test_a_period_that_is_none_is_refused(first: str, last: str, code: str) -> None:
    with pytest.raises(BadValue) as refusal:
        Period.of(first, last, today=TODAY)
    assert refusal.value.code == code


@given(st.text(max_size=20), st.text(max_size=20))
def test_whatever_is_typed_is_a_period_or_a_sentence(first: str, last: str) -> None:
    with contextlib.suppress(BadValue):
        assert 1 <= Period.of(first, last, today=TODAY).days <= LONGEST_DAYS


def test_of_no_durations_nothing_is_said() -> None:
    assert spread([]) is None


def test_the_middle_and_nine_of_ten_are_durations_that_happened() -> None:
    assert spread([60.0 * minutes for minutes in range(10, 0, -1)]) == Spread(10, 300.0, 540.0)
    assert spread([7.0]) == Spread(1, 7.0, 7.0)


@given(st.lists(st.floats(0, 1e6), min_size=1))
def test_half_is_within_the_middle_and_nine_of_ten_within_the_other(seconds: list[float]) -> None:
    told = spread(seconds)
    assert told
    assert sum(one <= told.median_s for one in seconds) * 2 >= len(seconds)
    assert sum(one <= told.p90_s for one in seconds) * 10 >= len(seconds) * 9
    assert told.median_s <= told.p90_s


def test_hours_are_those_of_the_clock_on_the_wall() -> None:
    moments = [datetime(2026, 11, 24, 0, 30, tzinfo=UTC), datetime(2026, 11, 24, 16, 1, tzinfo=UTC)]
    hours = by_hour(moments, CHINA)
    assert (hours[8], hours[0], sum(hours)) == (1, 1, 2)


def test_the_peaks_are_the_busiest_hour_of_each_half_of_the_day() -> None:
    hours = [0] * 24
    hours[9], hours[10], hours[15], hours[16] = 4, 4, 7, 6
    assert busiest(hours) == (9, 15)
    hours[9] = hours[10] = 0
    assert busiest(hours) == (15,)
    assert busiest([0] * 24) == ()


@pytest.mark.parametrize(("part", "whole", "percent"), [(0, 0, None), (0, 4, 0), (1, 3, 33), (2, 3, 67), (4, 4, 100)])
def test_a_share_of_nothing_is_none(part: int, whole: int, percent: int | None) -> None:
    assert Share(part, whole).percent == percent


@given(st.lists(st.integers(0, 100_000), min_size=24, max_size=24))
def test_every_column_stands_on_the_line_inside_the_drawing_and_is_as_high_as_its_count(hours: list[int]) -> None:
    drawn = chart.draw(hours, busiest(hours))
    assert [column.hour for column in drawn.columns] == list(HOURS)
    top = drawn.lines[-1]
    assert top.count >= max(hours)
    assert 2 <= len(drawn.lines) <= 6
    for column in drawn.columns:
        assert 0 < column.x < column.x + column.width < chart.WIDTH
        assert abs(column.y + column.height - drawn.base_y) < 0.2
        assert abs(column.height - (drawn.base_y - top.y) * column.count / top.count) < 0.2
