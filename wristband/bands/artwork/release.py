"""From a face to a band that reads: design, check, and a smaller portrait where the check says so."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from PIL import Image

from wristband.bands.artwork.agreement import Sign
from wristband.bands.artwork.checking import CheckResult, check
from wristband.bands.artwork.design import SMALLEST_SIDE, Design, chosen_layout, design, largest_side
from wristband.bands.artwork.portrait import Tone, is_blank, prepare
from wristband.errors import Unavailable


@dataclass(frozen=True, slots=True)
class Release:
    """A design that passed its check, and what was tried before it: portraits that were too large to read."""

    design: Design
    check: CheckResult
    refused: tuple[tuple[Design, CheckResult], ...] = ()


def release(
    address: str,
    sign: Sign,
    portrait: Image.Image | Tone | None,
    *,
    taken: Callable[[str], bool] | None = None,
    seed: int | str | None = None,
    checked: Callable[[Design, Tone | None], CheckResult] = check,
) -> Release:
    """The largest portrait whose symbol passes the check; a plain symbol when none does.

    No portrait is better than a band that does not read, and a picture of nothing is no portrait. `checked` may be a
    stricter check than `check`. Unavailable `artwork.does_not_read` when not even the plain symbol passes, which no
    sound installation has shown; BadValue `artwork.address_too_long` as in `designs`.
    """
    tone = prepare(portrait) if isinstance(portrait, Image.Image) else portrait
    if tone is not None and is_blank(tone):
        tone = None
    refused: list[tuple[Design, CheckResult]] = []
    for side in _sides(address, tone):
        drawn = design(address, sign, tone if side else None, taken=taken, side=side, seed=seed)
        result = checked(drawn, tone if side else None)
        if result.passed:
            return Release(drawn, result, tuple(refused))
        refused.append((drawn, result))
    raise Unavailable("artwork.does_not_read")


def _sides(address: str, tone: Tone | None) -> tuple[int | None, ...]:
    if tone is None:
        return (None,)
    largest = largest_side(chosen_layout(address, with_portrait=True).frame.version)
    return (*range(largest, SMALLEST_SIDE - 1, -2), None)
