"""The address of a band on an NFC tag: an NDEF message with one URI record (NFC Forum), as a Type 2 tag keeps it."""

from __future__ import annotations

import re

from wristband.errors import BadValue

NTAG213_BYTES = 144
"""What the smallest usual tag has room for; NTAG215 has 504, NTAG216 888."""

# Beginnings that have a number of their own, the longest first.
_BEGINNINGS = (("https://www.", 2), ("http://www.", 1), ("https://", 4), ("http://", 3))
_ADDRESS = re.compile(r"(https?://[^/?#]+)([!-~]*)", re.IGNORECASE)

_FIRST_AND_LAST, _SHORT, _WELL_KNOWN = 0xC0, 0x10, 0x01
_MESSAGE, _TERMINATOR, _THREE_BYTES = 0x03, 0xFE, 0xFF


def opened(address: str) -> str:
    """An address of http or https, in ASCII, as a tag says it to a phone.

    Scheme and host are written small, since some phones compare them literally; the rest stays as it is. BadValue
    `nfc.not_an_address`.
    """
    found = _ADDRESS.fullmatch(address)
    if found is None or not found[1].isascii() or not found[1].isprintable() or " " in found[1]:
        raise BadValue("nfc.not_an_address")
    return found[1].lower() + found[2]


def ndef_message(address: str) -> bytes:
    """The message for an address as it is `opened`. BadValue `nfc.not_an_address`."""
    text = opened(address)
    beginning, number = next(each for each in _BEGINNINGS if text.startswith(each[0]))
    payload = bytes([number]) + text[len(beginning) :].encode("ascii")
    short = len(payload) < 256
    head = _FIRST_AND_LAST | _WELL_KNOWN | (_SHORT if short else 0)
    length = len(payload).to_bytes(1 if short else 4, "big")
    return bytes([head, 1]) + length + b"U" + payload


def tag_bytes(address: str, *, room: int = NTAG213_BYTES) -> bytes:
    """What is written to the tag from its first user page on: the message in its envelope, and the end mark.

    BadValue `nfc.too_long` where a tag of `room` bytes does not hold it, `nfc.not_an_address`.
    """
    message = ndef_message(address)
    if len(message) < _THREE_BYTES:
        length = bytes([len(message)])
    else:
        length = bytes([_THREE_BYTES]) + len(message).to_bytes(2, "big")
    written = bytes([_MESSAGE]) + length + message + bytes([_TERMINATOR])
    if len(written) > room:
        raise BadValue("nfc.too_long", bytes=len(written), room=room)
    return written


def tag_hex(address: str, *, room: int = NTAG213_BYTES) -> str:
    """The same as a person reads it into a tag writer: pairs of digits."""
    return tag_bytes(address, room=room).hex(" ").upper()
