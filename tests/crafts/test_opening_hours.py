"""Opening hours as stations write them."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wristband.clock import ZONE
from wristband.stations.opening_hours import UNKNOWN, Opening, Standing, parse, standing

# A Tuesday, on a wall clock.
TUESDAY = datetime(2026, 11, 24, tzinfo=ZONE)
DAYS = ("Mo", "Tu", "We", "Th", "Fr", "Sa", "Su")
OFFICE = "Mo-Fr 08:30-12:00,14:30-17:30; PH off"

minutes = st.integers(0, 24 * 60 - 1)
moments = st.builds(lambda day, minute: TUESDAY + timedelta(days=day, minutes=minute), st.integers(0, 400), minutes)
spans = st.tuples(minutes, st.integers(1, 24 * 60)).filter(lambda span: span[0] != span[1])
days = st.lists(st.lists(spans, max_size=2), min_size=7, max_size=7).filter(any)


def at(days: int, clock: str) -> datetime:
    return datetime.fromisoformat(f"{(TUESDAY + timedelta(days=days)).date()}T{clock}").replace(tzinfo=ZONE)


def written(week: list[list[tuple[int, int]]]) -> str:
    """A week as OpenStreetMap writes it."""
    rules = []
    for day, spans in zip(DAYS, week, strict=True):
        times = ",".join(f"{a // 60:02}:{a % 60:02}-{b // 60:02}:{b % 60:02}" for a, b in spans)
        rules.append(f"{day} {times or 'off'}")
    return "; ".join(rules)


def is_open(week: list[list[tuple[int, int]]], moment: datetime) -> bool:
    """Minute by minute: today's spans, and what yesterday's run over midnight."""
    minute, day = moment.hour * 60 + moment.minute, moment.weekday()
    today = any(start <= minute < (end if end > start else 24 * 60) for start, end in week[day])
    return today or any(end < start and minute < end for start, end in week[day - 1])


@settings(deadline=None)
@given(days, moments)
def test_a_week_is_open_when_its_spans_say_so(week: list[list[tuple[int, int]]], moment: datetime) -> None:
    expected = Opening.OPEN if is_open(week, moment) else Opening.CLOSED
    assert standing(written(week), moment).opening is expected


@settings(deadline=None)
@given(days, moments)
def test_it_changes_when_it_is_told_to_and_not_before(week: list[list[tuple[int, int]]], moment: datetime) -> None:
    now = standing(written(week), moment)
    if now.changes_at is None:
        ahead = [moment + timedelta(hours=hours) for hours in range(7 * 24)]
        assert {standing(written(week), later).opening for later in ahead} == {now.opening}
        return
    assert now.changes_at > moment
    assert standing(written(week), now.changes_at).opening is not now.opening
    assert standing(written(week), now.changes_at - timedelta(minutes=1)).opening is now.opening


@settings(deadline=None)
@given(st.text(max_size=300))
def test_no_text_is_a_fault(text: str) -> None:
    assert standing(text, TUESDAY).opening in Opening


@settings(deadline=None)
@given(st.text("MoTuWeThFrSaSuPHof0123456789:-,;/ 一二三四五六日周至", max_size=60))
def test_what_looks_like_hours_is_no_fault_either(text: str) -> None:
    assert standing(text, TUESDAY).opening in Opening


@pytest.mark.parametrize(
    ("clock", "expected"),
    [
        ("08:29", Standing(Opening.CLOSED, at(0, "08:30"))),
        ("08:30", Standing(Opening.OPEN, at(0, "12:00"))),
        ("12:00", Standing(Opening.CLOSED, at(0, "14:30"))),
        ("17:30", Standing(Opening.CLOSED, at(1, "08:30"))),
    ],
)
def test_an_office_opens_twice_a_day(clock: str, expected: Standing) -> None:
    assert standing(OFFICE, at(0, clock)) == expected


def test_after_friday_comes_monday() -> None:
    assert standing(OFFICE, at(3, "18:00")) == Standing(Opening.CLOSED, at(6, "08:30"))


def test_round_the_clock_never_changes() -> None:
    for text in ("24/7", "Mo-Su 00:00-24:00", "00:00-24:00", "全天", "24小时"):
        assert standing(text, at(0, "03:00")) == Standing(Opening.OPEN)


def test_a_night_shift_runs_into_the_next_day() -> None:
    assert standing("Mo 22:00-06:00", at(0, "05:59")) == Standing(Opening.OPEN, at(0, "06:00"))
    assert standing("Mo 22:00-06:00", at(0, "06:00")) == Standing(Opening.CLOSED, at(6, "22:00"))


def test_a_later_rule_replaces_an_earlier_one_for_its_days() -> None:
    assert parse("Mo-Su 08:00-18:00; Sa,Su 09:00-12:00") == parse("Mo-Fr 08:00-18:00; Sa-Su 09:00-12:00")
    assert parse("Fr-Mo 08:00-18:00; Su off") == parse("Fr,Sa,Mo 08:00-18:00")


def test_holidays_are_told_apart_and_decide_no_day() -> None:
    hours = parse(OFFICE)
    assert hours
    assert hours.holidays_differ
    assert hours.week == parse("Mo-Fr 08:30-12:00,14:30-17:30").week  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("chinese", "plain"),
    [
        ("周一至周五 8:30-12:00，14:30-17:30", "Mo-Fr 08:30-12:00,14:30-17:30"),
        ("星期一到星期五：8：30～12：00", "Mo-Fr 08:30-12:00"),
        ("工作日 8:30-17:30；周六日 休息", "Mo-Fr 08:30-17:30; Sa,Su off"),
        ("每天 8:00-20:00", "08:00-20:00"),
        ("周一、周三 9:00-12:00；节假日 休息", "Mo,We 09:00-12:00; PH off"),
        ("周日 9:00-12:00", "Su 09:00-12:00"),
    ],
)
def test_chinese_words_say_the_same(chinese: str, plain: str) -> None:
    assert parse(chinese) == parse(plain)
    assert parse(plain) is not None


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "sunrise-sunset",
        "Mo-Fr",
        "Mo-Fr 08:30+",
        'Mo-Fr 08:00-12:00 || "by phone"',
        "Mo-Fr 08:00-12:00, Sa 09:00-12:00",
        "Dec 24 off; 08:00-12:00",
        "PH off",
        "Sa off",
        "off",
        "25:00-26:00",
        "08:61-09:00",
        "08:00-08:00",
        "24:00-06:00",
        "PH-Mo 08:00-12:00",
        "Mo-We-Fr 08:00-12:00",
        "早上八点到中午",
        "见门口告示",
        "Mo-Fr 08:00-12:00;" * 60,
    ],
)
def test_what_is_not_understood_is_unknown_and_never_closed(text: str) -> None:
    assert standing(text, TUESDAY) == UNKNOWN
