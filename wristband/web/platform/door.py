"""The machines' door itself, and what it says of itself."""

from flask import Blueprint, Response, jsonify

from wristband.web.guards import anyone

platform = Blueprint("platform", __name__)


@platform.get("/api/v1")
@anyone
def index() -> Response:
    """What this interface is, for a machine that asks."""
    return jsonify(service="wristband", version="1", readiness="/readyz")
