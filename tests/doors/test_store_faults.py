"""A store that is locked or broken: a sentence and 503, nothing half done, no trace of us."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests import world as cast
from tests.doors.asking import ON_SQLITE, count, tells
from tests.world import World
from wristband.db import db, transaction
from wristband.incidents.models import Incident, Report
from wristband.scans.models import Reach, Scan


def _is_told(answer: TestResponse) -> bool:
    text = answer.get_data(as_text=True)
    assert not [trace for trace in ("Traceback", "SELECT", "sqlite", "psycopg", "no such table") if trace in text]
    assert answer.headers["Retry-After"] == "5"
    assert 'href="tel:110"' in text
    return tells(answer, "page.store_busy")


@contextlib.contextmanager
def _locked(tmp_path: Path) -> Iterator[None]:
    """Somebody else holds the write lock of the file; our patience is short meanwhile."""

    def impatient(connection: Any, *_: Any) -> None:
        connection.execute("PRAGMA busy_timeout=50")

    db.session.remove()
    db.engine.dispose()
    sa.event.listen(db.engine, "connect", impatient)
    with contextlib.closing(sqlite3.connect(tmp_path / "wristband.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield
        other.execute("ROLLBACK")


@ON_SQLITE
@pytest.mark.parametrize("deed", ["family", "police"])
def test_a_locked_store_refuses_a_tap_and_the_next_one_is_kept(
    client: FlaskClient, world: World, tmp_path: Path, deed: str
) -> None:
    fields = cast.open_band(client, world.her.token)
    with _locked(tmp_path):
        answer = cast.tap(client, fields, deed)
        assert answer.status_code == 503
        assert _is_told(answer)
        assert client.get(f"/t/{world.her.token}").status_code == 200
    assert cast.tap(client, fields, deed).status_code == 303
    assert count(Reach if deed == "family" else Report) == 1


def test_a_deed_that_breaks_in_the_middle_leaves_nothing(client: FlaskClient, app: Flask, world: World) -> None:
    fields = cast.open_band(client, world.her.token)
    app.extensions["scan_log"].flush()
    scans = count(Scan)
    with transaction():
        db.session.execute(sa.text("ALTER TABLE audit_row RENAME TO audit_row_away"))
    try:
        answer = cast.tap(client, fields, "police")
    finally:
        db.session.rollback()
        with transaction():
            db.session.execute(sa.text("ALTER TABLE audit_row_away RENAME TO audit_row"))
    assert answer.status_code == 503
    assert _is_told(answer)
    assert (count(Incident), count(Report), count(Scan)) == (0, 0, scans)
    assert cast.tap(client, fields, "police").status_code == 303


def test_a_name_no_store_can_hold_is_refused_before_it_is_looked_for(client: FlaskClient, world: World) -> None:
    token = cast.csrf(client, "/police/sign-in")
    answer = client.post("/police/sign-in", data={"csrf_token": token, "username": "officer\0", "password": "x"})
    assert answer.status_code == 422
    assert tells(answer, "page.bad_request")


@ON_SQLITE
def test_a_broken_store_is_a_sentence_at_every_door_and_bands_still_open(
    client: FlaskClient, world: World, tmp_path: Path
) -> None:
    cast.sign_in_guardian(client)
    db.session.remove()
    db.engine.dispose()
    for path in tmp_path.glob("wristband.db*"):
        path.write_bytes(b"this is no database" * 100)
    assert client.get(f"/t/{world.her.token}").status_code == 200
    for path in ("/stations", f"/s/{cast.new_reference()}"):
        answer = client.get(path)
        assert answer.status_code == 503
        assert _is_told(answer)
    answer = client.get("/family")
    assert answer.status_code == 503
    assert tells(answer, "page.store_busy")
