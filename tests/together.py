"""Many at once: deeds begun at the same moment, each in a thread and with a connection of its own."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from flask import Flask

WITHIN_S = 60


def together(app: Flask, deeds: Sequence[Callable[[], Any]]) -> list[Any]:
    """What each deed gave, or the exception it raised, in the order of `deeds`."""
    start = threading.Barrier(len(deeds), timeout=WITHIN_S)

    def one(deed: Callable[[], Any]) -> Any:
        with app.app_context():
            start.wait()
            try:
                return deed()
            except Exception as raised:
                return raised

    with ThreadPoolExecutor(len(deeds)) as pool:
        return list(pool.map(one, deeds, timeout=WITHIN_S))


def raised(answers: Sequence[Any]) -> list[Exception]:
    """Those of the answers that were exceptions."""
    return [answer for answer in answers if isinstance(answer, Exception)]
