"""The machines' door, and what an operator's monitor asks."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from tests.doors.asking import ON_SQLITE, statements
from wristband.db import db, transaction
from wristband.refusals import SENTENCES


@ON_SQLITE
@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/api/v1/nothing", 404, "page.unknown"),
        ("GET", "/api/", 404, "page.unknown"),
        ("POST", "/api/v1", 405, "page.wrong_method"),
        ("DELETE", "/api/v1", 405, "page.wrong_method"),
    ],
)
def test_a_machine_is_refused_in_the_terms_of_machines(
    client: FlaskClient, app: Flask, method: str, path: str, status: int, code: str
) -> None:
    answer = client.open(path, method=method)
    assert (answer.status_code, answer.content_type) == (status, "application/problem+json")
    assert answer.get_json()["status"] == status
    assert answer.get_json()["detail"] == SENTENCES[code]


@ON_SQLITE
def test_the_interface_says_what_it_is(client: FlaskClient, app: Flask) -> None:
    assert client.get("/api/v1").get_json()["version"] == "1"


@ON_SQLITE
def test_being_alive_asks_nothing_of_the_store(client: FlaskClient, app: Flask) -> None:
    with statements() as seen:
        assert client.get("/healthz").get_json() == {"status": "alive"}
    assert seen == []


def test_ready_means_a_store_with_todays_schema(client: FlaskClient, app: Flask) -> None:
    answer = client.get("/readyz")
    assert (answer.status_code, answer.get_json()["status"]) == (200, "ready")


def test_another_schema_is_not_ready(client: FlaskClient, app: Flask) -> None:
    with transaction():
        db.session.execute(sa.text("UPDATE alembic_version SET version_num = 'of yesterday'"))
    try:
        answer = client.get("/readyz")
        assert answer.status_code == 503
        assert answer.get_json()["checks"] == {"store": True, "schema": False, "writes": True, "room": True}
    finally:
        with transaction():
            db.session.execute(sa.text("UPDATE alembic_version SET version_num = '0001'"))


@ON_SQLITE
def test_a_store_that_is_no_store_is_not_ready(client: FlaskClient, app: Flask, tmp_path: Path) -> None:
    db.engine.dispose()
    (tmp_path / "wristband.db").write_bytes(b"this is no database" * 100)
    with pytest.raises(sqlite3.DatabaseError):
        sqlite3.connect(tmp_path / "wristband.db").execute("SELECT 1 FROM sqlite_master")
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.get_json()["checks"] == {"store": False, "schema": False, "writes": False, "room": True}
    assert "sqlite" not in answer.get_data(as_text=True).lower()
