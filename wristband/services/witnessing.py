"""Witnessing: the trail's length and end are signed, kept and copied out: nobody cuts or rewrites it unseen."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timedelta
from heapq import merge
from operator import attrgetter
from pathlib import Path

import structlog

from wristband.audit import checkpoints, outside, queries, trail, verification
from wristband.audit.chain import Link
from wristband.audit.models import CheckpointRow
from wristband.db import db, insert, new_id, transaction
from wristband.errors import BadValue, Refusal
from wristband.house import house

log = structlog.get_logger(__name__)

EACH_ROWS = 100
EACH = timedelta(seconds=60)


def file_path() -> Path:
    """The file of checkpoints on this host, which an operator copies to another."""
    return house().settings.data_dir / "audit" / "checkpoints.jsonl"


def checkpoint(*, now: datetime) -> str | None:
    """Sign the trail as it is, keep that, and copy out what the file does not have. None for an empty trail.

    A trail of which nothing is new keeps its checkpoint. Returns the newest line. Raises Unavailable when the file
    cannot be written: the checkpoint is kept, and copied with the next one.
    """
    settings, (key_id, key) = house().settings, house().ring.current("audit")
    with transaction():
        size, root = trail.last()
        if not size:
            return None
        witnessed, _ = queries.find_last_checkpoint() or (0, None)
        if size > witnessed:
            origin = f"{settings.organisation}/{settings.host}"
            line = checkpoints.sign(origin=origin, size=size, root=root, at=now, key_id=key_id, key=key)
            new = insert(CheckpointRow).values(id=new_id(), i=size, at=now, line=line)
            # On PostgreSQL another worker may be doing the same.
            db.session.execute(new.on_conflict_do_nothing(index_elements=["i"]))
    outside.append(file_path(), lambda after: (line for _, line in queries.read_checkpoints(after=after)))
    _, kept = next(queries.read_checkpoints(after=size - 1))
    return kept


def witness(now: datetime) -> None:
    """Make a checkpoint each 100 rows or 60 seconds, whichever comes first, when there is something new.

    A file that cannot be written is logged, not raised.
    """
    if not _is_due(now):
        return
    try:
        checkpoint(now=now)
    except Refusal as fault:
        log.error("checkpoint_not_copied", code=fault.code)


def _is_due(now: datetime) -> bool:
    size, _ = trail.last()
    witnessed, made_at = queries.find_last_checkpoint() or (0, None)
    fresh = made_at is not None and made_at <= now < made_at + EACH
    return size - witnessed >= EACH_ROWS or (size > witnessed and not fresh)


def verify(copy: Path | None = None, *, on_row: Callable[[], None]) -> verification.Whole:
    """Walk the whole trail and every checkpoint: of the table, of this host's file, and of a `copy` kept elsewhere.

    Calls `on_row` for each row. Raises TrailBroken for the first bad row, BadValue for a file that is no such copy.
    """
    known = checkpoints.verifiers(house().ring.all("audit"))
    sources = [queries.read_checkpoints()]
    if file_path().exists():
        sources.append(outside.read_lines(file_path()))
    if copy:
        sources.append(_something(outside.read_lines(copy), copy))
    in_order = merge(*(checkpoints.read_all(lines, known) for lines in sources), key=attrgetter("size"))
    return verification.walk(_counted(queries.read_links(), on_row), in_order)


def _something(lines: Iterator[tuple[str, str]], copy: Path) -> Iterator[tuple[str, str]]:
    """The lines, of which there must be one: an empty copy would prove anything."""
    first = next(lines, None)
    if first is None:
        raise BadValue("audit.file_empty", file=copy.name)
    yield first
    yield from lines


def _counted(links: Iterable[Link], on_row: Callable[[], None]) -> Iterator[Link]:
    for link in links:
        yield link
        on_row()
