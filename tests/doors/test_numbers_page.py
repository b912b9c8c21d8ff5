"""The page of numbers and its table: what is counted, for whom, and what a wrong period is told."""

from __future__ import annotations

import csv
import io
import re
import threading

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from tests import world as cast
from tests.doors.asking import ON_SQLITE
from tests.world import World
from wristband.accounts.models import Officer
from wristband.accounts.rules import Role
from wristband.db import db, transaction

pytestmark = ON_SQLITE


@pytest.fixture
def desk(client: FlaskClient, world: World) -> FlaskClient:
    cast.sign_in_officer(client)
    return client


def _become(role: Role) -> None:
    with transaction():
        db.session.execute(sa.update(Officer).where(Officer.username == "officer").values(role=role))


def _report(app: Flask, token: str) -> None:
    finder = app.test_client()
    cast.tap(finder, cast.open_band(finder, token), "police")


def _table(desk: FlaskClient, query: str = "") -> dict[str, str]:
    answer = desk.get(f"/police/numbers.csv{query}")
    assert answer.mimetype == "text/csv"
    assert answer.data.startswith(b"\xef\xbb\xbf")
    return dict(csv.reader(io.StringIO(answer.get_data(as_text=True).removeprefix("\ufeff"))))


def test_an_empty_month_says_what_to_do(desk: FlaskClient) -> None:
    page = desk.get("/police/numbers").get_data(as_text=True)
    assert "这段时间没有报警" in page
    assert '<svg viewBox="0 0 720 260"' not in page
    assert "请家人打开「准备好了吗」" in page


def test_a_report_is_a_column_of_its_hour_and_a_line_of_the_table(app: Flask, desk: FlaskClient, world: World) -> None:
    _report(app, world.her.token)
    page = desk.get("/police/numbers").get_data(as_text=True)
    assert page.count('class="hours-column"') == 1
    assert re.search(r"最多在 \d+ 点", page)
    table = _table(desk)
    assert (table["报警"], table["警情"], table["新登记的老人"]) == ("1", "1", "1")
    assert sum(int(table[f"{hour} 点的报警"]) for hour in range(24)) == 1
    assert table["扫码到受理（起数）"] == "0"
    assert table["扫码到受理（中位数，秒）"] == ""


def test_an_officer_counts_the_own_station_an_auditor_all(app: Flask, desk: FlaskClient, world: World) -> None:
    _report(app, world.other.token)
    assert _table(desk)["现在待核实的老人"] == "1"
    assert _table(desk)["报警"] == "0"
    for role, scope in (
        (Role.DISTRICT, "所在的区"),
        (Role.AUDITOR, "各派出所一共"),
        (Role.ADMINISTRATOR, "各派出所一共"),
    ):
        _become(role)
        assert scope in desk.get("/police/numbers").get_data(as_text=True)
        assert (_table(desk)["现在待核实的老人"], _table(desk)["报警"]) == ("2", "1")


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ("?first=gestern", "请按「2026-11-24」这样写日期"),
        ("?first=2026-02-30&last=2026-03-01", "请按「2026-11-24」这样写日期"),
        ("?first=2026-11-02&last=2026-11-01", "开始的日期在结束的后面"),
        ("?last=2999-01-01", "还没有到那一天"),
        ("?first=1999-01-01&last=2001-01-01", "一次最多看 366 天"),
    ],
)
def test_a_wrong_period_is_told_and_what_was_typed_stands_there(desk: FlaskClient, query: str, sentence: str) -> None:
    answer = desk.get(f"/police/numbers{query}")
    assert answer.status_code == 422
    page = answer.get_data(as_text=True)
    assert sentence in page
    for typed in re.findall(r"=([^&]+)", query):
        assert f'value="{typed}"' in page
    assert desk.get(f"/police/numbers.csv{query}").status_code == 422


def test_the_page_asks_the_same_number_of_questions_however_much_there_is(
    app: Flask, desk: FlaskClient, world: World
) -> None:
    asked: list[str] = []
    here = threading.get_ident()

    def listen(*told: object) -> None:
        # Openings are written behind the answer, by a thread of their own.
        if threading.get_ident() == here:
            asked.append(str(told[2]))

    sa.event.listen(db.engine, "before_cursor_execute", listen)
    counts = []
    for _ in range(2):
        asked.clear()
        desk.get("/police/numbers")
        counts.append(len(asked))
        _report(app, world.her.token)
        _report(app, world.other.token)
    sa.event.remove(db.engine, "before_cursor_execute", listen)
    assert counts[0] == counts[1]
