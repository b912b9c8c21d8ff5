"""Bodies that come slowly hold few threads: sixty slow forms must not keep a finder's page from opening.

Only what a server like ours can do about it: of a request's head that comes slowly this code never hears. The proxy
before it takes whole requests and ends slow ones; see README.
"""

from __future__ import annotations

import io
import socket
import threading
import time
from collections.abc import Iterable
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from wristband.errors import Unavailable

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication

# A phone's form comes in one piece with its head, or a moment later.
_AT_ONCE_S = 0.25
# While all places of the slow are taken.
_AT_ONCE_WHEN_FULL_S = 0.05
# What a slow line may take: so long, and longer for what is longer, but never longer than that.
_SLOW_S = 10.0
_BYTES_A_SECOND = 2_000
_SLOWEST_S = 300.0


class Bodies:
    """A WSGI application before ours: of a process's threads no more than `places` wait for slow bodies at a time."""

    def __init__(self, inner: WSGIApplication, *, places: int) -> None:
        self._inner = inner
        self._watchman = _Watchman(places)

    def __call__(self, environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        line = environ.get("gunicorn.socket")
        if line is None or environ["REQUEST_METHOD"] in ("GET", "HEAD"):
            return self._inner(environ, start_response)
        length = environ.get("CONTENT_LENGTH") or ""
        body = _Body(environ["wsgi.input"], line, int(length) if length.isdecimal() else None, self._watchman)
        environ["wsgi.input"] = body
        try:
            return self._inner(environ, start_response)
        finally:
            self._watchman.forget(body)


class _Body(io.RawIOBase):
    """A request's body while it comes in time. Raises Unavailable once it does not, and has ended then."""

    def __init__(self, inner: Any, line: Any, length: int | None, watchman: _Watchman) -> None:
        self._inner = inner
        self._line = line
        self._left = length
        self._watchman = watchman
        self.slow_s = _SLOWEST_S if length is None else min(_SLOWEST_S, _SLOW_S + length / _BYTES_A_SECOND)
        self.is_slow = False
        self.is_cut = False
        self._told = False

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        if self._told:
            return 0
        self._watchman.watch(self)
        try:
            block: bytes = self._inner.read(len(buffer))
        except Exception:
            if not self.is_cut:
                raise
        if self.is_cut:
            self._told = True
            raise Unavailable("page.slow_line")
        if self._left is not None:
            self._left -= len(block)
        if not block or self._left == 0:
            self._watchman.forget(self)
        buffer[: len(block)] = block
        return len(block)

    def cut(self) -> None:
        """End it: whoever waits for more of it is told that there is none. The answer can still be sent."""
        self.is_cut = True
        with suppress(OSError):  # gone by itself
            socket.socket.shutdown(self._line, socket.SHUT_RD)


class _Watchman:
    """One thread that looks at the clock for all bodies of a process: a drip of bytes would wake no reader's own."""

    def __init__(self, places: int) -> None:
        self._free = places
        self._due: dict[_Body, float] = {}
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None

    def watch(self, body: _Body) -> None:
        """From its first block on; again changes nothing."""
        with self._changed:
            if body in self._due:
                return
            self._due[body] = time.monotonic() + (_AT_ONCE_S if self._free else _AT_ONCE_WHEN_FULL_S)
            if self._thread is None:  # not before: a process that is forked has none of its parent's threads
                self._thread = threading.Thread(target=self._keep_watch, name="bodies", daemon=True)
                self._thread.start()
            self._changed.notify()

    def forget(self, body: _Body) -> None:
        """It is whole, or nobody reads it any more."""
        with self._changed:
            if self._due.pop(body, None) is not None and body.is_slow:
                self._free += 1

    def _keep_watch(self) -> None:
        with self._changed:
            while True:
                now = time.monotonic()
                for body in [body for body, due in self._due.items() if due <= now]:
                    self._judge(body, now)
                soonest = min(self._due.values(), default=None)
                self._changed.wait(None if soonest is None else max(0.0, soonest - time.monotonic()))

    def _judge(self, body: _Body, now: float) -> None:
        if not body.is_slow and self._free:
            self._free -= 1
            body.is_slow, self._due[body] = True, now + body.slow_s
            return
        self._due[body] = float("inf")
        body.cut()
