"""A guardian's list of what has happened to her elder: when, how it ended, and nobody else's."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from flask.testing import FlaskClient

from tests import world as cast
from tests.doors.asking import ON_SQLITE, words
from tests.services.keepsakes import reported
from tests.services.reports import close_all, incident_of
from tests.world import World
from wristband.services import withdrawing

pytestmark = ON_SQLITE


@pytest.fixture
def daughter(client: FlaskClient, world: World) -> FlaskClient:
    cast.sign_in_guardian(client)
    return client


def test_without_incidents_the_page_says_so(daughter: FlaskClient, world: World) -> None:
    assert "没有报警记录" in words(daughter.get(f"/family/elders/{world.elder_id}/incidents"))


def test_each_incident_stands_there_with_its_end_and_leads_on(daughter: FlaskClient, world: World) -> None:
    now = world.now
    _, closed = reported(world, now)
    close_all(world, now)
    reference, withdrawn = reported(world, now + timedelta(minutes=1))
    withdrawing.withdraw(reference, now=now + timedelta(minutes=2))
    _, going_on = reported(world, now + timedelta(minutes=3))
    page = daughter.get(f"/family/elders/{world.elder_id}/incidents")
    text = page.get_data(as_text=True)
    places = [text.index(f"/family/incidents/{one}") for one in (going_on, withdrawn, closed)]
    assert places == sorted(places)
    for said in ("正在办理", "撤回", "已交给家人", incident_of(reference).number):
        assert said in words(page)
    assert daughter.get(f"/family/incidents/{withdrawn}").status_code == 200


def test_a_long_list_goes_on_and_shows_each_once(daughter: FlaskClient, world: World) -> None:
    numbers = []
    for nth in range(22):
        reference, _ = reported(world, world.now + timedelta(minutes=nth))
        numbers.append(incident_of(reference).number)
        close_all(world, world.now + timedelta(minutes=nth))
    first = daughter.get(f"/family/elders/{world.elder_id}/incidents").get_data(as_text=True)
    older = re.search(r'href="([^"]+before=\d+)"', first)
    assert older
    second = daughter.get(older[1]).get_data(as_text=True)
    assert [number in first for number in numbers] == [False] * 2 + [True] * 20
    assert [number in second for number in numbers] == [True] * 2 + [False] * 20


def test_a_strangers_elder_is_nobodys(daughter: FlaskClient, world: World) -> None:
    assert daughter.get(f"/family/elders/{world.other.elder_id}/incidents").status_code == 404
