"""Gates before costly work: few inside, few waiting, everybody else refused at once; a lane stays free for reports.

A flood of people at a gate must hold no thread that an honest report needs: whoever finds no place costs next to
nothing, and all gates together never hold more than half of a process's threads.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from wristband.errors import Unavailable


class Gate:
    """`at_once` inside, `waiting` before it for `wait_s` seconds at most; the others are told `refusal`."""

    def __init__(self, refusal: str, *, at_once: int, waiting: int, wait_s: float) -> None:
        self._refusal = refusal
        self._wait_s = wait_s
        self._inside = threading.BoundedSemaphore(at_once)
        self._places = threading.BoundedSemaphore(at_once + waiting)

    @contextmanager
    def enter(self) -> Iterator[None]:
        """Be inside for a `with`. Raises Unavailable: at once where no place is left, or after the wait."""
        with self._hold(self._places, 0), self._hold(_lane(), 0), self._hold(self._inside, self._wait_s):
            yield

    @contextmanager
    def _hold(self, places: threading.Semaphore, wait_s: float) -> Iterator[None]:
        if not places.acquire(timeout=wait_s):
            raise Unavailable(self._refusal)
        try:
            yield
        finally:
            places.release()


_installed: list[threading.Semaphore] = []


def install(threads: int) -> None:
    """Let no more than half of a process's `threads` be at any gate; the assembly does it once."""
    _installed[:] = [threading.BoundedSemaphore(max(1, threads // 2))]


def _lane() -> threading.Semaphore:
    if not _installed:
        raise RuntimeError("no lane installed: create_app() does it")
    return _installed[0]
