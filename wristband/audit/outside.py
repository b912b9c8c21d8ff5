"""The file of checkpoints, which an operator copies to another host: only ever longer, and in order."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import BinaryIO

from wristband.audit.checkpoints import LONGEST_LINE, size_of
from wristband.errors import BadValue, Unavailable


def append(path: Path, lines_after: Callable[[int], Iterable[str]]) -> None:
    """Add what `lines_after` the file's last size has, and sync. Several processes may do so at once.

    A crash between commit and file is made up for by the next call. Raises Unavailable when it cannot be written, and
    BadValue when the file ends with something else than a checkpoint.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("a+b") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            new = file.seek(0, os.SEEK_END) == 0
            for line in lines_after(_last_size(file, path)):
                file.write(line.encode() + b"\n")
            file.flush()
            os.fsync(file.fileno())
        if new:
            _sync_folder(path.parent)
    except OSError as fault:
        raise Unavailable("audit.not_written", file=str(path)) from fault


def read_lines(path: Path) -> Iterator[tuple[str, str]]:
    """Each line with its place `file:number`, as the file is now. Half a line at its end was still being written.

    Raises BadValue for what cannot be opened, is no file, or holds something else than lines of text.
    """
    try:
        with path.open("rb") if path.is_file() else _no_file(path) as file:
            size, number = os.fstat(file.fileno()).st_size, 0
            while file.tell() < size and (line := file.readline(LONGEST_LINE + 1)):
                number += 1
                where = f"{path.name}:{number}"
                if line.endswith(b"\n"):
                    yield where, _decoded(line[:-1], where)
                elif file.tell() < size:
                    raise BadValue("audit.no_checkpoint", where=where)
    except OSError as fault:
        raise BadValue("audit.not_opened", file=path.name) from fault


def _no_file(path: Path) -> BinaryIO:
    raise BadValue("audit.not_opened", file=path.name)


def _decoded(line: bytes, where: str) -> str:
    try:
        return line.decode()
    except UnicodeDecodeError:
        raise BadValue("audit.no_checkpoint", where=where) from None


def _last_size(file: BinaryIO, path: Path) -> int:
    """The size that the last whole line tells; what a crash left of a line after it is cut away."""
    end = file.seek(0, os.SEEK_END)
    file.seek(max(0, end - 2 * LONGEST_LINE))
    tail = file.read()
    whole = tail[: tail.rfind(b"\n") + 1]
    if len(whole) < len(tail):
        file.truncate(end - len(tail) + len(whole))
    if not whole:
        return 0
    size = size_of(whole[:-1].rpartition(b"\n")[2].decode(errors="replace"))
    if not size:
        raise BadValue("audit.no_checkpoint", where=path.name)
    return size


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
