"""Data keys: one for each elder, guardian, incident, scan, photograph or voice, wrapped by `fields`' newest key.

Whoever is erased has the data key destroyed, and with it everything sealed under it, wherever a copy lies.
"""

from __future__ import annotations

import base64
import secrets
import threading
import time
from collections import OrderedDict
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Mapped, Session, mapped_column

from wristband import clock
from wristband.db import Row, UtcDateTime, db, in_deed, insert, run
from wristband.sealing import EMPTIED, Key, SealBroken, box, sealed

PLACE = "data_key.wrapped"
KEPT_S = 5.0
"""How long an unwrapped key is kept, from its reading on, however often it is used.

A process that does not hear of an erasure can open for so long what it has read before. That is sound because erasing
empties the columns in the same transaction: nothing that could be opened is read after it.
"""
_KEPT_MOST = 4096
_AT_ONCE = 500
_OF_THIS_DEED = "data_keys"


class DataKey(Row):
    """The wrapped data key of one row: its id is that row's. Destroyed, it stays as a tombstone.

    Leave this table out of the main backup and keep it in one of its own, none older than 30 days: a restored backup
    then opens without those who were erased, and the tombstones here say whose rows have to be emptied again.
    """

    __tablename__ = "data_key"
    wrapped: Mapped[str] = mapped_column(sa.Text)
    made_at: Mapped[datetime] = mapped_column(UtcDateTime)
    destroyed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


_OF_THESE = sa.select(DataKey.__table__.c.id, DataKey.__table__.c.wrapped).where(
    DataKey.__table__.c.id.in_(sa.bindparam("owners", expanding=True))
)


def _making() -> sa.Executable:
    return insert(DataKey.__table__).on_conflict_do_nothing(index_elements=["id"])


def make(owner: int) -> None:
    """Have a data key for `owner`, in the caller's transaction: before something is sealed outside of one."""
    box().own(owner)


def destroy(*owners: int, now: datetime) -> None:
    """Destroy these data keys in the caller's transaction; what they sealed does not open again, anywhere.

    For an elder: the elder's own and those of the photographs, voices, incidents and scans about this elder. Empty the
    sealed columns (None, or sealing.EMPTIED where a column needs something) and the blind indexes in the same
    transaction. Doing it twice is doing it once; an owner that never had a key gets none later.
    """
    table = DataKey.__table__
    statement = insert(table)
    statement = statement.on_conflict_do_update(
        index_elements=["id"],
        set_={
            "wrapped": EMPTIED,
            "destroyed_at": sa.func.coalesce(table.c.destroyed_at, statement.excluded.destroyed_at),
        },
    )
    rows = [{"id": owner, "wrapped": EMPTIED, "made_at": now, "destroyed_at": now} for owner in owners]
    if rows:
        run(statement, rows)
    box().forget(owners)


def opens(owner: int) -> bool:
    """Whether something can be sealed for this owner in the caller's transaction: its key opens, or is made now."""
    try:
        box().own(owner)
    except SealBroken:
        return False
    return True


def find_newest() -> bytes | None:
    """The data key made last, unwrapped; None where there is none yet, or no such table.

    Raises SealBroken where the keys at hand have not wrapped it.
    """
    try:
        row = db.session.execute(
            sa.select(DataKey.id, DataKey.wrapped)
            .where(DataKey.wrapped != EMPTIED)
            .order_by(DataKey.id.desc())
            .limit(1)
        ).first()
    except SQLAlchemyError:  # not migrated yet, or not to be reached at this moment
        return None
    return unwrap(row.id, row.wrapped) if row else None


def wrap(owner: int, secret: bytes) -> str:
    """A data key as it is kept: sealed by the newest key of `fields` and bound to its owner."""
    return box().seal(base64.b64encode(secret).decode(), place=PLACE, row=owner)


def unwrap(owner: int, wrapped: str) -> bytes:
    """A data key. Raises SealBroken, Erased for a tombstone."""
    return base64.b64decode(box().open(wrapped, place=PLACE, row=owner))


class DataKeys:
    """This process's way to the data keys: unwrapped ones are kept for KEPT_S seconds, at most 4096 of them.

    A key made or read inside a deed is known to that deed alone until it is committed: nothing may be sealed under
    one that a rollback has taken away.
    """

    def __init__(self) -> None:
        self._kept: OrderedDict[int, tuple[float, Key]] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, owner: int) -> Key:
        key = self._known(owner) or self._read(owner).get(owner)
        if key is None:
            raise SealBroken("seal.key_gone", key_id=f"d{owner}")
        return key

    def get_or_make(self, owner: int) -> Key:
        """The owner's key, made in the caller's deed where there is none; outside of one that is a RuntimeError.

        Raises Erased, SealBroken.
        """
        key = self._known(owner) or self._read(owner).get(owner)
        if key is not None:
            return key
        if not in_deed():
            raise RuntimeError("a data key is made inside a transaction(): a rollback would lose what it sealed")
        secret = secrets.token_bytes(32)
        values = {"id": owner, "wrapped": wrap(owner, secret), "made_at": clock.now(), "destroyed_at": None}
        made = run(_making, values)
        if made.rowcount != 1:  # somebody else has made it meanwhile
            return self.get(owner)
        key = _of_this_deed()[owner] = Key(secret)
        return key

    def fetch(self, owners: Iterable[int]) -> None:
        self._read_all([owner for owner in owners if self._known(owner) is None])

    def forget(self, owners: Iterable[int] | None = None) -> None:
        """Keep these no longer; without an argument, none at all."""
        with self._lock:
            for owner in list(self._kept) if owners is None else owners:
                self._kept.pop(owner, None)
        for owner in list(_of_this_deed()) if owners is None else owners:
            _of_this_deed().pop(owner, None)

    def _known(self, owner: int) -> Key | None:
        if in_deed() and owner in _of_this_deed():
            return _of_this_deed()[owner]
        with self._lock:
            read_at, key = self._kept.get(owner, (0.0, None))
            if key is None or time.monotonic() - read_at >= KEPT_S:
                return None
            self._kept.move_to_end(owner)
            return key

    def _read(self, owner: int) -> dict[int, Key]:
        """The key, and in the same question those of everything else that this session has read: a list is one."""
        others = [other for other in _owners_read() if other != owner and self._known(other) is None]
        keys = self._read_all([owner, *others[: _AT_ONCE - 1]])
        refused = keys.get(owner)
        if isinstance(refused, SealBroken):
            raise refused
        return {row: key for row, key in keys.items() if isinstance(key, Key)}

    def _read_all(self, owners: Sequence[int]) -> dict[int, Key | SealBroken]:
        """Their keys; of one that does not open, why."""
        found: dict[int, Key | SealBroken] = {}
        if not owners:
            return found
        for row in run(_OF_THESE, {"owners": owners}):
            try:
                found[row.id] = Key(unwrap(row.id, row.wrapped))
            except SealBroken as broken:
                found[row.id] = broken
        keys = {owner: key for owner, key in found.items() if isinstance(key, Key)}
        if in_deed():
            _of_this_deed().update(keys)
        else:
            self._keep(keys)
        return found

    def _keep(self, keys: dict[int, Key]) -> None:
        read_at = time.monotonic()
        with self._lock:
            for owner, key in keys.items():
                self._kept[owner] = (read_at, key)
                self._kept.move_to_end(owner)
            while len(self._kept) > _KEPT_MOST:
                self._kept.popitem(last=False)


def _of_this_deed() -> dict[int, Key]:
    keys: dict[int, Key] = db.session.info.setdefault(_OF_THIS_DEED, {})
    return keys


def _end_of_deed(session: Session, *_: Any) -> None:
    session.info.pop(_OF_THIS_DEED, None)


# Also where only a savepoint is rolled back: it may have made one of them.
event.listen(Session, "after_commit", _end_of_deed)
event.listen(Session, "after_soft_rollback", _end_of_deed)


def _owners_read() -> set[int]:
    owners = set()
    for row in db.session.identity_map.values():
        for column in _owner_columns(type(row)):
            owner = row.__dict__.get(column)  # what is loaded: nothing is asked for
            if owner is not None:
                owners.add(owner)
    return owners


_columns: dict[type, frozenset[str]] = {}


def _owner_columns(model: type) -> frozenset[str]:
    """The attributes by which a model's rows name whose data key seals them."""
    if model not in _columns:
        seals = [seal for seal in vars(model).values() if isinstance(seal, sealed)]
        _columns[model] = frozenset(seal.owner for seal in seals if seal.owner)
    return _columns[model]
