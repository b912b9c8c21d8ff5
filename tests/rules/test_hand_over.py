"""Hand-over codes as people type them, and how long a record stays open."""

from __future__ import annotations

import contextlib
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wristband.accounts.rules import Role, reviews_district
from wristband.errors import BadValue
from wristband.incidents.rules import (
    HAND_OVER_CODE_TRIES,
    HAND_OVER_CODES,
    HAND_OVER_DIGITS,
    HAND_OVER_TRIES,
    LOOKS_AN_OFFICER,
    RECORD_SHUT_AFTER,
    hand_over_code,
    is_record_shut,
)

NOW = datetime(2026, 11, 24, 6, 0, tzinfo=UTC)
FULL_WIDTH = str.maketrans("0123456789", "０１２３４５６７８９")


@given(st.from_regex(r"[0-9]{6}", fullmatch=True), st.sampled_from(["", " ", "-", "－", "–", "\u3000", "\n"]))
def test_six_digits_are_read_in_any_width_and_grouping(digits: str, between: str) -> None:
    assert hand_over_code(f" {digits[:3]}{between}{digits[3:]} ") == digits
    assert hand_over_code(digits.translate(FULL_WIDTH)) == digits


@given(st.text(max_size=20))
def test_whatever_is_typed_is_six_digits_or_refused(text: str) -> None:
    with contextlib.suppress(BadValue):
        code = hand_over_code(text)
        assert len(code) == HAND_OVER_DIGITS
        assert set(code) <= set("0123456789")


def test_one_finder_guesses_right_five_times_in_a_million_and_all_together_once_in_ten_thousand() -> None:
    assert HAND_OVER_TRIES / 10**HAND_OVER_DIGITS == 5e-6
    assert HAND_OVER_CODES * HAND_OVER_CODE_TRIES / 10**HAND_OVER_DIGITS == 1e-4


@pytest.mark.parametrize(
    ("closed_ago", "shut"),
    [
        (None, False),
        (timedelta(0), False),
        (RECORD_SHUT_AFTER - timedelta(seconds=1), False),
        (RECORD_SHUT_AFTER, True),
    ],
)
def test_a_record_shuts_a_day_after_the_incident(closed_ago: timedelta | None, shut: bool) -> None:
    assert is_record_shut(closed_at=NOW - closed_ago if closed_ago is not None else None, now=NOW) is shut


def test_an_officer_sees_thirty_records_in_any_hour_at_most() -> None:
    assert LOOKS_AN_OFFICER.burst + 3600 / LOOKS_AN_OFFICER.every_s == 30


@pytest.mark.parametrize("role", Role)
def test_district_and_audit_judge_the_district(role: Role) -> None:
    assert reviews_district(role) is (role in (Role.DISTRICT, Role.AUDITOR))
