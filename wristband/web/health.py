"""Alive, and ready to keep a report."""

from __future__ import annotations

import sqlalchemy as sa
from alembic.script import ScriptDirectory
from flask import Blueprint, Response, current_app, jsonify

from wristband.db import db
from wristband.web.guards import anyone

health = Blueprint("health", __name__)


@health.get("/healthz")
@anyone
def alive() -> Response:
    return jsonify(status="alive")


@health.get("/readyz")
@anyone
def ready() -> tuple[Response, int]:
    """200 when the store answers and has today's schema; 503 with the failing check otherwise."""
    checks = {"store": False, "schema": False}
    try:
        version = db.session.scalar(sa.text("SELECT version_num FROM alembic_version"))
        checks["store"] = True
        folder = current_app.extensions["migrate"].directory
        checks["schema"] = version == ScriptDirectory(folder).get_current_head()
    except sa.exc.SQLAlchemyError:
        db.session.rollback()
    fit = all(checks.values())
    return jsonify(status="ready" if fit else "not ready", checks=checks), 200 if fit else 503
