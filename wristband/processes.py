"""Processes of ours that draw and print: bare when they begin, and gone with the command that began them."""

from __future__ import annotations

import ctypes
import multiprocessing
import os
import signal
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from typing import Any

_PR_SET_PDEATHSIG = 1


def cores() -> int:
    """Processors that this process may use."""
    return len(os.sched_getaffinity(0))


@contextmanager
def pool(processes: int | None, first: Callable[..., Any] | None = None, *args: Any) -> Iterator[ProcessPoolExecutor]:
    """So many processes, or one a core; each calls `first` before its first work.

    Spawned, not forked: a connection to the database is not to be shared. A spawned process runs its parent's main
    script again, and would import the whole command line with it: it is told of none.
    """
    main = sys.modules["__main__"].__dict__
    script = main.pop("__file__", None)
    try:
        with ProcessPoolExecutor(
            processes or cores(),
            mp_context=multiprocessing.get_context("spawn"),
            initializer=_begin,
            initargs=(os.getpid(), first, args),
        ) as workers:
            yield workers
    finally:
        if script is not None:
            main["__file__"] = script


def _begin(parent: int, first: Callable[..., Any] | None, args: tuple[Any, ...]) -> None:
    """In the worker: when its parent is killed outright it ends too instead of waiting for work for ever."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:  # killed before we could ask
        os._exit(1)
    if first is not None:
        first(*args)
