"""Reporting to the police: one incident an elder, one number a report."""

from __future__ import annotations

import threading
from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy.exc import SQLAlchemyError

from tests.together import raised, together, wait_for_a_waiter
from tests.world import DAUGHTER_PHONE, World, every_row, new_reference, new_rows
from wristband.bands.rules import BandEnd
from wristband.db import db
from wristband.incidents import desk, queries
from wristband.incidents.models import Incident, Report
from wristband.incidents.rules import Disposition, IncidentState
from wristband.outbox.models import Message
from wristband.services import handling, issuing, reporting

MINUTE = timedelta(minutes=1)


@pytest.fixture
def now(world: World) -> datetime:
    return world.now + MINUTE


def tell(serial: str | None, now: datetime, reference: str | None = None) -> str:
    return reporting.report(reference or new_reference(), serial, language="zh-CN", low_trust=False, now=now)


def incident(number: str) -> Incident:
    db.session.rollback()
    return db.session.scalars(sa.select(Incident).where(Incident.number == number)).one()


def open_incidents() -> int:
    db.session.rollback()
    return db.session.scalar(sa.select(sa.func.count(Incident.id)).where(Incident.closed_at.is_(None))) or 0


def close(number: str, world: World, now: datetime) -> None:
    handling.move(
        incident(number).id,
        IncidentState.CLOSED,
        officer=world.officer,
        disposition=Disposition.WITH_FAMILY,
        now=now,
    )


# ---- the report


def test_a_report_opens_an_incident_at_the_elders_station_and_tells_the_family(world: World, now: datetime) -> None:
    before = every_row()
    number = tell(world.her.serial, now)
    assert new_rows(before) == {
        "scan": 1,
        "report": 1,
        "incident": 1,
        "incident_move": 1,
        "incident_number": 1,
        "message": 1,
        "audit_row": 2,
    }
    opened = incident(number)
    assert (opened.elder_id, opened.station_id, opened.state) == (
        world.elder_id,
        world.station_id,
        IncidentState.REPORTED,
    )
    message = db.session.scalars(sa.select(Message)).one()
    assert (message.recipient, message.wording) == (DAUGHTER_PHONE, "incident_reported")
    assert number in message.body
    assert "大同派出所" in message.body


def test_numbers_count_up_within_a_day_of_local_time_and_begin_anew_the_next(world: World) -> None:
    late = datetime.fromisoformat("2026-11-24T23:59:59+08:00")
    numbers = [tell(None, late), tell(None, late), tell(None, late + timedelta(seconds=1))]
    assert numbers == ["261124-001", "261124-002", "261125-001"]


def test_a_second_tap_gives_the_first_number_and_changes_nothing(world: World, now: datetime) -> None:
    reference = new_reference()
    number = tell(world.her.serial, now, reference)
    before = every_row()
    assert tell(world.her.serial, now + MINUTE, reference) == number
    assert every_row() == before


def test_a_second_tap_after_the_end_still_gives_the_first_number(world: World, now: datetime) -> None:
    reference = new_reference()
    number = tell(world.her.serial, now, reference)
    close(number, world, now)
    assert tell(world.her.serial, now + MINUTE, reference) == number
    assert open_incidents() == 0


def test_many_taps_of_one_finder_at_once_are_one_report(app: Flask, world: World, now: datetime) -> None:
    reference = new_reference()
    answers = together(app, [lambda: tell(world.her.serial, now, reference)] * 6)
    assert raised(answers) == []
    assert len(set(answers)) == 1
    assert db.session.scalar(sa.select(sa.func.count(Report.id))) == 1


def test_another_finder_joins_the_incident_that_is_open(world: World, now: datetime) -> None:
    number = tell(world.her.serial, now)
    before = every_row()
    assert tell(world.her.serial, now + MINUTE) == number
    assert new_rows(before) == {"scan": 1, "report": 1, "audit_row": 1}
    assert incident(number).changed_at == now + MINUTE
    assert queries.count_reports([incident(number).id]) == {incident(number).id: 2}


def test_finders_of_one_elder_at_once_open_one_incident(app: Flask, world: World, now: datetime) -> None:
    answers = together(app, [lambda: tell(world.her.serial, now)] * 6)
    assert raised(answers) == []
    assert len(set(answers)) == 1
    assert open_incidents() == 1
    assert db.session.scalar(sa.select(sa.func.count(Report.id))) == 6
    assert db.session.scalar(sa.select(sa.func.count(Message.id))) == 1


def test_finders_of_unknown_bands_at_once_have_an_incident_and_a_number_each(
    app: Flask, world: World, now: datetime
) -> None:
    answers = together(app, [lambda: tell(None, now)] * 6)
    assert raised(answers) == []
    assert len(set(answers)) == open_incidents() == 6


def test_two_elders_have_two_incidents(world: World, now: datetime) -> None:
    assert tell(world.her.serial, now) != tell(world.other.serial, now)
    assert open_incidents() == 2


@pytest.mark.parametrize("state", ["forged", "unknown", "ended"])
def test_a_band_without_a_family_is_reported_all_the_same(world: World, now: datetime, state: str) -> None:
    serial = {"forged": None, "unknown": "000000000001", "ended": world.her.serial}[state]
    if state == "ended":
        issuing.end(world.her.band_id, BandEnd.LOST, guardian_id=world.daughter_id, now=now)
    opened = incident(tell(serial, now))
    assert (opened.elder_id, opened.station_id, opened.state) == (None, None, IncidentState.REPORTED)
    assert db.session.scalar(sa.select(sa.func.count(Message.id))) == 0
    # No station is known for it: it stands on every desk.
    for officer in (world.officer, world.stranger):
        assert [one.id for one in desk.list_unsorted(station_id=officer.station_id, page=1).incidents] == [opened.id]


def test_after_the_end_a_new_report_opens_a_new_incident(world: World, now: datetime) -> None:
    first = tell(world.her.serial, now)
    close(first, world, now)
    second = tell(world.her.serial, now + MINUTE)
    assert second != first
    assert open_incidents() == 1


@pytest.mark.parametrize("engine", [pytest.param("postgresql", marks=pytest.mark.postgresql)], indirect=True)
def test_a_report_does_not_join_an_incident_that_is_being_closed(app: Flask, world: World, now: datetime) -> None:
    """The officer's closing is not committed yet when the finder taps. (SQLite has one writer at a time.)"""
    first = tell(world.her.serial, now)
    db.session.rollback()
    answers: list[str] = []
    with db.engine.connect() as closing:
        closing.execute(sa.update(Incident.__table__).values(state=IncidentState.CLOSED, closed_at=now))

        def finder() -> None:
            with app.app_context():
                answers.append(tell(world.her.serial, now + MINUTE))

        thread = threading.Thread(target=finder)
        thread.start()
        wait_for_a_waiter()
        closing.commit()
        thread.join(30)
    assert answers
    assert answers[0] != first
    assert open_incidents() == 1


def test_when_the_last_step_fails_nothing_of_the_report_is_kept(world: World, now: datetime) -> None:
    """The family's message cannot be owed, so there is no number either."""
    before = every_row()
    with db.engine.begin() as store:
        store.exec_driver_sql("ALTER TABLE message RENAME TO gone")
    with pytest.raises(SQLAlchemyError):
        tell(world.her.serial, now)
    db.session.rollback()
    with db.engine.begin() as store:
        store.exec_driver_sql("ALTER TABLE gone RENAME TO message")
    assert every_row() == before
