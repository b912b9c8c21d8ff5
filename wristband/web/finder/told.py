"""What the finder's forms tell beside their own fields, and where their answers lead."""

from __future__ import annotations

from datetime import datetime

from flask import Response, make_response, redirect, request, url_for

from wristband.reports.rules import Claimed, claimed
from wristband.web.language import chosen


def by_the_phone(now: datetime) -> Claimed | None:
    """What the phone's clock says of when this was done; None where its script did not tell."""
    form = request.form
    return claimed(form.get("made_ms", "")[:20], form.get("sent_ms", "")[:20], now=now)


def to_progress(reference: str, at: str = "") -> Response:
    """To the finder's own page, or to a part of it."""
    page = url_for("finder.progress", scan=reference) + chosen()
    return make_response(redirect(f"{page}#{at}" if at else page, code=303))
