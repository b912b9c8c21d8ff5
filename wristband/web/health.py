"""Alive, and ready to keep a report."""

from __future__ import annotations

import shutil
import time

import sqlalchemy as sa
from alembic.script import ScriptDirectory
from flask import Blueprint, Response, current_app, jsonify
from sqlalchemy.exc import SQLAlchemyError

from wristband.db import db
from wristband.files import Ballast
from wristband.incidents import platform_queries
from wristband.web.guards import anyone
from wristband.web.pages import settings

health = Blueprint("health", __name__)

# So long a try to write may take, and so long what came of it holds: whoever asks often costs no writer a turn.
_WRITE_WITHIN_MS = 1000
_REMEMBERED_S = 5.0
# A report takes some kilobytes; with less than this the next hours are not certain.
FREE_BYTES_NEEDED = 100_000_000
# Written as it is, and taken back.
_BOUNDED = sa.text("SELECT set_config(:name, :value, true)")
_PROBE = sa.text("UPDATE alembic_version SET version_num = version_num")


@health.get("/healthz")
@anyone
def alive() -> Response:
    return jsonify(status="alive")


@health.get("/readyz")
@anyone
def ready() -> tuple[Response, int]:
    """200 when a report would be kept; 503 with the failing check otherwise.

    `store` answers, `schema` is today's, `writes`: a write was tried and taken back, `room`: the disk is not nearly
    full, and the ballast was not given up. `platform_waits_since` says since when the police platform takes nothing,
    and makes nobody unready: reports are kept all the same.
    """
    checks, waits = {"store": False, "schema": False, "writes": False, "room": _has_room()}, None
    try:
        version = db.session.scalar(sa.text("SELECT version_num FROM alembic_version"))
        checks["store"] = True
        folder = current_app.extensions["migrate"].directory
        checks["schema"] = version == ScriptDirectory(folder).get_current_head()
        waits = platform_queries.waiting_since() if checks["schema"] else None
        db.session.rollback()
        checks["writes"] = _writes()
    except SQLAlchemyError:
        db.session.rollback()
    fit = all(checks.values())
    since = waits.isoformat() if waits else None
    answer = jsonify(status="ready" if fit else "not ready", checks=checks, platform_waits_since=since)
    return answer, 200 if fit else 503


def _has_room() -> bool:
    folder = settings().data_dir
    try:
        return shutil.disk_usage(folder).free >= FREE_BYTES_NEEDED and not Ballast(folder).is_given_up
    except OSError:
        return False


def _writes() -> bool:
    """Whether the store lets a writer in, as of a few seconds ago."""
    known: tuple[float, bool] = current_app.extensions.get("store_writes", (0.0, False))
    if time.monotonic() < known[0]:
        return known[1]
    try:
        with db.engine.connect() as connection:
            _try(connection)
        writes = True
    except SQLAlchemyError:
        writes = False
    current_app.extensions["store_writes"] = (time.monotonic() + _REMEMBERED_S, writes)
    return writes


def _try(connection: sa.Connection) -> None:
    if db.engine.dialect.name == "postgresql":
        connection.execute(_BOUNDED, {"name": "lock_timeout", "value": f"{_WRITE_WITHIN_MS}ms"})
        connection.execute(_BOUNDED, {"name": "statement_timeout", "value": f"{_WRITE_WITHIN_MS}ms"})
        connection.execute(_PROBE)
        connection.rollback()
        return
    patience = connection.exec_driver_sql("PRAGMA busy_timeout").scalar()
    try:
        connection.exec_driver_sql(f"PRAGMA busy_timeout={_WRITE_WITHIN_MS}")
        connection.execute(_PROBE)
    finally:
        connection.rollback()
        connection.exec_driver_sql(f"PRAGMA busy_timeout={patience}")
