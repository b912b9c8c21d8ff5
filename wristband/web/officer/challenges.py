"""What a browser's passkey is asked: the challenge waits in this browser's own cookie, and is answered once."""

from __future__ import annotations

import base64
import secrets
from collections.abc import Callable
from datetime import UTC, datetime

from flask import Response, jsonify, make_response, request, session

from wristband import clock
from wristband.accounts import passkeys
from wristband.accounts.proofs import Asked
from wristband.errors import BadValue
from wristband.web.pages import settings

_ASKED = "passkey"


def party() -> passkeys.Party | None:
    """Whom this request's passkeys are for; None where browsers have none: under a bare address."""
    ours = settings()
    return passkeys.party_of(request.host, scheme=request.scheme, ours=ours.hosts, development=not ours.production)


def ask(options: Callable[[passkeys.Party, bytes], str]) -> Response:
    """A new challenge in the options that `options` makes, as JSON for the page's script."""
    found = party()
    if found is None:
        response = jsonify(problem="no-party")
        response.status_code = 409
        return response
    challenge = secrets.token_bytes(passkeys.CHALLENGE_BYTES)
    session[_ASKED] = [base64.b64encode(challenge).decode(), clock.now().timestamp()]
    response = make_response(options(found, challenge))
    response.content_type = "application/json"
    return response


def asked() -> Asked:
    """What this browser was asked last; it is asked anew next time. Raises BadValue where it was asked nothing."""
    found, kept = party(), session.pop(_ASKED, None)
    if found is None or not isinstance(kept, list):
        raise BadValue("accounts.passkey_late")
    return Asked(found, base64.b64decode(kept[0]), datetime.fromtimestamp(kept[1], UTC))
