"""What must stay deleted, as ids in a file outside the database: a restored backup has it applied again.

One JSON object a line, `{"kind": "elder", "id": 12, "at": "2026-11-24T06:05:00+00:00"}`. Lines are only ever added.
"""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path

NAME = "erased.jsonl"
"""The file's name, in the data folder."""


class Kind(StrEnum):
    ELDER = "elder"
    """Erased as a whole."""
    CONSENT = "consent"
    """Withdrawn, with what it had allowed to be kept."""


@dataclass(frozen=True, slots=True)
class Tombstone:
    """The id of a row, and since when."""

    kind: Kind
    id: int
    at: datetime


def append(path: Path, stones: Iterable[Tombstone]) -> None:
    """Add these, on stable storage when it returns. Raises OSError."""
    lines = [json.dumps({"kind": stone.kind.value, "id": stone.id, "at": stone.at.isoformat()}) for stone in stones]
    if not lines:
        return
    is_new = not path.exists()
    handle = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o600)
    try:
        # A line that a crash has torn ends here, and none of these is lost with it.
        size = os.fstat(handle).st_size
        torn = size > 0 and os.pread(handle, 1, size - 1) != b"\n"
        os.write(handle, (("\n" if torn else "") + "\n".join(lines) + "\n").encode())
        os.fsync(handle)
    finally:
        os.close(handle)
    if is_new:
        _sync_folder(path.parent)


def read(path: Path) -> list[Tombstone]:
    """Every tombstone, in order. A line that does not read is passed over: what it stood for is added again."""
    try:
        lines = path.read_text("utf-8", "replace").splitlines()
    except FileNotFoundError:
        return []
    stones = []
    for line in lines:
        with contextlib.suppress(ValueError, KeyError, TypeError):
            fields = json.loads(line)
            stones.append(Tombstone(Kind(fields["kind"]), int(fields["id"]), datetime.fromisoformat(fields["at"])))
    return stones


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
