"""Receipts: what a gateway's provider tells afterwards about messages that it took."""

from __future__ import annotations

from http import HTTPStatus

import structlog
from flask import Response, current_app, jsonify, request
from werkzeug.exceptions import HTTPException

from wristband import clock, gateways
from wristband.gateways.contract import ReceiptCall, ReceiptRefused
from wristband.services import receiving
from wristband.web.guards import signed
from wristband.web.platform.door import platform

log = structlog.get_logger(__name__)

LONGEST_BYTES = 262_144


@platform.post("/platform/receipts/<gateway>")
@signed
def receipts(gateway: str) -> Response:
    """Take receipts of this gateway's provider, and thank it in the words that it expects.

    The gateway checks signature or secret before it reads anything. 401 or 403 for a wrong one, 404 for a gateway that
    there is not, 400 for what cannot be read, 413 beyond LONGEST_BYTES, all as problem documents. No log line holds
    more than the gateway's name and a code.
    """
    reader = gateways.readers(current_app.extensions["gateways"]).get(gateway)
    if reader is None:
        return _problem(HTTPStatus.NOT_FOUND)
    request.max_content_length = LONGEST_BYTES
    now = clock.now()
    try:
        # The query as it came: a signature is over its very characters.
        address = f"{request.base_url}?{request.query_string.decode('latin-1')}"
        call = ReceiptCall(address, dict(request.headers), request.get_data(cache=False), now)
        arrivals = reader.read_receipts(call)
    except ReceiptRefused as refused:
        log.warning("receipts_refused", gateway=gateway, code=refused.code)
        return _problem(HTTPStatus(refused.status))
    except HTTPException as error:  # too long, or broken off
        log.warning("receipts_refused", gateway=gateway, code=f"http_{error.code}")
        return _problem(HTTPStatus(error.code or 400))
    receiving.receive(gateway, arrivals, now=now)
    thanks = reader.thank(call)
    return Response(thanks.body, content_type=thanks.content_type)


def _problem(status: HTTPStatus) -> Response:
    response = jsonify(type="about:blank", title=status.phrase, status=status.value)
    response.status_code = status.value
    response.content_type = "application/problem+json"
    return response
