"""What a machine is told when something is refused: a problem document (RFC 9457), and the request's own name."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from http import HTTPStatus

from flask import Response, g, jsonify


def request_id() -> str:
    """This request's name, by which an answer and our log are told to belong together: made by us, never taken over."""
    if "request_id" not in g:
        g.request_id = secrets.token_hex(8)
    return str(g.request_id)


def problem(status: int, detail: str, code: str, errors: Sequence[Mapping[str, str]] = ()) -> Response:
    """A problem document. `code` is the refusal's own word, which stays when a sentence is worded anew; `errors` are
    the places of a body or query that are wrong, as `pointer` (RFC 6901) or `parameter`, and a `code` each.
    """
    content: dict[str, object] = {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
        "code": code,
        "request": request_id(),
    }
    if errors:
        content["errors"] = list(errors)
    response = jsonify(content)
    response.status_code, response.content_type = status, "application/problem+json"
    return response
