"""The page that asks an officer to prove herself again, and what of a form it keeps meanwhile."""

from __future__ import annotations

import json

from flask import render_template, request

from wristband.accounts.rules import Door
from wristband.web.sessions import door_of

# What no page carries on: it is typed anew, or belongs to one page.
_NOT_KEPT = ("csrf_token", "password", "code", "answer", "old", "new", "again")
KEPT = "kept"
ACTION = "action"


def page(*, error: str = "", action: str = "", kept: str = "", files: bool = False) -> str:
    """Ask for the password or a second factor; a form that has been sent waits in hidden fields."""
    return render_template("officer/prove.html", door="police", error=error, action=action, kept=kept, files=files)


def page_for_form() -> str:
    """The same for the form that this request has sent."""
    fields = [[name, value] for name, value in request.form.items(multi=True) if name not in _NOT_KEPT]
    asked = request.query_string.decode("latin-1")
    action = f"{request.path}?{asked}" if asked else request.path
    return page(action=action, kept=json.dumps(fields, ensure_ascii=False), files=bool(request.files))


def read_kept() -> tuple[str, list[tuple[str, str]]]:
    """Where the kept form goes and its fields; an empty address where there is none, or not one of this door's."""
    action = request.form.get(ACTION, "")
    if door_of(action.partition("?")[0]) is not Door.POLICE or "\\" in action or "//" in action:
        return "", []
    try:
        kept = json.loads(request.form.get(KEPT, ""))
    except (ValueError, RecursionError):
        return "", []
    if not isinstance(kept, list):
        return "", []
    pairs = [pair for pair in kept if isinstance(pair, list) and len(pair) == 2]
    return action, [(name, value) for name, value in pairs if isinstance(name, str) and isinstance(value, str)]
