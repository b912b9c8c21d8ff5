"""The address of a band on an NFC tag, byte for byte."""

from __future__ import annotations

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wristband.bands import nfc
from wristband.errors import BadValue

PATHS = st.text(alphabet=string.ascii_letters + string.digits + "-._~/?=&%", min_size=0, max_size=400)
BEGINNINGS = {1: "http://www.", 2: "https://www.", 3: "http://", 4: "https://"}


def read(written: bytes) -> str:
    """A tag's bytes as a phone reads them: envelope, record, beginning, rest."""
    assert written[0] == 0x03
    if written[1] == 0xFF:
        length, start = int.from_bytes(written[2:4], "big"), 4
        assert length > 254
    else:
        length, start = written[1], 2
    message, rest = written[start : start + length], written[start + length :]
    assert rest == b"\xfe"
    head = message[0]
    # First and last record of its message, not in pieces, without an identifier, of the forum's own types.
    assert head & 0b11101111 == 0b11000001
    assert message[1] == 1
    if head & 0x10:
        size, after = message[2], 3
    else:
        size, after = int.from_bytes(message[2:6], "big"), 6
        assert size > 255
    assert message[after : after + 1] == b"U"
    payload = message[after + 1 :]
    assert len(payload) == size
    return BEGINNINGS[payload[0]] + payload[1:].decode("ascii")


def test_the_example_of_the_standard_comes_out_byte_for_byte() -> None:
    assert nfc.tag_hex("https://a.cn/t/AB") == "03 0E D1 01 0A 55 04 61 2E 63 6E 2F 74 2F 41 42 FE"


def test_the_file_and_the_hexadecimal_are_the_same_bytes() -> None:
    address = "https://hb.example/t/123456789012A0123456789AB"
    assert bytes.fromhex(nfc.tag_hex(address)) == nfc.tag_bytes(address)


@given(st.sampled_from(["http://", "https://", "http://www.", "https://www."]), PATHS)
def test_every_address_is_read_back_as_it_was(beginning: str, path: str) -> None:
    address = f"{beginning}hb.example/{path}"
    assert read(nfc.tag_bytes(address, room=888)) == address


def test_scheme_and_host_are_written_small_and_the_token_stays_as_it_is() -> None:
    assert read(nfc.tag_bytes("HTTPS://HB.EXAMPLE/T/9A")) == "https://hb.example/T/9A"


def payload_of(length: int) -> bytes:
    """The record of an address whose payload is this long."""
    address = "https://a.cn/" + "x" * (length - 1 - len("a.cn/"))
    message = nfc.ndef_message(address)
    assert message[-1:] == b"x"
    return message


@pytest.mark.parametrize(("length", "head"), [(255, "d101ff55"), (256, "c1010000010055")])
def test_the_length_takes_one_byte_up_to_255_and_four_beyond(length: int, head: str) -> None:
    message = payload_of(length)
    assert message.hex().startswith(head)
    assert len(message) == len(bytes.fromhex(head)) + length


@pytest.mark.parametrize(("message_bytes", "envelope"), [(254, "03fe"), (255, "03ff00ff")])
def test_the_envelope_takes_one_byte_up_to_254_and_three_beyond(message_bytes: int, envelope: str) -> None:
    address = "https://a.cn/" + "x" * (message_bytes - 5 - len("a.cn/"))
    written = nfc.tag_bytes(address, room=888)
    assert written.hex().startswith(envelope + "d101")
    assert len(nfc.ndef_message(address)) == message_bytes


def test_what_fills_a_tag_is_written_and_one_character_more_is_refused() -> None:
    # Envelope 3, head 4, beginning 1: the rest of 144 bytes is the address after https://.
    full = "https://a.cn/" + "x" * (nfc.NTAG213_BYTES - 8 - len("a.cn/"))
    assert len(nfc.tag_bytes(full)) == nfc.NTAG213_BYTES
    with pytest.raises(BadValue) as refused:
        nfc.tag_bytes(full + "x")
    assert refused.value.code == "nfc.too_long"
    assert refused.value.facts == {"bytes": 145, "room": 144}


@pytest.mark.parametrize(
    "address",
    ["", "hb.example/t/1", "ftp://hb.example/t/1", "tel:110", "https://", "https:///t", "https://hb.example/t/ 1",
     "https://例.cn/t/1", "https://hb.example/例", "https://h b.cn/", "https://a.cn/t\n", "https://a\x00.cn/"],
)  # fmt: skip
def test_what_is_no_plain_web_address_is_refused(address: str) -> None:
    with pytest.raises(BadValue) as refused:
        nfc.ndef_message(address)
    assert refused.value.code == "nfc.not_an_address"
