"""The portrait by agreement: a symbol whose free bits are chosen so that its modules fall where the face has ink.

Nothing is damaged. Three things are free: nine of each ten bits of the serial's groups of three digits, every bit
after the terminator, and the mask. Reed-Solomon is linear, so a free bit flips a fixed set of modules, and the symbol
nearest to the portrait is the nearest word of a linear code: over GF(2) elimination gives each free bit to the heaviest
module still unsettled, then pairs of free bits are turned as long as that brings the symbol nearer. The MAC hangs on
the serial like chance: what lies in its blocks cannot be solved for before the serial is known, and is searched.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from wristband.bands.artwork.layout import Layout, Window
from wristband.bands.artwork.segments import ALPHANUMERIC
from wristband.bands.artwork.symbol import MASKS
from wristband.values.code import SERIAL_DIGITS

Sign = Callable[[str], str]
Floats = NDArray[np.float32]
Ints = NDArray[np.int64]

DARK_LIGHT, LIGHT_LIGHT = 0.34, 0.88
"""The most mean light a dark module may keep, the least a light one must have (paper is 1)."""

_FACE_SIGMA = 0.26
_STARTS_SOLVED, _STARTS_SEARCHED = 240, 600
# Of the symbols that elimination gives, so many are brought nearer, in so many steps at most.
_POLISHED, _STEPS = 96, 4
# With more free bits than this nearly every module is settled, and pairs of them are too many to be tried.
_MOST_POLISHED_ROWS = 128
_VALUES = np.zeros(128, dtype=np.int64)
_VALUES[[ord(character) for character in ALPHANUMERIC]] = np.arange(len(ALPHANUMERIC))


@dataclass(frozen=True, eq=False)
class Wish:
    """What the portrait asks of the modules under it.

    `modules`: their places in the symbol, heaviest first. `dark`: whether each is wanted dark. `weights`: how much
    each counts; they sum to one.
    """

    modules: tuple[int, ...]
    dark: NDArray[np.bool_]
    weights: Floats

    def disagreement(self, symbol: int) -> float:
        """The weight of the modules that are not as wished, 0 to 1."""
        return float(self.weights @ (bits([symbol], self.modules)[0] != self.dark))


def wish(light: Floats, window: Window, size: int) -> Wish:
    """What a portrait, given by the mean light of each module (side x side), asks of a symbol of `size` modules.

    The weight is the ink or paper that must be added against the face when the module is of the wrong colour, squared,
    times a Gaussian about the face's middle.
    """
    if_dark = np.clip(light - DARK_LIGHT, 0, None) ** 2
    if_light = np.clip(LIGHT_LIGHT - light, 0, None) ** 2
    steps = (np.arange(window.side) + 0.5) / window.side - 0.5
    bell = np.exp(-(steps[:, None] ** 2 + steps[None, :] ** 2) / (2 * _FACE_SIGMA**2))
    weights = (np.abs(if_dark - if_light) * bell)[window.covered]
    order = np.argsort(-weights, kind="stable")
    modules = window.modules(size)
    return Wish(
        modules=tuple(modules[place] for place in order),
        dark=(if_light > if_dark)[window.covered][order],
        weights=np.asarray(weights[order] / max(float(weights.sum()), 1e-6), dtype=np.float32),
    )


def bits(states: Sequence[int], places: Sequence[int]) -> NDArray[np.uint8]:
    """Of each state (one row) the bits at these places."""
    width = max(max(states, default=0).bit_length(), max(places, default=0) + 1) + 7 >> 3
    octets = b"".join(state.to_bytes(width, "little") for state in states)
    rows = np.frombuffer(octets, dtype=np.uint8).reshape(len(states), width)
    return np.unpackbits(rows, axis=1, bitorder="little")[:, list(places)]


def eliminate(rows: Iterable[int], order: Iterable[int]) -> tuple[tuple[int, int], ...]:
    """Gauss and Jordan over GF(2): pairs of a module (its place) and the row that flips it and no other settled module.

    `rows` are states that each free bit flips, `order` the modules to be settled, heaviest first. There are as many
    pairs as the rows reach of the modules.
    """
    free = list(rows)
    settled: list[tuple[int, int]] = []
    for module in order:
        probe = 1 << module
        pivot = next((row for row in free if row & probe), None)
        if pivot is None:
            continue
        free.remove(pivot)
        free = [row ^ pivot if row & probe else row for row in free]
        settled = [(other, row ^ pivot if row & probe else row) for other, row in settled]
        settled.append((module, pivot))
        if not free:
            break
    return tuple(settled)


@dataclass(frozen=True, eq=False)
class Freedom:
    """Some free bits, solved for a wish: a linear code over the portrait's modules.

    `states`: what each of its rows flips in the symbol. `pivots`: for each row the module (its rank in the wish) that
    no other row flips.
    """

    wish: Wish
    states: tuple[int, ...]
    pivots: tuple[int, ...]

    @classmethod
    def of(cls, wish: Wish, rows: Iterable[int]) -> Freedom:
        """The freedom of free bits, given by the states that they flip."""
        rank = {module: place for place, module in enumerate(wish.modules)}
        settled = eliminate(rows, wish.modules)
        return cls(wish, tuple(row for _, row in settled), tuple(rank[module] for module, _ in settled))

    @cached_property
    def rows(self) -> Floats:
        """What each row flips of the portrait's modules, heaviest first."""
        return bits(self.states, self.wish.modules).astype(np.float32)

    @cached_property
    def _moves(self) -> tuple[Floats, Floats]:
        """What may be turned at once (nothing, one row, two): which rows, and the modules that two rows flip both."""
        count = len(self.states)
        single = np.eye(count, dtype=np.float32)
        first, second = np.triu_indices(count, 1)
        moves = np.vstack((np.zeros((1, count), dtype=np.float32), single, single[first] + single[second]))
        return moves, self.rows[first] * self.rows[second]

    def settle(self, wrong: Floats) -> tuple[Floats, NDArray[np.bool_]]:
        """Each row of `wrong` (1 where a module is not as wished) with every pivot put right, and the rows turned."""
        turned = wrong[:, list(self.pivots)]
        return (wrong + turned @ self.rows) % 2, turned > 0

    def polish(self, wrong: Floats, turned: NDArray[np.bool_]) -> tuple[Floats, NDArray[np.bool_]]:
        """The same, brought nearer: one or two more rows turned at a time, as long as it helps."""
        if not 0 < len(self.states) <= _MOST_POLISHED_ROWS:
            return wrong, turned
        moves, shared = self._moves
        first, second = np.triu_indices(len(self.states), 1)
        for _ in range(_STEPS):
            # Turning a row adds the weight of what it puts wrong and takes away that of what it puts right.
            signed = self.wish.weights * (1 - 2 * wrong)
            one = signed @ self.rows.T
            two = one[:, first] + one[:, second] - 2 * (signed @ shared.T)
            best = np.hstack((np.zeros_like(one[:, :1]), one, two)).argmin(axis=1)
            if not best.any():
                break
            wrong = np.asarray((wrong + moves[best] @ self.rows) % 2, dtype=np.float32)
            turned = turned ^ (moves[best] > 0)
        return wrong, turned

    def flipped(self, turned: NDArray[np.bool_]) -> int:
        """The state that the turned rows flip together."""
        state = 0
        for place in np.flatnonzero(turned):
            state ^= self.states[place]
        return state


@dataclass(frozen=True, slots=True)
class Candidate:
    """One finished symbol of the search: its data, its mask, and how far it is from the portrait (0 to 1)."""

    disagreement: float
    token: str
    mask: int
    state: int


@dataclass(frozen=True, eq=False)
class Agreement:
    """The search for one address, layout and portrait."""

    layout: Layout
    wish: Wish
    sign: Sign

    @cached_property
    def _early(self) -> Freedom:
        """The serial's bits where no MAC lies in the same block."""
        return Freedom.of(self.wish, (self.layout.frame.effects[bit] for bit in self.layout.solvable_serial_bits))

    @cached_property
    def _late(self) -> Freedom:
        """The padding, which can be solved for once the MAC is known."""
        layout = self.layout
        return Freedom.of(self.wish, (layout.frame.effects[bit] for bit in range(layout.end, layout.frame.capacity)))

    @property
    def starts(self) -> int:
        """Random serials worth trying in one round for each mask: a few hundredths of a second of one core."""
        return _STARTS_SOLVED if self._early.states else _STARTS_SEARCHED

    @property
    def solved(self) -> int:
        """How many modules agree by solving rather than by luck."""
        return len(self._early.states) + len(self._late.states)

    @cached_property
    def _goals(self) -> Floats:
        """For each mask, the modules that have to be dark before it is laid on."""
        masks = bits(self.layout.frame.masks, self.wish.modules)
        return np.asarray(masks ^ self.wish.dark, dtype=np.float32)

    @cached_property
    def _beginnings(self) -> Ints:
        """For each mask, the serial's four groups with the solvable bits at their best, everything else zero."""
        layout = self.layout
        bare = layout.with_groups((0, 0, 0, 0))
        if not self._early.states:
            return np.zeros((len(MASKS), 4), dtype=np.int64)
        wrong = (self._goals + bits([bare], self.wish.modules)) % 2
        _, turned = self._early.polish(*self._early.settle(wrong))
        return np.array([layout.groups(bare ^ self._early.flipped(each)) for each in turned], dtype=np.int64)

    def candidates(self, starts: int, chance: random.Random) -> list[Candidate]:
        """Finished symbols, the best few dozen from `starts` random serials a mask, best first."""
        masks, groups, tokens = self._begun(starts, chance)
        wrong = (self._plain + self._groups(groups) + self._macs(tokens) + self._goals[masks]) % 2
        wrong, turned = self._late.settle(wrong)
        best = np.argsort(wrong @ self.wish.weights, kind="stable")[:_POLISHED]
        wrong, turned = self._late.polish(wrong[best], turned[best])
        found = [
            Candidate(
                disagreement=float(far),
                token=tokens[place],
                mask=int(masks[place]),
                state=self.layout.with_mac(self.layout.with_groups(groups[place].tolist()), tokens[place])
                ^ self._late.flipped(rows),
            )
            for place, far, rows in zip(best, wrong @ self.wish.weights, turned, strict=True)
        ]
        return sorted(found, key=lambda each: (each.disagreement, each.token, each.mask))

    def _begun(self, starts: int, chance: random.Random) -> tuple[Ints, Ints, list[str]]:
        """Masks, groups of digits and tokens to be tried: where nothing is solved, one token serves all masks."""
        solving = bool(self._early.states)
        drawn = np.frombuffer(chance.randbytes(8 * starts * (len(MASKS) if solving else 1)), dtype=np.uint16)
        groups = drawn.reshape(-1, 4).astype(np.int64) & self.layout.searched_digits
        if solving:
            groups |= np.repeat(self._beginnings, starts, axis=0)
        tokens = [self.sign(f"{a:03d}{b:03d}{c:03d}{d:03d}") for a, b, c, d in groups.tolist()]
        if solving:
            return np.repeat(np.arange(len(MASKS)), starts), groups, tokens
        masks = np.tile(np.arange(len(MASKS)), starts)
        return masks, np.repeat(groups, len(MASKS), axis=0), [token for token in tokens for _ in MASKS]

    @cached_property
    def _plain(self) -> Floats:
        """The modules of the portrait that address and headers make dark."""
        return bits([self.layout.with_groups((0, 0, 0, 0))], self.wish.modules).astype(np.float32)

    @cached_property
    def _effects(self) -> Floats:
        """What each data bit flips of the portrait's modules."""
        return bits(self.layout.frame.effects, self.wish.modules).astype(np.float32)

    def _groups(self, groups: Ints) -> Floats:
        """What the digits of each serial flip."""
        start = self.layout.digits_start
        return _spelled(groups, 10) @ self._effects[start : start + 40]

    def _macs(self, tokens: Sequence[str]) -> Floats:
        """What each token's key character and MAC flip."""
        spelled = "".join(token[SERIAL_DIGITS:] for token in tokens).encode("ascii")
        values = _VALUES[np.frombuffer(spelled, dtype=np.uint8)].reshape(len(tokens), -1)
        pairs, last = 45 * values[:, 0:12:2] + values[:, 1:12:2], values[:, 12:]
        start = self.layout.mac_start
        return np.hstack((_spelled(pairs, 11), _spelled(last, 6))) @ self._effects[start : start + 72]


def _spelled(numbers: Ints, width: int) -> Floats:
    """Each row of numbers as its bits, the highest of `width` first."""
    found = numbers[:, :, None] >> np.arange(width - 1, -1, -1) & 1
    return found.reshape(len(numbers), -1).astype(np.float32)
