"""What a password has to be, and what is guessed first."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wristband.accounts.passwords import (
    PASSWORD_MAX,
    PASSWORD_MIN,
    PASSWORD_MIN_WITH_FACTOR,
    check_password,
    is_guessed,
)
from wristband.errors import BadValue

OWN = ("wang.min", "王民警", "大同派出所", "同安分局黄手环")
# Fifteen different characters, none a neighbour of the next.
CHARACTERS = "石桥木舟云雨竹灯书琴茶山田月风花雪"


@pytest.mark.parametrize("length", [PASSWORD_MIN, PASSWORD_MAX])
def test_a_password_is_long_enough_and_not_too_long(length: int) -> None:
    password = (CHARACTERS * 10 + "末")[-length:]
    assert check_password(password) == password


@pytest.mark.parametrize("length", [0, PASSWORD_MIN - 1, PASSWORD_MAX + 1, 10_000])
def test_a_password_too_short_or_too_long_is_refused(length: int) -> None:
    with pytest.raises(BadValue) as refusal:
        check_password((CHARACTERS * 600)[:length])
    assert refusal.value.code == "accounts.password_length"
    assert refusal.value.facts == {"shortest": PASSWORD_MIN, "longest": PASSWORD_MAX}


def test_twelve_characters_are_enough_beside_a_second_factor() -> None:
    password = CHARACTERS[:PASSWORD_MIN_WITH_FACTOR]
    assert check_password(password, has_factor=True) == password
    with pytest.raises(BadValue):
        check_password(password)
    with pytest.raises(BadValue):
        check_password(password[:-1], has_factor=True)


@pytest.mark.parametrize(
    "password",
    [
        "aaaaaaaaaaaaaaaaaaaa",
        "abababababababababab",
        "abcabcabcabcabcabcab",
        "123456789012345678",
        "987654321098765432",
        "qwertyuiopasdfghjkl",
        "1qaz2wsx3edc4rfv5tgb",
        "abcdefghijklmnopqrst",
        "passwordpassword123",
        "Password1234567890!",
        "P@ssw0rd2026P@ssw0rd",
        "wang.min wang.min 1",
        "wangmin-wang-min-2026",
        "王民警王民警王民警大同派出所12",
        "同安分局黄手环110110110",
        "huangshouhuan110110",
        "我爱你中国密码我爱你中国密码123",
        "5201314520131452013",
        "administrator2026!!",
        "　　　　　　　　　　　　　　　　",
    ],
)
def test_what_is_guessed_first_is_refused(password: str) -> None:
    with pytest.raises(BadValue) as refusal:
        check_password(password, own_words=OWN)
    assert refusal.value.code == "accounts.password_guessed"


@pytest.mark.parametrize(
    "password",
    ["four quiet wooden bridges", "石桥下的三只木舟又慢又稳地漂", "correct horse battery staple", "Tz7-kwq2-Vd9x-mP4"],
)
def test_a_few_words_of_ones_own_are_taken(password: str) -> None:
    assert not is_guessed(password, OWN)


def test_no_composition_is_asked_for() -> None:
    assert check_password("only lower case and blanks") == "only lower case and blanks"


def test_two_spellings_of_one_letter_are_one_password() -> None:
    apart = unicodedata.normalize("NFD", "vier stille hölzerne Brücken")
    assert check_password(apart) == unicodedata.normalize("NFC", apart)


def test_a_control_character_is_no_part_of_a_password() -> None:
    with pytest.raises(BadValue) as refusal:
        check_password("four quiet\nwooden bridges")
    assert refusal.value.code == "text.hidden_characters"


@given(st.text(max_size=200), st.lists(st.text(max_size=20), max_size=3))
def test_any_text_is_taken_or_refused_and_never_a_fault(text: str, own: list[str]) -> None:
    try:
        taken = check_password(text, own_words=own)
    except BadValue:
        return
    assert PASSWORD_MIN <= len(taken) <= PASSWORD_MAX
    assert taken == unicodedata.normalize("NFC", text)


@given(st.characters(codec="utf-8", exclude_categories=("Cc",)), st.integers(PASSWORD_MIN, PASSWORD_MAX))
def test_one_character_again_and_again_is_guessed(character: str, length: int) -> None:
    assert is_guessed(character * length)
