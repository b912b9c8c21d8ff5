"""An incident that hundreds have reported: its pages stay as short and as cheap as those of a few."""

from __future__ import annotations

import re
from datetime import datetime

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from tests import world as cast
from tests.doors.asking import ON_SQLITE, only, statements, words
from tests.world import World
from wristband import clock
from wristband.board.rules import Phrase
from wristband.db import db
from wristband.incidents.models import Incident, Report
from wristband.scans.queries import get_acted_scan
from wristband.services import posting, reporting
from wristband.services.posting import Said

pytestmark = ON_SQLITE
FEW, MANY = 12, 60


def _flood(world: World, count: int, now: datetime) -> list[str]:
    """So many finders have reported her band. Returns the scans' references."""
    references = [cast.new_reference() for _ in range(count)]
    for reference in references:
        reporting.report(reference, world.her.serial, language="zh-CN", low_trust=False, now=now)
    return references


def _scans() -> list[int]:
    db.session.rollback()
    return list(db.session.scalars(sa.select(Report.scan_id).order_by(Report.id)))


def _says(reference: str) -> int:
    posting.post_as_finder(reference, f"key-of-{reference}", Said(phrase=Phrase.WITH_ELDER), now=clock.now())
    db.session.rollback()
    return get_acted_scan(reference).id


def _whole(page: str) -> list[int]:
    return [int(found) for found in re.findall(r'<section[^>]* id="board-(\d+)"', page)]


def _folded(page: str) -> list[int]:
    return [int(found) for found in re.findall(r'href="/police/incidents/\d+/boards/(\d+)"', page)]


@pytest.fixture
def officer(app: Flask, world: World) -> FlaskClient:
    client = app.test_client()
    cast.sign_in_officer(client)
    return client


def test_three_boards_at_most_stand_open_the_opener_s_first_and_then_those_somebody_has_written_on(
    officer: FlaskClient, world: World
) -> None:
    references = _flood(world, FEW, clock.now())
    spoken = [_says(references[nth]) for nth in (4, 7, 9)]
    page = officer.get(f"/police/incidents/{only(Incident).id}").get_data(as_text=True)
    scans = _scans()
    assert _whole(page) == [scans[0], spoken[2], spoken[1]]
    assert _folded(page)[0] == spoken[0]
    assert set(_folded(page)) == set(scans) - set(_whole(page))


def test_the_others_are_a_line_each_that_leads_to_the_board_twenty_a_page(officer: FlaskClient, world: World) -> None:
    _flood(world, MANY, clock.now())
    address = f"/police/incidents/{only(Incident).id}"
    pages = [officer.get(f"{address}?boards={number}").get_data(as_text=True) for number in (1, 2, 3)]
    lines = [_folded(page) for page in pages]
    assert [len(of_page) for of_page in lines] == [20, 20, 17]
    assert sorted(sum(lines, _whole(pages[0]))) == sorted(_scans())
    assert [len(_whole(page)) for page in pages] == [3, 3, 3]
    assert officer.get(f"{address}/boards/{lines[2][-1]}").status_code == 200


@pytest.mark.parametrize("number", ["0", "99", "-1", "x", "9" * 400])
def test_a_page_of_boards_that_is_none_is_the_nearest_that_is_one(
    officer: FlaskClient, world: World, number: str
) -> None:
    _flood(world, FEW, clock.now())
    answer = officer.get(f"/police/incidents/{only(Incident).id}?boards={number}")
    assert answer.status_code == 200
    assert len(_folded(answer.get_data(as_text=True))) == FEW - 3


def test_the_time_line_folds_a_flood_of_reports_into_one_line_and_lists_them_when_asked(
    officer: FlaskClient, world: World
) -> None:
    _flood(world, MANY, clock.now())
    address = f"/police/incidents/{only(Incident).id}"
    page = words(officer.get(address))
    assert page.count("发现人报警") == 11
    assert f"还有 {MANY - 11} 次报警" in page
    assert words(officer.get(f"{address}?timeline=all")).count("发现人报警") == MANY


def test_a_page_costs_the_same_for_sixty_reports_as_for_twelve(officer: FlaskClient, world: World) -> None:
    costs = []
    for more in (FEW, MANY - FEW):
        _flood(world, more, clock.now())
        address = f"/police/incidents/{only(Incident).id}"
        officer.get(address)
        with statements() as sent:
            page = officer.get(address)
        costs.append((len(sent), len(page.data)))
    (few, short), (many, long) = costs
    assert many == few
    assert long < short + 20_000


def test_the_family_s_page_leads_to_the_same_few_boards_and_folds_the_others(app: Flask, world: World) -> None:
    references = _flood(world, FEW + 20, clock.now())
    spoken = _says(references[9])
    daughter = app.test_client()
    cast.sign_in_guardian(daughter)
    pages = [daughter.get(f"/family/incidents/{only(Incident).id}?boards={n}").get_data(as_text=True) for n in (1, 2)]
    listed = [[int(found) for found in re.findall(r'href="/family/boards/(\d+)"', page)] for page in pages]
    scans = _scans()
    assert listed[0][:2] == [scans[0], spoken]
    assert listed[1][:3] == listed[0][:3]
    assert len(listed[0]) == 23
    assert set(listed[0] + listed[1]) == set(scans)
