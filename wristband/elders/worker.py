"""A short-lived process that opens a stranger's file: started, fed, timed, and gone when its answer is here."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from wristband.errors import Unavailable

ANSWER_BYTES = 4 * 1024 * 1024
# Nothing of the application's environment (keys, addresses) reaches a process that reads hostile bytes.
ENVIRONMENT = {"LANG": "C.UTF-8", "MALLOC_ARENA_MAX": "2", "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}

# A server process opens two files at a time; others wait, so that many uploads cannot eat the host's memory.
_desks = threading.BoundedSemaphore(2)


@dataclass(frozen=True, slots=True)
class Limits:
    """What one file may cost: waiting for a desk, then the worker's memory, processor time and time by the clock."""

    wait_s: float = 20.0
    memory_bytes: int = 768 * 1024 * 1024
    cpu_s: int = 10
    time_s: float = 20.0


def ask(worker: Path, arguments: Sequence[str], data: bytes, limits: Limits, *, busy: str) -> bytes:
    """What the worker, a file of ours run by its path, says about `data`; whatever happens to it, it is gone then.

    Its arguments are these, then its memory in bytes and its processor time in seconds. Raises Unavailable(`busy`) when
    no desk becomes free in time.
    """
    if not _desks.acquire(timeout=limits.wait_s):
        raise Unavailable(busy)
    try:
        command = [sys.executable, "-P", str(worker), *arguments, str(limits.memory_bytes), str(limits.cpu_s)]
        return _run(command, data, limits.time_s)
    finally:
        _desks.release()


def _run(command: list[str], data: bytes, time_s: float) -> bytes:
    with subprocess.Popen(  # noqa: S603 - our own file, no shell; what a stranger sent goes through a pipe
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=ENVIRONMENT
    ) as process:
        alarm = threading.Timer(time_s, process.kill)
        alarm.start()
        try:
            assert process.stdin is not None  # noqa: S101 - a pipe, as asked for
            assert process.stdout is not None  # noqa: S101
            with suppress(BrokenPipeError):
                process.stdin.write(data)
                process.stdin.close()
            return process.stdout.read(ANSWER_BYTES)
        finally:
            alarm.cancel()
            process.kill()
