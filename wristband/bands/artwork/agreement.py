"""The portrait by agreement: a symbol whose free bits are chosen so that its modules fall where the face has ink.

Nothing is damaged. Three things are free: nine of each ten bits of the serial's groups of three digits, every bit
after the terminator, and the mask. Reed-Solomon is linear, so a free bit flips a fixed set of modules; over GF(2)
elimination gives each free bit to the heaviest module still unsettled. The MAC hangs on the serial like chance: what
lies in its blocks cannot be solved for before the serial is known, and is searched instead.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from wristband.bands.artwork.layout import Layout, Rectangle
from wristband.bands.artwork.symbol import MASKS

Sign = Callable[[str], str]

DARK_LIGHT, LIGHT_LIGHT = 0.34, 0.88
"""The most mean light a dark module may keep, the least a light one must have (paper is 1)."""

_WEIGHT_BITS = 5
_FACE_SIGMA = 0.34
_STARTS_SOLVED, _STARTS_SEARCHED = 160, 500


@dataclass(frozen=True, eq=False)
class Wish:
    """What the portrait asks of the modules under it.

    `dark`: the modules it wants dark. `planes`: the weights in binary, plane k holding the modules whose weight has
    bit k. `order`: the modules, heaviest first. `total`: the sum of the weights.
    """

    dark: int
    planes: tuple[int, ...]
    order: tuple[int, ...]
    total: int

    def disagreement(self, symbol: int) -> int:
        """The weight of the modules that are not as wished."""
        wrong = symbol ^ self.dark
        return sum((wrong & plane).bit_count() << k for k, plane in enumerate(self.planes))


def wish(light: NDArray[np.float32], rectangle: Rectangle, size: int) -> Wish:
    """What a portrait, given by the mean light of each module (side x side), asks of a symbol of `size` modules.

    The weight is the ink or paper that must be added against the face when the module is of the wrong colour, squared,
    times a Gaussian about the face's middle.
    """
    if_dark = np.clip(light - DARK_LIGHT, 0, None) ** 2
    if_light = np.clip(LIGHT_LIGHT - light, 0, None) ** 2
    steps = (np.arange(rectangle.side) + 0.5) / rectangle.side - 0.5
    bell = np.exp(-(steps[:, None] ** 2 + steps[None, :] ** 2) / (2 * _FACE_SIGMA**2))
    weights = np.abs(if_dark - if_light) * bell
    top = (1 << _WEIGHT_BITS) - 1
    whole = np.rint(weights / max(float(weights.max()), 1e-6) * top).astype(int)
    modules = [
        (rectangle.top + r) * size + rectangle.left + c for r in range(rectangle.side) for c in range(rectangle.side)
    ]
    by_weight = sorted(zip(weights.flat, modules, strict=True), reverse=True)
    pairs = list(zip(modules, whole.flat, strict=True))
    return Wish(
        dark=sum(1 << m for m, ink in zip(modules, (if_light > if_dark).flat, strict=True) if ink),
        planes=tuple(sum(1 << m for m, weight in pairs if int(weight) >> k & 1) for k in range(_WEIGHT_BITS)),
        order=tuple(module for _, module in by_weight),
        total=int(whole.sum()),
    )


Settled = tuple[tuple[int, int], ...]


def eliminate(rows: Iterable[int], order: Iterable[int]) -> Settled:
    """Gauss and Jordan over GF(2): pairs of a module (one bit) and the row that flips it and no other settled module.

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
        settled.append((probe, pivot))
    return tuple(settled)


def settle(state: int, goal: int, settled: Settled) -> int:
    """The state moved so that every settled module is as in `goal`."""
    wrong = state ^ goal
    for probe, row in settled:
        if wrong & probe:
            state ^= row
    return state


@dataclass(frozen=True, slots=True)
class Candidate:
    """One finished symbol of the search: its data, its mask, and how far it is from the portrait."""

    disagreement: int
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
    def _early(self) -> Settled:
        """Modules settled by the serial's bits, where no MAC lies in the same block."""
        layout = self.layout
        rows = [layout.frame.effects[bit] for bit in layout.solvable_serial_bits]
        return eliminate(rows, self.wish.order)

    @cached_property
    def _late(self) -> Settled:
        """Modules settled by the padding, once the MAC is known."""
        layout = self.layout
        rows = [layout.frame.effects[bit] for bit in range(layout.end, layout.frame.capacity)]
        return eliminate(rows, self.wish.order)

    @property
    def starts(self) -> int:
        """Random serials worth trying in one round: about a tenth of a second of one core."""
        return _STARTS_SOLVED if self._early else _STARTS_SEARCHED

    @property
    def solved(self) -> int:
        """How many modules agree by solving rather than by luck."""
        return len(self._early) + len(self._late)

    def candidates(self, starts: int, chance: random.Random) -> Iterator[Candidate]:
        """Finished symbols from `starts` random serials and all masks, in no order; each better than most."""
        layout, frame = self.layout, self.layout.frame
        goals = [self.wish.dark ^ frame.masks[mask] for mask in MASKS]
        for _ in range(starts):
            groups = [chance.randrange(512) for _ in range(4)]
            begun = layout.with_groups(groups)
            if self._early:
                for mask in MASKS:
                    state = settle(begun, goals[mask], self._early)
                    token = self.sign(layout.serial(state))
                    yield self._finished(layout.with_mac(state, token), token, mask, goals[mask])
            else:
                token = self.sign("".join(f"{group:03d}" for group in groups))
                state = layout.with_mac(begun, token)
                yield min(
                    (self._finished(state, token, mask, goals[mask]) for mask in MASKS),
                    key=lambda candidate: candidate.disagreement,
                )

    def _finished(self, state: int, token: str, mask: int, goal: int) -> Candidate:
        state = settle(state, goal, self._late)
        return Candidate(self.wish.disagreement(state ^ self.layout.frame.masks[mask]), token, mask, state)
