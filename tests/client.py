"""The test client: like a browser it comes with nothing from the last request but its cookies."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests import pagecheck
from wristband.db import db


class CheckedClient(FlaskClient):
    """Every page it gets, whatever the status, is looked at by pagecheck."""

    def open(self, *args: Any, **kwargs: Any) -> TestResponse:
        # What the test read before must not hide from it what this request writes.
        db.session.rollback()
        # Each request needs a context, `g` and session of its own, not those the test itself works in.
        with self.application.app_context():
            response = super().open(*args, **kwargs)
            if response.mimetype != "text/event-stream":  # that one never ends
                response.get_data()
                response.close()
        _look_at(response)
        return response


def _look_at(response: TestResponse) -> None:
    path = urlsplit(response.request.url).path
    faults = []
    if not pagecheck.is_signed_in_door(path) and not _is_grant(path, response) and "Set-Cookie" in response.headers:
        faults.append("sets a cookie at a door that has none")
    if response.mimetype == "text/html" and response.status_code // 100 != 3 and response.request.method != "HEAD":
        page = response.get_data(as_text=True)
        whole = "X-Part" not in response.request.headers
        faults += pagecheck.faults_of(page, path) if whole else pagecheck.faults_of_part(page, path)
    assert not faults, f"{response.request.method} {path} {'; '.join(faults)}"


def _is_grant(path: str, response: TestResponse) -> bool:
    """The finder's one cookie: what a proof won, on the answer that says so."""
    cookies = response.headers.getlist("Set-Cookie")
    named = all(cookie.startswith(("wristband_grant=", "__Host-wristband_grant=")) for cookie in cookies)
    return named and response.status_code == 200 and (pagecheck.is_card(path) or path.endswith("/ask"))
