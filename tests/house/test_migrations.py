"""The schema: up, down and up again on both engines, and what the models say."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from flask import Flask
from flask_migrate import downgrade, upgrade

from tests.house.tree import ROOT
from wristband import create_app
from wristband.config import Settings
from wristband.db import db


@pytest.fixture
def bare_app(empty_url: str, tmp_path: Path, keys_folder: Path) -> Iterator[Flask]:
    """The application on a database without a single table."""
    settings = Settings(data_dir=tmp_path / "instance", keys_dir=keys_folder, database_url=empty_url)
    application = create_app(settings)
    with application.app_context():
        yield application
        db.session.remove()
        db.engine.dispose()


def _tables() -> set[str]:
    return set(sa.inspect(db.engine).get_table_names()) - {"alembic_version"}


def test_the_schema_goes_up_and_down_and_up_again(bare_app: Flask) -> None:
    upgrade()
    there = _tables()
    assert there
    downgrade(revision="base")
    assert _tables() == set()
    upgrade()
    assert _tables() == there


def test_the_migrated_schema_is_what_the_models_say(app: Flask) -> None:
    with db.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
        assert compare_metadata(context, db.metadata) == []


def test_migrations_stand_in_one_line() -> None:
    assert len(ScriptDirectory(str(ROOT / "wristband" / "migrations")).get_heads()) == 1
