"""The police platform's side of the machines' door: receipts of our events, and what it says of an incident."""

from __future__ import annotations

import hashlib
from http import HTTPStatus

import structlog
from flask import Response, current_app, jsonify, request
from werkzeug.exceptions import HTTPException

from wristband import clock
from wristband.errors import Refusal
from wristband.gateways.contract import ReceiptCall, ReceiptRefused
from wristband.gateways.police import PoliceGateway
from wristband.services import hearing_platform
from wristband.web.errors import sentence
from wristband.web.guards import signed
from wristband.web.platform.door import platform

log = structlog.get_logger(__name__)

LONGEST_BYTES = 65_536


@platform.post("/platform/police/receipts")
@signed
def police_receipts() -> Response:
    """Take what became of our events: an object or an array of `{"event", "state", "at", "case", "code"}`.

    `state` is `received`, `seen` or `refused`. Answers how many of them are events of ours. Errors as of
    police_events.
    """
    try:
        gateway, call = _gateway(), _call()
        key, told = gateway.read_receipts(call)
        ours = hearing_platform.hear_receipts(gateway.name, key, _digest(call), told, now=call.at)
    except (ReceiptRefused, Refusal, HTTPException) as refused:
        return _problem(refused)
    return jsonify(accepted=True, ours=ours)


@platform.post("/platform/police/events")
@signed
def police_events() -> Response:
    """Take what the platform says of an incident: `{"incident", "state", "disposition", "case", "at", "words"}`.

    Answers the state that the incident is in. Errors are problem documents with a `code`: 401 for a wrong signature
    or a time that is more than 300 s off, 404 where there is no such platform or incident, 409 for a state that does
    not fit, 413 beyond LONGEST_BYTES, 422 for what is no word of ours or a key that came before with something else,
    400 for what cannot be read. Nothing is changed by any of them; a state that does not fit is shown to officers.
    """
    try:
        gateway, call = _gateway(), _call()
        key, told = gateway.read_state(call)
        state = hearing_platform.hear_state(key, _digest(call), told, now=call.at)
    except (ReceiptRefused, Refusal, HTTPException) as refused:
        return _problem(refused)
    return jsonify(accepted=True, incident=told.incident, state=state)


def _gateway() -> PoliceGateway:
    rota = current_app.extensions["gateways"].get("platform")
    found = rota.gateways[0] if rota else None
    if not isinstance(found, PoliceGateway):
        raise ReceiptRefused("no_platform", status=404)
    return found


def _call() -> ReceiptCall:
    request.max_content_length = LONGEST_BYTES
    return ReceiptCall(request.base_url, dict(request.headers), request.get_data(cache=False), clock.now())


def _digest(call: ReceiptCall) -> str:
    return hashlib.sha256(call.body).hexdigest()


def _problem(refused: ReceiptRefused | Refusal | HTTPException) -> Response:
    detail = ""
    if isinstance(refused, HTTPException):  # too long, or broken off
        status = HTTPStatus(refused.code or 400)
        code = f"http_{status.value}"
    else:
        status, code = HTTPStatus(refused.status), refused.code
        detail = sentence(refused) if isinstance(refused, Refusal) else ""
    log.warning("platform_refused", code=code, status=status.value)
    response = jsonify(type="about:blank", title=status.phrase, status=status.value, code=code, detail=detail)
    response.status_code, response.content_type = status.value, "application/problem+json"
    return response
