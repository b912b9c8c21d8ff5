"""The desk live: a stream that says when something has changed, never what."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

from flask import Response, g, stream_with_context

from wristband.accounts.rules import Act
from wristband.db import db
from wristband.errors import Unavailable
from wristband.incidents import queries
from wristband.web.guards import officer
from wristband.web.officer import police
from wristband.web.pages import settings

_LOOK_EVERY_S = 0.5
_BEAT_EVERY_S = 15.0
# A stream ends by itself and the browser comes back: an ended sign-in is noticed, a thread is given back.
_LASTS_S = 120.0


class _Seats:
    """How many streams this process still has threads for."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._taken = 0

    def take(self, most: int) -> bool:
        with self._lock:
            if self._taken >= most:
                return False
            self._taken += 1
            return True

    def give_back(self) -> None:
        with self._lock:
            self._taken -= 1


_seats = _Seats()


@police.get("/changes")
@officer(Act.SEE_DESK)
def changes() -> Response:
    """Server-Sent Events: `changed`, with the version, whenever the desk is another one. Raises Unavailable if full."""
    if not _seats.take(settings().stream_limit):
        raise Unavailable("incidents.streams_full")
    response = Response(stream_with_context(_lines(g.account.station_id)), mimetype="text/event-stream")
    response.call_on_close(_seats.give_back)
    response.headers["X-Accel-Buffering"] = "no"
    return response


def _lines(station_id: int) -> Iterator[str]:
    known, began, spoke = "", time.monotonic(), time.monotonic()
    yield "retry: 2000\n\n"
    while time.monotonic() - began < _LASTS_S:
        version = queries.desk_version(station_id=station_id)
        db.session.rollback()  # each look sees the newest rows and holds no connection in between
        if version != known:
            known, spoke = version, time.monotonic()
            yield f"event: changed\ndata: {version}\n\n"
        elif time.monotonic() - spoke > _BEAT_EVERY_S:
            spoke = time.monotonic()
            yield ": still here\n\n"
        time.sleep(_LOOK_EVERY_S)
