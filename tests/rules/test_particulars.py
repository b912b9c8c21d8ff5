"""What an elder's record may hold: cleaned, and every fault told at once."""

from __future__ import annotations

import contextlib
import unicodedata
from collections.abc import Collection
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wristband.elders.rules import (
    CONSENT_TEXTS,
    LINE_MAX,
    NAME_MAX,
    OLDEST_YEARS,
    RELATIONS,
    REQUIRED,
    WORDS_MAX,
    Particulars,
    Purpose,
    Sex,
    clean_text,
    text_sha256,
)
from wristband.errors import BadFields, BadValue
from wristband.refusals import SENTENCES

TODAY = date(2026, 11, 24)
ALL = set(Purpose)
GIVEN = {"name": "示例老人", "relation": "child"}

# Direction marks, zero-width spaces, a byte order mark, controls, separators, private use, lone surrogates.
HIDDEN = (
    "\u202e\u202d\u2066\u2069\u200e\u200f\u061c\u200b\u2060\ufeff\u00ad"
    "\0\x1b\x07\x7f\x85\r\t\u2028\u2029\ue000\ud800\uffff\ufdd0"
)
# Joined families, a heart with its colour, a skin tone, a flag; and emoji and characters younger than this Python.
SEEN = ["👨‍👩‍👧", "❤️", "👍🏽", "🇨🇳", "\U0001fae8", "\U0001fae9", "\U0002ebf0", "\U00031350", "ข้า", "नी"]


def particulars(consents: Collection[Purpose] = ALL, **texts: str) -> Particulars:
    return Particulars.of(today=TODAY, consents=consents, **{**GIVEN, **texts})


def faults(consents: Collection[Purpose] = ALL, **texts: str) -> dict[str, str]:
    with pytest.raises(BadFields) as refused:
        particulars(consents, **texts)
    return {name: fault.code for name, fault in refused.value.fields.items()}


# ---- whole records


def test_a_name_and_a_relation_are_enough() -> None:
    assert particulars(REQUIRED) == Particulars(name="示例老人", relation="child")


def test_everything_given_is_kept_cleaned() -> None:
    taken = particulars(
        name="  示例老人 ",
        called="阿姨",
        sex="female",
        birth_year="１９４３年",
        address=" 示例路 1 号\u3000",
        approach="慢慢说\r\n在右边",
        health="对青霉素过敏",
    )
    assert taken == Particulars(
        name="示例老人",
        relation="child",
        called="阿姨",
        sex=Sex.FEMALE,
        birth_year=1943,
        address="示例路 1 号",
        approach="慢慢说\n在右边",
        health="对青霉素过敏",
    )


def test_every_wrong_field_is_told_at_once() -> None:
    wrong = faults(
        set(),
        name="",
        relation="neighbour",
        called="称" * (NAME_MAX + 1),
        birth_year="1643",
        address="a\u202eb",
        approach="慢" * (WORDS_MAX + 1),
        health="说" * (WORDS_MAX + 1),
    )
    assert wrong == {
        "name": "elders.name_missing",
        "relation": "elders.relation_missing",
        "called": "elders.called_long",
        "birth_year": "elders.birth_year",
        "address": "text.hidden_characters",
        "approach": "elders.approach_long",
        "health": "elders.health_long",
        "consents": "elders.consent_needed",
    }
    assert set(wrong.values()) <= set(SENTENCES)


@pytest.mark.parametrize("missing", sorted(REQUIRED))
def test_each_needed_consent_is_needed(missing: Purpose) -> None:
    assert faults(ALL - {missing}) == {"consents": "elders.consent_needed"}


def test_the_other_consents_are_free() -> None:
    assert particulars(REQUIRED).name


def test_health_words_without_their_consent_are_refused_and_not_dropped() -> None:
    assert faults(set(REQUIRED), health="对青霉素过敏") == {"health": "elders.health_without_consent"}


def test_a_missing_consent_does_not_hide_that_the_health_words_need_another() -> None:
    assert faults(set(), health="对青霉素过敏") == {
        "health": "elders.health_without_consent",
        "consents": "elders.consent_needed",
    }


@pytest.mark.parametrize("relation", RELATIONS)
def test_every_relation_offered_is_taken(relation: str) -> None:
    assert particulars(relation=relation).relation == relation


@pytest.mark.parametrize(("text", "sex"), [("female", Sex.FEMALE), ("male", Sex.MALE), ("", None), ("other", None)])
def test_the_sex_is_one_of_two_or_not_told(text: str, sex: Sex | None) -> None:
    assert particulars(sex=text).sex is sex


# ---- consents


def test_every_purpose_has_words_to_agree_to_and_a_digest_of_them() -> None:
    assert set(CONSENT_TEXTS) == set(Purpose)
    assert len({text_sha256(purpose) for purpose in Purpose}) == len(Purpose)
    assert all(len(text_sha256(purpose)) == 64 for purpose in Purpose)


def test_the_digest_is_of_the_words_themselves() -> None:
    words = "我是老人的家人或监护人，同意登记老人的资料，用于走失时联系家人。"
    assert CONSENT_TEXTS[Purpose.SERVICE] == words
    assert text_sha256(Purpose.SERVICE) == "4a3d67952d7d2db8617d299b5171ba513b356f1e926b633feb80ddbfb47c24f3"


# ---- the year of birth


@pytest.mark.parametrize("text", ["1943", " 1943 ", "１９４３", "1943年", "1943 年"])
def test_a_year_may_be_written_as_people_write_it(text: str) -> None:
    assert particulars(birth_year=text).birth_year == 1943


@pytest.mark.parametrize("text", ["43", "19430", "194x", "-943", "1943.", "一九四三", "٠٠٠٠", "²943", "1943\0", "+943"])
def test_what_is_no_year_of_four_digits_is_refused(text: str) -> None:
    assert faults(birth_year=text) == {"birth_year": "elders.birth_year"}


def test_nobody_is_born_after_today_or_longer_ago_than_anybody_lives() -> None:
    oldest = TODAY.year - OLDEST_YEARS
    assert particulars(birth_year=str(TODAY.year)).birth_year == TODAY.year
    assert particulars(birth_year=str(oldest)).birth_year == oldest
    assert faults(birth_year=str(TODAY.year + 1)) == {"birth_year": "elders.birth_year"}
    assert faults(birth_year=str(oldest - 1)) == {"birth_year": "elders.birth_year"}


@given(st.text(max_size=12))
def test_a_year_is_a_year_or_refused(text: str) -> None:
    with contextlib.suppress(BadFields):
        year = particulars(birth_year=text).birth_year
        assert year is None or TODAY.year - OLDEST_YEARS <= year <= TODAY.year


# ---- people's words


@pytest.mark.parametrize("character", HIDDEN, ids=lambda character: f"U+{ord(character):04X}")
def test_a_hidden_character_inside_a_text_is_refused(character: str) -> None:
    with pytest.raises(BadValue) as refused:
        clean_text(f"前{character}后", "elders.name", NAME_MAX)
    assert refused.value.code == "text.hidden_characters"


@pytest.mark.parametrize("text", SEEN)
def test_what_can_be_seen_is_kept(text: str) -> None:
    assert clean_text(f"前{text}后", "elders.name", NAME_MAX) == f"前{text}后"


@pytest.mark.parametrize(
    "text", ["", " ", "\u3000", "\n", "\u200d", "\u200c\u200d", "\u3164", "\u2800", "\ufe0f \u200d"]
)
def test_a_text_of_which_nothing_is_seen_is_none(text: str) -> None:
    with pytest.raises(BadValue) as refused:
        clean_text(text, "elders.name", NAME_MAX)
    assert refused.value.code == "elders.name_missing"
    assert clean_text(text, "elders.called", NAME_MAX, empty=True) == ""


def test_lines_are_kept_only_where_a_text_has_lines() -> None:
    assert clean_text("一\r\n二\n三", "elders.approach", 10, lines=True) == "一\n二\n三"
    with pytest.raises(BadValue):
        clean_text("一\n二", "elders.name", 10)


def test_the_length_is_counted_as_people_see_it() -> None:
    decomposed = unicodedata.normalize("NFD", "é" * NAME_MAX)
    assert clean_text(decomposed, "elders.name", NAME_MAX) == "é" * NAME_MAX
    assert clean_text(f"  {'名' * NAME_MAX}  ", "elders.name", NAME_MAX) == "名" * NAME_MAX


@pytest.mark.parametrize("character", ["名", "e\u0301", "👨‍👩‍👧", "\u202e", "\0"])
@pytest.mark.parametrize(
    ("field", "longest"),
    [("name", NAME_MAX), ("called", NAME_MAX), ("address", LINE_MAX), ("approach", WORDS_MAX), ("health", WORDS_MAX)],
)
def test_ten_thousand_characters_are_too_many(field: str, longest: int, character: str) -> None:
    with pytest.raises(BadFields) as refused:
        particulars(ALL, **{field: character * 10_000})
    assert refused.value.fields[field].code == f"elders.{field}_long"
    assert refused.value.fields[field].facts == {"longest": longest}


@given(st.text(st.characters(exclude_categories=()), max_size=60))
def test_a_text_is_cleaned_once_and_for_all_or_refused(text: str) -> None:
    with contextlib.suppress(BadValue):
        clean = clean_text(text, "elders.name", NAME_MAX)
        assert clean_text(clean, "elders.name", NAME_MAX) == clean
        assert 0 < len(clean) <= NAME_MAX
        assert clean == clean.strip() == unicodedata.normalize("NFC", clean)
        assert not set(clean) & set(HIDDEN)
        clean.encode()  # no lone half of a pair
