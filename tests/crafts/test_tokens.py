"""The token: what is signed, what is read, and what is not."""

from __future__ import annotations

import hashlib
import hmac

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wristband.bands.tokens import TOKEN_LENGTH, BandKeys, read, sign
from wristband.values.code import CROCKFORD, BandCode

OLD, NEW = bytes(range(32)), bytes(range(32, 64))
KEYS = BandKeys({"A": OLD, "B": NEW})
SERIALS = st.integers(0, 10**12 - 1).map("{:012d}".format)


def test_a_token_is_serial_key_and_the_first_sixty_bits_of_the_mac() -> None:
    # Written out with the standard library alone: HMAC of salt under the key, then HMAC of serial and key id.
    derived = hmac.new(NEW, b"band.v1", hashlib.sha256).digest()
    mac = int.from_bytes(hmac.new(derived, b"123456789012B", hashlib.sha256).digest(), "big") >> 196
    spelled = "".join(CROCKFORD[mac >> 5 * place & 31] for place in range(11, -1, -1))
    assert sign("123456789012", KEYS) == "123456789012B" + spelled


@settings(deadline=None)
@given(SERIALS)
def test_a_token_of_ours_reads_back(serial: str) -> None:
    token = read(sign(serial, KEYS), KEYS)
    assert token is not None
    assert (token.serial, token.key_id, token.text) == (serial, "B", sign(serial, KEYS))
    assert token.code == BandCode.from_serial(serial)


@settings(deadline=None)
@given(SERIALS, st.integers(0, TOKEN_LENGTH - 1), st.sampled_from("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ$%*+-./: 一"))
def test_no_altered_character_passes(serial: str, place: int, character: str) -> None:
    text = sign(serial, KEYS)
    altered = text[:place] + character + text[place + 1 :]
    assert (read(altered, KEYS) is not None) == (altered == text)


@settings(deadline=None)
@given(SERIALS)
def test_a_lowered_address_reads_and_is_spelled_as_printed(serial: str) -> None:
    text = sign(serial, KEYS)
    token = read(text.lower(), KEYS)
    assert token is not None
    assert token.text == text


@pytest.mark.parametrize(("printed", "typed"), [("0", "O"), ("1", "I"), ("1", "L"), ("0", "o")])
def test_look_alikes_are_for_typed_codes_and_not_for_tokens(printed: str, typed: str) -> None:
    text = next(text for text in map(sign, map("{:012d}".format, range(100)), [KEYS] * 100) if printed in text[13:])
    place = text.index(printed, 13)
    assert read(text, KEYS) is not None
    assert read(text[:place] + typed + text[place + 1 :], KEYS) is None


@settings(deadline=None)
@given(st.text(max_size=40))
def test_nothing_else_is_a_token(text: str) -> None:
    assert read(text, KEYS) is None


@pytest.mark.parametrize("around", ["{}\n", " {}", "{}0", "{}/", "{}\u200b"])
def test_a_token_stands_alone(around: str) -> None:
    assert read(around.format(sign("000000000001", KEYS)), KEYS) is None


def test_full_width_digits_are_no_serial() -> None:
    text = sign("000000000001", KEYS)
    assert read("１" + text[1:], KEYS) is None


def test_bands_of_an_older_key_still_read() -> None:
    before = BandKeys({"A": OLD})
    token = read(sign("000000000007", before), KEYS)
    assert token is not None
    assert token.key_id == "A"


def test_a_withdrawn_key_reads_no_more() -> None:
    assert read(sign("000000000007", BandKeys({"A": OLD})), BandKeys({"B": NEW})) is None


def test_the_same_key_id_with_another_key_reads_nothing() -> None:
    assert read(sign("000000000007", BandKeys({"A": OLD})), BandKeys({"A": NEW})) is None


def test_the_key_id_is_signed_too() -> None:
    both = BandKeys({"A": OLD, "B": OLD})
    text = sign("000000000007", both)
    assert read(text[:12] + "A" + text[13:], both) is None


def test_a_named_current_key_signs_and_otherwise_the_last() -> None:
    assert sign("000000000007", BandKeys({"A": OLD, "B": NEW}, current="A"))[12] == "A"
    assert sign("000000000007", BandKeys({"A": OLD, "B": NEW}))[12] == "B"


@pytest.mark.parametrize(
    ("keys", "current"),
    [
        ({}, ""),
        ({"AB": OLD}, ""),
        ({"I": OLD}, ""),
        ({"a": OLD}, ""),
        ({"": OLD}, ""),
        ({"A": b"short"}, ""),
        ({"A": OLD}, "B"),
    ],
)
def test_misconfigured_keys_stop_the_start(keys: dict[str, bytes], current: str) -> None:
    with pytest.raises(ValueError, match="band key"):
        BandKeys(keys, current=current)


@pytest.mark.parametrize("serial", ["", "1", "12345678901a", "1234567890123", "１２３４５６７８９０１２"])
def test_only_twelve_digits_are_signed(serial: str) -> None:
    with pytest.raises(ValueError, match="twelve"):
        sign(serial, KEYS)


def test_neither_keys_nor_macs_show_themselves_in_a_log() -> None:
    token = read(sign("000000000007", KEYS), KEYS)
    assert token is not None
    assert token.mac not in repr(token)
    assert OLD.hex() not in repr(KEYS)
    assert repr(OLD) not in repr(KEYS)
