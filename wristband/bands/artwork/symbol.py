"""The QR symbol as a linear code over GF(2): what each data bit flips (ISO/IEC 18004, versions 2 to 6).

A symbol is one Python integer: bit `row * size + column` is set where the module is dark. Above those, bit
`size * size + i` is set where data bit `i` is. So one exclusive-or moves a bit and everything that hangs on it.
"""

from __future__ import annotations

import enum
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache, cached_property, lru_cache

from qrcode.base import rs_blocks

from wristband.bands.artwork.reed_solomon import correction


class Level(enum.StrEnum):
    """Error correction: L mends 7% of the codewords, M 15, Q 25, H 30."""

    L = "L"
    M = "M"
    Q = "Q"
    H = "H"

    @property
    def indicator(self) -> int:
        """The two bits that stand for the level in the format information, and in `qrcode`."""
        return {"L": 1, "M": 0, "Q": 3, "H": 2}[self.value]


_MASKS: tuple[Callable[[int, int], bool], ...] = (
    lambda r, c: (r + c) % 2 == 0,
    lambda r, c: r % 2 == 0,
    lambda r, c: c % 3 == 0,
    lambda r, c: (r + c) % 3 == 0,
    lambda r, c: (r // 2 + c // 3) % 2 == 0,
    lambda r, c: r * c % 2 + r * c % 3 == 0,
    lambda r, c: (r * c % 2 + r * c % 3) % 2 == 0,
    lambda r, c: ((r + c) % 2 + r * c % 3) % 2 == 0,
)
MASKS = range(len(_MASKS))


@dataclass(frozen=True, slots=True)
class Block:
    """One Reed-Solomon block: where its data starts among the data codewords, and its lengths in codewords."""

    start: int
    data: int
    correction: int


@dataclass(frozen=True, eq=False)
class Frame:
    """Everything of a symbol that does not depend on what it says, for one version and level."""

    version: int
    level: Level

    @property
    def size(self) -> int:
        """Modules a side, without quiet zone."""
        return 17 + 4 * self.version

    @property
    def area(self) -> int:
        """Modules in all; data bit `i` of a state is bit `area + i`."""
        return self.size**2

    @cached_property
    def blocks(self) -> tuple[Block, ...]:
        """The Reed-Solomon blocks in order."""
        blocks, start = [], 0
        for block in rs_blocks(self.version, self.level.indicator):
            blocks.append(Block(start, block.data_count, block.total_count - block.data_count))
            start += block.data_count
        return tuple(blocks)

    @cached_property
    def capacity(self) -> int:
        """Data bits, terminator and padding included."""
        return 8 * sum(block.data for block in self.blocks)

    def block_of(self, data_bit: int) -> int:
        """The number of the block that holds this data bit."""
        codeword = data_bit // 8
        return next(i for i, block in enumerate(self.blocks) if codeword < block.start + block.data)

    @cached_property
    def fixed(self) -> tuple[int, int]:
        """The function patterns: modules they own (format information included), and those that are dark."""
        owned = dark = 0
        for index in range(self.area):
            row, column = divmod(index, self.size)
            if self._is_owned(row, column):
                owned |= 1 << index
                dark |= self._is_dark(row, column) << index
        return owned, dark

    def _is_owned(self, row: int, column: int) -> bool:
        far = self.size - 8
        near_row, near_column = row < 9, column < 9
        corner = (near_row and (near_column or column >= far)) or (near_column and row >= far)
        return corner or 6 in (row, column) or self._from_alignment(row, column) <= 2

    def _is_dark(self, row: int, column: int) -> bool:
        """The colour of a module of a function pattern; format information is light until it is written."""
        ring = min(_from_finder(row, column, self.size))
        if ring <= 4:
            return ring in (0, 1, 3)
        if self._from_alignment(row, column) <= 2:
            return self._from_alignment(row, column) != 1
        return (6 in (row, column) and (row + column) % 2 == 0) or (row, column) == (self.size - 8, 8)

    def _from_alignment(self, row: int, column: int) -> int:
        """Steps to the centre of the one alignment pattern."""
        return max(abs(row - self.size + 7), abs(column - self.size + 7))

    @cache  # noqa: B019 - frames are few and live as long as the process
    def format(self, mask: int) -> int:
        """The dark modules of both copies of the format information."""
        word = self.level.indicator << 3 | mask
        remainder = word << 10
        for shift in range(14, 9, -1):
            remainder ^= 0x537 << shift - 10 if remainder >> shift & 1 else 0
        word = (word << 10 | remainder) ^ 0x5412
        dark = 0
        for bit in range(15):
            if word >> bit & 1:
                row = bit if bit < 6 else bit + 1 if bit < 8 else self.size - 15 + bit
                column = self.size - 1 - bit if bit < 8 else 15 - bit if bit == 8 else 14 - bit
                dark |= 1 << row * self.size + 8 | 1 << 8 * self.size + column
        return dark

    @cached_property
    def path(self) -> tuple[int, ...]:
        """Modules in the order in which codeword bits fill them: two columns at a time, up and down, from the right."""
        owned, _ = self.fixed
        columns = [column for column in range(self.size - 1, 0, -2) if column > 6]
        columns += range(5, 0, -2)
        order = []
        for turn, right in enumerate(columns):
            rows = range(self.size - 1, -1, -1) if turn % 2 == 0 else range(self.size)
            order += [row * self.size + column for row in rows for column in (right, right - 1)]
        return tuple(module for module in order if not owned >> module & 1)

    @cached_property
    def masks(self) -> tuple[int, ...]:
        """For each mask the modules that it flips."""
        return tuple(sum(1 << module for module in self.path if flips(*divmod(module, self.size))) for flips in _MASKS)

    @cached_property
    def places(self) -> tuple[tuple[int, ...], ...]:
        """For each block, the place of each of its codewords (data, then correction) in the interleaved stream."""
        places: list[list[int]] = [[] for _ in self.blocks]
        stream = 0
        for part in ("data", "correction"):
            for i in range(max(getattr(block, part) for block in self.blocks)):
                for number, block in enumerate(self.blocks):
                    if i < getattr(block, part):
                        places[number].append(stream)
                        stream += 1
        return tuple(map(tuple, places))

    @cached_property
    def effects(self) -> tuple[int, ...]:
        """For each data bit, the state in which it alone is set: itself, its module, and its generator row's."""
        effects = []
        for number, block in enumerate(self.blocks):
            for codeword in range(block.data):
                for bit in range(8):
                    data = bytearray(block.data)
                    data[codeword] = 0x80 >> bit
                    octets = bytes(data) + correction(bytes(data), block.correction)
                    state = 1 << self.area + 8 * (block.start + codeword) + bit
                    effects.append(state | self._modules(number, octets))
        return tuple(effects)

    def _modules(self, block: int, octets: bytes) -> int:
        """The modules set by a block's codewords."""
        return sum(
            1 << self.path[8 * place + bit]
            for place, octet in zip(self.places[block], octets, strict=True)
            for bit in range(8)
            if octet & 0x80 >> bit
        )

    @cached_property
    def reach(self) -> tuple[int, ...]:
        """For each block, every module that any of its codewords lies on."""
        return tuple(
            self._modules(number, b"\xff" * (block.data + block.correction)) for number, block in enumerate(self.blocks)
        )

    def write(self, start: int, bits: str) -> int:
        """The state of a symbol whose data is all zero but for `bits` from data bit `start` on."""
        state = 0
        for i, bit in enumerate(bits, start):
            if bit == "1":
                state ^= self.effects[i]
        return state

    def dark(self, state: int, mask: int) -> int:
        """The dark modules of the finished symbol."""
        return (state & (1 << self.area) - 1) ^ self.masks[mask] | self.fixed[1] | self.format(mask)

    def data(self, state: int) -> bytes:
        """The data codewords of a state, terminator and padding included."""
        bits = state >> self.area
        return bytes(int(f"{bits >> 8 * i & 0xFF:08b}"[::-1], 2) for i in range(self.capacity // 8))

    def state(self, data: bytes) -> int:
        """The state whose data codewords these are."""
        return self.write(0, "".join(f"{octet:08b}" for octet in data))

    def rows(self, dark: int) -> Iterator[tuple[bool, ...]]:
        """The symbol row by row, True where dark."""
        for row in range(self.size):
            yield tuple(bool(dark >> row * self.size + column & 1) for column in range(self.size))

    def damaged(self, seen: int, meant: int) -> tuple[int, ...]:
        """For each block, how many codewords differ between what is seen and what was meant."""
        wrong = seen ^ meant
        return tuple(
            sum(any(wrong >> self.path[8 * place + bit] & 1 for bit in range(8)) for place in places)
            for places in self.places
        )


def _from_finder(row: int, column: int, size: int) -> tuple[int, int, int]:
    """Steps to the centres of the three finder patterns; 4 is the separator around one."""
    far = size - 4
    return tuple(max(abs(row - r), abs(column - c)) for r, c in ((3, 3), (3, far), (far, 3)))  # type: ignore[return-value]


@cache
def frame(version: int, level: Level) -> Frame:
    """The frame of a version (2 to 6) and level; versions 7 and up carry more function patterns and are not drawn."""
    if version not in range(2, 7):
        raise ValueError("versions 2 to 6 are drawn")
    return Frame(version, level)


@lru_cache(maxsize=1 << 15)
def word(of: Frame, start: int, width: int, value: int) -> int:
    """The state of a symbol whose data is all zero but for a number of `width` bits from data bit `start` on.

    Kept, since a search writes the same groups of digits and pairs of characters again and again.
    """
    return of.write(start, f"{value:0{width}b}")
