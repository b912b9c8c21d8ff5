"""The finder's own page: what became of the taps, and never more than is true."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient

from tests import world as cast
from tests.doors.asking import ON_SQLITE, only, statements, tells, words
from tests.world import World
from wristband.db import db, transaction
from wristband.incidents.models import Incident
from wristband.incidents.rules import OWN_DEEDS, Disposition, IncidentState
from wristband.outbox.models import Message
from wristband.outbox.rules import MessageState
from wristband.scans.models import Reach
from wristband.scans.rules import Answer
from wristband.services import handling, reaching

pytestmark = ON_SQLITE


@pytest.fixture
def told(client: FlaskClient, world: World) -> str:
    """The page of a finder who told the family."""
    return cast.tap(client, cast.open_band(client, world.her.token), "family").location


@pytest.fixture
def reported(client: FlaskClient, world: World) -> str:
    """The page of a finder who reported."""
    return cast.tap(client, cast.open_band(client, world.her.token), "police").location


def _settle(state: MessageState) -> None:
    with transaction():
        db.session.execute(sa.update(Message).where(Message.reach_id.is_not(None)).values(state=state))


def _move(world: World, after: IncidentState, disposition: Disposition | None = None) -> None:
    handling.move(only(Incident).id, after, officer=world.officer, disposition=disposition, now=world.now)


def test_owed_is_not_sent(client: FlaskClient, told: str) -> None:
    page = words(client.get(told))
    assert "还没有发出" in page
    assert not any(more in page for more in ("已发给", "家人已经看到", "家人说"))


def test_sent_is_not_seen(client: FlaskClient, told: str) -> None:
    _settle(MessageState.DELIVERED)
    page = words(client.get(told))
    assert "已发给 1 位家人" in page
    assert "还没有人看到" in page
    assert "家人已经看到" not in page


def test_a_message_given_up_is_told_with_110(client: FlaskClient, told: str) -> None:
    _settle(MessageState.STOPPED)
    page = client.get(told)
    assert "没能发给家人" in words(page)
    assert "已发给" not in words(page)
    assert 'href="tel:110"' in page.get_data(as_text=True)


def test_seen_is_not_answered(client: FlaskClient, world: World, told: str) -> None:
    reaching.see(only(Reach).id, guardian_id=world.daughter_id, now=world.now)
    page = words(client.get(told))
    assert "家人已经看到" in page
    assert "家人说" not in page


@pytest.mark.parametrize(
    ("said", "shown"),
    [(Answer.COMING, "正在赶来"), (Answer.CALLING_POLICE, "已联系警方"), (Answer.AT_HOME, "老人在家")],
)
def test_an_answer_is_told_and_a_later_one_takes_its_place(
    client: FlaskClient, world: World, told: str, said: Answer, shown: str
) -> None:
    first = next(answer for answer in Answer if answer is not said)
    for answer in (first, said):
        reaching.answer(only(Reach).id, answer, guardian_id=world.daughter_id, now=world.now)
    assert shown in words(client.get(told))


def test_each_step_of_the_police_is_told_when_it_is_taken(client: FlaskClient, world: World, reported: str) -> None:
    steps = {"accepted": "警方已受理", "dispatched": "民警已出发", "on_scene": "民警已到场"}
    page = words(client.get(reported))
    assert only(Incident).number in page
    assert "大同派出所" in page
    for state, shown in steps.items():
        assert shown not in words(client.get(reported))
        _move(world, IncidentState(state))
        assert shown in words(client.get(reported))


@pytest.mark.parametrize("disposition", sorted(set(Disposition) - OWN_DEEDS))
def test_how_it_ended_is_told_and_the_police_are_not_asked_again(
    client: FlaskClient, world: World, reported: str, disposition: Disposition
) -> None:
    before = words(client.get(reported))
    _move(world, IncidentState.CLOSED, disposition)
    page = client.get(reported)
    assert page.status_code == 200
    assert words(page) != before
    assert f"/s/{reported.rpartition('/')[2]}/police" not in page.get_data(as_text=True)


def test_a_part_is_the_state_alone(client: FlaskClient, told: str) -> None:
    part = client.get(told, headers={"X-Part": "progress"}).get_data(as_text=True)
    assert 'id="news"' in part
    assert "<html" not in part
    assert "<h1" not in part


def test_another_part_than_ours_is_the_whole_page(client: FlaskClient, told: str) -> None:
    assert "<html" in client.get(told, headers={"X-Part": "desk"}).get_data(as_text=True)


def test_looking_changes_nothing(client: FlaskClient, told: str) -> None:
    with statements() as seen:
        client.get(told)
    assert not [statement for statement in seen if not statement.lstrip().upper().startswith(("SELECT", "BEGIN"))]


def test_an_unknown_scan_is_a_sentence_with_110(client: FlaskClient) -> None:
    for scan in ("x", "A" * 22, "林", "%00", "..", "' OR 1=1 --", "x" * 10_000):
        answer = client.get(f"/s/{scan}")
        assert answer.status_code == 404, scan
        assert tells(answer, "scans.unknown"), scan
        assert 'href="tel:110"' in answer.get_data(as_text=True), scan


def test_a_scan_whose_finder_did_nothing_has_no_page(client: FlaskClient, world: World) -> None:
    assert client.get(f"/s/{cast.open_band(client, world.her.token)['scan']}").status_code == 404


def test_the_page_reports_too_and_it_is_the_same_scan(client: FlaskClient, world: World, told: str) -> None:
    page = client.get(told)
    fields = {"scan": told.rpartition("/")[2], "stamp": cast.hidden(page, "stamp"), "band": cast.hidden(page, "band")}
    assert cast.tap(client, fields, "police").location == told
    assert only(Incident).elder_id == world.elder_id


def test_one_finder_learns_nothing_of_what_another_told(client: FlaskClient, world: World, told: str) -> None:
    other = cast.tap(client, cast.open_band(client, world.her.token), "police").location
    assert "家人已经看到" not in words(client.get(other))
    reaching.see(only(Reach).id, guardian_id=world.daughter_id, now=world.now + timedelta(minutes=1))
    assert "家人已经看到" not in words(client.get(other))
