"""Where the templates and static files lie: inside the installed package, or beside it in a checkout."""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).parent


def templates_folder() -> Path:
    """The folder of page and message templates."""
    return _folder("templates")


def static_folder() -> Path:
    """The folder of styles, scripts and pictures."""
    return _folder("static")


def _folder(name: str) -> Path:
    inside = _PACKAGE / name
    return inside if inside.is_dir() else _PACKAGE.parent / name
