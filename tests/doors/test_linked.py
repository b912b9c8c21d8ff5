"""The page behind a message's link: one button, no sign-in, nothing about the elder."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient

from tests import world as cast
from tests.doors.asking import ON_SQLITE, only, tells, words
from tests.world import World, every_row
from wristband.house import house
from wristband.outbox import links
from wristband.outbox.models import Message
from wristband.scans.models import Reach
from wristband.scans.rules import Answer

pytestmark = ON_SQLITE


@pytest.fixture
def progress(client: FlaskClient, world: World) -> str:
    return cast.tap(client, cast.open_band(client, world.her.token), "family").location


@pytest.fixture
def link(progress: str) -> str:
    message = Message.query.filter_by(reach_id=only(Reach).id).first()
    return f"/family/a/{links.make(message.id, house().ring.all('forms'))}"


def press(client: FlaskClient, link: str) -> None:
    answer = client.post(link)
    assert (answer.status_code, answer.location) == (303, link)


def test_opening_it_changes_nothing_and_says_nothing_of_the_elder(client: FlaskClient, link: str) -> None:
    before = every_row()
    page = words(client.get(link))
    assert "我看到了，正在处理" in page
    assert not any(secret in page for secret in cast.ELDER.values() if len(secret) > 1)
    assert every_row() == before


def test_the_button_tells_the_finder(client: FlaskClient, link: str, progress: str) -> None:
    press(client, link)
    assert only(Reach).answer is Answer.ON_IT
    assert "家人说：看到了，正在处理" in words(client.get(progress))
    page = words(client.get(link))
    assert "已经告诉发现人" in page
    assert "我看到了" not in page


def test_pressing_again_shows_the_same_page(client: FlaskClient, link: str) -> None:
    press(client, link)
    before = every_row()
    press(client, link)
    assert every_row() == before


def test_where_somebody_else_has_answered_there_is_nothing_to_press(
    client: FlaskClient, world: World, link: str
) -> None:
    from wristband import clock
    from wristband.services import reaching

    reaching.answer(only(Reach).id, Answer.COMING, guardian_id=world.daughter_id, now=clock.now())
    page = words(client.get(link))
    assert "已经有人回应" in page
    assert "我看到了" not in page


@pytest.mark.parametrize("token", ["nonsense", "MQ.x", "%00", "a" * 3000])
def test_a_link_of_nobodys_is_told_so(client: FlaskClient, world: World, token: str) -> None:
    answer = client.get(f"/family/a/{token}")
    assert answer.status_code == 404
    assert tells(answer, "reach.link_unknown")
