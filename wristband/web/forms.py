"""What comes in: form fields and row ids, looked at before anything is done with them."""

from __future__ import annotations

from flask import request
from werkzeug.routing import IntegerConverter, Map

from wristband.errors import BadValue

MOST_ID = 2**63 - 1
# The only field that a page of ours sends more than once.
_SEVERAL = frozenset({"consents"})
_MOST_FIELDS = 100


class RowId(IntegerConverter):
    """An id in an address; what no row can have is an unknown address, and reaches no store."""

    regex = "[0-9]{1,19}"

    def __init__(self, map: Map) -> None:
        super().__init__(map, max=MOST_ID)


def find_id(text: str) -> int | None:
    """The row id in a form's field; None for what cannot be one."""
    if not (text.isascii() and text.isdecimal() and len(text) <= len(str(MOST_ID))):
        return None
    number = int(text)
    return number if number <= MOST_ID else None


def check_form() -> None:
    """Raises BadValue for a form that no page of ours sends: a field twice, a hundred fields, a NUL."""
    fields = list(request.form.lists())
    twice = any(len(values) > 1 and name not in _SEVERAL for name, values in fields)
    if twice or len(fields) > _MOST_FIELDS or any("\0" in value for _, values in fields for value in values):
        raise BadValue("page.bad_request")
