"""The cast for the doors: made once, then copied, where the store is a file."""

from __future__ import annotations

import contextlib
import shutil
from pathlib import Path

import pytest
from flask import Flask
from jinja2.bccache import Bucket, BytecodeCache

from tests.world import World, make_world
from wristband.config import Settings
from wristband.db import db
from wristband.keys import KeyRing


class Compiled(BytecodeCache):
    """Templates compiled for one test are not compiled again for the next: each test has an application of its own."""

    def __init__(self) -> None:
        self.kept: dict[str, bytes] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        if bucket.key in self.kept:
            bucket.bytecode_from_string(self.kept[bucket.key])

    def dump_bytecode(self, bucket: Bucket) -> None:
        self.kept[bucket.key] = bucket.bytecode_to_string()


@pytest.fixture(scope="session")
def compiled() -> Compiled:
    return Compiled()


@pytest.fixture
def app(app: Flask, compiled: Compiled) -> Flask:
    app.jinja_env.bytecode_cache = compiled
    return app


@pytest.fixture(scope="session")
def furnished(
    migrated_sqlite: Path, keys: KeyRing, keys_folder: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, World]:
    """A SQLite file with the cast in it, and the cast."""
    from wristband import create_app

    path = tmp_path_factory.mktemp("furnished") / "wristband.db"
    shutil.copyfile(migrated_sqlite, path)
    settings = Settings(data_dir=path.parent, keys_dir=keys_folder, database_url=f"sqlite:///{path}")
    with create_app(settings).app_context():
        cast = make_world()
        db.session.remove()
        with contextlib.closing(db.engine.raw_connection()) as connection:
            connection.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)")
        db.engine.dispose()
    return path, cast


@pytest.fixture
def world(app: Flask, engine: str, tmp_path: Path, request: pytest.FixtureRequest) -> World:
    """The cast, in this test's database."""
    if engine != "sqlite":
        return make_world()
    path, cast = request.getfixturevalue("furnished")
    db.session.remove()
    db.engine.dispose()
    shutil.copyfile(path, tmp_path / "wristband.db")
    return cast
