"""The desk live: a stream that says when something has changed, never what."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

from flask import Response, g, session, stream_with_context

from wristband import clock
from wristband.accounts.rules import Act, sees_district
from wristband.db import db
from wristband.errors import Unavailable
from wristband.incidents import desk
from wristband.services import signing_in
from wristband.web.guards import officer
from wristband.web.officer import police
from wristband.web.officer.watch import watch
from wristband.web.pages import settings
from wristband.web.sessions import REFERENCE

BEAT_EVERY_S = 15.0
# A stream ends by itself and the browser comes back: an ended sign-in is noticed, a thread is given back.
LASTS_S = 120.0


# Open pages of one sign-in that hear by themselves.
_A_SIGN_IN = 3
# The page whose stream gave way to a newer one's asks again so much later: two pages do not chase each other.
AFTER_GIVING_WAY_MS = 15_000


class _Seats:
    """How many streams this process still has threads for, and whose they are. A seat is over once it is set."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._taken: list[tuple[str, threading.Event]] = []

    def take(self, sign_in: str, most: int) -> threading.Event | None:
        """A seat, in place of the oldest of a sign-in that has its share; None where all are taken by others."""
        with self._lock:
            own = [taken for taken in self._taken if taken[0] == sign_in]
            if len(own) >= _A_SIGN_IN:
                own[0][1].set()
                self._taken.remove(own[0])
            elif len(self._taken) >= most:
                return None
            seat = threading.Event()
            self._taken.append((sign_in, seat))
            return seat

    def give_back(self, seat: threading.Event) -> None:
        with self._lock:
            self._taken = [taken for taken in self._taken if taken[1] is not seat]


seats = _Seats()


@police.get("/changes")
@officer(Act.SEE_DESK)
def changes() -> Response:
    """Server-Sent Events: `changed`, with the version, whenever the desk is another one. Raises Unavailable if full."""
    seat = seats.take(session[REFERENCE], settings().stream_limit)
    if seat is None:
        raise Unavailable("incidents.streams_full")
    me = g.account
    stations = desk.stations_of_district(me.station_id) if sees_district(me.role) else frozenset({me.station_id})
    db.session.rollback()  # a stream holds no connection while nothing happens
    lines = _lines(stations, seat, session[REFERENCE])
    response = Response(stream_with_context(lines), mimetype="text/event-stream")
    response.call_on_close(lambda: seats.give_back(seat))
    response.headers["X-Accel-Buffering"] = "no"
    return response


def _lines(stations: frozenset[int], seat: threading.Event, reference: str) -> Iterator[str]:
    shared, known, began = watch(), None, time.monotonic()
    yield "retry: 2000\n\n"
    while time.monotonic() - began < LASTS_S:
        version = shared.wait(stations, known, seat, timeout_s=BEAT_EVERY_S)
        signed_in = signing_in.may_listen(reference, now=clock.now())
        db.session.rollback()
        if signed_in is None:
            return
        if version != known:
            known = version
            yield f"event: changed\ndata: {version}\n\n"
        elif seat.is_set():
            yield f"retry: {AFTER_GIVING_WAY_MS}\n\n"
            return
        else:
            yield ": still here\n\n"
