"""Many at once: deeds begun at the same moment, each in a thread and with a connection of its own."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import sqlalchemy as sa
from flask import Flask

from wristband.db import db

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


def wait_for_a_waiter() -> None:
    """Return when somebody waits for a lock in this PostgreSQL database. AssertionError when nobody ever does."""
    waiting = sa.text(
        "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
    )
    with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as watch:
        for _ in range(WITHIN_S * 100):
            if watch.scalar(waiting):
                return
            time.sleep(0.01)
    raise AssertionError("nobody waits for the deed that is not committed yet")


def raised(answers: Sequence[Any]) -> list[Exception]:
    """Those of the answers that were exceptions."""
    return [answer for answer in answers if isinstance(answer, Exception)]
