"""What a worker does besides delivering: chores, each with a rhythm; one that is broken starves no other."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import structlog

from wristband.db import db

log = structlog.get_logger(__name__)


@dataclass(slots=True)
class Chore:
    """A deed that is begun at most once in `every`; a clock that is set back begins it at once.

    A deed that gives an iterator is long: each call does one step of it, so that nothing else waits for long.
    """

    name: str
    every: timedelta
    deed: Callable[[datetime], object]
    _began_at: datetime | None = field(default=None, init=False)
    _under_way: Iterator[object] | None = field(default=None, init=False)

    def look(self, now: datetime) -> None:
        """Begin if it is time, or go on with what is under way. Raises whatever the deed does: then it is over."""
        if self._under_way is None:
            if self._began_at is not None and self._began_at <= now < self._began_at + self.every:
                return
            self._began_at = now
            begun = self.deed(now)
            if not isinstance(begun, Iterator):
                return
            self._under_way = begun
        steps, self._under_way = self._under_way, None
        for _ in steps:
            self._under_way = steps
            return


def look_after(chores: Sequence[Chore], now: datetime) -> None:
    """Look at each of them once. A fault is logged and its transaction ended; the chore is begun anew in its time."""
    for chore in chores:
        try:
            chore.look(now)
        except Exception:
            log.exception("chore_failed", chore=chore.name)
        finally:
            db.session.rollback()  # no reading goes on while others work
