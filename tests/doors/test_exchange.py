"""Records at the partners' door: as Person Finder answers, to keys alone, and nothing once it is over."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient

from tests.doors.exchanging import HOUR, OURS, close, entries, get, ids, persons
from tests.services import released
from tests.services.released import fresh, key_of, release_of
from tests.world import ELDER, World
from wristband.config import Settings
from wristband.db import db
from wristband.interchange import pfif, xml
from wristband.interchange.models import ReleaseReading
from wristband.interchange.rules import Shown
from wristband.partners.rules import Scope
from wristband.services import releasing


@pytest.fixture
def settings(usual_settings: Settings, tmp_path: Path, engine_url: str, doors: tuple[str, ...]) -> Settings:
    own = {"data_dir": tmp_path / "instance", "database_url": engine_url, "doors": doors, "pfif_domain": OURS}
    return usual_settings.model_copy(update=own)


@pytest.fixture
def now(world: World) -> datetime:
    return world.now + timedelta(seconds=1)


# ---- who is let in


@pytest.mark.parametrize("path", ["/pfif/api/read", "/pfif/feeds/person", "/pfif/feeds/note", "/cap/feed"])
def test_a_key_that_is_none_and_a_key_without_the_right_are_forbidden(
    client: FlaskClient, world: World, now: datetime, path: str
) -> None:
    without = key_of("别的", [Scope.STATIONS_READ], now)
    for key in ("", "x", "wbk_" + "a" * 12 + "_" + "b" * 43, without, "k\n"):
        assert get(client, path, key).status_code == 403


def test_the_key_may_come_in_a_header(client: FlaskClient, world: World, now: datetime) -> None:
    key = key_of("救助站", [Scope.PFIF_READ], now)
    answer = client.get("/pfif/feeds/person", headers={"Authorization": f"Bearer {key}"})
    assert (answer.status_code, answer.headers["Cache-Control"]) == (200, "no-store")


def test_no_answer_repeats_the_key(client: FlaskClient, world: World, now: datetime) -> None:
    key = key_of("救助站", [Scope.PFIF_READ], now)
    assert key not in get(client, "/pfif/feeds/person", key).get_data(as_text=True)


# ---- reading


def test_a_released_person_is_read_with_its_notes(client: FlaskClient, world: World, now: datetime) -> None:
    release = released.released(world, now, [Shown.NAME])
    key = key_of("救助站", [Scope.PFIF_READ], now)
    (person,) = persons(get(client, "/pfif/api/read", key, id=f"{OURS}/{release.public_id}", version="1.4"))
    assert (person.full_name, person.source_name, person.author_phone) == (ELDER["name"], OURS, "")


def test_sensitive_fields_need_a_right_of_their_own(client: FlaskClient, world: World, now: datetime) -> None:
    release = released.released(world, now)
    key = key_of("救助站", [Scope.PFIF_READ, Scope.PFIF_FULL], now)
    (person,) = persons(get(client, "/pfif/api/read", key, id=f"{OURS}/{release.public_id}"))
    assert person.author_phone == "110"


@pytest.mark.parametrize("asked", ["", "x", f"{OURS}/i.00", f"{OURS}/", "other.example.org/i.00", "a/b/c"])
def test_an_unknown_record_is_a_bad_request(client: FlaskClient, world: World, now: datetime, asked: str) -> None:
    released.released(world, now)
    key = key_of("救助站", [Scope.PFIF_READ], now)
    assert get(client, "/pfif/api/read", key, id=asked).status_code == 400


@pytest.mark.parametrize(
    "query",
    [{"min_entry_date": "2026-01-01"}, {"max_results": "-1"}, {"skip": "x"}, {"version": "1.3"}, {"max_results": "１"}],
)
def test_a_parameter_that_cannot_be_read_is_a_bad_request(
    client: FlaskClient, world: World, now: datetime, query: dict[str, str]
) -> None:
    key = key_of("救助站", [Scope.PFIF_READ], now)
    assert get(client, "/pfif/feeds/person", key, **query).status_code == 400


def test_a_search_finds_what_is_released_and_no_more(client: FlaskClient, world: World, now: datetime) -> None:
    release = released.released(world, now, [Shown.CLOTHES])
    key = key_of("救助站", [Scope.PFIF_READ], now)
    found = persons(get(client, "/pfif/api/search", key, q="灰色 大同"))
    assert [person.person_record_id for person in found] == [f"{OURS}/{release.public_id}"]
    assert persons(get(client, "/pfif/api/search", key, q=ELDER["name"])) == []
    assert get(client, "/pfif/api/search", key, q=" ").status_code == 400
    assert len(persons(get(client, "/pfif/api/search", key, id=f"{OURS}/{release.public_id}"))) == 1


def test_who_read_it_how_often_is_counted(client: FlaskClient, world: World, now: datetime) -> None:
    release = released.released(world, now)
    key = key_of("救助站", [Scope.PFIF_READ], now)
    get(client, "/pfif/feeds/person", key)
    get(client, "/pfif/api/read", key, id=f"{OURS}/{release.public_id}")
    get(client, "/pfif/feeds/note", key)
    fresh()
    (reading,) = db.session.scalars(sa.select(ReleaseReading)).all()
    assert (reading.release_id, reading.times) == (release.id, 3)


def test_the_portrait_is_given_only_where_it_is_ticked(client: FlaskClient, world: World, now: datetime) -> None:
    release = released.released(world, now)
    key = key_of("救助站", [Scope.PFIF_READ], now)
    assert get(client, "/pfif/api/photo", key, id=f"{OURS}/{release.public_id}").status_code == 404


# ---- once it is over


def test_the_feed_goes_on_with_a_placeholder_so_that_others_erase(
    client: FlaskClient, world: World, now: datetime
) -> None:
    release = released.released(world, now, [Shown.NAME, Shown.AGE])
    key = key_of("救助站", [Scope.PFIF_READ], now)
    close(release.incident_id, world, now + HOUR)
    for path, query in (("/pfif/feeds/person", {}), ("/pfif/api/read", {"id": f"{OURS}/{release.public_id}"})):
        answer = get(client, path, key, **query)
        assert ELDER["name"] not in answer.get_data(as_text=True)
        record = next(one for one in xml.read(answer.data).iter(f"{{{pfif.NAMESPACE}}}person"))
        at = pfif.when(now + HOUR)
        assert {xml.local_name(field): field.text for field in record} == {
            "person_record_id": f"{OURS}/{release.public_id}",
            "entry_date": at,
            "expiry_date": at,
            "source_date": at,
            "full_name": None,
        }
    assert entries(get(client, "/pfif/feeds/note", key)) == []
    assert persons(get(client, "/pfif/api/search", key, q="大同")) == []


# ---- feeds


def test_a_feed_is_paged_by_the_time_of_entry(client: FlaskClient, world: World, now: datetime) -> None:
    first = released.released(world, now)
    releasing.withdraw_on_duty(first.incident_id, officer=world.officer, now=now + HOUR)
    for hours in (2, 4):
        at = now + hours * HOUR
        releasing.release_on_duty(first.incident_id, released.wanted(), officer=world.officer, now=at)
        if hours == 2:
            second = release_of(first.incident_id)
            releasing.withdraw_on_duty(first.incident_id, officer=world.officer, now=at + HOUR)
    third = release_of(first.incident_id)
    key = key_of("救助站", [Scope.PFIF_READ], now)
    newest = [f"{OURS}/{one.public_id}" for one in (third, second, first)]
    assert ids(get(client, "/pfif/feeds/person", key)) == newest
    assert ids(get(client, "/pfif/feeds/person", key, max_results=1, skip=1)) == newest[1:2]
    since = pfif.when(now + 3 * HOUR)
    assert ids(get(client, "/pfif/feeds/person", key, min_entry_date=since)) == [newest[1], newest[0]]
    assert ids(get(client, "/pfif/feeds/person", key, min_entry_date=pfif.when(now + 5 * HOUR))) == []


def test_notes_can_be_left_out_and_asked_for_alone(client: FlaskClient, world: World, now: datetime) -> None:
    release = released.released(world, now)
    key = key_of("救助站", [Scope.PFIF_READ], now)
    note = f".//{{{pfif.NAMESPACE}}}note"
    assert xml.read(get(client, "/pfif/feeds/person", key).data).findall(note)
    assert not xml.read(get(client, "/pfif/feeds/person", key, omit_notes="yes").data).findall(note)
    asked = f"{OURS}/{release.public_id}"
    assert len(entries(get(client, "/pfif/feeds/note", key, person_record_id=asked))) == 1
    assert get(client, "/pfif/feeds/note", key, person_record_id=f"{OURS}/i.0").status_code == 400
