"""The project's own files, as the house tests look at them."""

from __future__ import annotations

import ast
import subprocess
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
_NOT_OURS = {".git", ".venv", "instance", "instance-lan", "node_modules", "__pycache__", "build", "dist"}


@cache
def files() -> tuple[Path, ...]:
    """Every file of the project: what git knows or would take, or where there is no git, what is not made by tools."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    if listed.returncode == 0:
        found = {ROOT / name for name in listed.stdout.split("\0") if name}
    else:
        found = {path for path in ROOT.rglob("*") if not _NOT_OURS & set(path.relative_to(ROOT).parts)}
    return tuple(sorted(path for path in found if path.is_file()))


@cache
def modules(*folders: str) -> tuple[Path, ...]:
    """The Python files below these folders of the root, scripts without an ending included."""
    ours = [path for path in files() if path.relative_to(ROOT).parts[0] in folders]
    return tuple(path for path in ours if path.suffix == ".py" or (not path.suffix and _begins_with_python(path)))


def _begins_with_python(path: Path) -> bool:
    with path.open("rb") as file:
        return file.readline().startswith(b"#!") and b"python" in path.read_bytes()[:40]


@cache
def parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text())


def name_of(path: Path) -> str:
    """A file's path below the root, as a failing test tells it."""
    return path.relative_to(ROOT).as_posix()
