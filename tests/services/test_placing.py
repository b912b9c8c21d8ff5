"""Where the elder is: appended by the finder after the tap, and followed by the incident while nobody has taken it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
from flask import Flask

from tests.together import raised, together
from tests.world import World, every_row, new_reference, new_rows
from wristband.audit.models import AuditRow
from wristband.db import db, transaction
from wristband.errors import BadValue, NotFound
from wristband.incidents import queries
from wristband.incidents.models import Incident, Sighting
from wristband.incidents.openings import is_far, station_near
from wristband.incidents.rules import Disposition, IncidentState, PlaceSource
from wristband.services import handling, reaching, reporting
from wristband.services.reporting import PLACES_A_SCAN, WORDS_MAX
from wristband.stations.models import Station
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
    assert new_rows(before) == {"sighting": 1, "data_key": 1, "audit_row": 1}
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


# ---- which station


def station(name: str, at: Position, hours: str = "") -> int:
    kept = Station(
        source="test",
        source_id=name,
        name=name,
        latitude=at.latitude,
        longitude=at.longitude,
        opening_hours=hours,
        imported_at=datetime(2026, 11, 24, tzinfo=UTC),
    )
    with transaction():
        db.session.add(kept)
    return int(kept.id)


def test_a_station_where_nobody_has_an_account_takes_no_report_and_is_no_fault_of_the_place(
    world: World, now: datetime, reference: str
) -> None:
    station("没有人的", AT_XIANGPING)
    place(reference, now, AT_XIANGPING)
    assert the_incident().station_id == world.other_station_id
    assert not is_far(AT_XIANGPING)


def test_a_place_near_a_station_without_accounts_is_not_called_far(world: World, now: datetime) -> None:
    beijing = Position(39.9087, 116.3975)
    assert is_far(beijing)
    station("没有人的", beijing)
    assert station_near(beijing, 10, now=now) is None
    assert not is_far(beijing)


def test_of_two_staffed_stations_the_open_one_takes_it_though_the_other_is_nearer(world: World, now: datetime) -> None:
    with transaction():
        hers = db.session.get_one(Station, world.station_id)
        hers.opening_hours = "Mo-Su 08:00-18:00"
    midnight = datetime(2026, 11, 24, 16, 0, tzinfo=UTC)
    assert station_near(AT_DATONG, 10, now=midnight) == world.other_station_id
    assert station_near(AT_DATONG, 10, now=midnight + timedelta(hours=12)) == world.station_id
