"""No test finds what another left: what they share was worked out from the code, and knows no row."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from flask import Flask, url_for
from flask.testing import FlaskClient

from tests import quarter
from tests.house.tree import modules, parsed
from tests.remembered import RememberedRule
from tests.world import every_row
from wristband import create_app
from wristband.config import Settings
from wristband.db import db, transaction
from wristband.house import house
from wristband.limits import SpentBudget


@pytest.fixture
def two_apps(settings: Settings, migrated_sqlite: Path, tmp_path: Path) -> Iterator[tuple[Flask, Flask]]:
    """Two applications of one process, each on a store of its own."""
    apps = []
    for name in ("one", "two"):
        path = tmp_path / f"{name}.db"
        path.write_bytes(migrated_sqlite.read_bytes())
        apps.append(create_app(settings.model_copy(update={"database_url": f"sqlite:///{path}"})))
    yield apps[0], apps[1]
    for app in apps:
        with app.app_context():
            db.session.remove()
            db.engine.dispose()


@pytest.mark.parametrize("turn", ["first", "second", "third"])
def test_a_test_finds_nothing_of_the_one_before(app: Flask, client: FlaskClient, turn: str) -> None:
    rows = every_row()
    assert not any(rows.values()), {name for name, found in rows.items() if found}
    folder = house().settings.data_dir
    assert folder == app.extensions["settings"].data_dir
    assert not (folder / "messages.jsonl").exists()
    assert "left" not in app.extensions
    assert client.get("/healthz").status_code == 200
    # and leaves of everything what it can
    with transaction():
        db.session.add(SpentBudget(key="1" * 64, due_s=1.0))
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "messages.jsonl").write_text("{}\n")
    app.extensions["left"] = turn
    sa.event.listen(db.engine, "connect", lambda *_: pytest.fail("heard from a test that is over"))


def test_one_statement_asks_each_store_its_own(two_apps: tuple[Flask, Flask]) -> None:
    one, two = two_apps
    with one.app_context(), transaction():
        db.session.add(SpentBudget(key="1" * 64, due_s=1.0))
    counts = []
    for app in (one, two, one):
        with app.app_context():
            counts.append(db.session.scalar(sa.select(sa.func.count()).select_from(SpentBudget)))
    assert counts == [1, 0, 1]


def test_addresses_are_put_together_as_the_rule_of_this_application_says(two_apps: tuple[Flask, Flask]) -> None:
    one, two = two_apps
    assert {type(rule) for rule in one.url_map.iter_rules()} == {RememberedRule}
    one.add_url_rule("/other/<int:name>", endpoint="other", view_func=str)
    two.add_url_rule("/other/<name>", endpoint="other", view_func=str)
    with one.test_request_context():
        assert url_for("other", name="7") == "/other/7"
    with two.test_request_context():
        assert url_for("other", name="七 8") == "/other/%E4%B8%83%208"


def test_what_the_usual_run_leaves_out_by_name_is_there() -> None:
    nodes = [node for path in modules("tests") for node in parsed(path).body]
    assert {node.name for node in nodes if isinstance(node, ast.FunctionDef)} >= quarter.LONG
