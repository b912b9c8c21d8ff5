"""The trail: whole under many hands, refused to be changed, and read whatever a thief left of it."""

# ruff: noqa: S608  our own tables, and what a thief does to them

from __future__ import annotations

from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

import pytest
import sqlalchemy as sa
from flask import Flask

from tests.together import raised, together
from tests.trails import (
    AT,
    add,
    add_from_elsewhere,
    broken,
    note,
    numbers,
    steal,
    verify,
)
from tests.world import World, every_row, new_rows
from wristband import clock
from wristband.audit import queries
from wristband.audit.deeds import Deed
from wristband.audit.models import AuditRow
from wristband.audit.verification import TrailBroken, Whole
from wristband.config import Settings
from wristband.db import db, transaction
from wristband.errors import Refusal
from wristband.incidents.models import IncidentNumber
from wristband.services import signing_in, witnessing

pytestmark = pytest.mark.usefixtures("app")


# ---- one unbroken chain


def test_rows_are_numbered_from_one_and_chained(app: Flask) -> None:
    with transaction():
        note()
        note("station:2", word="one", n=None)
    add(3)
    assert numbers() == [1, 2, 3, 4, 5]
    assert verify() == Whole(5, AT, 0, 0)


def test_a_deed_that_is_undone_leaves_neither_row_nor_hole(app: Flask) -> None:
    add(1)

    def fail() -> None:
        with transaction():
            note("station:2")
            db.session.flush()
            raise ZeroDivisionError

    for _ in range(3):
        with pytest.raises(ZeroDivisionError):
            fail()
    add(1)
    assert numbers() == [1, 2]
    assert verify().rows == 2


def test_a_refused_try_stays_in_the_trail_though_nothing_came_of_it(world: World) -> None:
    before, length = every_row(), verify().rows
    with pytest.raises(Refusal):
        signing_in.enter_password(world.officer.name, "a wrong password of ours", now=clock.now())
    assert new_rows(before).get("audit_row") == 1
    assert db.session.scalars(sa.select(AuditRow.deed).order_by(AuditRow.i.desc())).first() == Deed.OFFICER_REFUSED
    assert verify().rows == length + 1


def test_the_casts_own_deeds_are_one_chain(world: World) -> None:
    assert verify().rows > 10


def test_a_deed_reads_its_number_only_when_it_ends(app: Flask) -> None:
    """Another deed that began later and ends earlier comes first; on PostgreSQL nobody waits for the slow one."""
    if db.engine.dialect.name == "sqlite":
        add(1)
    else:
        with transaction():
            note("station:slow")
            db.session.add(IncidentNumber(id=261124, last=1))
            db.session.flush()
            assert raised(together(app, [lambda: add(1, "quick")])) == []
    assert verify().rows == len(numbers())
    subjects = db.session.scalars(sa.select(AuditRow.subject).order_by(AuditRow.i)).all()
    assert subjects[0] in ("station:1", "quick:1")


def test_eight_threads_and_two_processes_make_one_unbroken_chain(app: Flask, settings: Settings) -> None:
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
        elsewhere = [pool.submit(add_from_elsewhere, settings, 40, f"elsewhere{n}") for n in range(2)]
        here = together(app, [lambda n=n: add(20, f"thread{n}") for n in range(8)])  # type: ignore[misc]
        assert [done.result(60) for done in elsewhere] == [None, None]
    assert raised(here) == []
    assert numbers() == list(range(1, 241))
    assert verify().rows == 240


# ---- the database refuses


@pytest.mark.parametrize("table", ["audit_row", "audit_checkpoint"])
@pytest.mark.parametrize("engine", ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)], indirect=True)
def test_the_database_itself_refuses_to_change_or_delete(app: Flask, table: str) -> None:
    add(2)
    witnessing.checkpoint(now=AT)
    statements = [f"UPDATE {table} SET i = i + 7", f"DELETE FROM {table}"]
    if db.engine.dialect.name == "postgresql":
        statements.append(f"TRUNCATE {table}")
    else:
        statements += [
            f"INSERT OR REPLACE INTO {table} SELECT * FROM {table}",
            f"UPDATE {table} SET id = 5 WHERE i = 2",
        ]
    before = every_row()
    for statement in statements:
        with pytest.raises(sa.exc.DBAPIError, match="only ever added to"), db.engine.begin() as connection:
            connection.exec_driver_sql(statement)
    assert every_row() == before


# ---- reading what a thief left behind


def test_a_trail_of_many_blocks_is_read_in_order(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queries, "_BLOCK", 7)
    for count in (6, 1, 1, 13):
        add(count)
        witnessing.checkpoint(now=AT)
        whole = verify()
        assert whole.rows == whole.witnessed == len(numbers())


def test_a_fact_that_is_told_twice_is_found(app: Flask) -> None:
    """Read by us it is the last, read by the store itself the first: what is verified is what stands there."""
    add(3)
    twice = """'{"n": 7, "n": 2}'"""
    steal(f"UPDATE audit_row SET facts = {twice} WHERE i = 2")
    assert broken().facts["i"] == 2


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    "change",
    [
        "at = 'never'",
        "at = 7",
        "facts = '{'",
        "facts = '[]'",
        "facts = 5",
        "deed = CAST(x'ff' AS TEXT)",
        "deed = x'00'",
        "elder_id = 'nobody'",
        "elder_id = 1.5",
        "hash = 'text'",
        "hash = x''",
        "id = -5",
        "id = 'none'",
    ],
)
def test_a_row_that_cannot_even_be_read_is_named(app: Flask, change: str) -> None:
    add(9)
    steal(f"UPDATE audit_row SET {change} WHERE i = 4")
    found = broken()
    assert isinstance(found, TrailBroken)
    assert (found.code, found.facts["i"]) == ("audit.edited", 4)


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
@pytest.mark.parametrize("number", ["NULL", "'four'", "4.5", "3", "-4", "x'04'"])
def test_a_row_without_a_number_of_its_own_is_found(app: Flask, number: str) -> None:
    add(9)
    [row_id] = db.session.scalars(sa.select(AuditRow.id).where(AuditRow.i == 4))
    db.session.rollback()
    rebuilt = "SELECT id, i, at, deed, actor, subject, elder_id, facts, hash FROM audit_row"
    steal(
        f"CREATE TABLE loose AS {rebuilt}",
        "DROP TABLE audit_row",
        "ALTER TABLE loose RENAME TO audit_row",
        f"UPDATE audit_row SET i = {number} WHERE id = {row_id}",
    )
    found = broken()
    assert (found.code, found.facts["i"]) in [
        ("audit.out_of_order", 1),
        ("audit.out_of_order", 4),
        ("audit.missing", 4),
    ]


def test_a_store_out_of_reach_is_not_told_as_a_tampering(app: Flask) -> None:
    add(2)
    steal("ALTER TABLE audit_row RENAME TO elsewhere")
    try:
        with pytest.raises(sa.exc.DBAPIError):
            verify()
    finally:
        steal_back = "ALTER TABLE elsewhere RENAME TO audit_row"
        with db.engine.begin() as connection:
            connection.exec_driver_sql(steal_back)
