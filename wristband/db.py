"""The database: handle, column types, ids, and transaction(), the one way to commit."""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from functools import cache
from typing import Any

import sqlalchemy as sa
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import event
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Connection, Dialect, Engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from sqlalchemy.sql.operators import ColumnOperators

from wristband import turns
from wristband.sealing import Keyed, sealed

PATIENCE_S = 10.0
"""How long a deed waits for another's lock: longer than any of ours takes, shorter than a browser's patience."""
# What no page needs, and whoever has hung up is not waited for: seconds of one statement, and between two of a deed.
_STATEMENT_S, _IDLE_S = 30, 60
_WRITE = "wristband_write"
_DEED = "wristband_deed"
# Ids are positive, so no row has this one.
_NOBODY = -1


class Base(DeclarativeBase):
    metadata = sa.MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )


db = SQLAlchemy(model_class=Base, session_options={"expire_on_commit": False})


class UtcDateTime(sa.TypeDecorator[datetime]):
    """An aware moment in UTC, on both engines; a naive one is a fault of ours and refused."""

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a moment needs its time zone")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class RowId(sa.TypeDecorator[int]):
    """An id of ours. One of more than 63 bits, as anybody may type into an address, is nobody's on both engines."""

    impl = sa.BigInteger
    cache_ok = True

    def process_bind_param(self, value: int | None, dialect: Dialect) -> int | None:
        return value if value is None or 0 <= value < 2**63 else _NOBODY


class _FoundUnderEveryKey(sa.TypeDecorator.Comparator[Any]):
    def __eq__(self, other: object) -> ColumnOperators:  # type: ignore[override]
        if isinstance(other, Keyed) and len(other.every) > 1:
            return self.in_(other.every)
        return super().__eq__(other)


class KeyedHash(sa.TypeDecorator[str]):
    """A blind index or keyed hash: written under the key of today, equal to what was kept under any key.

    `purpose` names the key files it is made with.
    """

    impl = sa.String
    cache_ok = True
    comparator_factory = _FoundUnderEveryKey

    def __init__(self, length: int, purpose: str) -> None:
        super().__init__(length)
        self.purpose = purpose

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        return None if value is None else str(value)


def enum_type(states: type[StrEnum]) -> sa.Enum:
    """A column of one of `states`, kept as its short text; any other text is a fault of ours and refused."""
    return sa.Enum(
        states,
        native_enum=False,
        length=24,
        validate_strings=True,
        values_callable=lambda e: [member.value for member in e],
    )


_id_lock = threading.Lock()
_last_id = 0


def new_id() -> int:
    """A 63-bit id: milliseconds since 2020 over 22 random bits, rising within a process.

    Made before the insert, because sealed fields are bound to their row's id.
    """
    global _last_id
    milliseconds = time.time_ns() // 1_000_000 - 1_577_836_800_000
    candidate = (milliseconds << 22) | secrets.randbits(22)
    with _id_lock:
        _last_id = max(candidate, _last_id + 1)
        return _last_id


class Row(db.Model):  # type: ignore[name-defined,misc]
    """Every table's base: an id made by us, known before the insert."""

    __abstract__ = True
    id: Mapped[int] = mapped_column(RowId, primary_key=True, autoincrement=False)

    def __init__(self, **values: Any) -> None:
        # The id and whatever is clear first: sealed attributes are bound to the id, and their owner's key seals them.
        self.id = values.pop("id", None) or new_id()
        clear_first = sorted(values, key=lambda name: isinstance(getattr(type(self), name, None), sealed))
        super().__init__(**{name: values[name] for name in clear_first})


def insert(table: Any) -> sqlite.Insert:
    """INSERT as this store's engine speaks it: the two know ON CONFLICT in the same words, SQL in general does not."""
    own: Any = postgresql.insert if db.engine.dialect.name == "postgresql" else sqlite.insert
    statement: sqlite.Insert = own(table)
    return statement


def run(statement: sa.Executable | Callable[[], sa.Executable], values: Any = None) -> sa.CursorResult[Any]:
    """One Core statement in the caller's transaction, with values for its names, or a list of such for many rows.

    What runs in every report runs so: the unit of work costs several times as much, and to build a statement costs
    more than to run it. So it is a constant, or, in words that differ by engine, a function that is called once.
    """
    session = db.session()
    deed: _Deed | None = session.info.get(_DEED)
    connection = deed.connection if deed else session.connection()
    built = _built(statement, connection.dialect.name) if callable(statement) else statement
    return connection.execute(built, values)


@cache
def _built(make: Callable[[], sa.Executable], _dialect: str) -> sa.Executable:
    return make()


@dataclass(frozen=True, slots=True)
class _Deed:
    connection: Connection
    owed: dict[Callable[[list[Any]], None], list[Any]] = field(default_factory=dict)
    """What is done with what at its end."""


@contextmanager
def transaction() -> Iterator[None]:
    """One deed: everything inside is committed together or not at all, and on the disk at the end. Does not nest.

    On SQLite writers queue at a lock file first: busy_timeout alone starves some of them for a second and more.
    Raises StoreBusy, or what the engine says, where no turn comes within PATIENCE_S.
    """
    session, file = db.session(), _file_of(db.engine)
    if _DEED in session.info:
        raise RuntimeError("transaction() does not nest: a service never calls a service")
    # Ends the reading that came before, and forgets what it read: a deed sees the newest rows.
    session.rollback()
    session.expire_all()
    try:
        with turns.to_write(file, PATIENCE_S) if file else nullcontext():
            deed = session.info[_DEED] = _Deed(session.connection(execution_options={_WRITE: True}))
            yield
            session.flush()
            for step, items in deed.owed.items():
                step(items)
            session.commit()
        if file:
            # SQLite syncs nothing at a commit of ours: the next writer need not wait for the disk.
            turns.wait_for_disk(f"{file}-wal")
    except BaseException:
        session.rollback()
        raise
    finally:
        session.info.pop(_DEED, None)


def at_the_end(step: Callable[[list[Any]], None], item: Any) -> None:
    """Hand `item` to `step`, which is called with all of its items as the last thing before the deed is committed.

    Everything else is written by then, so a lock for which all deeds queue is held no longer than a commit takes.
    Raises RuntimeError outside a deed.
    """
    deed: _Deed | None = db.session.info.get(_DEED)
    if deed is None:
        raise RuntimeError("only a deed has an end: transaction() begins one")
    deed.owed.setdefault(step, []).append(item)


def in_deed() -> bool:
    """Whether a transaction() is under way in this session."""
    return _DEED in db.session.info


def _file_of(engine: Engine) -> str | None:
    """The file of a store that is one; PostgreSQL orders its writers and syncs by itself."""
    path = engine.url.database
    return path if engine.dialect.name == "sqlite" and path and path != ":memory:" else None


def prepare_engine(engine: Engine, *, patient: bool = False) -> None:
    """Let nobody wait for ever; one who is `patient` waits for locks no longer, but for long work.

    SQLite also becomes a durable store: its log whole in every power cut, and synced by transaction() before the
    answer; foreign keys on, BEGIN under our control.
    """
    if engine.dialect.name == "postgresql":
        _bound_waits(engine, patient)
    elif engine.dialect.name == "sqlite":
        _make_durable(engine)


def _bound_waits(engine: Engine, patient: bool) -> None:
    bounds = {"lock_timeout": PATIENCE_S}
    if not patient:
        bounds |= {"statement_timeout": _STATEMENT_S, "idle_in_transaction_session_timeout": _IDLE_S}

    @event.listens_for(engine, "connect")
    def _connect(connection: Any, _record: Any) -> None:
        connection.autocommit = True  # what is set in a transaction goes with its rollback
        for name, seconds in bounds.items():
            connection.execute(f"SET {name} = {int(seconds * 1000)}")
        connection.autocommit = False


def _make_durable(engine: Engine) -> None:
    @event.listens_for(engine, "connect")
    def _connect(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # the driver begins nothing by itself
        for pragma in (
            f"busy_timeout={int(PATIENCE_S * 1000)}",
            "journal_mode=WAL",
            "synchronous=NORMAL",
            "foreign_keys=ON",
            "trusted_schema=OFF",
            "secure_delete=ON",
        ):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        # IMMEDIATE for deeds only: a reader that began so would wait behind every writer.
        writing = connection.get_execution_options().get(_WRITE)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writing else "BEGIN")
