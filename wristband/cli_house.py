"""A command inside the application: what every group of commands needs of it."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

import click


def in_house(command: Callable[..., None]) -> Callable[..., None]:
    """Run a command inside the application, which the command line hands down ready to be made."""

    @click.pass_obj
    @wraps(command)
    def run(create_app: Callable[[], Any], *args: Any, **kwargs: Any) -> None:
        with create_app().app_context():
            command(*args, **kwargs)

    return run
