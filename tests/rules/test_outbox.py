"""What becomes of a message, and its words."""

from __future__ import annotations

import itertools
import unicodedata
from datetime import UTC, datetime, timedelta

import jinja2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jinja2 import meta

from tests.sms import sms_parts
from wristband.interchange.rules import Shown
from wristband.language import LANGUAGES
from wristband.outbox import rules, wording
from wristband.outbox.guardians import Change
from wristband.outbox.rules import MessageState, Outcome
from wristband.places import templates_folder

NOW = datetime(2026, 11, 24, 14, 5, tzinfo=UTC)
WORDINGS = tuple(sorted({file.stem for file in (templates_folder() / "messages").glob("*/*.txt")}))
FACTS = {
    "organisation": "同安黄手环",
    "organisation_phone": "",
    "code": "482913",
    "code_tail": "7QK",
    "time": "14:05",
    "number": "1124-037",
    "station": "祥平派出所",
    "tries": "3",
    "phone": "138****8000",
    "what": "last_band_ended",
    "news": "elder_gone",
    "partner": "祥平社区服务中心",
    **{shown.value: "1" for shown in Shown},
}
OF_ITS_OWN = {"record_changed": {"what": "disputed"}}
"""Facts by wording, where a fact of the same name picks another sentence."""
ALLOWED = {
    (MessageState.PENDING, MessageState.LEASED),
    (MessageState.PENDING, MessageState.STOPPED),
    (MessageState.LEASED, MessageState.PENDING),
    (MessageState.LEASED, MessageState.DELIVERED),
    (MessageState.LEASED, MessageState.STOPPED),
}


def facts_of(name: str) -> dict[str, str]:
    return FACTS | OF_ITS_OWN.get(name, {})


def after(outcome: Outcome, **changed: object) -> rules.Next:
    given_facts = {"attempts": 1, "owed_at": NOW, "expires_at": None, "now": NOW, "jitter": 0.0} | changed
    return rules.after(outcome, **given_facts)


# moves


@pytest.mark.parametrize(("before", "later"), list(itertools.product(MessageState, MessageState)))
def test_a_message_moves_only_along_the_table(before: MessageState, later: MessageState) -> None:
    assert (later in rules.MOVES[before]) is ((before, later) in ALLOWED)


@settings(deadline=None)
@given(
    st.sampled_from(Outcome),
    st.integers(1, 2000),
    st.timedeltas(timedelta(0), timedelta(hours=100)),
    st.none() | st.timedeltas(timedelta(0), timedelta(hours=1)),
    st.floats(-1, 1),
)
def test_whatever_an_attempt_brings_the_next_state_is_one_a_leased_message_may_move_to(
    outcome: Outcome, attempts: int, age: timedelta, life: timedelta | None, jitter: float
) -> None:
    expires_at = None if life is None else NOW + life
    following = rules.after(
        outcome, attempts=attempts, owed_at=NOW, expires_at=expires_at, now=NOW + age, jitter=jitter
    )
    assert following.state in rules.MOVES[MessageState.LEASED]
    assert (following.due_at is not None) is (following.state is MessageState.PENDING)


# retries


def test_waits_grow_from_one_second_to_five_minutes() -> None:
    waits = [rules.retry_wait(attempts, jitter=1.0).total_seconds() for attempts in range(1, 9)]
    assert waits == [1, 2, 5, 15, 30, 60, 120, 300]


@pytest.mark.parametrize(("jitter", "seconds"), [(-1.0, 240), (0.0, 300), (1.0, 360)])
def test_later_waits_are_five_minutes_give_or_take_a_fifth(jitter: float, seconds: int) -> None:
    assert rules.retry_wait(9, jitter=jitter) == rules.retry_wait(800, jitter=jitter) == timedelta(seconds=seconds)


def test_an_accepted_message_is_delivered() -> None:
    assert after(Outcome.ACCEPTED) == rules.Next(MessageState.DELIVERED)


def test_a_permanent_refusal_stops_the_message_at_once() -> None:
    assert after(Outcome.PERMANENT) == rules.Next(MessageState.STOPPED)


def test_a_passing_failure_is_tried_again_after_its_wait() -> None:
    assert after(Outcome.PASSING, attempts=3) == rules.Next(MessageState.PENDING, NOW + timedelta(seconds=5))


def test_an_outage_of_exactly_three_days_still_gets_a_last_try() -> None:
    almost = NOW + timedelta(hours=72) - timedelta(seconds=1)
    following = after(Outcome.PASSING, attempts=870, now=almost)
    assert following.due_at is not None
    assert following.due_at > NOW + timedelta(hours=72)


@settings(deadline=None, max_examples=25)
@given(st.lists(st.floats(-1, 1), min_size=1, max_size=7))
def test_a_message_nobody_takes_is_tried_some_nine_hundred_times_in_three_days(jitters: list[float]) -> None:
    now, tries = NOW, 0
    while True:
        tries += 1
        following = after(Outcome.PASSING, attempts=tries, now=now, jitter=jitters[tries % len(jitters)])
        if following.due_at is None:
            break
        assert timedelta(seconds=1) <= following.due_at - now <= rules.LONGEST_WAIT
        now = following.due_at
    assert now >= NOW + timedelta(hours=72)
    assert 720 < tries < 1100


def test_the_try_that_fails_after_three_days_is_the_last() -> None:
    assert after(Outcome.PASSING, attempts=870, now=NOW + timedelta(hours=72)).state is MessageState.STOPPED


def test_a_try_accepted_after_three_days_counts() -> None:
    assert after(Outcome.ACCEPTED, now=NOW + timedelta(hours=90)).state is MessageState.DELIVERED


def test_a_message_that_would_expire_before_its_next_try_is_stopped() -> None:
    expires_at = NOW + timedelta(seconds=5)
    assert after(Outcome.PASSING, attempts=2, expires_at=expires_at).state is MessageState.PENDING
    assert after(Outcome.PASSING, attempts=3, expires_at=expires_at).state is MessageState.STOPPED


# words


@pytest.mark.parametrize("name", WORDINGS)
def test_every_language_has_every_wording_with_the_same_facts(name: str) -> None:
    parser = jinja2.Environment(autoescape=True)
    folders = [templates_folder() / "messages" / language for language in LANGUAGES]
    facts = [meta.find_undeclared_variables(parser.parse((folder / f"{name}.txt").read_text())) for folder in folders]
    assert facts[0]
    assert all(used == facts[0] for used in facts)


def test_a_sign_in_code_reads_as_agreed() -> None:
    body = wording.render("sign_in_code", "zh-CN", FACTS)
    assert body == "【同安黄手环】您的登录验证码是 482913，5 分钟内有效。请勿告诉任何人。"


def test_a_scanned_band_names_its_tail_and_the_time_and_nothing_of_the_elder() -> None:
    body = wording.render("band_scanned", "zh-CN", FACTS)
    assert body == "【同安黄手环】您守护的手环（尾号 7QK）于 14:05 有人求助。请马上登录家属页面回应。"


def test_the_organisations_phone_is_named_where_there_is_one() -> None:
    body = wording.render("band_scanned", "zh-CN", FACTS | {"organisation_phone": "0592-0000000"})
    assert body.endswith("请马上登录家属页面回应，或拨打 0592-0000000。")


def test_a_report_without_a_known_station_leaves_the_station_out() -> None:
    assert "处理" not in wording.render("incident_reported", "zh-CN", FACTS | {"station": ""})
    assert "由祥平派出所处理" in wording.render("incident_reported", "zh-CN", FACTS)


@pytest.mark.parametrize("name", WORDINGS)
@pytest.mark.parametrize("language", LANGUAGES)
def test_no_message_carries_a_link_or_an_illness(name: str, language: str) -> None:
    body = wording.render(name, language, facts_of(name) | {"organisation_phone": "0592-0000000"}).lower()
    for unwanted in ("http", "www.", "://", "失智", "痴呆", "dementia"):
        assert unwanted not in body


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_change_of_a_guardian_has_words_of_its_own(language: str) -> None:
    bodies = {wording.render("family_changed", language, FACTS | {"what": change.value}) for change in Change}
    assert len(bodies) == len(Change)


@pytest.mark.parametrize("name", WORDINGS)
def test_an_ordinary_chinese_message_is_paid_as_one_sms(name: str) -> None:
    assert sms_parts(wording.render(name, "zh-CN", facts_of(name))) == 1


def test_a_language_we_do_not_write_gets_chinese() -> None:
    assert wording.render("band_scanned", "ko", FACTS) == wording.render("band_scanned", "zh-CN", FACTS)


def test_a_missing_fact_is_a_fault_of_ours() -> None:
    with pytest.raises(jinja2.UndefinedError):
        wording.render("sign_in_code", "zh-CN", {"organisation": "同安黄手环"})


def test_a_wording_cannot_lead_out_of_its_folder() -> None:
    with pytest.raises(jinja2.TemplateNotFound):
        wording.render("../../parts/page", "zh-CN", FACTS)


@settings(deadline=None)
@given(st.sampled_from(WORDINGS), st.sampled_from(tuple(LANGUAGES)), st.text(max_size=300), st.text(max_size=300))
def test_facts_bring_no_line_break_no_direction_mark_and_no_endless_text(
    name: str, language: str, station: str, organisation: str
) -> None:
    body = wording.render(name, language, facts_of(name) | {"station": station, "organisation": organisation})
    assert len(body) <= wording.LONGEST_BODY
    assert not [character for character in body if unicodedata.category(character) in ("Cc", "Cf", "Cs", "Zl", "Zp")]


@settings(deadline=None)
@given(st.text(max_size=300))
def test_a_template_written_into_a_fact_stays_text(text: str) -> None:
    assert "{{7*7}}" in wording.render("incident_accepted", "en", FACTS | {"station": "{{7*7}}" + text})


def test_no_set_of_long_facts_makes_a_message_too_long() -> None:
    # `what` picks a sentence of ours and is no text.
    long_facts = {name: dict.fromkeys(FACTS, "长" * 1000) | {"what": facts_of(name)["what"]} for name in WORDINGS}
    bodies = [wording.render(name, language, long_facts[name]) for name in WORDINGS for language in LANGUAGES]
    assert all(len(body) < wording.LONGEST_BODY for body in bodies)
    assert all("…" in body for body in bodies)


@pytest.mark.parametrize(
    ("character", "count", "parts"),
    [
        ("", 0, 1),
        ("a", 160, 1),
        ("a", 161, 2),
        ("a", 306, 2),
        ("a", 307, 3),
        ("€", 80, 1),
        ("€", 81, 2),
        # 153 is odd and an escaped character is not split: 76 of them fill a part
        ("€", 152, 2),
        ("€", 153, 3),
        ("字", 70, 1),
        ("字", 71, 2),
        ("字", 134, 2),
        ("字", 135, 3),
        ("🙂", 35, 1),
        ("🙂", 36, 2),
        # 67 is odd as well: 33 pairs fill a part
        ("🙂", 66, 2),
        ("🙂", 67, 3),
    ],
)
def test_sms_parts_are_counted_as_carriers_count_them(character: str, count: int, parts: int) -> None:
    assert sms_parts(character * count) == parts


def test_one_chinese_character_makes_the_whole_text_cost_as_chinese() -> None:
    assert sms_parts("字" + "a" * 69) == 1
    assert sms_parts("字" + "a" * 70) == 2
