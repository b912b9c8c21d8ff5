"""The cast for the doors: copied whole, where the store is a file."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from flask import Flask

from tests.world import Cast, World
from wristband.db import db


@pytest.fixture(scope="session")
def furnished(cast_and_store: tuple[Cast, Path]) -> tuple[Path, World]:
    """A SQLite file with the cast in it, and the cast."""
    cast, path = cast_and_store
    return path, cast.world


@pytest.fixture
def world(app: Flask, engine: str, cast: Cast, furnished: tuple[Path, World], tmp_path: Path) -> World:
    """The cast, in this test's database."""
    if engine != "sqlite":
        return cast.enter()
    path, world = furnished
    db.session.remove()
    db.engine.dispose()
    shutil.copyfile(path, tmp_path / "wristband.db")
    return world
