"""Trails to tamper with: a chain as a list of rows, what a thief does to it, and rows appended by other processes."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from wristband import create_app
from wristband.audit import chain, checkpoints, trail
from wristband.audit.deeds import Deed
from wristband.audit.models import AuditRow
from wristband.audit.verification import Whole
from wristband.config import Settings
from wristband.db import db, transaction
from wristband.errors import Refusal
from wristband.services import witnessing

AT = datetime(2026, 11, 24, 6, 5, 7, 123456, tzinfo=UTC)
KEY = bytes.fromhex("5f0c7d1e93a2b84466e1d0f7c3958a2b1c4d6e8fa0b2c3d4e5f60718293a4b5c")
ANOTHERS = bytes.fromhex("a3d41f6b08c97e5520d86c1fb9743ea66f0e8d2c4b5a69788796a5b4c3d2e1f0")


@dataclass(frozen=True)
class Entry:
    """A row as a thief sees it."""

    i: int
    row_id: int
    at: datetime = AT
    deed: str = "incident.looked_at"
    actor: str = "officer:7"
    subject: str = "incident:7"
    elder_id: int | None = 7
    facts: dict[str, Any] = field(default_factory=dict)
    hash: bytes = b""

    def link(self) -> chain.Link:
        body = chain.body(
            row_id=self.row_id,
            at=self.at,
            deed=self.deed,
            actor=self.actor,
            subject=self.subject,
            elder_id=self.elder_id,
            facts=self.facts,
        )
        return chain.Link(self.i, self.row_id, self.at, body, self.hash)


def rehashed(entries: list[Entry], first: int = 0) -> list[Entry]:
    """The entries, from index `first` on with the hashes that their contents ask for."""
    made = entries[:first]
    for entry in entries[first:]:
        before = made[-1].hash if made else chain.START
        made.append(replace(entry, hash=chain.digest(entry.i, before, entry.link().body or b"")))
    return made


def honest(length: int) -> list[Entry]:
    """A trail nobody has touched."""
    return rehashed(
        [
            Entry(i, 1000 + i, AT + timedelta(seconds=i), subject=f"incident:{i}", facts={"n": i, "word": "one"})
            for i in range(1, length + 1)
        ]
    )


def in_order(entries: list[Entry]) -> Iterator[chain.Link]:
    """What the store would answer: by number."""
    return (entry.link() for entry in sorted(entries, key=lambda entry: (entry.i, entry.row_id)))


def signed(entries: list[Entry], size: int, *, key_id: str = "1", key: bytes = KEY) -> str:
    """The checkpoint of the first `size` entries."""
    return checkpoints.sign(
        origin="同安分局黄手环/hsh.cn", size=size, root=entries[size - 1].hash, at=AT, key_id=key_id, key=key
    )


Tampering = Callable[[list[Entry], random.Random], tuple[list[Entry], int]]
"""A tampered copy, and the number of the first bad row."""


def edit(entries: list[Entry], chance: random.Random) -> tuple[list[Entry], int]:
    at = chance.randrange(len(entries))
    old = entries[at]
    changes: list[dict[str, Any]] = [
        {"at": old.at + timedelta(microseconds=chance.choice([-1, 1, 10**9]))},
        {"deed": "incident.closed"},
        {"actor": "officer:8"},
        {"actor": old.actor + old.subject[:1], "subject": old.subject[1:]},
        {"subject": "incident:0"},
        {"elder_id": chance.choice([None, 8, 0])},
        {"facts": {}},
        {"facts": {"n": str(old.facts["n"]), "word": "one"}},
        {"facts": {"n": old.facts["n"], "word": "one", "more": None}},
        {"row_id": old.row_id + 10**6},
        {"hash": bytes(byte ^ (1 << chance.randrange(8)) if n == 7 else byte for n, byte in enumerate(old.hash))},
        {"hash": b""},
        {"i": 10**9},
    ]
    return [*entries[:at], replace(old, **chance.choice(changes)), *entries[at + 1 :]], old.i


def delete(entries: list[Entry], chance: random.Random) -> tuple[list[Entry], int]:
    first = chance.randrange(len(entries) - 1)
    last = chance.choice([first, chance.randrange(first, len(entries) - 1)])
    return entries[:first] + entries[last + 1 :], first + 1


def delete_and_close_the_gap(entries: list[Entry], chance: random.Random) -> tuple[list[Entry], int]:
    left, first = delete(entries, chance)
    return [replace(entry, i=number) for number, entry in enumerate(left, 1)], first


def swap(entries: list[Entry], chance: random.Random) -> tuple[list[Entry], int]:
    """Two rows change places, with or without their hashes."""
    one, two = sorted(chance.sample(range(len(entries)), 2))
    swapped = list(entries)
    swapped[one], swapped[two] = replace(entries[two], i=one + 1), replace(entries[one], i=two + 1)
    if chance.random() < 0.5:
        swapped[one] = replace(swapped[one], hash=entries[one].hash)
        swapped[two] = replace(swapped[two], hash=entries[two].hash)
    return swapped, one + 1


def truncate(entries: list[Entry], chance: random.Random) -> tuple[list[Entry], int]:
    left = chance.randrange(len(entries))
    return entries[:left], left + 1


def insert(entries: list[Entry], chance: random.Random) -> tuple[list[Entry], int]:
    """A row of the thief's own between two."""
    at = chance.randrange(len(entries))
    forged = replace(entries[at], row_id=5, actor="officer:8")
    return [*entries[:at], forged, *(replace(entry, i=entry.i + 1) for entry in entries[at:])], at + 1


def forge(entries: list[Entry], chance: random.Random) -> tuple[list[Entry], int]:
    """One row changed or put between, with the hash that it should have."""
    tampered, first = chance.choice([edit, insert])(entries, chance)
    at = first - 1
    return [
        *entries[:at],
        rehashed([*entries[:at], replace(tampered[at], i=first)], at)[at],
        *tampered[at + 1 :],
    ], first


def repeat(entries: list[Entry], chance: random.Random) -> tuple[list[Entry], int]:
    """A row once more with the same number; in order of ids the second is the wrong one."""
    at = chance.randrange(len(entries))
    again = replace(entries[at], row_id=entries[at].row_id + 10**6)
    return [*entries, again], at + 2


def rewrite(entries: list[Entry], chance: random.Random) -> tuple[list[Entry], int]:
    """An edit, a deletion or a swap with every later number and hash made right again."""
    changed, first = chance.choice([edit, insert, delete, swap])(entries, chance)
    return rehashed([replace(entry, i=number) for number, entry in enumerate(changed, 1)], first - 1), first


def note(subject: str = "station:1", **more: Any) -> None:
    trail.record(Deed.STATIONS_IMPORTED, actor="operator", subject=subject, at=AT, **more)


def add(count: int, who: str = "station") -> None:
    """`count` rows in as many deeds."""
    for number in range(1, count + 1):
        with transaction():
            note(f"{who}:{number}", n=number)


def add_from_elsewhere(settings: Settings, count: int, who: str) -> None:
    """The same, from a process of its own."""
    app = create_app(settings)
    with app.app_context():
        add(count, who)
        db.session.remove()
        db.engine.dispose()


def steal(*statements: str) -> None:
    """What a thief does who owns the database: put the triggers aside, then anything."""
    with db.engine.begin() as thief:
        for table in ("audit_row", "audit_checkpoint"):
            if thief.dialect.name == "postgresql":
                thief.exec_driver_sql(f"ALTER TABLE {table} DISABLE TRIGGER USER")
                continue
            for name in ("update", "delete", "replace"):
                thief.exec_driver_sql(f"DROP TRIGGER IF EXISTS {table}_no_{name}")
        for statement in statements:
            thief.exec_driver_sql(statement)


def verify(copy: Path | None = None) -> Whole:
    db.session.rollback()
    return witnessing.verify(copy, on_row=lambda: None)


def broken(copy: Path | None = None) -> Refusal:
    with pytest.raises(Refusal) as refused:
        verify(copy)
    return refused.value


def numbers() -> list[int]:
    db.session.rollback()
    return list(db.session.scalars(sa.select(AuditRow.i).order_by(AuditRow.i)))
