"""A desk that nobody touches locks, and still rings: the bell tells that something came, and never what or how much."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from flask import Response, g, request, session, stream_with_context

from wristband import clock
from wristband.accounts.rules import Act, OfficerAccount, sees_district
from wristband.db import db
from wristband.errors import Unavailable
from wristband.incidents import desk
from wristband.incidents.desk import Ring
from wristband.services import signing_in
from wristband.web.guards import listening, officer
from wristband.web.officer import police
from wristband.web.officer.stream import AFTER_GIVING_WAY_MS, BEAT_EVERY_S, LASTS_S, seats
from wristband.web.officer.watch import watch
from wristband.web.pages import settings
from wristband.web.sessions import REFERENCE

# So soon a locked browser's stream ends once somebody has signed out or was disabled.
_LOOK_EVERY_S = 3.0
# A deed writes when it began: it may be seen so much later.
_OVERLAP = timedelta(seconds=15)
# Reports of bands that are not ours ring once in so long, however many come.
_SOFTLY_EVERY_S = 60.0
_LONGEST = timedelta(hours=12)


@police.after_request
def tell_rest(response: Response) -> Response:
    """With every part that a page asks for by itself: how long this sign-in goes on without a hand on it."""
    if request.headers.get("X-Part") and "account" in g and response.status_code == 200:
        response.headers["X-Left-S"] = str(rest_s())
    return response


@police.app_template_global()
def rest_s() -> int:
    """Seconds until the sign-in rests, by the store: another page of the same browser may have been used meanwhile."""
    return int(signing_in.rests_in(session.get(REFERENCE), now=clock.now()).total_seconds())


@police.post("/here")
@officer(Act.SEE_DESK)
def here() -> Response:
    """Somebody is still at the desk, and says so by a tap: that counts as use."""
    response = Response(status=204, mimetype="text/plain")
    response.headers["X-Left-S"] = str(rest_s())
    return response


@police.get("/bell")
@listening(Act.SEE_DESK)
def bell() -> Response:
    """Server-Sent Events for a locked desk: `rang`, with one of the words of Ring. Raises Unavailable if full."""
    reference, listener = session[REFERENCE], g.listener
    seat = seats.take(reference, settings().stream_limit)
    if seat is None:
        raise Unavailable("incidents.streams_full")
    since = _since(request.headers.get("Last-Event-ID", ""), clock.now())
    rings = _Rings(_stations(listener), since)
    db.session.rollback()

    def lines() -> Iterator[str]:
        until, beat = time.monotonic() + LASTS_S, time.monotonic()
        yield f"retry: 2000\n{rings.mark()}\n"
        while time.monotonic() < until:
            known = watch().version(rings.stations)
            watch().wait(rings.stations, known, seat, timeout_s=_LOOK_EVERY_S)
            if seat.is_set():
                yield f"retry: {AFTER_GIVING_WAY_MS}\n\n"
                return
            if signing_in.may_listen(reference, now=clock.now()) is None:
                yield "event: over\ndata: over\n\n"
                return
            rang = rings.hear(clock.now())
            db.session.rollback()
            if rang is not None or time.monotonic() - beat >= BEAT_EVERY_S:
                beat = time.monotonic()
                yield (f"event: rang\ndata: {rang}\n" if rang else ": still here\n") + f"{rings.mark()}\n"

    response = Response(stream_with_context(lines()), mimetype="text/event-stream")
    response.call_on_close(lambda: seats.give_back(seat))
    response.headers["X-Accel-Buffering"] = "no"
    return response


class _Rings:
    """What one stream has rung for already."""

    def __init__(self, stations: frozenset[int], since: datetime) -> None:
        self.stations = stations
        self._since = since
        self._rung: set[tuple[int, Ring]] = set()
        self._softly_again = 0.0

    def mark(self) -> str:
        """The event's id: a moment, from which the stream that comes after this one goes on."""
        return f"id: {int(self._since.timestamp() * 1000)}\n"

    def hear(self, now: datetime) -> Ring | None:
        """What to ring for: of several things the most urgent one."""
        came = desk.list_rings(self.stations, since=self._since - _OVERLAP, now=now, red_s=settings().desk_red_s)
        fresh = came - self._rung
        kinds = {kind for _, kind in fresh}
        if Ring.UNSORTED in kinds and kinds == {Ring.UNSORTED}:
            if time.monotonic() < self._softly_again:
                return None
            self._softly_again = time.monotonic() + _SOFTLY_EVERY_S
        self._rung, self._since = came, now
        return next((kind for kind in Ring if kind in kinds), None)


def _stations(listener: OfficerAccount) -> frozenset[int]:
    mine = listener.station_id
    return desk.stations_of_district(mine) if sees_district(listener.role) else frozenset({mine})


def _since(mark: str, now: datetime) -> datetime:
    """Where the stream before this one ended; a mark that is none, or too old, is now."""
    if not mark.isdecimal() or len(mark) > 14:
        return now
    told = datetime.fromtimestamp(int(mark) / 1000, UTC)
    return told if now - _LONGEST < told <= now else now
