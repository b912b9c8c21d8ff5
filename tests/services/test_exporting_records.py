"""Exporting records: for a reason, by two people above a hundred, once, and each family can read it."""

from __future__ import annotations

import csv
import io
from datetime import timedelta

import openpyxl
import pytest

from tests.services.finders import refused
from tests.services.sheets import export_of, families, make_exports, supervisor, taken
from tests.world import ELDER, World
from wristband import clock
from wristband.accounts.rules import OfficerAccount, Role
from wristband.audit import accesses
from wristband.audit.deeds import Deed
from wristband.elders.keeping import Standing
from wristband.services import exporting_records
from wristband.sheets import queries
from wristband.sheets.rules import USUAL, Column, ExportState, SheetKind

REASON = "街道上门走访核对手环"


@pytest.fixture
def boss(world: World) -> OfficerAccount:
    return supervisor(world)


def ask(officer: OfficerAccount, columns: tuple[Column, ...] = USUAL, kind: SheetKind = SheetKind.CSV) -> int:
    return exporting_records.ask(columns, kind, None, REASON, officer=officer, now=clock.now())


def rows_of(data: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(data.decode("utf-8-sig"))))


def take(export_id: int, officer: OfficerAccount) -> bytes:
    return exporting_records.take(export_id, officer=officer, now=clock.now()).data


def test_a_list_is_masked_marked_and_of_the_own_station(world: World, boss: OfficerAccount) -> None:
    export_id = ask(boss)
    make_exports()
    mark, head, her = rows_of(take(export_id, boss))
    assert "大同派出所 · supervisor" in mark[0]
    assert head[0] == "姓（名字隐去）"
    assert her[:2] == ["林某", "待核实"]
    assert her[3:] == ["1", "138****8000"]


def test_particulars_are_there_when_they_are_ticked(world: World, boss: OfficerAccount) -> None:
    export_id = ask(boss, (Column.NAME, Column.ADDRESS, Column.GUARDIANS, Column.PHONES), SheetKind.XLSX)
    make_exports()
    book = openpyxl.load_workbook(io.BytesIO(take(export_id, boss)))
    her = [cell.value for cell in book.active[3]]
    assert her == [ELDER["name"], ELDER["address"], "林家的女儿（子女）", "138 0013 8000"]
    assert book.properties.creator == f"supervisor（{boss.officer_id}）"


def test_the_family_reads_who_took_what(world: World, boss: OfficerAccount) -> None:
    ask(boss, (Column.NAME, Column.PHONES))
    make_exports()
    access = next(one for one in accesses.list_accesses(world.elder_id) if one.deed is Deed.RECORD_EXPORTED)
    assert (access.actor_id, access.fields) == (boss.officer_id, ["name", "phones"])


def test_it_is_taken_once_by_who_asked_and_within_a_day(world: World, boss: OfficerAccount) -> None:
    first, second = ask(boss), ask(boss)
    make_exports()
    make_exports()
    assert refused(lambda: take(first, world.officer)) == "sheets.export_unknown"
    take(first, boss)
    assert refused(lambda: take(first, boss)) == "sheets.export_gone"
    late = clock.now() + timedelta(hours=25)
    assert refused(lambda: exporting_records.take(second, officer=boss, now=late)) == "sheets.export_gone"
    exporting_records.lapse(late)
    assert export_of(second).state is ExportState.LAPSED


def test_above_a_hundred_a_second_person_agrees_who_is_another(world: World, boss: OfficerAccount) -> None:
    other = supervisor(world, "second")
    _many(boss)
    export_id = ask(boss)
    assert export_of(export_id).state is ExportState.WAITING
    make_exports()
    assert export_of(export_id).state is ExportState.WAITING
    for nobody in (boss, world.stranger):
        assert refused(lambda nobody=nobody: _decide(export_id, True, nobody)) == "sheets.export_moved_on"
    assert [asked.export.id for asked in queries.list_waiting(officer=other, now=clock.now())] == [export_id]
    _decide(export_id, True, other)
    assert refused(lambda: _decide(export_id, False, other)) == "sheets.export_moved_on"
    make_exports()
    assert len(rows_of(take(export_id, boss))) == 2 + 102


def test_nobody_gets_around_it_with_many_small_lists(world: World, boss: OfficerAccount) -> None:
    _many(boss, 59)
    assert export_of(ask(boss)).state is ExportState.MAKING
    assert export_of(ask(boss)).state is ExportState.WAITING


def test_the_district_agrees_for_its_stations(world: World, boss: OfficerAccount) -> None:
    district = supervisor(world, "district", Role.DISTRICT)
    _many(boss)
    export_id = ask(boss)
    _decide(export_id, False, district)
    assert export_of(export_id).state is ExportState.REFUSED


def test_what_nobody_agrees_to_lapses_after_a_day(world: World, boss: OfficerAccount) -> None:
    other = supervisor(world, "second")
    _many(boss)
    export_id, late = ask(boss), clock.now() + timedelta(hours=25)
    assert refused(lambda: exporting_records.decide(export_id, True, officer=other, now=late)) == (
        "sheets.export_moved_on"
    )
    exporting_records.lapse(late)
    assert export_of(export_id).state is ExportState.LAPSED


@pytest.mark.parametrize(
    ("columns", "reason", "standing", "code"),
    [
        ((), REASON, None, "sheets.columns_none"),
        (USUAL, "走访", None, "sheets.reason_missing"),
        (USUAL, "一" * 201, None, "sheets.reason_long"),
        (USUAL, REASON, Standing.DECEASED, "sheets.nothing_to_export"),
    ],
)
def test_what_is_asked_for_has_columns_a_reason_and_rows(
    world: World, boss: OfficerAccount, columns: tuple[Column, ...], reason: str, standing: Standing | None, code: str
) -> None:
    asked = lambda: exporting_records.ask(  # noqa: E731
        columns, SheetKind.CSV, standing, reason, officer=boss, now=clock.now()
    )
    assert refused(asked) == code


def test_an_officer_has_five_exports_a_day(world: World, boss: OfficerAccount) -> None:
    for _ in range(5):
        ask(boss)
    assert refused(lambda: ask(boss)) == "sheets.exports_spent"


def _decide(export_id: int, agreed: bool, officer: OfficerAccount) -> None:
    exporting_records.decide(export_id, agreed, officer=officer, now=clock.now())


def _many(boss: OfficerAccount, count: int = 101) -> None:
    assert taken(families(count), boss).added == count
