"""One handler for every refusal and every fault: a sentence, what to do, no trace of us."""

from __future__ import annotations

from http import HTTPStatus

import structlog
from flask import Flask, Response, make_response, redirect, render_template, request, session
from sqlalchemy.exc import SQLAlchemyError
from werkzeug.exceptions import HTTPException

from wristband.errors import NotAllowed, ProofNeeded, Refusal, SignInNeeded, TooMany, Unavailable
from wristband.refusals import SENTENCES
from wristband.web import proofs
from wristband.web.filters import duration
from wristband.web.language import gettext
from wristband.web.problems import problem
from wristband.web.sessions import PREFIXES, PROVE, THEN, door_of

log = structlog.get_logger(__name__)

# What a cookie is not made larger for.
_LONGEST_QUERY = 800

# When it makes sense to come back to what was busy, in seconds.
_BUSY_S = "5"

# Refusals of the framework itself, by status, in our words.
_BY_STATUS = {
    400: "page.bad_request",
    404: "page.unknown",
    405: "page.wrong_method",
    413: "page.too_large",
    415: "page.bad_request",
    431: "page.too_large",
}


def sentence(refusal: Refusal) -> str:
    """The refusal in this request's language."""
    wait = {"wait": duration(refusal.retry_after_s)} if isinstance(refusal, TooMany) else {}
    return gettext(SENTENCES[refusal.code], **refusal.facts | wait)


def refused(page: str | Response, refusal: Refusal) -> Response:
    """A page that tells a refusal, with the refusal's status and when a next try makes sense."""
    response = make_response(page, refusal.status)
    if isinstance(refusal, TooMany):
        response.headers["Retry-After"] = str(refusal.retry_after_s)
    elif isinstance(refusal, Unavailable):
        response.headers["Retry-After"] = _BUSY_S
    return response


def answer_to(refusal: Refusal) -> Response:
    """A page of its own for a refusal; for a machine, its problem document."""
    return refused(_page(refusal.status, sentence(refusal), refusal.code), refusal)


def _way_back() -> str:
    """Where to go after signing in, query included: a band scanned by its family comes along in it."""
    asked = request.query_string.decode("latin-1")
    return f"{request.path}?{asked}" if asked and len(asked) <= _LONGEST_QUERY else request.path


def attach(app: Flask) -> None:
    @app.errorhandler(Refusal)
    def _refused(refusal: Refusal) -> Response:
        if isinstance(refusal, SignInNeeded):
            door = door_of(request.path)
            page = refusal.page if isinstance(refusal, ProofNeeded) else "/sign-in"
            if door and request.method == "POST" and page == PROVE:
                return refused(proofs.page_for_form(), refusal)
            if door and request.method == "GET" and not request.headers.get("X-Part"):
                # Back here afterwards: the path is one of ours, since a view of this door has refused it. Pages only:
                # a picture or a stream that a page brings along asks for no HTML.
                if request.accept_mimetypes["text/html"] == 1:
                    session[THEN] = _way_back()
                return make_response(redirect(f"{PREFIXES[door]}{page}"))
        if refusal.status >= 500:
            log.error("refused", code=refusal.code, endpoint=request.endpoint)
        elif isinstance(refusal, NotAllowed):
            # Another site's tap, a form without its token, a role that may not: somebody tries something.
            log.warning("turned_away", code=refusal.code, endpoint=request.endpoint)
        return answer_to(refusal)

    @app.errorhandler(HTTPException)
    def _http(error: HTTPException) -> Response:
        status = error.code or 500
        if status < 400:
            return make_response(error.get_response())
        code = _BY_STATUS.get(status, "page.bad_request" if status < 500 else "page.fault")
        response = _page(status, gettext(SENTENCES[code]), code)
        if status == HTTPStatus.METHOD_NOT_ALLOWED and error.get_response().headers.get("Allow"):
            response.headers["Allow"] = error.get_response().headers["Allow"]
        return response

    @app.errorhandler(SQLAlchemyError)
    def _store(fault: SQLAlchemyError) -> Response:
        log.error("store_fault", exc_info=fault, endpoint=request.endpoint)
        response = _page(503, gettext(SENTENCES["page.store_busy"]), "page.store_busy")
        response.headers["Retry-After"] = _BUSY_S
        return response

    @app.errorhandler(Exception)
    def _fault(fault: Exception) -> Response:
        log.error("fault", exc_info=fault, endpoint=request.endpoint)
        return _page(500, gettext(SENTENCES["page.fault"]), "page.fault")


def _page(status: int, words: str, code: str) -> Response:
    if request.path.startswith(("/api/", "/platform/")):
        response = problem(status, words, code)
    else:
        door = door_of(request.path)
        page = render_template(
            "refusals/refusal.html",
            status=status,
            sentence=words,
            back=PREFIXES[door] if door else None,
            door=door.value if door else "finder",
        )
        response = make_response(page)
    response.status_code = status
    return response
