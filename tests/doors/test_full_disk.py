"""A disk that is full: the ballast is given up, text reports go on, and the service says that it is not ready."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from tests import world as cast
from tests.doors.asking import ON_SQLITE, count, tells
from tests.world import World
from wristband.config import Settings
from wristband.db import db
from wristband.files import BALLAST_BYTES, Ballast
from wristband.incidents.models import Report
from wristband.scans.models import Reach

pytestmark = ON_SQLITE


@pytest.fixture
def folder(app: Flask) -> Path:
    """The data folder."""
    settings: Settings = app.extensions["settings"]
    settings.data_dir.mkdir(exist_ok=True)
    return settings.data_dir


@pytest.fixture
def ballast(folder: Path) -> Ballast:
    held = Ballast(folder)
    assert held.make()
    return held


@contextmanager
def _full(folder: Path) -> Iterator[None]:
    """The store may not grow by a page, as on a full disk, while the ballast's file takes room."""

    def bound(connection: Any, *_: Any) -> None:
        file = folder / "ballast"
        held = not file.exists() or file.stat().st_size > 0
        pages = connection.execute("PRAGMA page_count").fetchone()[0]
        connection.execute(f"PRAGMA max_page_count={pages if held else 1_000_000}")

    db.session.remove()
    db.engine.dispose()
    sa.event.listen(db.engine, "checkout", bound)
    try:
        yield
    finally:
        sa.event.remove(db.engine, "checkout", bound)
        db.session.remove()
        db.engine.dispose()


def _taps(client: FlaskClient, world: World, deed: str, most: int) -> int:
    """So many new finders tap. Returns for how many nothing was kept."""
    return sum(cast.tap(client, cast.open_band(client, world.her.token), deed).status_code != 303 for _ in range(most))


@pytest.mark.parametrize(("deed", "model"), [("police", Report), ("family", Reach)])
def test_what_a_finder_taps_is_kept_on_a_full_disk_and_the_ballast_is_gone(
    client: FlaskClient, world: World, ballast: Ballast, folder: Path, deed: str, model: type[Any]
) -> None:
    assert client.get("/readyz").status_code == 200
    with _full(folder):
        assert _taps(client, world, deed, 20) == 0
    assert count(model) == 20
    assert ballast.is_given_up
    answer = client.get("/readyz")
    assert (answer.status_code, answer.get_json()["checks"]["room"]) == (503, False)


def test_without_ballast_a_full_disk_is_told_and_a_report_is_never_half_kept(
    client: FlaskClient, world: World, folder: Path
) -> None:
    with _full(folder):
        opened = [cast.open_band(client, world.her.token) for _ in range(20)]
        answers = [cast.tap(client, one, "police") for one in opened]
    assert {answer.status_code for answer in answers} == {303, 503}
    refused = next(answer for answer in answers if answer.status_code == 503)
    assert tells(refused, "page.store_busy")
    assert count(Report) == sum(answer.status_code == 303 for answer in answers)


def test_the_ballast_is_given_up_once_and_made_anew_where_there_is_room(ballast: Ballast, folder: Path) -> None:
    assert (folder / "ballast").stat().st_size == BALLAST_BYTES
    assert [ballast.let_go(), ballast.let_go()] == [True, False]
    assert (ballast.is_given_up, ballast.make(), ballast.is_given_up) == (True, True, False)


def test_without_ever_having_been_made_it_is_not_given_up(folder: Path) -> None:
    assert (Ballast(folder).let_go(), Ballast(folder).is_given_up) == (False, False)


def test_a_store_that_lets_nobody_write_is_not_ready(client: FlaskClient, app: Flask, tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "wristband.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        answer = client.get("/readyz")
        other.execute("ROLLBACK")
    assert answer.status_code == 503
    assert answer.get_json()["checks"] == {"store": True, "schema": True, "writes": False, "room": True}
