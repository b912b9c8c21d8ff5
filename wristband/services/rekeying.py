"""Renewing the keys while the service runs: everything moves to the newest ones, and what an old one still holds."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from wristband import data_keys, keys
from wristband.accounts.models import QuietContact
from wristband.accounts.rules import LASTS, QuietKind
from wristband.bands.models import Band
from wristband.ciphers import Algorithm
from wristband.data_keys import DataKey
from wristband.db import KeyedHash, Row, db, transaction
from wristband.elders.models import SealedName
from wristband.errors import BadValue, Conflict, NotFound
from wristband.house import house
from wristband.limits import SpentBudget
from wristband.sealing import EMPTIED, VERSION, Erased, SealBroken, box, sealed
from wristband.values.push import PushSubscription

_BATCH = 200
SETTLED_S = 60.0
"""How long the newest key has to have written before an older one goes: no deed that began before is open then."""
_HEADERS = [f"{VERSION}:{algorithm.value}:" for algorithm in Algorithm]
# As much of a sealed text as names a key file.
_NAMED = max(map(len, _HEADERS)) + 2


@dataclass(frozen=True, slots=True)
class Usage:
    """How many values one key file holds.

    `newest` is the one that writes, one not `begun` will write soon, and one that is `kept` stays at any rate.
    """

    purpose: str
    key_id: str
    values: int
    newest: bool
    begun: bool = True
    kept: bool = False

    @property
    def name(self) -> str:
        return f"{self.purpose}-{self.key_id}"

    @property
    def to_be_moved(self) -> bool:
        """Whether rewrap() has something to do here."""
        return not self.newest and self.values > 0 and self.purpose in ("fields", "index")


@dataclass(frozen=True, slots=True)
class _Sealed:
    """One sealed attribute as columns of its table."""

    id: sa.ColumnElement[Any]
    column: sa.ColumnElement[Any]
    owner: sa.ColumnElement[Any] | None
    index: sa.ColumnElement[Any] | None
    place: str
    table: sa.Table
    normal: Callable[[str], str] = str
    """What of a value its index is made of."""


def rewrap() -> Iterator[int]:
    """Move everything to the newest keys, so many values a transaction; yields how many each time.

    Broken off, it goes on where it was: what is done is not found again. The service writes meanwhile. Values of an
    elder that lie under a key file, as they did before there were data keys, come under the elder's own. What does
    not open is left as it is, and usage() goes on counting it.
    """
    yield from _in_batches(_data_keys_to_wrap, _wrap)
    for column in _sealed_columns():
        yield from _in_batches(partial(_to_seal, column), partial(_seal, column))
        yield from _indexed_anew(column)
    yield from _reseal_files()


def index() -> Iterator[int]:
    """Make the blind indexes that are missing, or not under the newest key; as rewrap() does, and nothing else."""
    for column in _sealed_columns():
        yield from _indexed_anew(column)


def _indexed_anew(column: _Sealed) -> Iterator[int]:
    if column.index is not None:
        yield from _in_batches(partial(_to_index, column, column.index), partial(_index, column, column.index))


def wait_s(*, now: datetime) -> float:
    """In how many seconds every key that rewrap() moves to has begun to write; 0 where all have."""
    ring = house().ring
    begins = [ring.begins(*name) for name in ring.names() if name[0] in ("fields", "index")]
    return max(0.0, max(begins) - now.timestamp())


def usage(*, now: datetime) -> list[Usage]:
    """Every key file with what it holds, in the order of the ring."""
    ring, counted = house().ring, _counted()
    return [_usage(purpose, key_id, counted, now) for purpose, key_id in ring.names()]


def _usage(purpose: str, key_id: str, counted: Counter[tuple[str, str]], now: datetime) -> Usage:
    ring = house().ring
    newest = ring.current(purpose)[0] == key_id
    # A form or cookie tells nobody that it is out there: it ends with its time.
    out_there = purpose == "forms" and now.timestamp() < _followed_at(key_id) + max(LASTS.values()).total_seconds()
    return Usage(
        purpose,
        key_id,
        counted[purpose, key_id],
        newest,
        begun=ring.begins(purpose, key_id) <= now.timestamp(),
        kept=out_there or purpose == "audit",
    )


def _followed_at(key_id: str) -> float:
    """When the forms' key after this one began to write."""
    later = [other for purpose, other in house().ring.names() if purpose == "forms" and other > key_id]
    return house().ring.begins("forms", min(later)) if later else float("inf")


def drop(name: str, *, now: datetime) -> None:
    """Delete a key file that nothing uses any more, by its name: fields-1. Raises NotFound, Conflict."""
    found = next((one for one in usage(now=now) if one.name.lower() == name.lower().removesuffix(".key")), None)
    if found is None:
        raise NotFound("keys.no_such_key", key=name)
    newest_began = house().ring.begins(found.purpose, _newest(found.purpose))
    if found.newest or not found.begun or now.timestamp() < newest_began + SETTLED_S:
        raise Conflict("keys.still_writes", key=found.name)
    if found.values:
        raise Conflict("keys.in_use", key=found.name, values=found.values)
    if found.kept:
        raise Conflict("keys.kept", key=found.name)
    keys.drop(house().settings.keys_path, found.purpose, found.key_id)


def rotate(purpose: str, *, after_s: float = 0.0) -> str:
    """Make the next key of a purpose. Returns its file's name. Raises BadValue for no such purpose, KeysWrong."""
    if purpose not in keys.PURPOSES:
        raise BadValue("keys.no_such_purpose", purposes="、".join(keys.PURPOSES))
    return keys.rotate(house().settings.keys_path, purpose, after_s=after_s)


# ---- moving


def _in_batches(find: Callable[[int], sa.Select[Any]], move: Callable[[sa.Row[Any]], bool]) -> Iterator[int]:
    last = -1
    while True:
        with transaction():
            rows = db.session.execute(find(last).limit(_BATCH)).all()
            moved = sum(move(row) for row in rows)
        if not rows:
            return
        last = rows[-1].id
        yield moved


def _newest(purpose: str) -> str:
    return house().ring.current(purpose)[0]


def _under(column: sa.ColumnElement[Any], key: str) -> sa.ColumnElement[bool]:
    """Whether a sealed text names this key. Not LIKE: SQLite's takes D for d."""
    return sa.or_(*(sa.func.substr(column, 1, len(header + key)) == header + key for header in _HEADERS))


def _data_keys_to_wrap(last: int) -> sa.Select[Any]:
    kept = DataKey.__table__.c
    outdated = ~_under(kept.wrapped, f"{_newest('fields')}:")
    return sa.select(kept.id, kept.wrapped).where(kept.id > last, kept.wrapped != EMPTIED, outdated).order_by(kept.id)


def _wrap(row: sa.Row[Any]) -> bool:
    try:
        wrapped = data_keys.wrap(row.id, data_keys.unwrap(row.id, row.wrapped))
    except SealBroken:
        return False
    # Destroyed meanwhile, it stays so.
    return _replace(DataKey.__table__, row.id, DataKey.__table__.c.wrapped, row.wrapped, wrapped)


def _replace(table: Any, row_id: int, column: sa.ColumnElement[Any], before: str, after: str) -> bool:
    """The new value for the one that was read; a row changed since is left to whoever changed it."""
    changed = db.session.execute(sa.update(table).where(table.c.id == row_id, column == before).values({column: after}))
    return bool(changed.rowcount == 1)  # type: ignore[attr-defined]


def _to_seal(sealed_as: _Sealed, last: int) -> sa.Select[Any]:
    column, owner = sealed_as.column, sealed_as.owner
    outdated = ~_under(column, f"{_newest('fields')}:")
    return (
        sa.select(
            sealed_as.id.label("id"), column.label("value"), (owner if owner is not None else sa.null()).label("owner")
        )
        .where(
            sealed_as.id > last,
            column.is_not(None),
            column != EMPTIED,
            ~_under(column, "d"),
            outdated if owner is None else sa.or_(owner.is_not(None), outdated),
        )
        .order_by(sealed_as.id)
    )


def _seal(sealed_as: _Sealed, row: sa.Row[Any]) -> bool:
    try:
        clear = box().open(row.value, place=sealed_as.place, row=row.id)
        value = box().seal(clear, place=sealed_as.place, row=row.id, owner=row.owner)
    except Erased:
        value = EMPTIED  # its owner was erased: this came back with a backup
    except SealBroken:
        return False
    return _replace(sealed_as.table, row.id, sealed_as.column, row.value, value)


def _to_index(sealed_as: _Sealed, index: sa.ColumnElement[Any], last: int) -> sa.Select[Any]:
    return (
        sa.select(sealed_as.id.label("id"), sealed_as.column.label("value"), index.label("blind"))
        .where(
            sealed_as.id > last,
            sealed_as.column.is_not(None),
            sealed_as.column != EMPTIED,
            # Missing where what is kept is older than the index itself.
            sa.or_(index.is_(None), sa.and_(sa.func.substr(index, 1, 1) != _newest("index"), index != EMPTIED)),
        )
        .order_by(sealed_as.id)
    )


def _index(sealed_as: _Sealed, index: sa.ColumnElement[Any], row: sa.Row[Any]) -> bool:
    try:
        clear = box().open(row.value, place=sealed_as.place, row=row.id)
        blind = box().blind(sealed_as.normal(clear), place=sealed_as.place)
        with db.session.begin_nested():
            return _replace(sealed_as.table, row.id, index, row.blind, blind)
    except (SealBroken, IntegrityError):
        return False


def _reseal_files() -> Iterator[int]:
    for place, row, header in house().files.list_headers():
        key_id = header.rpartition(":")[2]
        if not key_id.startswith("d") and key_id != _newest("fields"):
            with suppress(NotFound, SealBroken):  # removed meanwhile, or broken before
                house().files.reseal(place=place, row=row)
                yield 1


# ---- counting


def _sealed_columns() -> list[_Sealed]:
    return [
        _Sealed(
            table.c.id,
            mapper.columns[seal.column],
            mapper.columns[seal.owner] if seal.owner else None,
            mapper.columns[seal.index] if seal.index else None,
            seal.place(table.name),
            table,
            seal.normal if isinstance(seal, SealedName) else str,
        )
        for mapper, table in _tables()
        for seal in vars(mapper.class_).values()
        if isinstance(seal, sealed)
    ]


def _tables() -> list[tuple[Any, Any]]:
    return [(mapper, mapper.local_table) for mapper in Row.registry.mappers]


def _counted() -> Counter[tuple[str, str]]:
    """Values by purpose and key id, of every table and of the files."""
    counted: Counter[tuple[str, str]] = Counter()
    sealed_columns = [column.column for column in _sealed_columns()] + [DataKey.__table__.c.wrapped]
    for column in sealed_columns:
        for head, values in _grouped(column, _NAMED):
            counted["fields", head.split(":")[2]] += values
    for _, _, header in house().files.list_headers():
        counted["fields", header.rpartition(":")[2]] += 1
    for _, table in _tables():
        for column in table.columns:
            if isinstance(column.type, KeyedHash):
                for key_id, values in _grouped(column, 1):
                    counted[column.type.purpose, key_id] += values
    for key_id, values in _grouped(SpentBudget.__table__.c.key, 1):
        counted["codes", key_id] += values
    for key_id, values in _grouped(Band.__table__.c.key_id, 1):
        counted["bands", key_id] += values
    for key_id in _subscribed_with():
        counted["push", key_id] += 1
    return counted


def _subscribed_with() -> Iterator[str]:
    """Of each browser that is still written to, the key it subscribed with: it takes messages of no other."""
    question = sa.select(QuietContact).where(QuietContact.kind == QuietKind.PUSH, QuietContact.lost_at.is_(None))
    for contact in db.session.scalars(question):
        with suppress(SealBroken, BadValue):  # what does not open is written to no more
            yield PushSubscription.parse(contact.address).key_id


def _grouped(column: sa.ColumnElement[Any], characters: int) -> list[tuple[str, int]]:
    head = sa.func.substr(column, 1, characters)
    rows = db.session.execute(
        sa.select(head, sa.func.count()).where(column.is_not(None), column != EMPTIED).group_by(head)
    )
    return [(row[0], row[1]) for row in rows]
