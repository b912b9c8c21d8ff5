"""The finder's door."""

from __future__ import annotations

from flask.testing import FlaskClient

from tests import world as cast
from tests.world import World


def test_a_tap_tells_the_family_and_the_page_says_no_more_than_is_true(client: FlaskClient, world: World) -> None:
    opened = cast.open_band(client, world.her.token)
    answer = cast.tap(client, opened, "family")
    assert answer.status_code == 303
    page = client.get(answer.location).get_data(as_text=True)
    assert "正在发给家人" in page
    assert "已发给" not in page
