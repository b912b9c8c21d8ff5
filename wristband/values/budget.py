"""A budget: how often something may be done, and what happens when that cannot be known."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Fails(Enum):
    """What happens to the deed when the budget cannot be read."""

    OPEN = "the deed goes on: an honest report is worth more than the limit"
    CLOSED = "the deed is refused: guessing is worse than waiting"


@dataclass(frozen=True)
class Budget:
    """`burst` at once and one more each `every_s` seconds."""

    name: str
    burst: int
    every_s: float
    fails: Fails
    refusal: str
    """Code of the sentence that is told; it may say %(wait)s."""
