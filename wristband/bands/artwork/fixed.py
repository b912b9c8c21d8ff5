"""A portrait in the symbol of a payload that is given: no serial to choose, only padding and mask are free."""

from __future__ import annotations

import numpy as np
from qrcode.util import lost_point

from wristband.bands.artwork.agreement import Freedom, bits, wish
from wristband.bands.artwork.checking import CheckResult, check
from wristband.bands.artwork.design import SMALLEST_SIDE, Design, largest_side
from wristband.bands.artwork.drawing import QUIET_MODULES
from wristband.bands.artwork.layout import PREFERENCE, Window
from wristband.bands.artwork.portrait import Tone, by_module, is_blank
from wristband.bands.artwork.release import Release
from wristband.bands.artwork.segments import ALPHANUMERIC, TERMINATOR_BITS, Mode, Segment, padding
from wristband.bands.artwork.symbol import MASKS, Frame, frame
from wristband.errors import BadValue, Unavailable

LEAST_MODULE_MM = 0.5

# Bits of padding from which on a portrait is more than noise; with fewer the next larger symbol is taken.
_LEAST_FREEDOM = 28

_HOLDS: dict[Mode, frozenset[str]] = {
    Mode.NUMERIC: frozenset("0123456789"),
    Mode.ALPHANUMERIC: frozenset(ALPHANUMERIC),
    Mode.BYTE: frozenset(map(chr, range(0x20, 0x7F))),
}
# Sixths of a bit that a character takes.
_SIXTHS = {Mode.NUMERIC: 20, Mode.ALPHANUMERIC: 33, Mode.BYTE: 48}


def fewest_bits(payload: str) -> tuple[Segment, ...]:
    """The payload as the segments that take the fewest bits, modes changed where that pays.

    BadValue `artwork.payload_not_plain` for anything but printable ASCII, of which decoders differ in their reading.
    """
    if not payload or not set(payload) <= _HOLDS[Mode.BYTE]:
        raise BadValue("artwork.payload_not_plain")
    # For each mode the cheapest way to the characters so far that ends in it: sixths of a bit, and its segments.
    ways: dict[Mode, tuple[int, tuple[Segment, ...]]] = {}
    for i, character in enumerate(payload):
        begun = min(ways.values(), key=lambda way: _whole(way[0])) if i else (0, ())
        longer: dict[Mode, tuple[int, tuple[Segment, ...]]] = {}
        for mode in (mode for mode in Mode if character in _HOLDS[mode]):
            head = 6 * (4 + mode.value[1])
            new = (_whole(begun[0]) + head + _SIXTHS[mode], (*begun[1], Segment(mode, character)))
            longer[mode] = new
            if mode in ways:
                cost, before = ways[mode]
                on = (cost + _SIXTHS[mode], (*before[:-1], Segment(mode, before[-1].text + character)))
                longer[mode] = min(new, on, key=lambda way: way[0])
        ways = longer
    return min(ways.values(), key=lambda way: _whole(way[0]))[1]


def _whole(sixths: int) -> int:
    """Rounded up to whole bits, which is where a segment ends."""
    return -(-sixths // 6) * 6


def release_fixed(payload: str, portrait: Tone | None, *, size_mm: float) -> Release:
    """The largest portrait (`portrait.prepare`'s tone) whose symbol passes the check; a plain symbol when none does.

    `size_mm` is the printed width with the quiet zone. BadValue `artwork.payload_not_plain`,
    `artwork.payload_too_long`, `artwork.size_too_small`; Unavailable `artwork.does_not_read`.
    """
    if portrait is not None and is_blank(portrait):
        portrait = None
    said = _said(payload)
    used = _chosen(payload, said, size_mm, with_portrait=portrait is not None)
    refused: list[tuple[Design, CheckResult]] = []
    sides = range(largest_side(used.version), SMALLEST_SIDE - 1, -2) if portrait is not None else ()
    for side in sides:
        assert portrait is not None  # noqa: S101 - there are sides only where there is one
        drawn = _agreeing(payload, used, portrait, side)
        result = _checked(drawn, portrait)
        if result.passed:
            return Release(drawn, result, tuple(refused))
        refused.append((drawn, result))
    drawn = plain_fixed(payload, used)
    result = _checked(drawn, None)
    if not result.passed:
        raise Unavailable("artwork.does_not_read")
    return Release(drawn, result, tuple(refused))


def _said(payload: str) -> str:
    """The payload's bits."""
    return "".join(segment.bits for segment in fewest_bits(payload))


def _chosen(payload: str, said: str, size_mm: float, *, with_portrait: bool) -> Frame:
    """The best reading symbol that holds the bits at this size; for a portrait, of those that leave it bits enough."""
    fitting = [used for used in (frame(*each) for each in PREFERENCE) if len(said) <= used.capacity]
    if not fitting:
        raise BadValue("artwork.payload_too_long", characters=len(payload))
    sound = [used for used in fitting if LEAST_MODULE_MM * _width(used) <= size_mm + 1e-9]
    if not sound:
        least = LEAST_MODULE_MM * min(_width(used) for used in fitting)
        raise BadValue("artwork.size_too_small", least_mm=f"{least:g}")
    least_freedom = _LEAST_FREEDOM + TERMINATOR_BITS if with_portrait else 0
    return next((used for used in sound if used.capacity - len(said) >= least_freedom), sound[0])


def _width(used: Frame) -> int:
    return used.size + 2 * QUIET_MODULES


def plain_fixed(payload: str, used: Frame) -> Design:
    """The standard's own symbol for the payload, by which the reading of a portrait's is judged."""
    state = used.write(0, padding(_said(payload), used.capacity))
    mask = min(MASKS, key=lambda mask: _penalty(used, state, mask))
    return Design(payload, "", used.version, used.level, mask, used.data(state), None)


def _penalty(used: Frame, state: int, mask: int) -> int:
    return int(lost_point([list(row) for row in used.rows(used.dark(state, mask))]))


def _agreeing(payload: str, used: Frame, tone: Tone, side: int) -> Design:
    """The padding solved for the portrait under each mask; of all masks the one that comes nearest to it."""
    window, said = Window.centred(used.size, side), _said(payload)
    wanted = wish(by_module(tone, side), window, used.size)
    end = min(len(said) + TERMINATOR_BITS, used.capacity)
    free = Freedom.of(wanted, (used.effects[bit] for bit in range(end, used.capacity)))
    begun = used.write(0, said)
    under = bits([begun ^ used.masks[mask] for mask in MASKS], wanted.modules)
    wrong, turned = free.polish(*free.settle(np.asarray(under ^ wanted.dark, dtype=np.float32)))
    states = [begun ^ free.flipped(rows) for rows in turned]
    far = wrong @ wanted.weights
    mask = min(MASKS, key=lambda mask: (float(far[mask]), _penalty(used, states[mask], mask)))
    return Design(
        address=payload,
        token="",
        version=used.version,
        level=used.level,
        mask=mask,
        data=used.data(states[mask]),
        portrait=window,
        disagreement=float(far[mask]),
    )


def _checked(design: Design, portrait: Tone | None) -> CheckResult:
    """The same check as every band's, against the plain symbol of the payload."""
    return check(design, portrait, reference=lambda made: plain_fixed(made.payload, made.frame))
