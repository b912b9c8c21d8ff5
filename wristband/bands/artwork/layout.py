"""Where address, serial, MAC and padding lie in a symbol, and the smallest symbols that hold them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, cached_property

import numpy as np
from numpy.typing import NDArray

from wristband.bands.artwork.segments import ALPHANUMERIC, TERMINATOR_BITS, Mode, Segment
from wristband.bands.artwork.symbol import Frame, Level, frame, word
from wristband.bands.tokens import TOKEN_LENGTH
from wristband.errors import BadValue
from wristband.values.code import SERIAL_DIGITS

PREFERENCE = (
    (3, Level.Q),
    (3, Level.M),
    (4, Level.Q),
    (4, Level.M),
    (5, Level.Q),
    (5, Level.M),
    (6, Level.Q),
    (6, Level.M),
)
"""The symbols in the order in which they read on a worn band, best first, when all are printed equally large."""


# The power in the outline of a rounded portrait: 2 is a circle, infinity the square.
_ROUNDNESS = 2.5


@dataclass(frozen=True, slots=True)
class Window:
    """The square of modules that the portrait is drawn on, and of those the ones it may have its way with.

    Of a rounded one the corners stay plain: a face has nothing there, and every module left alone reads as before.
    """

    left: int
    top: int
    side: int
    rounded: bool = True

    @classmethod
    def centred(cls, size: int, side: int, *, rounded: bool = True) -> Window:
        """`side` modules in the middle of a symbol of `size`; both odd, so that it lies on modules."""
        return cls((size - side) // 2, (size - side) // 2, side, rounded)

    @property
    def covered(self) -> NDArray[np.bool_]:
        """Which of its modules belong to the portrait, `side` x `side`."""
        if not self.rounded:
            return np.ones((self.side, self.side), dtype=bool)
        along = np.abs((np.arange(self.side) + 0.5) / self.side * 2 - 1) ** _ROUNDNESS
        return np.asarray(np.add.outer(along, along) <= 1)

    def modules(self, size: int) -> list[int]:
        """The modules of the portrait as their places in a symbol of `size`, row by row."""
        rows, columns = np.nonzero(self.covered)
        return [int(place) for place in (rows + self.top) * size + columns + self.left]


def segments(address: str, token: str) -> tuple[Segment, ...]:
    """The payload as segments: address, twelve digits, key character and MAC."""
    mode = Mode.ALPHANUMERIC if set(address) <= set(ALPHANUMERIC) else Mode.BYTE
    return (
        Segment(mode, address),
        Segment(Mode.NUMERIC, token[:SERIAL_DIGITS]),
        Segment(Mode.ALPHANUMERIC, token[SERIAL_DIGITS:]),
    )


@dataclass(frozen=True, eq=False)
class Layout:
    """A symbol for one address: which of its data bits mean what."""

    address: str
    frame: Frame

    @cached_property
    def _widths(self) -> tuple[int, ...]:
        return tuple(len(segment.bits) for segment in segments(self.address, "0" * TOKEN_LENGTH))

    @property
    def digits_start(self) -> int:
        """The first data bit of the serial's digits: four groups of three, ten bits each."""
        return self._widths[0] + 14

    @property
    def mac_start(self) -> int:
        """The first data bit of key character and MAC: six pairs of eleven bits, and six bits."""
        return self._widths[0] + self._widths[1] + 13

    @property
    def end(self) -> int:
        """The first data bit after the terminator: decoders ignore everything from here on.

        The standard lets a symbol that is full to the brim do with a shorter terminator, or none.
        """
        return min(sum(self._widths) + TERMINATOR_BITS, self.frame.capacity)

    @property
    def fits(self) -> bool:
        """Whether the payload has room."""
        return sum(self._widths) <= self.frame.capacity

    @property
    def freedom(self) -> int:
        """How many bits a portrait can have its way with."""
        return len(self.solvable_serial_bits) + self.frame.capacity - self.end

    @cached_property
    def solvable_serial_bits(self) -> tuple[int, ...]:
        """The serial's free bits in blocks that hold nothing of the MAC.

        Nine of each group's ten: with the top bit zero a group is 000 to 511, and every choice is a number.
        """
        first = self.frame.block_of(self.mac_start)
        return tuple(bit for bit in self._free_serial_bits if self.frame.block_of(bit) < first)

    @cached_property
    def searched_digits(self) -> tuple[int, ...]:
        """For each group of three digits, the value of its other free bits: the MAC follows whatever they become."""
        searched = frozenset(self._free_serial_bits) - frozenset(self.solvable_serial_bits)
        return tuple(
            sum(1 << 9 - bit for bit in range(10) if self.digits_start + 10 * group + bit in searched)
            for group in range(4)
        )

    @property
    def _free_serial_bits(self) -> tuple[int, ...]:
        return tuple(self.digits_start + 10 * group + bit for group in range(4) for bit in range(1, 10))

    @cached_property
    def _skeleton(self) -> int:
        """The state of address and headers, digits and MAC all zero."""
        bits = "".join(segment.bits for segment in segments(self.address, "0" * TOKEN_LENGTH))
        return self.frame.write(0, bits)

    def with_groups(self, groups: Sequence[int]) -> int:
        """The state of a symbol with these four groups of three digits, MAC and padding zero."""
        state = self._skeleton
        for i, group in enumerate(groups):
            state ^= word(self.frame, self.digits_start + 10 * i, 10, group)
        return state

    def groups(self, state: int) -> tuple[int, ...]:
        """The four groups of three digits in a state, as numbers."""
        bits = state >> self.frame.area + self.digits_start
        return tuple(int(f"{bits >> 10 * i & 1023:010b}"[::-1], 2) for i in range(4))

    def serial(self, state: int) -> str:
        """The twelve digits in a state."""
        return "".join(f"{group:03d}" for group in self.groups(state))

    def with_mac(self, state: int, token: str) -> int:
        """A state whose MAC was zero, with the token's key character and MAC."""
        values = [ALPHANUMERIC.index(character) for character in token[SERIAL_DIGITS:]]
        for i in range(6):
            state ^= word(self.frame, self.mac_start + 11 * i, 11, 45 * values[2 * i] + values[2 * i + 1])
        return state ^ word(self.frame, self.mac_start + 66, 6, values[12])


@cache
def layouts(address: str) -> tuple[Layout, ...]:
    """Every symbol that holds a token of this address, best first.

    BadValue `artwork.address_too_long` when none does.
    """
    fitting = tuple(layout for layout in (Layout(address, frame(*choice)) for choice in PREFERENCE) if layout.fits)
    if not fitting:
        raise BadValue("artwork.address_too_long", characters=len(address))
    return fitting
