"""The interface described: a page for people, a document for machines; open to everybody, since it holds no secret."""

from __future__ import annotations

from flask import Response, jsonify, make_response, render_template, request

from wristband.partners.rules import CHOSEN_EVENTS, EVENT_WORDS, Event
from wristband.web.guards import anyone
from wristband.web.language import current, gettext
from wristband.web.partner.document import VERSION, document, facts
from wristband.web.partner.door import partner


@partner.get("")
@anyone
def index() -> Response:
    """The page for a browser; for a machine, what this is and where its document stands."""
    if request.accept_mimetypes.best_match(["application/json", "text/html"]) != "text/html":
        return jsonify(service="wristband", version="1", document="/api/v1/openapi.json", readiness="/readyz")
    said = document(current())
    page = render_template(
        "partner/api.html",
        door="finder",
        document=said,
        operations=list(_operations(said)),
        events=[(event.value, gettext(EVENT_WORDS[event])) for event in (*CHOSEN_EVENTS, Event.TEST)],
        **facts(),
    )
    return make_response(page)


@partner.get("/openapi.json")
@anyone
def openapi() -> Response:
    """The OpenAPI document of exactly this process's operations."""
    return jsonify(document(current()))


def _operations(said: dict[str, object]) -> list[dict[str, object]]:
    """The operations in the document's order, each with what a page shows of it."""
    shown = []
    paths: dict[str, dict[str, dict[str, object]]] = said["paths"]  # type: ignore[assignment]
    for path, methods in paths.items():
        for method, operation in methods.items():
            shown.append({**operation, "method": method.upper(), "path": f"/api/v{VERSION.partition('.')[0]}{path}"})
    return shown
