"""The pages of imports and exports: sent, looked through, taken; asked for, agreed to, fetched; and who may not."""

from __future__ import annotations

import html
import io
import re

import pytest
from flask.testing import FlaskClient

from tests import world as cast
from tests.crafts.sheets import csv_of, headings, row
from tests.doors.asking import ON_SQLITE, send
from tests.services.sheets import families, make_exports, promote, supervisor, taken, work
from tests.world import World
from wristband import clock
from wristband.accounts.models import Officer
from wristband.accounts.rules import Role
from wristband.db import db, transaction
from wristband.services import exporting_records
from wristband.sheets.rules import USUAL, SheetKind

pytestmark = ON_SQLITE


@pytest.fixture
def desk(client: FlaskClient, world: World) -> FlaskClient:
    promote(Role.SUPERVISOR)
    cast.sign_in_officer(client)
    return client


def words(page: object) -> str:
    return html.unescape(page.get_data(as_text=True))  # type: ignore[attr-defined]


def upload(desk: FlaskClient, data: bytes, name: str = "登记表.csv") -> str:
    """The address of the import's page."""
    token = cast.csrf(desk, "/police/imports")
    answer = send(desk, "/police/imports", {"csrf_token": token, "sheet": (io.BytesIO(data), name)})
    assert answer.status_code == 303, words(answer)
    work()
    return answer.headers["Location"]


def test_the_first_page_says_what_to_do(desk: FlaskClient) -> None:
    page = words(desk.get("/police/imports"))
    assert "还没有导入过" in page
    assert "/police/imports/template.xlsx" in page


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_the_empty_sheet_is_downloaded_filled_in_and_taken(desk: FlaskClient, kind: str) -> None:
    sheet = desk.get(f"/police/imports/template.{kind}")
    assert sheet.headers["Content-Disposition"] == f"attachment; filename=elders-template.{kind}"
    page = words(desk.get(upload(desk, sheet.data, f"a.{kind}")))
    assert "没有可以登记的老人" in page  # its example is no elder


def test_a_sheet_is_looked_through_confirmed_and_taken(desk: FlaskClient) -> None:
    where = upload(desk, csv_of([[*headings(), "备注"], row(), row(name="陈福", birth_year="2031")]))
    page = words(desk.get(where))
    assert "登记这 1 位老人" in page
    assert "第 3 行「出生年」" in page
    assert "没有用到的列：备注" in page
    answer = desk.post(f"{where}/begin", data={"csrf_token": cast.csrf(desk, where)})
    assert answer.status_code == 303
    part = desk.get(where, headers={"X-Part": "import"})
    assert "已登记 0 位，共 1 位" in words(part)
    assert "data-over" not in words(part)
    work()
    page = words(desk.get(where))
    assert "新登记了 1 位老人" in page
    assert "data-over" in page
    table = desk.get(f"{where}/refused.csv")
    assert "陈福" in table.get_data(as_text=True)
    assert table.mimetype == "text/csv"


def test_a_sheet_can_be_left(desk: FlaskClient) -> None:
    where = upload(desk, csv_of([headings(), row()]))
    desk.post(f"{where}/cancel", data={"csrf_token": cast.csrf(desk, where)})
    assert "这次导入已取消" in words(desk.get(where))
    answer = desk.post(f"{where}/begin", data={"csrf_token": cast.csrf(desk, "/police/imports")})
    assert answer.status_code == 409
    assert "已经往前走了" in words(answer)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "文件是空的"),
        (b"\xd0\xcf\x11\xe0" + bytes(600), "另存为 .xlsx"),
        (csv_of([row()]), "没有找到表头"),
        (csv_of([headings()]), "表里没有老人"),
        (b"x" * 20_000_001, "超过 20 MB"),
    ],
)
def test_what_is_no_sheet_is_told_beside_the_form(desk: FlaskClient, data: bytes, said: str) -> None:
    token = cast.csrf(desk, "/police/imports")
    answer = send(desk, "/police/imports", {"csrf_token": token, "sheet": (io.BytesIO(data), "a.csv")})
    assert answer.status_code == 422
    assert said in words(answer)


def test_a_form_without_a_file_is_told_so(desk: FlaskClient) -> None:
    answer = desk.post("/police/imports", data={"csrf_token": cast.csrf(desk, "/police/imports")})
    assert (answer.status_code, "还没有选文件" in words(answer)) == (422, True)


def test_a_hundred_megabytes_are_cut_off(desk: FlaskClient) -> None:
    token = cast.csrf(desk, "/police/imports")
    answer = send(desk, "/police/imports", {"csrf_token": token, "sheet": (io.BytesIO(bytes(100_000_000)), "a.csv")})
    assert answer.status_code == 413


def test_a_list_is_asked_for_made_and_fetched_once(desk: FlaskClient, world: World) -> None:
    token = cast.csrf(desk, "/police/exports")
    asked = {"csrf_token": token, "columns": ["name", "phones"], "kind": "csv", "reason": "街道上门走访核对手环"}
    where = desk.post("/police/exports", data=asked).headers["Location"]
    assert "正在制作" in words(desk.get(where, headers={"X-Part": "export"}))
    make_exports()
    page = desk.get(where)
    assert "可以下载" in words(page)
    file = desk.post(f"{where}/file", data={"csrf_token": cast.hidden(page, "csrf_token")})
    assert re.fullmatch(r"attachment; filename=elders-\d{8}-\d{4}\.csv", file.headers["Content-Disposition"])
    assert cast.ELDER["name"] in file.get_data(as_text=True)
    again = desk.post(f"{where}/file", data={"csrf_token": cast.hidden(page, "csrf_token")})
    assert (again.status_code, "已经下载过" in words(again)) == (409, True)


def test_a_list_without_a_reason_is_told_so_and_keeps_what_was_ticked(desk: FlaskClient) -> None:
    token = cast.csrf(desk, "/police/exports")
    answer = desk.post("/police/exports", data={"csrf_token": token, "columns": ["address"], "reason": "走访"})
    page = words(answer)
    assert (answer.status_code, "请写明用途" in page) == (422, True)
    assert '<input type="checkbox" name="columns" value="address" checked>' in page
    assert '<input type="checkbox" name="columns" value="masked_name">' in page


def test_a_second_person_reads_the_reason_and_agrees(desk: FlaskClient, world: World) -> None:
    asker = supervisor(world)
    taken(families(101), asker)
    reason = "街道上门走访核对手环"
    export_id = exporting_records.ask(USUAL, SheetKind.CSV, None, reason, officer=asker, now=clock.now())
    page = desk.get("/police/exports/waiting")
    assert reason in words(page)
    token = cast.hidden(page, "csrf_token")
    answer = desk.post(f"/police/exports/{export_id}/decide", data={"csrf_token": token, "verdict": "agree"})
    assert answer.status_code == 303
    assert "没有等您同意的导出" in words(desk.get("/police/exports/waiting"))
    late = desk.post(f"/police/exports/{export_id}/decide", data={"csrf_token": token, "verdict": "refuse"})
    assert late.status_code == 409
    odd = desk.post(f"/police/exports/{export_id}/decide", data={"csrf_token": token, "verdict": "maybe"})
    assert odd.status_code == 422


def test_the_family_reads_that_it_stood_in_a_list(desk: FlaskClient, app: object, world: World) -> None:
    asker = supervisor(world)
    exporting_records.ask(USUAL, SheetKind.CSV, None, "街道上门走访核对手环", officer=asker, now=clock.now())
    make_exports()
    family = app.test_client()  # type: ignore[attr-defined]
    cast.sign_in_guardian(family)
    page = words(family.get(f"/family/elders/{world.elder_id}/log"))
    assert "导出到名单" in page
    assert "大同派出所的民警" in page


@pytest.mark.parametrize("role", [Role.OFFICER, Role.AUDITOR, Role.ADMINISTRATOR])
@pytest.mark.parametrize("path", ["/police/imports", "/police/exports", "/police/exports/waiting"])
def test_other_roles_neither_bring_in_nor_take_out(client: FlaskClient, world: World, role: Role, path: str) -> None:
    promote(role)
    cast.sign_in_officer(client)
    assert client.get(path).status_code == 403


def test_another_station_finds_no_import_of_this_one(desk: FlaskClient, world: World) -> None:
    where = upload(desk, csv_of([headings(), row()]))
    with transaction():
        db.session.get_one(Officer, world.officer.officer_id).station_id = world.other_station_id
    assert desk.get(where).status_code == 404
