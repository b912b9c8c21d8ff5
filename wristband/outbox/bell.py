"""The bell: wakes the worker when something was committed, within milliseconds and without a queue product."""

from __future__ import annotations

import contextlib
import math
import sqlite3
import time
from typing import Any, Protocol

import sqlalchemy as sa
from sqlalchemy.engine import Engine
from sqlalchemy.exc import SQLAlchemyError

from wristband.db import db

_CHANNEL = "wristband_outbox"
_SQLITE_LOOK_S = 0.05


class Bell(Protocol):
    """One listener, for one thread."""

    def wait(self, timeout_s: float) -> bool:
        """Whether it rang, at the latest after `timeout_s`; a ring before the call counts. Rings may be too many."""

    def close(self) -> None: ...


def ring() -> None:
    """Ring when the caller's transaction commits. SQLite needs no ring: its listeners see every commit."""
    if db.engine.dialect.name == "postgresql":
        db.session.execute(sa.text("SELECT pg_notify(:channel, '')"), {"channel": _CHANNEL})


def listen(engine: Engine) -> Bell:
    """A bell on this database, on a connection of its own."""
    return _PostgresqlBell(engine) if engine.dialect.name == "postgresql" else _SqliteBell(engine)


class _SqliteBell:
    """`PRAGMA data_version` moves with every commit of another connection, in any process."""

    def __init__(self, engine: Engine) -> None:
        # The driver's own connection: a transaction begun by the toolkit would freeze what it sees.
        self._connection = engine.raw_connection()
        self._version = self._read()

    def _read(self) -> int:
        cursor = self._connection.cursor()
        try:
            cursor.execute("PRAGMA data_version")
            row = cursor.fetchone()
        finally:
            cursor.close()
        return int(row[0]) if row else 0

    def wait(self, timeout_s: float) -> bool:
        for _ in range(math.ceil(timeout_s / _SQLITE_LOOK_S)):
            if self._moved():
                return True
            time.sleep(min(_SQLITE_LOOK_S, timeout_s))
        return self._moved()

    def _moved(self) -> bool:
        before = self._version
        with contextlib.suppress(sqlite3.Error):  # the worker meets the same trouble, and says so
            self._version = self._read()
        return before != self._version

    def close(self) -> None:
        self._connection.close()


class _PostgresqlBell:
    """LISTEN. Where the connection is lost it sleeps instead and tries to listen again: the worker looks by itself."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._connection: Any = None

    def wait(self, timeout_s: float) -> bool:
        try:
            if self._connection is None:
                self._open()
                return True  # something may have been owed while nobody listened
            return any(True for _ in self._connection.notifies(timeout=timeout_s, stop_after=1))
        except (self._engine.dialect.loaded_dbapi.Error, SQLAlchemyError):
            self.close()
            time.sleep(timeout_s)
            return False

    def _open(self) -> None:
        pooled = self._engine.raw_connection()
        self._connection = pooled.driver_connection
        pooled.detach()  # ours for good: the pool lends another one out in its place
        self._connection.autocommit = True
        self._connection.execute(f"LISTEN {_CHANNEL}")

    def close(self) -> None:
        if self._connection is not None:
            with contextlib.suppress(self._engine.dialect.loaded_dbapi.Error):
                self._connection.close()
            self._connection = None
