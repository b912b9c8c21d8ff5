"""What the streams of a process share: one look at the store for all desks, by whichever stream is awake."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from flask import current_app

from wristband.db import db
from wristband.incidents import desk

LOOK_EVERY_S = 0.2
# A stream that nobody wakes looks up so often, whether somebody still looks for it.
_AGAIN_AFTER_S = 2.0
_KNOWN_MOST = 200_000


@dataclass(eq=False)
class _Waiter:
    """A stream that waits for news of these stations; its bell rings for them, and when it has to look itself."""

    stations: frozenset[int]
    bell: threading.Event = field(default_factory=threading.Event)


class Watch:
    """Counts, for each station, how often its desk has become another one. Numbers of one process, and of no meaning
    but that they differ.

    One of the waiting streams looks for all: a look is three questions whatever the number of desks, and asks for what
    has changed of late, not for what there is. Only those whose desk has changed are woken. Whose turn ends hands it
    on; with no stream open nothing is asked.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: set[_Waiter] = set()
        self._looking = False
        self._looked_at = 0.0
        self._counts: dict[int, int] = {}
        self._everybody = 0
        self._since: datetime | None = None
        self._marks: dict[int, desk.Mark] = {}
        self._calls: frozenset[tuple[int, int | None]] = frozenset()

    def version(self, stations: Iterable[int]) -> int:
        """How often one of these stations' desks has changed, as far as is known by now."""
        return self._everybody + sum(self._counts.get(station, 0) for station in stations)

    def wait(self, stations: frozenset[int], known: int | None, seat: threading.Event, *, timeout_s: float) -> int:
        """The version of these stations' desks, as soon as it is not `known` any more or the time is over.

        Ends early once the seat is over. Raises what the store raises.
        """
        until, me = time.monotonic() + timeout_s, _Waiter(stations)
        with self._lock:
            self._waiting.add(me)
        try:
            while True:
                with self._lock:
                    now, mine = self.version(stations), not self._looking
                    over = now != known or seat.is_set() or time.monotonic() >= until
                    self._looking = self._looking or not over
                if over:
                    return now
                if mine:
                    self._look_in_time()
                else:
                    me.bell.wait(max(0.0, min(_AGAIN_AFTER_S, until - time.monotonic())))
                    me.bell.clear()
        finally:
            self._leave(me)

    def _leave(self, me: _Waiter) -> None:
        with self._lock:
            self._waiting.discard(me)
            if not self._looking and self._waiting:
                next(iter(self._waiting)).bell.set()

    def _look_in_time(self) -> None:
        try:
            time.sleep(max(0.0, self._looked_at + LOOK_EVERY_S - time.monotonic()))
            self._look()
        finally:
            with self._lock:
                self._looking, self._looked_at = False, time.monotonic()

    def _look(self) -> None:
        newest = desk.newest_change()
        marks = desk.list_marks(since=self._since)
        calls = desk.list_waiting_calls()
        db.session.rollback()  # each look sees the newest rows and holds no connection in between
        with self._lock:
            changed = {station for mark in marks for station in self._moved(mark)}
            changed |= {station for _, station in calls ^ self._calls}
            self._calls = calls
            self._since = max(filter(None, (newest, self._since)), default=None)
            self._tell(changed)

    def _moved(self, mark: desk.Mark) -> set[int | None]:
        """The stations for whose desks this is news: where it is, and where it was."""
        before = self._marks.get(mark.incident_id)
        if before == mark:
            return set()
        self._marks[mark.incident_id] = mark
        return {mark.station_id, before.station_id if before else mark.station_id}

    def _tell(self, changed: set[int | None]) -> None:
        if len(self._marks) > _KNOWN_MOST:  # begin anew: every desk asks once more
            self._marks, self._since, changed = {}, None, {None}
        for station in changed:
            if station is None:  # it stands on every desk
                self._everybody += 1
            else:
                self._counts[station] = self._counts.get(station, 0) + 1
        for waiter in self._waiting:
            if None in changed or not waiter.stations.isdisjoint(changed):
                waiter.bell.set()


def watch() -> Watch:
    """This application's."""
    found: Watch = current_app.extensions.setdefault("desk_watch", Watch())
    return found
