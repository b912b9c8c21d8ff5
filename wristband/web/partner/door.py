"""The partners' door itself: what every answer below it carries, and no cookie, no foreign page, no cache."""

from __future__ import annotations

from flask import Blueprint, Response, g, request

from wristband.services.admitting import Left
from wristband.web.problems import request_id

partner = Blueprint("partner", __name__, url_prefix="/api/v1")

_CHALLENGE = 'Bearer realm="wristband"'


@partner.after_app_request
def _say_what_every_answer_says(response: Response) -> Response:
    """On whatever is answered below /api, unknown addresses and faults among it."""
    if request.path.startswith("/api/"):
        if request.method == "OPTIONS" and response.status_code < 300:  # nothing is in it that could have a type
            response.headers.pop("Content-Type", None)
        response.headers["Request-Id"] = request_id()
        response.vary.update(("Accept", "Accept-Language", "Authorization"))
        if response.status_code == 401:
            response.headers["WWW-Authenticate"] = f'{_CHALLENGE}, error="invalid_token"'
        elif response.status_code == 403 and g.get("scope"):
            response.headers["WWW-Authenticate"] = f'{_CHALLENGE}, error="insufficient_scope", scope="{g.scope}"'
        if left := g.get("left"):
            _tell_left(response, left)
    return response


def _tell_left(response: Response, left: Left) -> None:
    """How much of the scarcest budget there is (draft-ietf-httpapi-ratelimit-headers)."""
    window_s = round(left.budget.burst * left.budget.every_s)
    name = left.budget.name.removeprefix("partner.")
    response.headers["RateLimit-Policy"] = f'"{name}";q={left.budget.burst};w={window_s}'
    response.headers["RateLimit"] = f'"{name}";r={left.calls};t={left.whole_s}'
