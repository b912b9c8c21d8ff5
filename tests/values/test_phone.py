"""Telephone numbers. All numbers here are examples out of number plans (138 0013 8000, 0592 000 0000), nobody's own."""

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wristband.errors import BadValue
from wristband.values.phone import Phone, is_service_number

MOBILE = "+8613800138000"
LANDLINE = "+865920000000"
WIDE = str.maketrans({chr(code): chr(code + 0xFEE0) for code in range(0x21, 0x7F)})


def outcome_of_parsing(text: str) -> str:
    """The code of the refusal, "" if there was none."""
    try:
        Phone.parse(text)
    except BadValue as refusal:
        return refusal.code
    return ""


@pytest.mark.parametrize(
    "text",
    [
        "13800138000",
        " 138 0013 8000 ",
        "138-0013-8000",
        "+86 138 0013 8000",
        "0086-13800138000",
        "13800138000".translate(WIDE),
        "+86 13800138000".translate(WIDE),
        "138\N{IDEOGRAPHIC SPACE}0013\N{IDEOGRAPHIC SPACE}8000",
        "\N{LEFT-TO-RIGHT OVERRIDE}13800138000\N{POP DIRECTIONAL FORMATTING}",
    ],
)
def test_a_mobile_is_read_however_it_is_typed(text: str) -> None:
    assert Phone.parse(text) == Phone(MOBILE)
    assert Phone.parse_mobile(text) == Phone(MOBILE)


@pytest.mark.parametrize("text", ["0592-0000000", "(0592)0000000", "0592 000 0000", "0592\N{EM DASH}0000000"])
def test_a_landline_is_read_with_its_area_code(text: str) -> None:
    assert Phone.parse(text) == Phone(LANDLINE)


@pytest.mark.parametrize(
    "tail", ["转12", " 转 12", "轉12", "分机12", "分机:12", "#12", "#12".translate(WIDE), ";ext=12", " ext. 12"]
)
def test_an_extension_is_kept(tail: str) -> None:
    assert Phone.parse("0592-0000000" + tail) == Phone(LANDLINE, "12")


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "+",
        "+86",
        "0000000",  # seven digits need their area code
        "110",
        "12345",
        "12110592",
        "138001380000",
        "1380013800",
        "138001380OO",
        "电话13800138000",
        "13800138000 13800138000",
        "0592-0000000转",
        "转12",
        "٠٥٩٢٠٠٠٠٠٠٠",
        "1" * 100_000,
        "#" * 100_000,
        "转:" * 100_000,
    ],
)
def test_what_is_no_phone_is_refused(text: str) -> None:
    with pytest.raises(BadValue) as refusal:
        Phone.parse(text)
    assert refusal.value.code == "phone.not_a_phone"
    assert refusal.value.facts == {}


@pytest.mark.parametrize("text", ["0592-0000000", "400-812-3123", "13800138000转12"])
def test_what_gets_no_sms_is_no_mobile(text: str) -> None:
    with pytest.raises(BadValue) as refusal:
        Phone.parse_mobile(text)
    assert refusal.value.code == "phone.not_a_mobile"


def test_a_region_gives_meaning_to_a_number_without_country_code() -> None:
    assert Phone.parse("0912 345 678", region="TW") == Phone("+886912345678")
    assert Phone.parse("9123 4567", region="HK") == Phone("+85291234567")
    assert Phone.parse("+886 912 345 678") == Phone("+886912345678")


@pytest.mark.parametrize("e164", ["13800138000", "+0138001380", "+86", "+" + "1" * 16, "+86 13800138000", "+999123456"])
def test_only_the_e164_form_is_stored(e164: str) -> None:
    with pytest.raises(BadValue):
        Phone(e164)


@pytest.mark.parametrize("extension", ["a", "12345678", " 1", "٣"])
def test_only_short_digits_are_an_extension(extension: str) -> None:
    with pytest.raises(BadValue):
        Phone(LANDLINE, extension)


def test_a_stored_number_survives_a_change_of_number_plan() -> None:
    assert outcome_of_parsing("+8610000000") == "phone.not_a_phone"
    assert Phone("+8610000000").e164 == "+8610000000"


@pytest.mark.parametrize(
    ("phone", "masked"),
    [
        (Phone(MOBILE), "138****8000"),
        (Phone(MOBILE, "12"), "138****8000"),
        (Phone(LANDLINE), "****000"),
        (Phone("+8612345678"), "****78"),
        (Phone("+85291234567"), "+852 ****67"),
        (Phone("+886912345678"), "+886 ****678"),
    ],
)
def test_a_mask_shows_enough_to_know_ones_own(phone: Phone, masked: str) -> None:
    assert phone.masked() == masked


def test_a_phone_in_a_log_or_a_traceback_is_masked() -> None:
    assert repr(Phone(MOBILE)) == str(Phone(MOBILE)) == f"{Phone(MOBILE)}" == "Phone(138****8000)"


@pytest.mark.parametrize(
    ("phone", "written"),
    [
        (Phone(MOBILE), "138 0013 8000"),
        (Phone(LANDLINE), "0592 000 0000"),
        (Phone(LANDLINE, "12"), "0592 000 0000 转 12"),
        (Phone("+864008123123"), "400 812 3123"),
        (Phone("+886912345678"), "+886 912 345 678"),
    ],
)
def test_a_phone_is_written_as_people_here_dial_it(phone: Phone, written: str) -> None:
    assert phone.national() == written


@pytest.mark.parametrize(
    ("phone", "uri"),
    [
        (Phone(MOBILE), "tel:+8613800138000"),
        (Phone(LANDLINE, "12"), "tel:+865920000000;ext=12"),
        (Phone("+864008123123"), "tel:4008123123"),
        (Phone("+886912345678"), "tel:+886912345678"),
    ],
)
def test_a_call_link_dials_what_answers(phone: Phone, uri: str) -> None:
    assert phone.tel_uri() == uri


chinese_phones = st.one_of(
    st.builds(Phone, st.from_regex(r"\+86138[0-9]{8}", fullmatch=True)),
    st.builds(
        Phone,
        st.from_regex(r"\+86592[0-9]{7}", fullmatch=True),
        st.from_regex(r"([0-9]{1,7})?", fullmatch=True),
    ),
)


@given(chinese_phones)
def test_what_is_written_is_read_back(phone: Phone) -> None:
    assert Phone.parse(phone.national()) == phone
    assert Phone.parse(phone.national().translate(WIDE)) == phone
    assert Phone.parse(phone.tel_uri().removeprefix("tel:")) == phone


@given(chinese_phones)
def test_no_mask_gives_the_number_away(phone: Phone) -> None:
    hidden = len(phone.e164) - 3 - sum(character.isdigit() for character in phone.masked())
    assert hidden >= 4
    assert "****" in phone.masked()
    assert phone.e164 not in repr(phone)


@given(st.text() | st.from_regex(r"[+0-9 ()转#\-]{5,20}", fullmatch=True))
def test_any_text_gives_a_phone_or_a_refusal(text: str) -> None:
    assert outcome_of_parsing(text) in {"", "phone.not_a_phone"}


def test_a_phone_cannot_be_changed() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        Phone(MOBILE).e164 = LANDLINE  # type: ignore[misc]


@pytest.mark.parametrize(
    "text", ["110", "119", "120", "122", "12345", "12110", "12110592", " 1 1 0 ", "110".translate(WIDE)]
)
def test_short_numbers_of_the_state_are_service_numbers(text: str) -> None:
    assert is_service_number(text)


@pytest.mark.parametrize("text", ["", "1", "0110", "13800138000", "0592-0000000", "¹¹⁰", "abc", "+86110"])
def test_other_numbers_are_no_service_numbers(text: str) -> None:
    assert not is_service_number(text)


def test_service_numbers_belong_to_a_region() -> None:
    assert is_service_number("999", region="GB")
    assert not is_service_number("12345", region="GB")
    assert not is_service_number("110", region="nowhere")
