"""Alive, and ready to keep a report."""

from __future__ import annotations

import sqlalchemy as sa
from alembic.script import ScriptDirectory
from flask import Blueprint, Response, current_app, jsonify

from wristband.db import db
from wristband.incidents import platform_queries
from wristband.web.guards import anyone

health = Blueprint("health", __name__)


@health.get("/healthz")
@anyone
def alive() -> Response:
    return jsonify(status="alive")


@health.get("/readyz")
@anyone
def ready() -> tuple[Response, int]:
    """200 when the store answers and has today's schema; 503 with the failing check otherwise.

    `platform_waits_since` says since when the police platform takes nothing, and makes nobody unready: reports are
    kept all the same.
    """
    checks, waits = {"store": False, "schema": False}, None
    try:
        version = db.session.scalar(sa.text("SELECT version_num FROM alembic_version"))
        checks["store"] = True
        folder = current_app.extensions["migrate"].directory
        checks["schema"] = version == ScriptDirectory(folder).get_current_head()
        waits = platform_queries.waiting_since() if checks["schema"] else None
    except sa.exc.SQLAlchemyError:
        db.session.rollback()
    fit = all(checks.values())
    since = waits.isoformat() if waits else None
    answer = jsonify(status="ready" if fit else "not ready", checks=checks, platform_waits_since=since)
    return answer, 200 if fit else 503
