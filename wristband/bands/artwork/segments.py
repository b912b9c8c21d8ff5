"""Text as the bits of a QR symbol: segments in three modes, and what follows the last of them."""

from __future__ import annotations

import enum
from collections.abc import Callable
from dataclasses import dataclass

ALPHANUMERIC = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:"
TERMINATOR_BITS = 4


class Mode(enum.Enum):
    """How characters become bits: mode indicator, and width of the count in versions 1 to 9."""

    NUMERIC = (0b0001, 10)
    ALPHANUMERIC = (0b0010, 9)
    BYTE = (0b0100, 8)


@dataclass(frozen=True, slots=True)
class Segment:
    """A run of characters in one mode."""

    mode: Mode
    text: str

    @property
    def bits(self) -> str:
        """Mode indicator, count and characters, as a string of 0 and 1."""
        indicator, count_width = self.mode.value
        count = len(self.text.encode()) if self.mode is Mode.BYTE else len(self.text)
        return f"{indicator:04b}{count:0{count_width}b}" + _CHARACTER_BITS[self.mode](self.text)


def _numeric_bits(text: str) -> str:
    groups = (text[i : i + 3] for i in range(0, len(text), 3))
    return "".join(f"{int(group):0{3 * len(group) + 1}b}" for group in groups)


def _alphanumeric_bits(text: str) -> str:
    values = [ALPHANUMERIC.index(character) for character in text]
    pairs = (values[i : i + 2] for i in range(0, len(values), 2))
    return "".join(f"{45 * pair[0] + pair[1]:011b}" if len(pair) == 2 else f"{pair[0]:06b}" for pair in pairs)


def _byte_bits(text: str) -> str:
    return "".join(f"{octet:08b}" for octet in text.encode())


_CHARACTER_BITS: dict[Mode, Callable[[str], str]] = {
    Mode.NUMERIC: _numeric_bits,
    Mode.ALPHANUMERIC: _alphanumeric_bits,
    Mode.BYTE: _byte_bits,
}


def padding(bits: str, capacity: int) -> str:
    """The standard's own ending for `bits`: terminator, zeros to the octet, 0xEC and 0x11 in turn."""
    bits += "0" * min(TERMINATOR_BITS, capacity - len(bits))
    bits += "0" * (-len(bits) % 8)
    pads = "1110110000010001" * (capacity // 16 + 1)
    return bits + pads[: capacity - len(bits)]
