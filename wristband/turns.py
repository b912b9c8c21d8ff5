"""Turns at a store that is one file: who writes next, and waiting for the disk without a place in that queue."""

from __future__ import annotations

import fcntl
import os
import threading
import time
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import contextmanager, suppress
from typing import IO

from sqlalchemy.exc import SQLAlchemyError


class StoreBusy(SQLAlchemyError):
    """No turn to write in time: a fault of the store like the engines' own time-outs, and nothing is kept."""


@contextmanager
def to_write(path: str, patience_s: float) -> Iterator[None]:
    """Be the only writer of the store at `path`, over every process. Raises StoreBusy after `patience_s`."""
    latest = time.monotonic() + patience_s
    # The threads of a process queue here, so that one of them at most waits for other processes.
    turn = _threads.setdefault(path, threading.Lock())
    if not turn.acquire(timeout=patience_s):
        raise StoreBusy("no turn to write among the threads")
    try:
        with _locked(f"{path}.lock", latest):
            yield
    finally:
        turn.release()


_threads: dict[str, threading.Lock] = {}


def _locked(path: str, latest: float) -> IO[str]:
    """The file, locked until it is closed. Raises StoreBusy where others hold it until `latest`."""
    file = open(path, "a")  # noqa: SIM115 - the caller's to close, or the waiter's
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        # flock has no time-out, and to ask again and again would lose our place among the processes that wait.
        ours: Future[None] = Future()
        threading.Thread(target=_wait_for, args=(file, ours), name="writer-lock", daemon=True).start()
        try:
            ours.result(latest - time.monotonic())
        except TimeoutError:
            if ours.cancel():
                raise StoreBusy("no turn to write among the processes") from None
    return file


def _wait_for(file: IO[str], ours: Future[None]) -> None:
    fcntl.flock(file, fcntl.LOCK_EX)
    if ours.set_running_or_notify_cancel():
        ours.set_result(None)
    else:
        file.close()  # too late: whoever asked has gone


class _Disk:
    """Brings a file to the disk, once for all threads that wait for it."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._turn = threading.Lock()
        self._begun = self._done = 0

    def wait(self) -> None:
        ours = self._begun + 1  # one that has begun already may have missed what we wrote
        with self._turn:
            if self._done >= ours:
                return
            self._begun = begun = self._begun + 1
            # Opened anew: whoever closes the store last brings its log home and removes it; another begins a new one.
            with suppress(FileNotFoundError), open(self._path, "rb") as file:
                os.fdatasync(file.fileno())
            self._done = begun


_disks: dict[str, _Disk] = {}


def wait_for_disk(path: str) -> None:
    """Return when everything that was written to this file before the call is on the disk. Raises OSError."""
    _disks.setdefault(path, _Disk(path)).wait()
