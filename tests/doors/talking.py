"""Three people before one board, each with a browser of their own."""

from __future__ import annotations

import re

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests import world as cast
from tests.doors.asking import only, send
from tests.world import World
from wristband.incidents.models import Incident
from wristband.scans.models import Reach

HIS_PHONE = "13800138009"
PART = {"X-Part": "board"}


def tells_both(client: FlaskClient, world: World) -> str:
    """The address of a finder who has told the family and the police."""
    opened = cast.open_band(client, world.her.token)
    cast.tap(client, opened, "police")
    return cast.tap(client, opened, "family").location


def arrives_as_daughter(app: Flask) -> FlaskClient:
    """She is signed in."""
    client = app.test_client()
    cast.sign_in_guardian(client)
    return client


def arrives_as_officer(app: Flask) -> FlaskClient:
    """He is signed in at the station that has the incident."""
    client = app.test_client()
    cast.sign_in_officer(client)
    return client


def hers() -> str:
    return f"/family/calls/{only(Reach).id}"


def her_board() -> str:
    return f"/family/boards/{only(Reach).scan_id}"


def his() -> str:
    return f"/police/incidents/{only(Incident).id}"


def his_board() -> str:
    return f"{his()}/boards/{only(Reach).scan_id}"


def key_of(page: TestResponse, *, form: int = 0) -> str:
    return str(re.findall(r'name="key" value="([^"]+)"', page.get_data(as_text=True))[form])


def say(client: FlaskClient, board: str, **fields: object) -> TestResponse:
    """Through the board's own page, with the key and token that it has."""
    page = client.get(board)
    sent = {"key": key_of(page), "upto": "0"} | fields
    if not board.startswith("/s/"):
        sent["csrf_token"] = cast.hidden(page, "csrf_token")
    return send(client, board, sent)
