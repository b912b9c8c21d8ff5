"""One band's symbol, and the search for the one that suits a portrait best."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import count

from PIL import Image
from qrcode.util import lost_point

from wristband.bands.artwork.agreement import Agreement, Candidate, Sign, wish
from wristband.bands.artwork.layout import Layout, Window, layouts, segments
from wristband.bands.artwork.portrait import Tone, by_module, prepare
from wristband.bands.artwork.segments import padding
from wristband.bands.artwork.symbol import MASKS, Frame, Level, frame
from wristband.bands.tokens import TOKEN_LENGTH
from wristband.values.code import SERIAL_DIGITS

SMALLEST_SIDE = 7

# Bits a portrait needs to have its way with before its face is a face; fewer, and it is half noise.
_LEAST_FREEDOM = 28

# The first byte of a kept design: its portrait is a square, as the first ones were, or rounded.
_SQUARE, _ROUNDED = 1, 2
_LEVELS = tuple(Level)
# Two candidates within this share of the portrait's whole weight look alike; the mask penalty then decides.
_ALIKE = 0.005
_PENALISED = 4


@dataclass(frozen=True)
class Design:
    """A symbol down to its last padding bit, so that it is drawn again later exactly as it was printed.

    `data`: the data codewords, padding included. `portrait`: the square of modules that the portrait lies on, None in
    a plain symbol. `disagreement`: the share of the portrait's weight on modules of the wrong colour, 0 to 1. No
    module is damaged: what the portrait gets wrong is drawn against the face, never against the symbol.
    """

    address: str
    token: str
    version: int
    level: Level
    mask: int
    data: bytes
    portrait: Window | None
    disagreement: float = 0.0

    @property
    def payload(self) -> str:
        """What a decoder reads."""
        return self.address + self.token

    @property
    def serial(self) -> str:
        """The band's twelve digits."""
        return self.token[:SERIAL_DIGITS]

    @property
    def frame(self) -> Frame:
        """The symbol's fixed parts."""
        return frame(self.version, self.level)

    @property
    def size(self) -> int:
        """Modules a side, without quiet zone."""
        return self.frame.size

    @cached_property
    def dark(self) -> int:
        """The dark modules: bit `row * size + column`."""
        return self.frame.dark(self.frame.state(self.data), self.mask)

    @cached_property
    def modules(self) -> tuple[tuple[bool, ...], ...]:
        """The dark modules row by row."""
        return tuple(self.frame.rows(self.dark))

    def to_bytes(self) -> bytes:
        """About ninety bytes from which `from_bytes` makes the same design (its disagreement is not kept)."""
        side = self.portrait.side if self.portrait else 0
        shape = _SQUARE if self.portrait and not self.portrait.rounded else _ROUNDED
        head = (shape, self.version, _LEVELS.index(self.level), self.mask, side, len(self.address))
        return bytes(head) + self.payload.encode("ascii") + self.data

    @classmethod
    def from_bytes(cls, octets: bytes) -> Design:
        """The design that `to_bytes` wrote; ValueError when these bytes are not one."""
        if (
            len(octets) < 6
            or octets[0] not in (_SQUARE, _ROUNDED)
            or octets[2] >= len(_LEVELS)
            or octets[3] not in MASKS
        ):
            raise ValueError("these bytes are no design")
        version, level, mask, side, length = octets[1], _LEVELS[octets[2]], octets[3], octets[4], octets[5]
        used = frame(version, level)
        payload, data = (
            octets[6 : 6 + length + TOKEN_LENGTH].decode("ascii"),
            octets[6 + length + TOKEN_LENGTH :],
        )
        if len(payload) != length + TOKEN_LENGTH or len(data) * 8 != used.capacity or side > used.size:
            raise ValueError("these bytes are no whole design")
        found = cls(
            address=payload[:length],
            token=payload[length:],
            version=version,
            level=level,
            mask=mask,
            data=data,
            portrait=Window.centred(used.size, side, rounded=octets[0] == _ROUNDED) if side else None,
        )
        said = "".join(segment.bits for segment in segments(found.address, found.token))
        if not "".join(f"{octet:08b}" for octet in data).startswith(said):
            raise ValueError("the codewords do not spell the payload")
        return found


def largest_side(version: int) -> int:
    """The widest portrait of a version, modules: about 45% of the symbol's width, clear of its function patterns."""
    return 13 + 2 * (version - 3)


def chosen_layout(address: str, *, with_portrait: bool) -> Layout:
    """The symbol for this address: the best reading one; for a portrait, of those that leave it bits enough.

    A symbol filled to the brim (version 3-Q with a host of ten characters) has nothing to agree with a face by.
    """
    fitting = layouts(address)
    if not with_portrait:
        return fitting[0]
    return next((each for each in fitting if each.freedom >= _LEAST_FREEDOM), fitting[-1])


def designs(
    address: str,
    sign: Sign,
    portrait: Image.Image | Tone | None,
    *,
    side: int | None = None,
    seed: int | str | None = None,
) -> Iterator[Design]:
    """Designs for a new band, the best first, without end.

    `address` is everything before the token, `sign` makes the token of a serial, `portrait` is a square face crop or
    what `portrait.prepare` made of one, `side` the modules a side it gets (odd; the largest there is, if not given).
    The same seed gives the same designs; without one the system's chance decides. BadValue
    `artwork.address_too_long` when no symbol holds the address.
    """
    chance = random.Random(seed) if seed is not None else random.SystemRandom()  # noqa: S311 - a serial is no secret
    layout = chosen_layout(address, with_portrait=portrait is not None)
    if portrait is None:
        return (_plain(layout, sign(f"{chance.randrange(10**SERIAL_DIGITS):012d}")) for _ in count())
    tone = prepare(portrait) if isinstance(portrait, Image.Image) else portrait
    return _agreeing(layout, sign, tone, side or largest_side(layout.frame.version), chance)


def design(
    address: str,
    sign: Sign,
    portrait: Image.Image | Tone | None,
    *,
    taken: Callable[[str], bool] | None = None,
    side: int | None = None,
    seed: int | str | None = None,
) -> Design:
    """The best design whose serial is not taken; see `designs`."""
    for candidate in designs(address, sign, portrait, side=side, seed=seed):
        if taken is None or not taken(candidate.serial):
            return candidate
    raise AssertionError("the supply of designs has no end")


def plain(design: Design) -> Design:
    """The standard's own symbol for the payload of a design, by which its reading is judged."""
    layout = Layout(design.address, design.frame)
    return _plain(layout, design.token)


def _plain(layout: Layout, token: str) -> Design:
    used = layout.frame
    bits = "".join(segment.bits for segment in segments(layout.address, token))
    state = used.write(0, padding(bits, used.capacity))
    mask = min(MASKS, key=lambda mask: _penalty(used, state, mask))
    return Design(layout.address, token, used.version, used.level, mask, used.data(state), None)


def _penalty(used: Frame, state: int, mask: int) -> int:
    return int(lost_point([list(row) for row in used.rows(used.dark(state, mask))]))


def _agreeing(layout: Layout, sign: Sign, tone: Tone, side: int, chance: random.Random) -> Iterator[Design]:
    used = layout.frame
    window = Window.centred(used.size, side)
    search = Agreement(layout, wish(by_module(tone, side), window, used.size), sign)
    given_out: set[str] = set()
    while True:
        for found in _ranked(search, chance):
            if found.token in given_out:
                continue
            given_out.add(found.token)
            yield Design(
                address=layout.address,
                token=found.token,
                version=used.version,
                level=used.level,
                mask=found.mask,
                data=used.data(found.state),
                portrait=window,
                disagreement=found.disagreement,
            )


def _ranked(search: Agreement, chance: random.Random) -> list[Candidate]:
    """One round of the search, best first; among the leading ones that look alike the lowest mask penalty first."""
    found, used = search.candidates(search.starts, chance), search.layout.frame
    alike = [each for each in found[:_PENALISED] if each.disagreement - found[0].disagreement < _ALIKE]
    if len(alike) > 1:
        alike.sort(key=lambda each: (_penalty(used, each.state, each.mask), each.token))
    return alike + found[len(alike) :]
