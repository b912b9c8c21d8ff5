"""A call to 110, entered by an officer: one line of work with what finders report."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa
from flask import Flask

from tests.services.finders import FINDER_PHONE
from tests.together import raised, together
from tests.world import DAUGHTER_PHONE, World, every_row, new_reference, new_rows
from wristband.bands.rules import BandEnd
from wristband.db import db
from wristband.errors import BadValue, Refusal
from wristband.incidents import desk, happenings, queries
from wristband.incidents.models import Incident, PhoneReport, Report
from wristband.outbox.models import Message
from wristband.services import handling, issuing, merging, reporting, taking_calls
from wristband.services.taking_calls import Call, Entered
from wristband.values.code import BandCode
from wristband.values.phone import Phone

MINUTE = timedelta(minutes=1)
KEY = "k" * 22


@pytest.fixture
def now(world: World) -> datetime:
    return world.now + MINUTE


def _call(serial: str | None = None, place: str = "", words: str = "", phone: str | None = None) -> Call:
    code = BandCode.from_serial(serial) if serial else None
    return Call(code, place, words, Phone(phone) if phone else None)


def _take(call: Call, world: World, now: datetime, key: str = KEY) -> Entered:
    return taking_calls.take_call(key, call, officer=world.officer, now=now)


def test_a_call_with_a_code_opens_the_elders_incident_here_and_tells_the_family(world: World, now: datetime) -> None:
    before = every_row()
    entered = _take(_call(world.her.serial, "公园南门", "坐在长椅上", FINDER_PHONE), world, now)
    more = new_rows(before)
    assert {name: more[name] for name in ("incident", "report", "phone_report", "sighting", "message")} == {
        "incident": 1,
        "report": 1,
        "phone_report": 1,
        "sighting": 1,
        "message": 1,
    }
    incident = db.session.get_one(Incident, entered.incident_id)
    assert (incident.elder_id, incident.station_id, entered.mine) == (world.elder_id, world.station_id, True)
    message = db.session.scalars(sa.select(Message)).one()
    assert (message.recipient, message.wording) == (DAUGHTER_PHONE, "incident_reported")
    [report] = queries.list_reports(incident.id)
    [told] = map(queries.told_place, queries.list_sightings([report.scan_id]))
    assert told.words == "公园南门\n坐在长椅上"
    assert [one.id for one in desk.list_work(station_id=world.station_id)] == [incident.id]


def test_it_joins_the_incident_that_a_finder_has_opened_and_a_finder_joins_it(world: World, now: datetime) -> None:
    number = reporting.report(new_reference(), world.her.serial, language="zh-CN", low_trust=False, now=now)
    entered = _take(_call(world.her.serial), world, now)
    assert entered.number == number
    later = reporting.report(new_reference(), world.her.serial, language="zh-CN", low_trust=False, now=now)
    assert later == number
    assert queries.count_reports([entered.incident_id]) == {entered.incident_id: 3}
    assert db.session.scalar(sa.select(sa.func.count(Message.id))) == 1


def test_where_another_station_has_the_elders_incident_the_call_goes_there(world: World, now: datetime) -> None:
    number = reporting.report(new_reference(), world.other.serial, language="zh-CN", low_trust=False, now=now)
    entered = _take(_call(world.other.serial), world, now)
    assert (entered.number, entered.mine) == (number, False)


def test_without_a_code_it_is_work_of_this_station_and_no_unsorted_report(world: World, now: datetime) -> None:
    entered = _take(_call(place="老街口"), world, now)
    assert [one.id for one in desk.list_work(station_id=world.station_id)] == [entered.incident_id]
    assert desk.list_unsorted(station_id=world.station_id, page=1).total == 0
    assert desk.list_work(station_id=world.other_station_id) == []
    assert db.session.scalar(sa.select(sa.func.count(Message.id))) == 0


def test_the_code_of_an_ended_band_leads_to_nobody(world: World, now: datetime) -> None:
    issuing.end(world.her.band_id, BandEnd.LOST, guardian_id=world.daughter_id, now=now)
    entered = _take(_call(world.her.serial), world, now)
    assert db.session.get_one(Incident, entered.incident_id).elder_id is None


def test_the_callers_number_is_for_this_station_alone_and_sealed(world: World, now: datetime) -> None:
    entered = _take(_call(world.other.serial, phone=FINDER_PHONE), world, now)
    [report] = queries.list_reports(entered.incident_id)
    mine = happenings.list_phoned_in([report.scan_id], station_id=world.station_id)[report.scan_id]
    theirs = happenings.list_phoned_in([report.scan_id], station_id=world.other_station_id)[report.scan_id]
    assert (mine.phone, theirs.phone) == (FINDER_PHONE, None)
    kept = db.session.scalars(sa.select(PhoneReport)).one()
    assert FINDER_PHONE not in (kept.phone_sealed or "")


def test_the_same_form_again_however_often_at_once_is_one_call(app: Flask, world: World, now: datetime) -> None:
    answers = together(app, [lambda: _take(_call(world.her.serial, "桥头"), world, now)] * 6)
    assert raised(answers) == []
    assert len(set(answers)) == 1
    before = every_row()
    _take(_call(world.her.serial, "桥头"), world, now + MINUTE)
    assert every_row() == before
    assert db.session.scalar(sa.select(sa.func.count(Report.id))) == 1


def test_another_officers_form_of_the_same_key_is_another_call(world: World, now: datetime) -> None:
    first = _take(_call(place="桥头"), world, now)
    second = taking_calls.take_call(KEY, _call(place="桥头"), officer=world.stranger, now=now)
    assert first.incident_id != second.incident_id


@pytest.mark.parametrize(
    ("call", "key", "code"),
    [
        (_call(), KEY, "incidents.call_empty"),
        (_call(place="  "), KEY, "incidents.call_empty"),
        (_call("000000000001"), KEY, "incidents.call_no_band"),
        (_call(place="字" * 201), KEY, "incidents.words_long"),
        (_call(words="字" * 301), KEY, "incidents.words_long"),
        (_call(words="a\u202eb"), KEY, "text.hidden_characters"),
        (_call(place="桥头"), "short", "page.form_stale"),
    ],
)
def test_what_is_no_call_is_told_and_nothing_is_kept(
    world: World, now: datetime, call: Call, key: str, code: str
) -> None:
    before = every_row()
    with pytest.raises(BadValue) as refusal:
        _take(call, world, now, key)
    assert refusal.value.code == code
    db.session.rollback()
    assert every_row() == before


# ---- notes


def test_a_note_is_kept_once_on_the_time_line_and_the_desk_hears_of_it(world: World, now: datetime) -> None:
    incident_id = _take(_call(world.her.serial), world, now).incident_id
    for _ in range(2):
        handling.note(incident_id, KEY, " 家人在路上 ", officer=world.officer, now=now + MINUTE)
    [note] = happenings.list_notes(incident_id, station_id=world.station_id)
    assert (note.at, note.officer, note.words) == (now + MINUTE, "officer", "家人在路上")
    assert db.session.get_one(Incident, incident_id).changed_at == now + MINUTE


def test_no_note_is_added_to_what_is_over_nor_an_empty_or_a_huge_one(world: World, now: datetime) -> None:
    number = reporting.report(new_reference(), None, language="zh-CN", low_trust=False, now=now)
    incident_id = db.session.scalars(sa.select(Incident.id).where(Incident.number == number)).one()

    def code(words: str, key: str = KEY) -> str:
        with pytest.raises(Refusal) as refusal:
            handling.note(incident_id, key, words, officer=world.officer, now=now)
        return refusal.value.code

    assert code(" ") == "incidents.note_missing"
    assert code("字" * 501) == "incidents.note_long"
    assert code("好", "k") == "page.form_stale"
    db.session.rollback()
    merging.close_as_false([incident_id], "误扫", officer=world.officer, now=now)
    assert code("好") == "incidents.over"
