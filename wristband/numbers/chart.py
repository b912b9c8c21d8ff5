"""A column for each hour of the day, laid out in a drawing's units."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

WIDTH = 720
HEIGHT = 260
_LEFT, _RIGHT, _TOP, _BOTTOM = 44.0, 8.0, 28.0, 40.0
_GAP = 6.0
_LINES_MOST = 5


@dataclass(frozen=True, slots=True)
class Column:
    hour: int
    count: int
    x: float
    y: float
    width: float
    height: float
    peak: bool
    """Drawn in another pattern and labelled: told apart without colour."""


@dataclass(frozen=True, slots=True)
class Line:
    """A horizontal line and the count it stands for."""

    y: float
    count: int


@dataclass(frozen=True, slots=True)
class Chart:
    columns: tuple[Column, ...]
    lines: tuple[Line, ...]
    base_y: float


def draw(hours: Sequence[int], peaks: Sequence[int]) -> Chart:
    """Lay out one column an hour; the scale ends at a round count above the highest."""
    step = _step(max(hours, default=0))
    top = step * max(1, -(-max(hours, default=0) // step))
    room, base = HEIGHT - _TOP - _BOTTOM, HEIGHT - _BOTTOM
    slot = (WIDTH - _LEFT - _RIGHT) / max(1, len(hours))
    columns = tuple(
        Column(
            hour=hour,
            count=count,
            x=round(_LEFT + hour * slot + _GAP / 2, 1),
            y=round(base - room * count / top, 1),
            width=round(slot - _GAP, 1),
            height=round(room * count / top, 1),
            peak=hour in peaks,
        )
        for hour, count in enumerate(hours)
    )
    lines = tuple(Line(round(base - room * count / top, 1), count) for count in range(0, top + 1, step))
    return Chart(columns, lines, base)


def _step(highest: int) -> int:
    """The smallest of 1, 2 and 5 times a power of ten by which at most so many lines are drawn."""
    power = 1
    while True:
        for step in (power, 2 * power, 5 * power):
            if highest <= step * _LINES_MOST:
                return step
        power *= 10
