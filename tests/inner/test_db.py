"""transaction(): one deed whole or not at all; moments, ids and states as columns."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
import sqlalchemy as sa
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.exc import IntegrityError, StatementError

from tests.together import raised, together
from tests.world import World, every_row
from wristband.audit import trail
from wristband.audit.deeds import Deed
from wristband.audit.models import AuditRow
from wristband.db import Row, UtcDateTime, db, new_id, transaction
from wristband.incidents.models import IncidentNumber
from wristband.stations.models import Station

AT = datetime(2026, 11, 24, 6, 5, 7, 123456, tzinfo=UTC)


def note(subject: str = "station:1", at: datetime = AT) -> None:
    trail.record(Deed.STATIONS_IMPORTED, actor="operator", subject=subject, at=at)


def count(app: Flask) -> int:
    db.session.rollback()
    return db.session.scalar(sa.select(sa.func.count(AuditRow.id))) or 0


# ---- transaction


def test_what_is_done_inside_is_kept(app: Flask) -> None:
    with transaction():
        note()
    assert count(app) == 1


def test_a_fault_undoes_the_whole_deed_and_is_passed_on(world: World) -> None:
    before = every_row()

    def fail() -> None:
        with transaction():
            note()
            db.session.flush()
            db.session.execute(sa.update(Station).values(name="other"))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert every_row() == before


def test_a_fault_at_the_commit_undoes_the_whole_deed(world: World) -> None:
    before = every_row()
    again = Station(id=world.station_id, source="x", source_id="x", name="x", latitude=0, longitude=0, imported_at=AT)

    def fail() -> None:
        with transaction():
            note()
            db.session.add(again)

    with pytest.raises(IntegrityError):
        fail()
    assert every_row() == before


def test_a_thread_that_is_stopped_leaves_nothing(app: Flask) -> None:
    def stop() -> None:
        with transaction():
            note()
            db.session.flush()
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        stop()
    assert count(app) == 0


def test_it_does_not_nest_and_the_outer_deed_is_undone(app: Flask) -> None:
    def nest() -> None:
        with transaction():
            note()
            with transaction():
                note()

    with pytest.raises(RuntimeError, match="does not nest"):
        nest()
    assert count(app) == 0


def test_after_a_fault_the_next_deed_goes_well(app: Flask) -> None:
    with pytest.raises(ZeroDivisionError), transaction():
        raise ZeroDivisionError
    with transaction():
        note()
    assert count(app) == 1


def test_what_was_changed_outside_a_deed_is_not_kept(app: Flask) -> None:
    db.session.add(IncidentNumber(id=261124, last=1))
    with transaction():
        pass
    assert db.session.get(IncidentNumber, 261124) is None


def test_nothing_is_told_to_the_trail_outside_a_deed(app: Flask) -> None:
    with pytest.raises(RuntimeError, match="transaction"):
        note()


def test_a_deed_sees_what_others_have_committed_since_the_last_question(app: Flask) -> None:
    with transaction():
        db.session.add(IncidentNumber(id=261124, last=1))
    assert db.session.get_one(IncidentNumber, 261124).last == 1
    with db.engine.begin() as elsewhere:
        elsewhere.execute(sa.update(IncidentNumber).values(last=2))
    with transaction():
        assert db.session.get_one(IncidentNumber, 261124).last == 2


def test_deeds_of_many_threads_all_arrive(app: Flask) -> None:
    """Each adds one to a counter it has read: without one writer at a time on SQLite some would be lost or fail."""
    with transaction():
        db.session.add(IncidentNumber(id=261124, last=0))

    def add_five() -> None:
        for _ in range(5):
            with transaction():
                counter = db.session.scalars(sa.select(IncidentNumber).with_for_update()).one()
                counter.last += 1
                note()

    assert raised(together(app, [add_five] * 8)) == []
    assert count(app) == 40
    assert db.session.scalar(sa.select(IncidentNumber.last)) == 40


def test_a_reader_is_not_held_up_by_a_writer_and_does_not_see_half_a_deed(app: Flask) -> None:
    written, read = threading.Event(), threading.Event()
    seen: list[int] = []

    def write() -> None:
        with transaction():
            note()
            db.session.flush()
            written.set()
            assert read.wait(10)

    def look() -> None:
        assert written.wait(10)
        seen.append(count(app))
        read.set()

    assert raised(together(app, [write, look])) == []
    assert seen == [0]
    assert count(app) == 1


# ---- SQLite's own


@pytest.fixture
def begun(app: Flask) -> list[str]:
    """What the engine is told at each beginning, as it is told."""
    told: list[str] = []

    @sa.event.listens_for(db.engine, "before_cursor_execute")
    def _listen(_connection: object, _cursor: object, statement: str, *_more: object) -> None:
        if statement.startswith("BEGIN"):
            told.append(statement)

    return told


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_on_sqlite_a_deed_begins_as_a_writer_and_a_question_as_a_reader(app: Flask, begun: list[str]) -> None:
    with transaction():
        note()
    count(app)
    assert begun == ["BEGIN IMMEDIATE", "BEGIN"]


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    ("pragma", "value"),
    [
        ("journal_mode", "wal"),
        ("synchronous", 1),
        ("foreign_keys", 1),
        ("busy_timeout", 10_000),
        ("secure_delete", 1),
        ("trusted_schema", 0),
    ],
)
def test_sqlite_is_a_durable_store(app: Flask, pragma: str, value: object) -> None:
    assert db.session.scalar(sa.text(f"PRAGMA {pragma}")) == value


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_writers_queue_at_a_lock_file_beside_the_database(app: Flask, tmp_path: Path) -> None:
    with transaction():
        note()
    assert (tmp_path / "wristband.db.lock").exists()


def test_a_row_that_points_at_nothing_is_refused(world: World) -> None:
    from wristband.incidents.models import Report

    with pytest.raises(IntegrityError), transaction():
        db.session.add(Report(incident_id=1, scan_id=1, made_at=AT))


# ---- moments


@pytest.mark.parametrize("hours", [-11, 0, 8, 14])
def test_a_moment_comes_back_aware_and_in_utc(app: Flask, hours: int) -> None:
    with transaction():
        note(at=AT.astimezone(timezone(timedelta(hours=hours))))
    db.session.expire_all()
    kept = db.session.scalars(sa.select(AuditRow)).one().at
    assert kept == AT
    assert kept.utcoffset() == timedelta()


def test_moments_are_compared_as_moments_whatever_their_zone(app: Flask) -> None:
    with transaction():
        note("station:1", AT)
        note("station:2", AT + timedelta(seconds=1))
    shanghai = (AT + timedelta(microseconds=1)).astimezone(timezone(timedelta(hours=8)))
    assert db.session.scalars(sa.select(AuditRow.subject).where(AuditRow.at > shanghai)).all() == ["station:2"]
    latest = db.session.scalar(sa.select(sa.func.max(AuditRow.at)))
    assert latest == AT + timedelta(seconds=1)
    assert latest.utcoffset() == timedelta()


def test_a_naive_moment_is_refused(app: Flask) -> None:
    with pytest.raises(StatementError, match="time zone"):
        db.session.scalar(sa.select(AuditRow).where(AuditRow.at == AT.replace(tzinfo=None)))


def test_every_column_of_a_moment_is_aware() -> None:
    moments = [
        column
        for table in db.metadata.tables.values()
        for column in table.columns
        if isinstance(column.type, sa.DateTime | UtcDateTime)
    ]
    assert moments
    assert all(
        isinstance(column.type, UtcDateTime) and column.name.endswith(("_at", "at", "_until")) for column in moments
    )


# ---- ids


@given(st.integers(2, 500))
def test_ids_rise_and_fit_in_63_bits(many: int) -> None:
    made = [new_id() for _ in range(many)]
    assert made == sorted(set(made))
    assert 0 < made[0] <= made[-1] < 2**63


def test_ids_are_never_given_twice_to_many_threads(app: Flask) -> None:
    made = together(app, [lambda: [new_id() for _ in range(2000)]] * 8)
    assert len({one for some in made for one in some}) == 16_000


def test_a_row_has_its_id_before_it_is_kept() -> None:
    assert Station(source="x").id > 0
    assert Station(source="x", id=7).id == 7


def test_every_table_of_rows_takes_its_ids_from_us() -> None:
    for table in Row.metadata.tables.values():
        key = table.primary_key.columns.values()
        assert len(key) == 1
        assert key[0].autoincrement is not True


@pytest.mark.parametrize("number", [2**63, -(2**63) - 1, 10**40, -1, 0])
def test_an_id_of_any_size_may_be_asked_for_and_is_nobodys(world: World, number: int) -> None:
    assert db.session.get(Station, number) is None
    assert db.session.scalar(sa.select(Station).where(Station.id == number)) is None
    assert db.session.scalars(sa.select(Station).where(Station.id.in_([number, world.station_id]))).one()


# ---- states


def test_a_state_is_kept_as_its_short_word(world: World) -> None:
    with db.engine.connect() as raw:
        assert raw.exec_driver_sql("SELECT DISTINCT state FROM band").scalar() == "active"


def test_a_word_that_is_no_state_is_refused(world: World) -> None:
    from wristband.bands.models import Band

    with pytest.raises(StatementError), transaction():
        db.session.execute(sa.update(Band).values(state="stolen"))
