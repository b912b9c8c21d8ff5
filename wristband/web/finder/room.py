"""A report that meets a full disk: the ballast is given up, and the report is kept at the second try."""

from __future__ import annotations

import errno
import sqlite3
from collections.abc import Callable
from typing import TypeVar

import structlog
from sqlalchemy.exc import DBAPIError

from wristband.files import Ballast
from wristband.web.pages import settings

log = structlog.get_logger(__name__)
_R = TypeVar("_R")
# PostgreSQL: disk_full.
_DISK_FULL = "53100"


def with_room(deed: Callable[[], _R]) -> _R:
    """What `deed` gives or raises; once more, where it met a full disk and the ballast was held till then."""
    try:
        return deed()
    except (DBAPIError, OSError) as fault:
        if not _is_full(fault):
            raise
        ballast = Ballast(settings().data_dir)
        if ballast.let_go():
            log.critical("disk_full", told="ballast given up: free the disk, then start anew")
        elif not ballast.is_given_up:
            raise
        return deed()


def _is_full(fault: DBAPIError | OSError) -> bool:
    if isinstance(fault, OSError):
        return fault.errno == errno.ENOSPC
    own = fault.orig
    return getattr(own, "sqlite_errorcode", None) == sqlite3.SQLITE_FULL or getattr(own, "sqlstate", "") == _DISK_FULL
