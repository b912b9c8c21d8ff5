"""Sorting out reports of bands that are not ours: into another incident and back, or closed as false together."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa
from flask import Flask

from tests.together import raised, together
from tests.world import World, every_row, new_reference
from wristband.db import db
from wristband.errors import Refusal
from wristband.incidents import desk, happenings, queries
from wristband.incidents.models import Incident, Report
from wristband.incidents.rules import CLOSED_AT_ONCE_MOST, MERGE_UNDONE_WITHIN, Disposition, IncidentState, PlaceSource
from wristband.scans.queries import get_acted_scan
from wristband.services import handling, merging, reporting

MINUTE = timedelta(minutes=1)


@pytest.fixture
def now(world: World) -> datetime:
    return world.now + MINUTE


def _report(serial: str | None, now: datetime, reference: str | None = None) -> str:
    return reporting.report(reference or new_reference(), serial, language="zh-CN", low_trust=False, now=now)


def _found(number: str) -> Incident:
    db.session.rollback()
    db.session.expire_all()
    return db.session.scalars(sa.select(Incident).where(Incident.number == number)).one()


def _reports_of(number: str) -> int:
    return queries.count_reports([_found(number).id]).get(_found(number).id, 0)


def _merge(number: str, into: str, world: World, now: datetime) -> int:
    return merging.merge(_found(number).id, into, officer=world.officer, now=now)


def _code(deed: object) -> str:
    with pytest.raises(Refusal) as refusal:
        deed()  # type: ignore[operator]
    return refusal.value.code


def test_the_reports_go_along_and_their_finder_sees_the_number_that_goes_on(world: World, now: datetime) -> None:
    reference = new_reference()
    hers, nobodys = _report(world.her.serial, now), _report(None, now, reference)
    reporting.add_place(
        reference, "k" * 22, source=PlaceSource.WORDS, position=None, accuracy_m=None, words="桥边", now=now
    )
    assert _merge(nobodys, f" {hers} ", world, now) == _found(hers).id
    ended = _found(nobodys)
    assert (ended.state, ended.disposition, ended.closed_at) == (IncidentState.CLOSED, Disposition.DUPLICATE, now)
    assert (_reports_of(hers), _reports_of(nobodys)) == (2, 0)
    found = queries.find_report(get_acted_scan(reference).id)
    assert found is not None
    assert found[1].number == hers
    assert _report(None, now + MINUTE, reference) == hers
    joined = happenings.find_merged_into(ended.id)
    assert joined is not None
    assert joined.number == hers
    assert [one.number for one in happenings.list_merged(_found(hers).id)] == [nobodys]


def test_undone_in_time_both_are_as_they_were(world: World, now: datetime) -> None:
    hers, nobodys = _report(world.her.serial, now), _report(None, now)
    handling.move(_found(nobodys).id, IncidentState.ACCEPTED, officer=world.officer, now=now)
    _merge(nobodys, hers, world, now)
    _report(world.her.serial, now)
    merging.undo(_found(nobodys).id, officer=world.officer, now=now + MERGE_UNDONE_WITHIN - MINUTE)
    back = _found(nobodys)
    assert (back.state, back.disposition, back.closed_at, back.accepted_at) == (
        IncidentState.ACCEPTED,
        None,
        None,
        now,
    )
    assert (_reports_of(hers), _reports_of(nobodys)) == (2, 1)
    assert happenings.find_merged_into(back.id) is None
    _merge(nobodys, hers, world, now)
    assert _reports_of(hers) == 3


def test_after_ten_minutes_or_when_the_other_is_closed_it_stays_merged(world: World, now: datetime) -> None:
    hers, nobodys = _report(world.her.serial, now), _report(None, now)
    me = world.officer
    assert _code(lambda: merging.undo(_found(nobodys).id, officer=me, now=now)) == "incidents.undo_late"
    _merge(nobodys, hers, world, now)
    late = now + MERGE_UNDONE_WITHIN
    assert _code(lambda: merging.undo(_found(nobodys).id, officer=me, now=late)) == "incidents.undo_late"
    handling.move(_found(hers).id, IncidentState.CLOSED, officer=me, disposition=Disposition.WITH_FAMILY, now=now)
    assert _code(lambda: merging.undo(_found(nobodys).id, officer=me, now=now)) == "incidents.undo_late"
    assert _reports_of(hers) == 2


def test_a_chain_comes_apart_link_by_link(world: World, now: datetime) -> None:
    hers, first, second = _report(world.her.serial, now), _report(None, now), _report(None, now)
    for nobodys in (first, second):
        handling.move(_found(nobodys).id, IncidentState.ACCEPTED, officer=world.officer, now=now)
    _merge(first, second, world, now)
    _merge(second, hers, world, now)
    assert _reports_of(hers) == 3
    assert _code(lambda: merging.undo(_found(first).id, officer=world.officer, now=now)) == "incidents.undo_late"
    merging.undo(_found(second).id, officer=world.officer, now=now)
    merging.undo(_found(first).id, officer=world.officer, now=now)
    assert (_reports_of(hers), _reports_of(first), _reports_of(second)) == (1, 1, 1)


def test_what_cannot_be_joined_is_told_and_nothing_changes(world: World, now: datetime) -> None:
    hers, others = _report(world.her.serial, now), _report(world.other.serial, now)
    nobodys, closed = _report(None, now), _report(None, now)
    merging.close_as_false([_found(closed).id], "误扫", officer=world.officer, now=now)
    db.session.rollback()
    before = every_row()
    cases = {
        (nobodys, nobodys): "incidents.merge_itself",
        (nobodys, "261124-999"): "incidents.merge_unknown",
        (nobodys, ""): "incidents.merge_unknown",
        (nobodys, "9" * 400): "incidents.merge_unknown",
        (nobodys, others): "incidents.merge_unknown",  # another station's
        (nobodys, closed): "incidents.merge_closed",
        (closed, hers): "incidents.merge_closed",
        (hers, nobodys): "incidents.merge_across",
        (others, hers): "incidents.unknown",
    }
    for (one, into), code in cases.items():
        assert _code(lambda one=one, into=into: _merge(one, into, world, now)) == code, (one, into)
    db.session.rollback()
    assert every_row() == before


def test_two_that_are_joined_to_each_other_at_once_leave_one_open(app: Flask, world: World, now: datetime) -> None:
    one, other = _report(None, now), _report(None, now)
    ids = {number: _found(number).id for number in (one, other)}
    db.session.rollback()
    me = world.officer
    answers = together(
        app,
        [
            lambda: merging.merge(ids[one], other, officer=me, now=now),
            lambda: merging.merge(ids[other], one, officer=me, now=now),
        ],
    )
    assert [str(fault) for fault in raised(answers)] == ["incidents.merge_closed"]
    assert sorted((_reports_of(one), _reports_of(other))) == [0, 2]


def test_a_merge_sent_twice_is_told_and_counts_once(world: World, now: datetime) -> None:
    hers, nobodys = _report(world.her.serial, now), _report(None, now)
    _merge(nobodys, hers, world, now)
    assert _code(lambda: _merge(nobodys, hers, world, now)) == "incidents.merge_closed"
    assert db.session.scalar(sa.select(sa.func.count(Report.id))) == 2


# ---- floods


def test_a_flood_of_unknown_bands_stands_apart_and_buries_nobody(world: World, now: datetime) -> None:
    hers = _report(world.her.serial, now)
    numbers = [_report(None, now) for _ in range(desk.UNSORTED_A_PAGE + 3)]
    taken_up = numbers[5]
    handling.move(_found(taken_up).id, IncidentState.ACCEPTED, officer=world.officer, now=now)
    work = [one.number for one in desk.list_work(station_id=world.station_id)]
    assert work == [hers, taken_up]
    first = desk.list_unsorted(station_id=world.station_id, page=1)
    assert (first.total, first.pages, len(first.incidents)) == (22, 2, desk.UNSORTED_A_PAGE)
    assert first.incidents[0].number == numbers[-1]
    last = desk.list_unsorted(station_id=world.station_id, page=99)
    assert (last.page, len(last.incidents)) == (2, 2)


def test_many_are_closed_with_one_reason_and_what_was_taken_up_or_has_an_elder_is_left(
    world: World, now: datetime
) -> None:
    hers, numbers = _report(world.her.serial, now), [_report(None, now) for _ in range(3)]
    handling.move(_found(numbers[0]).id, IncidentState.ACCEPTED, officer=world.officer, now=now)
    ids = [_found(number).id for number in [hers, *numbers]]
    assert merging.close_as_false([*ids, ids[2], 1, 2**70], "孩子误扫", officer=world.officer, now=now) == 2
    assert merging.close_as_false(ids, "孩子误扫", officer=world.officer, now=now) == 0
    assert [_found(number).state for number in (hers, numbers[0])] == [IncidentState.REPORTED, IncidentState.ACCEPTED]
    for number in numbers[1:]:
        ended = _found(number)
        assert (ended.disposition, ended.station_id) == (Disposition.FALSE_REPORT, world.station_id)
        assert queries.list_moves(ended.id)[-1].words == "孩子误扫"


@pytest.mark.parametrize(
    ("count", "words", "code"),
    [
        (0, "误扫", "incidents.none_ticked"),
        (1, " ", "incidents.words_missing"),
        (1, "字" * 301, "incidents.words_long"),
        (CLOSED_AT_ONCE_MOST + 1, "误扫", "incidents.many_ticked"),
    ],
)
def test_none_ticked_too_many_and_no_reason_are_told(
    world: World, now: datetime, count: int, words: str, code: str
) -> None:
    assert _code(lambda: merging.close_as_false([1] * count, words, officer=world.officer, now=now)) == code
