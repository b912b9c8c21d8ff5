"""What a phone's clock may claim, until when a report is taken back, and what stays of a rating's words."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as some

from wristband.incidents.rules import IncidentState
from wristband.reports.rules import WITHDRAW_WITHIN, Claimed, claimed, may_withdraw, nameless

NOW = datetime(2026, 11, 24, 6, 5, tzinfo=UTC)


def ms(moment: datetime) -> str:
    return str(round(moment.timestamp() * 1000))


@given(some.integers(-(10**6), 10**6), some.integers(0, 10**6))
def test_a_clock_that_is_wrong_tells_how_long_ago_it_was(ahead_s: int, ago_s: int) -> None:
    ahead = timedelta(seconds=ahead_s)
    told = claimed(ms(NOW + ahead - timedelta(seconds=ago_s)), ms(NOW + ahead), now=NOW)
    assert told is not None
    assert told.ahead_s == ahead_s
    assert told.likely_at == NOW - timedelta(seconds=ago_s)


@given(some.text(), some.text())
def test_whatever_a_form_says_it_is_a_claim_or_none(made: str, sent: str) -> None:
    told = claimed(made, sent, now=NOW)
    assert told is None or isinstance(told, Claimed)


@pytest.mark.parametrize(
    "nonsense", ["", "-1", "1e12", "9" * 15, "9" * 16, "0", "１７００００００００００００", "1700000000000.5"]
)
def test_what_is_no_moment_claims_nothing(nonsense: str) -> None:
    assert claimed(nonsense, ms(NOW), now=NOW) is None
    assert claimed(ms(NOW), nonsense, now=NOW) is None


@pytest.mark.parametrize("state", list(IncidentState))
def test_only_what_nobody_has_accepted_is_taken_back_and_not_for_long(state: IncidentState) -> None:
    at_once = may_withdraw(made_at=NOW, state=state, now=NOW)
    assert at_once is (state is IncidentState.REPORTED)
    assert not may_withdraw(made_at=NOW, state=state, now=NOW + WITHDRAW_WITHIN)


@given(some.text())
def test_no_digit_stays_in_the_words_of_a_rating(words: str) -> None:
    assert not any(character in "0123456789０１２３４５６７８９" for character in nameless(words))
    assert len(nameless(words)) == len(words)
