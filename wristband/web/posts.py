"""What the three doors' boards take from a form, alike."""

from __future__ import annotations

import secrets

from flask import request

from wristband.board.rules import PHRASES, Phrase, Side
from wristband.elders.photos import MOST_BYTES
from wristband.errors import BadValue
from wristband.services.posting import Said
from wristband.web.forms import find_id

# One byte beyond what a photograph may have shows that it has too many.
_ENOUGH_BYTES = MOST_BYTES + 1
# Longer than any post may be: enough to see that it is.
_ENOUGH_CHARACTERS = 20_000


def said(side: Side) -> Said:
    """What the form says for this side. Raises BadValue for a phrase that it has no button for."""
    phrase, picture = request.form.get("phrase", ""), request.files.get("photo")
    if phrase and phrase not in {one.value for one in PHRASES[side]}:
        raise BadValue("page.bad_request")
    return Said(
        phrase=Phrase(phrase) if phrase else None,
        words=request.form.get("words", "")[:_ENOUGH_CHARACTERS],
        photo=picture.read(_ENOUGH_BYTES) if picture is not None and picture.filename else None,
        upto=upto(),
    )


def upto() -> int:
    """The number of the last post that was on the page of this form; 0 where it says none."""
    return find_id(request.form.get("upto", "")) or 0


def by_script() -> bool:
    """Whether a script asks, which stays on its page."""
    return request.headers.get("X-Part") == "board"


def new_key() -> str:
    """A form's own idempotency key."""
    return secrets.token_urlsafe(16)
