"""Reporting to the police: one incident an elder, one number a report, and places that follow."""

from __future__ import annotations

import threading
from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa
from flask import Flask

from tests.together import raised, together, wait_for_a_waiter
from tests.world import DAUGHTER_PHONE, World, every_row, new_reference, new_rows
from wristband.audit.models import AuditRow
from wristband.bands.rules import BandEnd
from wristband.db import db, transaction
from wristband.errors import BadValue, NotFound
from wristband.incidents import queries
from wristband.incidents.models import Incident, Report, Sighting
from wristband.incidents.rules import Disposition, IncidentState, PlaceSource
from wristband.outbox.models import Message
from wristband.services import handling, issuing, reaching, reporting
from wristband.services.reporting import PLACES_A_SCAN, WORDS_MAX
from wristband.values.position import Position

MINUTE = timedelta(minutes=1)
# What is decided before the database is asked needs no second one.
ONE_ENGINE = pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
AT_DATONG = Position(24.7231, 118.1521)
AT_XIANGPING = Position(24.7101, 118.1401)
KEY = "a-key-of-one-append"


@pytest.fixture
def now(world: World) -> datetime:
    return world.now + MINUTE


def tell(serial: str | None, now: datetime, reference: str | None = None) -> str:
    return reporting.report(reference or new_reference(), serial, language="zh-CN", low_trust=False, now=now)


def place(
    reference: str,
    now: datetime,
    position: Position | None = AT_XIANGPING,
    *,
    accuracy_m: float | None = 10,
    words: str = "",
    key: str = KEY,
) -> None:
    source = PlaceSource.DEVICE if position else PlaceSource.WORDS
    reporting.add_place(reference, key, source=source, position=position, accuracy_m=accuracy_m, words=words, now=now)


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
        assert [one.id for one in queries.list_open(station_id=officer.station_id)] == [opened.id]


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
    """The elder's contact cannot be opened: the family could not be told, so there is no number either."""
    with transaction():
        db.session.execute(sa.text("UPDATE contact SET address = 'v1:aesgcm:1:AAAA'"))
    before = every_row()
    with pytest.raises(Exception, match=r"seal\.broken"):
        tell(world.her.serial, now)
    db.session.rollback()
    assert every_row() == before


# ---- where the elder is


@pytest.fixture
def reference(world: World, now: datetime) -> str:
    """A finder who has reported her."""
    made = new_reference()
    tell(world.her.serial, now, made)
    return made


def the_incident() -> Incident:
    db.session.rollback()
    return db.session.scalars(sa.select(Incident)).one()


def told() -> queries.ToldPlace:
    db.session.rollback()
    return queries.told_place(db.session.scalars(sa.select(Sighting)).one())


def test_a_place_is_kept_as_it_was_told(reference: str, now: datetime) -> None:
    before = every_row()
    place(reference, now + MINUTE, Position(24.7231234, 118.1521987), accuracy_m=12.4, words=" 影剧院\r\n门口 ")
    assert new_rows(before) == {"sighting": 1, "audit_row": 1}
    assert told() == queries.ToldPlace(now + MINUTE, Position(24.7231234, 118.1521987), 12.0, "影剧院\n门口")
    assert the_incident().changed_at == now + MINUTE


@pytest.mark.parametrize("accuracy_m", [None, 0.0])
def test_a_place_at_zero_degrees_is_a_place(reference: str, now: datetime, accuracy_m: float | None) -> None:
    place(reference, now, Position(0.0, 0.0), accuracy_m=accuracy_m)
    assert told() == queries.ToldPlace(now, Position(0.0, 0.0), accuracy_m, None)


def test_words_alone_are_enough(reference: str, now: datetime) -> None:
    place(reference, now, None, accuracy_m=None, words="同安影剧院门口")
    assert told() == queries.ToldPlace(now, None, None, "同安影剧院门口")


def test_the_same_append_again_changes_nothing(reference: str, now: datetime) -> None:
    place(reference, now)
    before = every_row()
    place(reference, now + MINUTE)
    place(reference, now + MINUTE, AT_DATONG, words="别处")
    assert every_row() == before


def test_the_same_append_many_times_at_once_is_one(app: Flask, reference: str, now: datetime) -> None:
    assert raised(together(app, [lambda: place(reference, now)] * 6)) == []
    assert db.session.scalar(sa.select(sa.func.count(Sighting.id))) == 1


def test_the_key_of_one_finder_is_not_the_key_of_another(world: World, reference: str, now: datetime) -> None:
    other = new_reference()
    tell(world.her.serial, now, other)
    place(reference, now)
    place(other, now)
    assert db.session.scalar(sa.select(sa.func.count(Sighting.id))) == 2


def test_a_finder_adds_fifty_places_and_is_then_asked_to_call(app: Flask, reference: str, now: datetime) -> None:
    for nth in range(PLACES_A_SCAN - 2):
        place(reference, now, key=f"{nth:016d}")
    answers = together(app, [lambda nth=nth: place(reference, now, key=f"{nth:016d}") for nth in range(50, 56)])
    assert {str(fault) for fault in raised(answers)} == {"incidents.places_many"}
    assert len(raised(answers)) == 4
    assert db.session.scalar(sa.select(sa.func.count(Sighting.id))) == PLACES_A_SCAN
    place(reference, now, key=f"{0:016d}")  # sent again, it is still the same row and no refusal


@ONE_ENGINE
@pytest.mark.parametrize(
    ("words", "code"),
    [
        ("", "incidents.place_empty"),
        (" \n\u3000", "incidents.place_empty"),
        ("\u200d", "incidents.place_empty"),
        ("影剧院\u202e门口", "text.hidden_characters"),
        ("影剧院\0门口", "text.hidden_characters"),
        ("字" * (WORDS_MAX + 1), "incidents.words_long"),
        ("字" * 10_000, "incidents.words_long"),
    ],
)
def test_words_that_say_nothing_or_hide_something_are_refused(
    reference: str, now: datetime, words: str, code: str
) -> None:
    before = every_row()
    with pytest.raises(BadValue) as refusal:
        place(reference, now, None, words=words)
    assert refusal.value.code == code
    assert every_row() == before


@ONE_ENGINE
@pytest.mark.parametrize("key", ["", "short", "k" * 15, "k" * 65, "k" * 10_000])
def test_an_append_needs_a_key_of_its_form(reference: str, now: datetime, key: str) -> None:
    with pytest.raises(BadValue) as refusal:
        place(reference, now, key=key)
    assert refusal.value.code == "page.form_stale"


def test_a_place_without_a_deed_before_it_is_refused(world: World, now: datetime) -> None:
    before = every_row()
    with pytest.raises(NotFound) as refusal:
        place(new_reference(), now)
    assert refusal.value.code == "scans.unknown"
    assert every_row() == before


def test_a_place_told_before_the_report_chooses_its_station(world: World, now: datetime) -> None:
    made = new_reference()
    reaching.tell_family(made, world.her.serial, language="zh-CN", low_trust=False, now=now)
    place(made, now, AT_XIANGPING)
    tell(world.her.serial, now, made)
    assert the_incident().station_id == world.other_station_id


def test_an_unknown_band_goes_to_the_station_nearest_to_its_finder(world: World, now: datetime) -> None:
    made = new_reference()
    tell(None, now, made)
    place(made, now, AT_DATONG)
    assert the_incident().station_id == world.station_id


# ---- whose incident it is


def test_a_place_moves_a_report_nobody_has_accepted_to_the_nearest_station(
    reference: str, world: World, now: datetime
) -> None:
    place(reference, now + MINUTE, AT_XIANGPING)
    assert (the_incident().station_id, the_incident().changed_at) == (world.other_station_id, now + MINUTE)


@pytest.mark.parametrize(("accuracy_m", "moves"), [(5000, True), (5001, False), (float("inf"), False)])
def test_a_vague_place_moves_nothing(
    reference: str, world: World, now: datetime, accuracy_m: float, moves: bool
) -> None:
    place(reference, now + MINUTE, AT_XIANGPING, accuracy_m=accuracy_m)
    assert the_incident().station_id == (world.other_station_id if moves else world.station_id)
    assert the_incident().changed_at == now + MINUTE


def test_words_move_nothing(reference: str, world: World, now: datetime) -> None:
    place(reference, now, None, words="祥平派出所门口")
    assert the_incident().station_id == world.station_id


@pytest.mark.parametrize("state", [IncidentState.ACCEPTED, IncidentState.CLOSED])
def test_a_place_never_moves_an_incident_that_somebody_has_taken(
    reference: str, world: World, now: datetime, state: IncidentState
) -> None:
    disposition = Disposition.WITH_FAMILY if state is IncidentState.CLOSED else None
    handling.move(the_incident().id, state, officer=world.officer, disposition=disposition, now=now)
    place(reference, now + MINUTE, AT_XIANGPING)
    assert (the_incident().station_id, the_incident().changed_at) == (world.station_id, now + MINUTE)


def test_a_place_moves_its_own_incident_only(reference: str, world: World, now: datetime) -> None:
    other = tell(world.other.serial, now)
    mine = next(one for one in db.session.scalars(sa.select(Incident)) if one.number != other).number
    place(reference, now, AT_XIANGPING)
    assert incident(mine).station_id == world.other_station_id
    assert incident(other).station_id == world.other_station_id
    place(reference, now, AT_DATONG, key="another-key-of-it")
    assert incident(mine).station_id == world.station_id
    assert incident(other).station_id == world.other_station_id


def test_a_place_is_on_the_trail_without_the_place(reference: str, now: datetime) -> None:
    place(reference, now, words="影剧院门口")
    row = db.session.scalars(sa.select(AuditRow).where(AuditRow.deed == "sighting.added")).one()
    assert (row.actor, row.subject) == ("finder", f"incident:{the_incident().id}")
    assert set(row.facts) == {"scan"}
