"""The door itself: the key in the query or in the header, parameters read strictly, refusals in plain text."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime
from functools import wraps
from typing import Any

import structlog
from flask import Blueprint, Response, g, request
from werkzeug.exceptions import HTTPException

from wristband import clock
from wristband.errors import BadValue, NotFound, Refusal, SignInNeeded
from wristband.house import house
from wristband.interchange.pfif_checks import read_moment
from wristband.interchange.rules import MAX_RESULTS
from wristband.partners.rules import CALLS, Scope
from wristband.services import admitting
from wristband.services.sharing import Page
from wristband.web.errors import refused, sentence

log = structlog.get_logger(__name__)

exchange = Blueprint("exchange", __name__)
XML = "application/xml; charset=utf-8"
ATOM = "application/atom+xml; charset=utf-8"
SKIP_MOST = 100_000
_KEY = re.compile(r"[A-Za-z0-9_-]{1,200}", re.ASCII)
_NUMBER = re.compile(r"[0-9]{1,9}", re.ASCII)


def keyed(scope: Scope) -> Callable[[Callable[..., Response]], Callable[..., Response]]:
    """A partner's key with `scope`, as `?key=` or `Authorization: Bearer`; the partner is in `g.partner`.

    As Person Finder answers: 403 for a key that is none and for one without the right, 400 for what is asked wrongly.
    """

    def decorate(view: Callable[..., Response]) -> Callable[..., Response]:
        @wraps(view)
        def guarded(*args: Any, **kwargs: Any) -> Response:
            try:
                now = clock.now()
                g.partner = admitting.admit(_authorization(), now=now)
                g.partner.check(scope)
                admitting.spend(g.partner, (CALLS,), now=now)
                if not house().settings.record_domain:
                    raise NotFound("pfif.off")
                return _uncached(view(*args, **kwargs))
            except (Refusal, HTTPException) as told:
                return _told(told)

        guarded.guard = f"key:{scope.value}"  # type: ignore[attr-defined]
        return guarded

    return decorate


def _authorization() -> str:
    key = request.args.get("key", "")
    if not key:
        return request.headers.get("Authorization", "")
    return f"Bearer {key}" if _KEY.fullmatch(key) else ""


def _told(told: Refusal | HTTPException) -> Response:
    if isinstance(told, HTTPException):
        status = told.code or 400
        return _uncached(Response(f"{status}\n", status, mimetype="text/plain"))
    log.warning("exchange_refused", code=told.code, endpoint=request.endpoint)
    status = _status(told)
    response = refused(Response(f"{sentence(told)}\n", mimetype="text/plain"), told)
    response.status_code = status
    return _uncached(response)


def _status(told: Refusal) -> int:
    if isinstance(told, SignInNeeded):
        return 403
    return 400 if isinstance(told, BadValue) else told.status


def _uncached(response: Response) -> Response:
    """What is released now may be withdrawn in a minute; and the address holds a key."""
    response.headers["Cache-Control"] = "no-store"
    return response


def number(name: str, usual: int, most: int) -> int:
    """A number of the query; beyond `most` it is that. Raises BadValue."""
    text = request.args.get(name, "")
    if not text:
        return usual
    if not _NUMBER.fullmatch(text):
        raise BadValue("pfif.parameter", name=name)
    return min(int(text), most)


def moment(name: str) -> datetime | None:
    """A moment of the query as PFIF writes it. Raises BadValue."""
    text = request.args.get(name, "")
    found = read_moment(text)
    if text and found is None:
        raise BadValue("pfif.parameter", name=name)
    return found


def page(usual: int) -> Page:
    """What part of a feed is asked for."""
    return Page(moment("min_entry_date"), number("skip", 0, SKIP_MOST), number("max_results", usual, MAX_RESULTS))


def here() -> str:
    """This address without its query: that holds the key."""
    return f"{house().settings.base_url}{request.path}"
