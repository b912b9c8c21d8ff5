"""Writing records: one bad one costs the others nothing, none closes an incident, the newer counts."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from tests.doors.exchanging import HOUR, OURS, counts, get, note_on, post
from tests.services import released
from tests.services.released import DOMAIN, fresh, incident, key_of
from tests.together import together
from tests.world import World, every_row, new_rows
from wristband.config import Settings
from wristband.db import db
from wristband.interchange import pfif, pfif_reading, xml
from wristband.interchange.models import OutsideNote, OutsidePerson
from wristband.interchange.pfif import Person
from wristband.interchange.queries import list_from_outside
from wristband.interchange.rules import OUTSIDE_NOTES_MOST
from wristband.partners.rules import Scope
from wristband.services import hearing_pfif, releasing


@pytest.fixture
def settings(usual_settings: Settings, tmp_path: Path, engine_url: str, doors: tuple[str, ...]) -> Settings:
    own = {"data_dir": tmp_path / "instance", "database_url": engine_url, "doors": doors, "pfif_domain": OURS}
    return usual_settings.model_copy(update=own)


@pytest.fixture
def now(world: World) -> datetime:
    return world.now + timedelta(seconds=1)


# ---- writing


@pytest.fixture
def writer(world: World, now: datetime) -> str:
    return key_of("救助站", [Scope.PFIF_READ, Scope.PFIF_WRITE], now, domain=DOMAIN)


def test_a_note_on_our_person_is_a_sighting_from_outside(
    client: FlaskClient, world: World, now: datetime, writer: str
) -> None:
    release = released.released(world, now)
    note = note_on(release.public_id, now, status="believed_alive", last_known_location="24.71 118.14")
    assert counts(post(client, writer, pfif.document([], [note]))) == [("0", "0", 0), ("1", "1", 0)]
    fresh()
    (told,) = list_from_outside(release.incident_id)
    assert (told.source, told.said["text"]) == (DOMAIN, "在车站见过")
    assert incident(release.incident_id).closed_at is None


def test_one_bad_record_is_skipped_and_not_the_batch(
    client: FlaskClient, world: World, now: datetime, writer: str
) -> None:
    release = released.released(world, now)
    at = now.replace(microsecond=0)
    people = [
        Person(f"{DOMAIN}/p1", source_date=at, full_name="甲"),
        Person("other.example.org/p2", source_date=at, full_name="乙"),
        Person(f"{OURS}/{release.public_id}", source_date=at, full_name="丙"),
        Person(f"{DOMAIN}/p3", source_date=at, full_name="丁", age="old"),
    ]
    notes = [
        note_on(release.public_id, now),
        note_on(release.public_id, now, "n2", status="believed_dead"),
        note_on("i.unknown", now, "n3"),
        note_on(release.public_id, now, "n4", person_record_id=f"{DOMAIN}/nobody"),
        note_on(release.public_id, now, "n5", person_record_id=f"{DOMAIN}/p1"),
        note_on(release.public_id, now, "n6", note_record_id="other.example.org/n"),
        note_on(release.public_id, now + HOUR, "n7"),
    ]
    assert counts(post(client, writer, pfif.document(people, notes))) == [("4", "1", 3), ("7", "2", 5)]


def test_the_same_document_again_changes_nothing_but_the_trail(
    client: FlaskClient, world: World, now: datetime, writer: str
) -> None:
    release = released.released(world, now)
    document = pfif.document(
        [Person(f"{DOMAIN}/p1", source_date=now, full_name="甲")], [note_on(release.public_id, now)]
    )
    first = post(client, writer, document)
    before = every_row()
    again = post(client, writer, document)
    assert again.data == first.data
    assert new_rows(before) == {"audit_row": 1}
    assert every_row()["outside_note"] == before["outside_note"]
    assert every_row()["outside_person"] == before["outside_person"]


def test_an_older_copy_changes_nothing_and_a_newer_one_does(
    client: FlaskClient, world: World, now: datetime, writer: str
) -> None:
    release = released.released(world, now)
    for seconds, text, skipped in ((0, "先", 0), (-60, "旧", 1), (1, "新", 0)):
        note = note_on(release.public_id, now + timedelta(seconds=seconds), text=text)
        assert counts(post(client, writer, pfif.document([], [note])))[1][2] == skipped
    fresh()
    assert [one.said["text"] for one in list_from_outside(release.incident_id)] == ["新"]


def test_a_placeholder_from_outside_erases_what_was_kept(
    client: FlaskClient, world: World, now: datetime, writer: str
) -> None:
    at = now.replace(microsecond=0)
    alive = Person(f"{DOMAIN}/p1", source_date=at - HOUR, full_name="甲")
    note = note_on("", now, person_record_id=f"{DOMAIN}/p1")
    post(client, writer, pfif.document([alive], [note]))
    post(client, writer, pfif.document([pfif.placeholder(f"{DOMAIN}/p1", at)]))
    fresh()
    assert [one.said for one in db.session.scalars(sa.select(OutsidePerson))] == [None]
    assert [one.said for one in db.session.scalars(sa.select(OutsideNote))] == [None]
    assert counts(post(client, writer, pfif.document([alive])))[0] == ("1", "0", 1)


def test_nothing_is_taken_on_what_is_over(client: FlaskClient, world: World, now: datetime, writer: str) -> None:
    release = released.released(world, now)
    releasing.withdraw_on_duty(release.incident_id, officer=world.officer, now=now)
    assert counts(post(client, writer, pfif.document([], [note_on(release.public_id, now)])))[1] == ("1", "0", 1)


def test_a_partner_without_a_domain_writes_nothing(client: FlaskClient, world: World, now: datetime) -> None:
    key = key_of("没有域名", [Scope.PFIF_WRITE], now)
    assert post(client, key, pfif.document([])).status_code == 403


@pytest.mark.parametrize(
    ("document", "status"),
    [
        (b"", 400),
        (b'<!DOCTYPE p [<!ENTITY a "b">]><p>&a;</p>', 400),
        ("<p>姓名</p>".encode("gb18030"), 400),
        (b"<pfif:pfif", 400),
        (b" " * 10_000_000, 413),
    ],
)
def test_a_body_that_is_no_pfif_keeps_nothing(
    client: FlaskClient, world: World, writer: str, document: bytes, status: int
) -> None:
    before = every_row()
    assert post(client, writer, document).status_code == status
    assert set(new_rows(before)) <= {"spent_budget"}


def test_nobody_floods_an_incident(client: FlaskClient, world: World, now: datetime, writer: str) -> None:
    release = released.released(world, now)
    notes = [note_on(release.public_id, now, f"n{number}") for number in range(OUTSIDE_NOTES_MOST + 5)]
    answer = counts(post(client, writer, pfif.document([], notes)))
    assert answer[1] == (str(OUTSIDE_NOTES_MOST + 5), str(OUTSIDE_NOTES_MOST), 5)


def test_two_writers_of_one_record_leave_the_newer(app: Flask, world: World, now: datetime) -> None:
    release = released.released(world, now)
    readings = [
        pfif_reading.Reading(notes=[note_on(release.public_id, now + timedelta(seconds=second), text=str(second))])
        for second in range(4)
    ]
    together(
        app,
        [lambda part=part: hearing_pfif.hear(part, domain=DOMAIN, actor="partner:1", now=now) for part in readings],  # type: ignore[misc]
    )
    fresh()
    assert [one.said["text"] for one in list_from_outside(release.incident_id)] == ["3"]


# ---- the same elder elsewhere


def test_an_officer_links_two_records_and_both_say_so(
    client: FlaskClient, world: World, now: datetime, writer: str
) -> None:
    release = released.released(world, now)
    theirs, ours = f"{DOMAIN}/p1", f"{OURS}/{release.public_id}"
    note = note_on(release.public_id, now, linked_person_record_id=theirs)
    post(client, writer, pfif.document([Person(theirs, source_date=now, full_name="甲")], [note]))
    linked = f"{{{pfif.NAMESPACE}}}linked_person_record_id"
    assert not list(xml.read(get(client, "/pfif/feeds/note", writer).data).iter(linked))
    fresh()
    note_id = list_from_outside(release.incident_id)[0].id
    for _ in range(2):
        hearing_pfif.link(note_id, release.incident_id, officer=world.officer, now=now)
    feed = xml.read(get(client, "/pfif/feeds/note", writer).data)
    pairs = {
        (one.findtext(f"{{{pfif.NAMESPACE}}}person_record_id"), one.findtext(linked))
        for one in feed.iter(f"{{{pfif.NAMESPACE}}}note")
    }
    assert {pair for pair in pairs if pair[1]} == {(ours, theirs), (theirs, ours)}
