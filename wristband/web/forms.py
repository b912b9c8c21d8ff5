"""What comes in: form fields and row ids, looked at before anything is done with them."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable
from contextlib import suppress
from functools import wraps
from typing import Any

from flask import Flask, Response, request
from werkzeug.routing import IntegerConverter

from wristband.errors import BadValue

# Below 2**63, which is what a store takes; our ids outgrow it in the year 2088.
_ROW_ID = "[0-8]?[0-9]{1,18}"
# The only fields that pages of ours send more than once.
_SEVERAL = frozenset({"bands", "columns", "consents", "fields", "incidents", "scopes"})
_MOST_FIELDS = 100
# What a phone of today takes: refused where it is too much by the file's own rule, the form's words kept.
_FILE_FORM_BYTES = 25_000_000
# Six photographs of that size and a few more, for the sentence that says which were taken.
_FILES_FORM_BYTES = 60_000_000
# Beyond it whoever sends is cut off.
_DRAINED_BYTES = 80_000_000
_CHUNK_BYTES = 65_536


def attach(app: Flask) -> None:
    @app.after_request
    def _take_the_rest(response: Response) -> Response:
        # A form refused unread is still being sent: to hang up now would break the line before the sentence is read.
        # Only where the server tells the body's end.
        if request.method == "POST" and request.environ.get("wsgi.input_terminated"):
            body, left = request.environ["wsgi.input"], _DRAINED_BYTES
            with suppress(OSError):  # gone meanwhile: nobody is there to be told
                while left > 0 and (chunk := body.read(_CHUNK_BYTES)):
                    left -= len(chunk)
        return response


class RowId(IntegerConverter):
    """An id in an address; what no row can have is an unknown address, and reaches no store."""

    regex = _ROW_ID


def find_id(text: str) -> int | None:
    """The row id in a form's field; None for what cannot be one."""
    return int(text) if re.fullmatch(_ROW_ID, text) else None


def network() -> str:
    """The network a request comes from, as budgets know it: an IPv4 address, of IPv6 the 64 bits one customer gets.

    Empty where the server is not told, as behind a socket whose proxy is not trusted.
    """
    try:
        address = ipaddress.ip_address(request.remote_addr or "")
    except ValueError:
        return ""
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is None:
            return str(ipaddress.IPv6Network((int(address) >> 64 << 64, 64)))
        address = address.ipv4_mapped
    return str(address)


def with_file(view: Callable[..., Any]) -> Callable[..., Any]:
    """A view, its guard included, whose form may carry a photograph or a recording as it comes from a phone."""

    @wraps(view)
    def roomy(*args: Any, **kwargs: Any) -> Any:
        request.max_content_length = _FILE_FORM_BYTES
        return view(*args, **kwargs)

    return roomy


def with_files(view: Callable[..., Any]) -> Callable[..., Any]:
    """The same for a form that carries several."""

    @wraps(view)
    def roomier(*args: Any, **kwargs: Any) -> Any:
        request.max_content_length = _FILES_FORM_BYTES
        return view(*args, **kwargs)

    return roomier


def check_form() -> None:
    """Raises BadValue for a form that no page of ours sends: a field twice, a hundred fields, a NUL."""
    fields = list(request.form.lists())
    twice = any(len(values) > 1 and name not in _SEVERAL for name, values in fields)
    if twice or len(fields) > _MOST_FIELDS or any("\0" in value for _, values in fields for value in values):
        raise BadValue("page.bad_request")
