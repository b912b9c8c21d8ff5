"""The machines' door."""

from flask import Blueprint, Response, jsonify

from wristband.web.guards import anyone

platform = Blueprint("platform", __name__, url_prefix="/api/v1")


@platform.get("")
@anyone
def index() -> Response:
    """What this interface is, for a machine that asks."""
    return jsonify(service="wristband", version="1", readiness="/readyz")
