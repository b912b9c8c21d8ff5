"""Nobody waits for ever: a deed for its turn to write, a page's statement on PostgreSQL."""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy.exc import SQLAlchemyError

from tests.inner.test_db import count, note
from tests.together import together
from wristband import create_app
from wristband import db as database
from wristband.config import Settings
from wristband.db import db, transaction
from wristband.turns import StoreBusy


@pytest.fixture
def impatient(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A quarter of a second's patience, so that a test sees its end."""
    monkeypatch.setattr(database, "PATIENCE_S", 0.25)
    db.session.remove()
    db.engine.dispose()
    yield
    db.session.remove()
    db.engine.dispose()


@contextmanager
def held_by_another() -> Iterator[None]:
    """Somebody else writes and does not come to an end: the lock of the writers, or a row of the trail's."""
    if db.engine.dialect.name == "sqlite":
        with open(f"{db.engine.url.database}.lock", "a") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield
        return
    with db.engine.connect() as other:
        other.execute(sa.text("LOCK TABLE audit_row IN ACCESS EXCLUSIVE MODE"))
        yield


def test_a_deed_waits_for_a_held_lock_no_longer_than_its_patience_and_keeps_nothing(
    app: Flask, impatient: None
) -> None:
    with held_by_another(), pytest.raises(SQLAlchemyError), transaction():
        note()
    assert count(app) == 0
    with transaction():
        note()
    assert count(app) == 1


@pytest.mark.parametrize("engine", ["sqlite"])
def test_threads_that_wait_behind_a_held_lock_are_all_told_and_the_next_deed_is_kept(
    app: Flask, impatient: None
) -> None:
    def try_it() -> None:
        with transaction():
            note()

    with held_by_another():
        assert [type(fault) for fault in together(app, [try_it] * 4)] == [StoreBusy] * 4
    with transaction():
        note()
    assert count(app) == 1


@pytest.mark.parametrize("engine", [pytest.param("postgresql", marks=pytest.mark.postgresql)])
def test_no_page_keeps_postgresql_at_a_statement_for_ever_and_an_operator_may(app: Flask, settings: Settings) -> None:
    def bounds(of: Flask) -> list[str]:
        names = ("lock_timeout", "statement_timeout", "idle_in_transaction_session_timeout")
        with of.app_context():
            try:
                db.session.rollback()
                return [str(db.session.scalar(sa.text(f"SHOW {name}"))) for name in names]
            finally:
                db.session.remove()
                db.engine.dispose()

    assert bounds(app) == ["10s", "30s", "1min"]
    assert bounds(create_app(settings, patient=True)) == ["10s", "0", "0"]
