"""Verifying the trail: from the first row to the last, through every checkpoint, naming the first that is wrong."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from wristband.audit.chain import START, Link, digest
from wristband.audit.checkpoints import Checkpoint
from wristband.errors import Refusal


class TrailBroken(Refusal):
    """The trail is not what was written. `i` is the number of the first bad row, `row_id` its id where it has one."""

    status = 500


@dataclass(frozen=True)
class Whole:
    """A trail in which nothing is wrong."""

    rows: int
    last_at: datetime | None
    checkpoints: int
    witnessed: int
    """How many rows the last checkpoint covers. Were the rows after it cut off, nobody could tell."""


def walk(links: Iterable[Link], checkpoints: Iterable[Checkpoint]) -> Whole:
    """Read every row, in order of its number, and every checkpoint, in order of its size. Raises TrailBroken."""
    before, number, last_at, passed, witnessed = START, 0, None, 0, 0
    ahead = iter(checkpoints)
    checkpoint = next(ahead, None)
    for number, link in enumerate(links, 1):
        _check(link, number, before)
        before, last_at = link.hash, link.at
        while checkpoint and checkpoint.size == number:
            if checkpoint.root != before:
                raise TrailBroken("audit.rewritten", i=witnessed + 1, last=number, where=checkpoint.where)
            passed += 1
            witnessed = number
            checkpoint = next(ahead, None)
    if checkpoint:
        size = max([checkpoint.size, *(later.size for later in ahead)])
        raise TrailBroken("audit.cut_off", i=number + 1, size=size, proved=witnessed, where=checkpoint.where)
    return Whole(number, last_at, passed, witnessed)


def _check(link: Link, number: int, before: bytes) -> None:
    if link.i != number:
        if isinstance(link.i, int) and link.i > number:
            raise TrailBroken("audit.missing", i=number, next=link.i, next_id=link.row_id)
        raise TrailBroken("audit.out_of_order", i=number, row_id=link.row_id)
    if link.body is None or digest(number, before, link.body) != link.hash:
        raise TrailBroken("audit.edited", i=number, row_id=link.row_id)
