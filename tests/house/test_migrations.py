"""The schema: up, down and up again on both engines, and what the models say."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

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
from wristband.db import db, transaction
from wristband.sealing import box

AT = datetime(2026, 11, 24, 6, 5, tzinfo=UTC)


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


def _put(table: str, **values: object) -> None:
    """A row of the schema as it stands; what may not be NULL and is not named is as empty as its type can be."""
    kept = sa.Table(table, sa.MetaData(), autoload_with=db.session.connection(), resolve_fks=False)
    empty: dict[type, object] = {str: "", int: 0, bool: False, float: 0.0, datetime: AT}
    needed = {
        column.name: empty[column.type.python_type]
        for column in kept.columns
        if not column.nullable and column.server_default is None
    }
    db.session.execute(sa.insert(kept).values({**needed, **values}))


def _sexes() -> dict[int, Any]:
    return {row.id: row.sex for row in db.session.execute(sa.text("SELECT id, sex FROM elder"))}


def test_what_was_kept_of_a_sex_and_of_a_look_is_sealed_anew_and_opens_again_after_a_way_back(bare_app: Flask) -> None:
    upgrade(revision="0007")
    with_key, without, nothing = 11, 12, 13
    with transaction():
        box().own(with_key)
        for elder_id, sex in ((with_key, "female"), (without, "male"), (nothing, None)):
            _put("elder", id=elder_id, key=str(elder_id), sex=sex)
        _put("station", id=31)
        _put("officer", id=32, station_id=31)
        words = box().seal("在路边发抖", place="emergency_look.words", row=21, owner=with_key)
        _put("emergency_look", id=21, elder_id=with_key, officer_id=32, station_id=31, words=words)
    upgrade(revision="0008")
    sexes = _sexes()
    assert sexes[nothing] is None
    assert "male" not in f"{sexes[with_key]} {sexes[without]}"
    assert box().open(sexes[with_key], place="elder.sex", row=with_key) == "female"
    assert box().open(sexes[without], place="elder.sex", row=without) == "male"
    said = db.session.scalar(sa.text("SELECT words FROM break_glass_look"))
    assert box().open(said, place="break_glass_look.words", row=21) == "在路边发抖"
    db.session.remove()
    downgrade(revision="0007")
    sexes = _sexes()
    assert sexes == {with_key: "female", without: "male", nothing: None}
    said = db.session.scalar(sa.text("SELECT words FROM emergency_look"))
    assert box().open(said, place="emergency_look.words", row=21) == "在路边发抖"
    db.session.remove()


def test_the_migrated_schema_is_what_the_models_say(app: Flask) -> None:
    with db.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
        assert compare_metadata(context, db.metadata) == []


def test_migrations_stand_in_one_line() -> None:
    assert len(ScriptDirectory(str(ROOT / "wristband" / "migrations")).get_heads()) == 1
