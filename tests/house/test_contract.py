"""The direction of imports, and the one way to commit."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from tests.house.tree import ROOT, modules, name_of, parsed


def test_every_room_imports_only_what_it_may() -> None:
    linted = subprocess.run(
        [Path(sys.executable).parent / "lint-imports", "--no-cache"], cwd=ROOT, capture_output=True, text=True
    )
    assert linted.returncode == 0, linted.stdout + linted.stderr


def test_the_contract_on_flask_names_every_room() -> None:
    contract = (ROOT / "setup.cfg").read_text().partition("[importlinter:contract:flask]")[2].partition("forbidden_")[0]
    top = {path.parent.name if path.name == "__init__.py" else path.stem for path in (ROOT / "wristband").glob("*.py")}
    top |= {path.parent.name for path in (ROOT / "wristband").glob("*/__init__.py")}
    rooms = top - {"wristband", "web", "cli", "migrations"}
    assert rooms == {line.strip().removeprefix("wristband.") for line in contract.splitlines() if "wristband." in line}


def test_only_services_and_the_handle_itself_commit() -> None:
    allowed = ("wristband/services/", "wristband/demonstration/", "wristband/migrations/")
    committing = {
        name_of(path)
        for path in modules("wristband")
        if not name_of(path).startswith(allowed) and any(_commits(parsed(path)))
    }
    assert committing == {"wristband/db.py"}


def _commits(tree: ast.Module) -> Iterator[ast.Call]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            called = node.func
            name = (
                called.attr if isinstance(called, ast.Attribute) else called.id if isinstance(called, ast.Name) else ""
            )
            if name in ("commit", "transaction"):
                yield node


def test_only_the_clock_asks_what_time_it_is() -> None:
    asked = {
        name_of(path)
        for path in modules("wristband")
        for node in ast.walk(parsed(path))
        if isinstance(node, ast.Call) and ast.unparse(node.func) in ("datetime.now", "datetime.utcnow", "date.today")
    }
    assert asked == {"wristband/clock.py"}
