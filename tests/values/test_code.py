"""The codes that people type."""

from __future__ import annotations

import contextlib
import functools
import itertools
import operator
import string

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wristband.errors import BadValue
from wristband.values.code import CROCKFORD, BandCode, CheckCode, random_digits

SERIALS = st.integers(0, 10**12 - 1).map("{:012d}".format)
CHECK_CODES = st.builds(CheckCode.random)


def refusal(parse: object, text: str) -> str:
    with pytest.raises(BadValue) as refused:
        parse(text)  # type: ignore[operator]
    return refused.value.code


# ---- band codes


def test_a_band_code_is_eight_characters_of_the_serial_and_a_check_character() -> None:
    assert BandCode.from_serial("123456789012").shown == "3JZ-9J6-GMQ"
    assert BandCode.from_serial("000000000000").shown == "000-000-000"


def times(a: int, b: int) -> int:
    """In GF(32) with x^5 + x^2 + 1, the schoolbook way."""
    product = 0
    for bit in range(5):
        product ^= (a << bit) * (b >> bit & 1)
    for bit in range(8, 4, -1):
        product ^= (0b100101 << bit - 5) * (product >> bit & 1)
    return product


@settings(deadline=None)
@given(SERIALS)
def test_a_code_is_the_serial_in_base_32_and_its_weighted_sum_vanishes(serial: str) -> None:
    values = [CROCKFORD.index(character) for character in BandCode.from_serial(serial).text]
    weights = [1]
    while len(weights) < 9:
        weights.append(times(weights[-1], 2))
    assert len({*weights, 0}) == 10
    assert sum(value * 32**place for place, value in enumerate(reversed(values[:8]))) == int(serial)
    products = [times(value, weight) for value, weight in zip(values, reversed(weights), strict=True)]
    assert functools.reduce(operator.xor, products) == 0


@settings(deadline=None)
@given(SERIALS)
def test_what_is_printed_reads_back_as_the_serial(serial: str) -> None:
    assert BandCode.parse(BandCode.from_serial(serial).shown).serial == serial


@settings(deadline=None)
@given(SERIALS)
def test_the_tail_is_the_last_group_as_printed(serial: str) -> None:
    code = BandCode.from_serial(serial)
    assert code.tail == code.shown.split("-")[2]
    assert str(code) == code.shown


@settings(deadline=None)
@given(SERIALS)
def test_no_single_wrong_character_passes(serial: str) -> None:
    code = BandCode.from_serial(serial)
    for place, character in itertools.product(range(9), CROCKFORD):
        if character != code.text[place]:
            with pytest.raises(BadValue):
                BandCode.parse(code.text[:place] + character + code.text[place + 1 :])


@settings(deadline=None)
@given(SERIALS)
def test_no_two_swapped_characters_pass_be_they_neighbours_or_not(serial: str) -> None:
    text = BandCode.from_serial(serial).text
    for first, second in itertools.combinations(range(9), 2):
        if text[first] != text[second]:
            swapped = list(text)
            swapped[first], swapped[second] = text[second], text[first]
            with pytest.raises(BadValue):
                BandCode.parse("".join(swapped))


@pytest.mark.parametrize(
    "typed",
    [
        "3JZ-9J6-GMQ",
        "3jz9j6gmq",
        " 3jz 9j6 gmq ",
        "3JZ－9J6－GMQ",
        "３ＪＺ９Ｊ６ＧＭＱ",
        "3JZ—9J6–GMQ",
        "3jz 9J6_gmq",
        "3JZ　9J6　GMQ",
    ],
)
def test_a_hurried_hand_is_understood(typed: str) -> None:
    assert BandCode.parse(typed).serial == "123456789012"


def test_letters_that_look_like_digits_are_read_as_digits() -> None:
    code = BandCode.from_serial("001100000001")
    assert {"0", "1"} <= set(code.text)
    assert BandCode.parse(code.text.replace("0", "O").replace("1", "l")) == code
    assert BandCode.parse(code.text.replace("0", "o").replace("1", "I")) == code


@pytest.mark.parametrize(
    "typed", ["", "3JZ-9J6-GM", "3JZ-9J6-GMQ0", "3JZ-9J6-GMU", "3JZ-9J6-G?Q", "黄手环", "٣JZ-9J6-GMQ"]
)
def test_what_cannot_be_a_band_code_is_told_so(typed: str) -> None:
    assert refusal(BandCode.parse, typed) == "code.not_a_band_code"


def test_a_slip_of_the_finger_is_told_as_one() -> None:
    assert refusal(BandCode.parse, "3JZ-9J6-GMR") == "code.mistyped"


def test_a_number_beyond_twelve_digits_is_no_band() -> None:
    sound = [f"ZZZZZZZZ{check}" for check in CROCKFORD]
    assert {refusal(BandCode.parse, text) for text in sound} == {"code.mistyped", "code.not_a_band_code"}


@pytest.mark.parametrize("serial", ["", "12345678901", "1234567890123", "12345678901a", "１２３４５６７８９０１２"])
def test_a_serial_is_twelve_digits(serial: str) -> None:
    assert refusal(BandCode.from_serial, serial) == "code.not_a_band_code"


@settings(deadline=None)
@given(st.text(alphabet=CROCKFORD + "OILoil -－", min_size=8, max_size=11))
def test_whatever_passes_is_a_code_that_we_would_print(text: str) -> None:
    with contextlib.suppress(BadValue):
        code = BandCode.parse(text)
        assert BandCode.parse(code.shown) == code


@settings(deadline=None)
@given(st.text(max_size=14))
def test_nothing_typed_is_answered_with_anything_but_a_refusal(text: str) -> None:
    with contextlib.suppress(BadValue):
        BandCode.parse(text)
    with contextlib.suppress(BadValue):
        CheckCode.parse(text)


# ---- check codes


@settings(deadline=None)
@given(CHECK_CODES)
def test_a_check_code_reads_back_as_printed(code: CheckCode) -> None:
    assert len(code.shown) == 11
    assert CheckCode.parse(code.shown) == code
    assert CheckCode.parse(f" {code.digits[:4]} {code.digits[4:]}") == code


def test_the_check_digit_is_damms() -> None:
    # The worked example of Damm's thesis: 572 takes the check digit 4; leading zeros change nothing.
    assert CheckCode.parse("000005724").digits == "000005724"


@settings(deadline=None)
@given(CHECK_CODES)
def test_no_single_wrong_digit_passes(code: CheckCode) -> None:
    for place, digit in itertools.product(range(9), string.digits):
        if digit != code.digits[place]:
            assert refusal(CheckCode.parse, code.digits[:place] + digit + code.digits[place + 1 :]) == "code.mistyped"


@settings(deadline=None)
@given(CHECK_CODES)
def test_no_two_swapped_neighbours_pass(code: CheckCode) -> None:
    digits = code.digits
    for place in range(8):
        if digits[place] != digits[place + 1]:
            swapped = digits[:place] + digits[place + 1] + digits[place] + digits[place + 2 :]
            assert refusal(CheckCode.parse, swapped) == "code.mistyped"


@pytest.mark.parametrize("typed", ["", "12345678", "1234567890", "12345678a", "3JZ-9J6-GMQ", "١٢٣٤٥٦٧٨٩"])
def test_what_cannot_be_a_check_code_is_told_so(typed: str) -> None:
    assert refusal(CheckCode.parse, typed) == "code.not_a_check_code"


def test_check_codes_differ_from_band_to_band() -> None:
    assert len({CheckCode.random().digits for _ in range(200)}) > 190


def test_a_check_code_does_not_show_itself_in_a_log() -> None:
    code = CheckCode.parse("000005724")
    assert "5724" not in repr(code)


# ---- codes by SMS


@pytest.mark.parametrize("count", [1, 4, 6, 8])
def test_random_digits_are_as_many_as_asked_and_reach_every_digit(count: int) -> None:
    drawn = [random_digits(count) for _ in range(400)]
    assert {len(code) for code in drawn} == {count}
    assert {code[0] for code in drawn} == set(string.digits)
