"""Small: functions of a screenful, modules of one sitting."""

from __future__ import annotations

import ast
from pathlib import Path

from tests.house.tree import modules, name_of, parsed

LONGEST_FUNCTION = 50
LONGEST_MODULE = 350
# A migration is a record of one day, as long as what changed that day.
RECORDS = "wristband/migrations/versions/"


def _read_by_people() -> list[Path]:
    return [path for path in modules("wristband", "scripts", "tests") if not name_of(path).startswith(RECORDS)]


def test_every_function_fits_a_screen() -> None:
    long = {
        f"{name_of(path)}:{node.name}": length
        for path in _read_by_people()
        for node in ast.walk(parsed(path))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and (length := (node.end_lineno or 0) - node.lineno + 1) > LONGEST_FUNCTION
    }
    assert not long


def test_every_module_is_read_in_one_sitting() -> None:
    lengths = {name_of(path): len(path.read_text().splitlines()) for path in _read_by_people()}
    assert not {name: length for name, length in lengths.items() if length > LONGEST_MODULE}


def test_every_module_says_in_one_line_what_it_is_for() -> None:
    silent = [name_of(path) for path in modules("wristband") if not _promise(path)]
    assert not silent


def _promise(path: Path) -> str | None:
    tree = parsed(path)
    return ast.get_docstring(tree) if tree.body else "an empty package file"
