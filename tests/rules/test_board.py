"""What may stand on a board, how long it is open, and what its reader is warned of."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wristband.board import rules
from wristband.board.rules import PHRASE_WORDS, PHRASES, Ending, Phrase, Shut, Side
from wristband.errors import BadValue
from wristband.values.budget import Fails

ACTED = datetime(2026, 11, 24, 6, 5, tzinfo=UTC)
HOUR = timedelta(hours=1)
SECOND = timedelta(seconds=1)
OF_A_DEED = {Phrase.NUMBER_LEFT, Phrase.NUMBER_TAKEN_BACK}


def shut(now: datetime, **at: datetime) -> Shut | None:
    return rules.shut(
        acted_at=ACTED,
        incident_closed_at=at.get("closed"),
        handed_over_at=at.get("handed_over"),
        erased_at=at.get("erased"),
        now=now,
    )


def refusal(words: str, *, with_photo: bool = False) -> str:
    with pytest.raises(BadValue) as refused:
        rules.clean_words(words, with_photo=with_photo)
    return refused.value.code


# ---- phrases


def test_every_phrase_has_words_and_a_button_unless_a_deed_tells_it() -> None:
    assert set(PHRASE_WORDS) == set(Phrase)
    tapped = {phrase for phrases in PHRASES.values() for phrase in phrases}
    assert tapped == set(Phrase) - OF_A_DEED


@pytest.mark.parametrize(("phrase", "side"), list(product(Phrase, Side)))
def test_a_side_says_with_a_tap_only_what_it_has_a_button_for(phrase: Phrase, side: Side) -> None:
    if phrase in PHRASES[side]:
        rules.check_phrase(phrase, side)
    else:
        with pytest.raises(BadValue):
            rules.check_phrase(phrase, side)


# ---- words


def test_emoji_and_lines_are_words_like_others() -> None:
    assert rules.clean_words(" 老人在吃饭 🍚👵🏻\r\n很高兴 ", with_photo=False) == "老人在吃饭 🍚👵🏻\n很高兴"


def test_as_many_as_may_be_are_taken_and_one_more_is_not() -> None:
    assert rules.clean_words("字" * rules.WORDS_MAX, with_photo=False) == "字" * rules.WORDS_MAX
    assert refusal("字" * (rules.WORDS_MAX + 1)) == "board.words_long"
    assert refusal("字" * 2000) == "board.words_long"


@pytest.mark.parametrize("nothing", ["", "  \n ", "\u3164", "\u200d"])
def test_nothing_is_no_post_unless_a_photograph_speaks(nothing: str) -> None:
    assert refusal(nothing) == "board.words_missing"
    assert rules.clean_words(nothing, with_photo=True) == ""


@pytest.mark.parametrize("hidden", ["\u202e", "\u2066", "\x07", "\u200f", "\ufeff"])
def test_characters_that_turn_or_hide_text_are_refused(hidden: str) -> None:
    assert refusal(f"请打{hidden}电话") == "text.hidden_characters"


@pytest.mark.parametrize(
    "words",
    [
        "打我电话 138 0013 8000",
        "１３８００１３８０００",
        "138-0013-8000",
        "0592.700.0000",
        "看 http://elsewhere.example",
        "elsewhere.example/a",
        "WWW.elsewhere",
        "a@elsewhere.example",
        "加微信 laoren123",
        "加我QQ",
        "先转账给我",
    ],
)
def test_what_looks_like_a_number_or_a_link_is_warned_of(words: str) -> None:
    assert rules.needs_caution(words)


@pytest.mark.parametrize("words", ["", "我们在影剧院后门", "12 号楼 3 单元 402", "14:05 到", "OK. 好的", "1943 年"])
def test_what_people_say_of_a_place_is_not(words: str) -> None:
    assert not rules.needs_caution(words)


@given(st.text(max_size=20), st.integers(10**6, 10**11), st.text(max_size=20))
def test_a_long_number_is_seen_wherever_it_stands(before: str, number: int, after: str) -> None:
    assert rules.needs_caution(f"{before}{number}{after}")


# ---- open and shut


def test_it_is_open_for_a_week_after_the_first_tap() -> None:
    end = ACTED + rules.OPEN_FOR
    assert shut(end - SECOND) is None
    assert shut(end) == Shut(Ending.OVER, end)


@pytest.mark.parametrize(
    ("by", "ending"), [("closed", Ending.CLOSED), ("handed_over", Ending.HANDED_OVER), ("erased", Ending.OVER)]
)
def test_it_is_shut_by_each_ending_from_that_moment_on(by: str, ending: Ending) -> None:
    at = ACTED + HOUR
    assert shut(at - SECOND, **{by: at}) is None
    assert shut(at, **{by: at}) == Shut(ending, at)


def test_what_came_first_is_told_and_of_one_moment_the_better_news() -> None:
    later = ACTED + 2 * HOUR
    assert shut(later, closed=ACTED + HOUR, handed_over=later) == Shut(Ending.CLOSED, ACTED + HOUR)
    assert shut(later, closed=later, handed_over=later) == Shut(Ending.HANDED_OVER, later)


@pytest.mark.parametrize("side", list(Side))
def test_a_finder_and_the_police_read_on_for_a_day_and_the_family_longer(side: Side) -> None:
    ended = Shut(Ending.CLOSED, ACTED)
    day = ACTED + timedelta(hours=24)
    assert rules.may_read(side, None, now=day)
    assert rules.may_read(side, ended, now=day - SECOND)
    assert rules.may_read(side, ended, now=day) is (side is Side.FAMILY)


# ---- budgets


def test_words_go_on_where_a_budget_cannot_be_read_and_what_costs_does_not() -> None:
    for budget in (rules.POSTS_A_SCAN, rules.POSTS_AN_ELDER, rules.TOLD_A_SCAN):
        assert budget.fails is Fails.OPEN
    for budget in (rules.PHOTOS_A_SCAN, rules.PHOTOS_AN_ELDER, rules.NUMBERS_A_SCAN, rules.CALLS_A_SCAN):
        assert budget.fails is Fails.CLOSED
