"""Gates before costly work: few inside, few waiting, everybody else refused at once; a lane stays free for reports.

A flood of people at a gate must hold no thread that an honest report needs: whoever finds no place costs next to
nothing, all gates together never hold more than half of a process's threads, and the work behind a gate steps back
where a core is wanted for anything else.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from functools import cached_property
from typing import ParamSpec, TypeVar

from wristband.errors import Unavailable

_P = ParamSpec("_P")
_R = TypeVar("_R")
# Linux gives every thread a niceness of its own: of ten, a core in demand gives it about a tenth.
_NICENESS = 10


class Gate:
    """`at_once` inside, `waiting` before it for `wait_s` seconds at most; the others are told `refusal`."""

    def __init__(self, refusal: str, *, at_once: int, waiting: int, wait_s: float) -> None:
        self._refusal = refusal
        self._wait_s = wait_s
        self._at_once = at_once
        self._inside = threading.BoundedSemaphore(at_once)
        self._places = threading.BoundedSemaphore(at_once + waiting)

    @contextmanager
    def enter(self) -> Iterator[None]:
        """Be inside for a `with`. Raises Unavailable: at once where no place is left, or after the wait."""
        with self._hold(self._places, 0), self._hold(_lane(), 0), self._hold(self._inside, self._wait_s):
            yield

    def do(self, work: Callable[_P, _R], *args: _P.args, **named: _P.kwargs) -> _R:
        """What costly `work` gives or raises, done by a thread of low priority; it should let go of the interpreter."""
        return self._hands.submit(work, *args, **named).result()

    @cached_property
    def _hands(self) -> ThreadPoolExecutor:
        """Made at the first work, not before: a process that is forked has none of its parent's threads."""
        return ThreadPoolExecutor(self._at_once, "gate", initializer=_step_back)

    def is_full(self) -> bool:
        """Whether whoever came now would be refused at once; asked without entering, before any other work.

        For the blink of an eye the asker holds a place himself: who comes in it is refused though one was left, and
        is told to come back, as at a full gate.
        """
        for places in (self._places, _lane()):
            if not places.acquire(blocking=False):
                return True
            places.release()
        return False

    @contextmanager
    def _hold(self, places: threading.Semaphore, wait_s: float) -> Iterator[None]:
        if not places.acquire(timeout=wait_s):
            raise Unavailable(self._refusal)
        try:
            yield
        finally:
            places.release()


def _step_back() -> None:
    with suppress(OSError):  # where the operator has made the whole process nicer, it is nice enough
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _NICENESS)


_installed: list[threading.Semaphore] = []


def install(threads: int) -> None:
    """Let no more than half of a process's `threads` be at any gate; the assembly does it once."""
    _installed[:] = [threading.BoundedSemaphore(max(1, threads // 2))]


def _lane() -> threading.Semaphore:
    if not _installed:
        raise RuntimeError("no lane installed: create_app() does it")
    return _installed[0]
