"""Notes of a release: sightings as they come in, told only where places are; and nothing of it a month after."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa
from flask import Flask

from tests.services.released import fresh, opened, person_of, release_of, released, wanted
from tests.services.reports import incident_of, reported
from tests.together import raised, together
from tests.world import World, every_row
from wristband.db import db
from wristband.house import house
from wristband.incidents.rules import Disposition, IncidentState, PlaceSource
from wristband.interchange import pfif, queries
from wristband.interchange.models import Release, ReleasedNote
from wristband.interchange.pfif import Note
from wristband.interchange.pfif_reading import Reading
from wristband.interchange.rules import NoteKind, Shown
from wristband.services import broadcasting, handling, hearing_pfif, purging, releasing, reporting
from wristband.values.position import Position

MINUTE = timedelta(minutes=1)


@pytest.fixture
def now(world: World) -> datetime:
    return world.now + MINUTE


def _close(incident_id: int, world: World, at: datetime) -> None:
    handling.move(incident_id, IncidentState.CLOSED, officer=world.officer, disposition=Disposition.WITH_FAMILY, now=at)


# ---- notes


def _seen(reference: str, now: datetime, latitude: float, key: str) -> None:
    reporting.add_place(
        reference,
        key,
        source=PlaceSource.DEVICE,
        position=Position(latitude, 118.152),
        accuracy_m=20,
        words="",
        now=now,
    )


def test_a_later_sighting_becomes_a_note_and_stays_the_same_one(world: World, now: datetime) -> None:
    reference = reported(world, now)
    incident_id = incident_of(reference).id
    releasing.release_own(incident_id, wanted([Shown.PLACES]), guardian_id=world.daughter_id, now=now)
    _seen(reference, now + MINUTE, 24.723, "a-key-of-one-sighting")
    for minutes in (2, 3):
        broadcasting.keep_up(now + minutes * MINUTE)
        person = person_of(release_of(incident_id), now + minutes * MINUTE)
        _asked, seen = person.notes
        assert (seen.status, seen.last_known_location) == ("believed_alive", "24.7230 118.1520")
        assert (seen.entry_date, seen.author_made_contact) == (now + 2 * MINUTE, "")
        assert seen.author_name == "大同派出所"


def test_without_its_tick_no_place_is_shown(world: World, now: datetime) -> None:
    reference = reported(world, now)
    incident_id = incident_of(reference).id
    _seen(reference, now, 24.723, "a-key-of-one-sighting")
    releasing.release_own(incident_id, wanted(), guardian_id=world.daughter_id, now=now + MINUTE)
    person = person_of(release_of(incident_id), now + MINUTE)
    assert [note.status for note in person.notes] == ["information_sought"]
    assert "24.7" not in pfif.document([person]).decode()


def test_a_tick_that_comes_later_sends_the_sightings_anew(world: World, now: datetime) -> None:
    reference = reported(world, now)
    incident_id = incident_of(reference).id
    _seen(reference, now, 24.723, "a-key-of-one-sighting")
    releasing.release_own(incident_id, wanted(), guardian_id=world.daughter_id, now=now)
    later = now + 5 * MINUTE
    releasing.release_own(incident_id, wanted([Shown.PLACES]), guardian_id=world.daughter_id, now=later)
    entries = queries.list_note_entries(now=later, since=later, skip=0, most=10)
    assert [note.kind for note, _found in entries] == [NoteKind.SEEN]


def test_two_who_release_at_once_make_one(app: Flask, world: World, now: datetime) -> None:
    incident_id = opened(world, now)
    answers = together(
        app,
        [
            lambda: releasing.release_on_duty(incident_id, wanted(), officer=world.officer, now=now),
            lambda: releasing.release_own(incident_id, wanted(), guardian_id=world.daughter_id, now=now),
        ],
    )
    fresh()
    assert raised(answers) == []
    assert db.session.scalar(sa.select(sa.func.count(Release.id))) == 1
    assert db.session.scalar(sa.select(sa.func.count(ReleasedNote.id))) == 1


def test_a_month_after_the_closing_no_word_of_it_is_kept(world: World, now: datetime) -> None:
    release = released(world, now, [Shown.CLOTHES, Shown.NAME])
    note = Note(
        "finder.example.org/n1",
        f"{house().site.domain}/{release.public_id}",
        source_date=now,
        author_name="站",
        text="在车站见过",
    )
    hearing_pfif.hear(Reading(notes=[note]), domain="finder.example.org", actor="partner:1", now=now)
    _close(release.incident_id, world, now + MINUTE)
    broadcasting.keep_up(now + MINUTE)
    for days, kept in ((29, True), (31, False)):
        for _step in purging.purge(now + timedelta(days=days)):
            pass
        fresh()
        rows = every_row()
        assert bool(rows["release"][0]["clothes"]) is kept
        assert [bool(row["document"]) for row in rows["broadcast"]] == [kept, kept]
        assert bool(rows["outside_note"][0]["said"]) is kept
