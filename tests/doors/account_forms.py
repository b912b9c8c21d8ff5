"""Forms of the pages of accounts, as their tests send them."""

from __future__ import annotations

import re
from datetime import timedelta

import time_machine
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests import world as cast
from wristband import clock


def post(client: FlaskClient, path: str, at: str = "", **fields: str) -> TestResponse:
    """Send the form of a page: its token, and these fields."""
    return client.post(path, data={"csrf_token": cast.csrf(client, at or path), **fields})


def shown_codes(answer: TestResponse) -> list[str]:
    """The recovery codes on a page."""
    return re.findall(r"<li><code>([0-9A-Z-]+)</code>", answer.get_data(as_text=True))


def later(minutes: float) -> time_machine.travel:
    return time_machine.travel(clock.now() + timedelta(minutes=minutes), tick=False)
