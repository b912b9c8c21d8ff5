"""The document of an incident's event: its facts, and that nothing of ours is missing from its vocabulary."""

from __future__ import annotations

import dataclasses
import json
import re
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wristband.incidents.platform import (
    EXAMPLE,
    INCOMING,
    PARTICULARS,
    SCHEMA,
    VOCABULARY,
    By,
    Event,
    Kind,
    Snapshot,
    Told,
    document,
)
from wristband.incidents.rules import Disposition, IncidentState, PlaceSource
from wristband.values.position import Position
from wristband.values.vocabulary import bury, dig

AT = datetime(2026, 11, 24, 6, 5, tzinfo=UTC)
BARE = Snapshot(
    number="261124-001",
    link_id=7,
    state=IncidentState.REPORTED,
    opened_at=AT,
    accepted_at=None,
    closed_at=None,
    disposition=None,
    merged_into="",
    reports=1,
    photos=0,
    recognised=False,
    code_tail="",
    case="",
    station=None,
    place=None,
    words=None,
    elder=None,
)
OPENED = Event("event-0000000000000000001", 1, Kind.OPENED, By.FINDER, AT)
BASE = "https://hb.example"


def test_what_is_not_known_is_null_and_the_document_says_its_version() -> None:
    made = document(OPENED, BARE, BASE)
    assert made["schema"] == SCHEMA == "wristband.incident-event/1"
    assert made["incident"] == {
        "number": "261124-001",
        "state": "reported",
        "opened_at": "2026-11-24T06:05:00Z",
        "accepted_at": None,
        "closed_at": None,
        "disposition": None,
        "merged_into": None,
        "reports": 1,
        "photos": 0,
        "recognised": False,
        "band_code_tail": None,
        "platform_case": None,
        "link": "https://hb.example/police/incidents/7",
    }
    assert [made[part] for part in ("station", "place", "words", "elder")] == [None] * 4


def test_times_are_told_in_utc_whatever_zone_they_came_in() -> None:
    local = AT.astimezone(timezone(timedelta(hours=8)))
    assert document(OPENED, dataclasses.replace(BARE, closed_at=local), BASE)["incident"]["closed_at"] == (
        "2026-11-24T06:05:00Z"
    )


def test_a_place_is_told_in_both_datums_and_in_kinmen_they_are_one() -> None:
    kinmen = Told(AT, Position(24.4366, 118.3186), None, PlaceSource.WORDS)
    place = document(OPENED, dataclasses.replace(BARE, place=kinmen), BASE)["place"]
    assert place["wgs84"] == place["gcj02"] == {"latitude": 24.4366, "longitude": 118.3186}
    assert place["accuracy_m"] is None


@given(latitude=st.floats(-90, 90), longitude=st.floats(-180, 180), words=st.none() | st.text())
def test_any_event_is_json_that_comes_back_as_it_went(latitude: float, longitude: float, words: str | None) -> None:
    told = Told(AT, Position(latitude, longitude), 50.0, PlaceSource.DEVICE)
    made = document(OPENED, dataclasses.replace(BARE, place=told, words=words), BASE)
    assert json.loads(json.dumps(made)) == made


def test_every_state_end_and_kind_has_its_word_in_the_vocabulary() -> None:
    assert VOCABULARY.words["incident.state"] == set(IncidentState) == INCOMING["states"]
    assert VOCABULARY.words["incident.disposition"] == set(Disposition) == INCOMING["dispositions"]
    assert VOCABULARY.words["event.kind"] == set(Kind)


def test_the_example_fills_every_fact_and_its_times_are_all_of_the_times() -> None:
    assert all(dig(EXAMPLE, fact) is not None for fact in VOCABULARY.facts)
    written = {fact for fact in VOCABULARY.facts if re.fullmatch(r"\d{4}-\d\d-\d\dT[\d:]{8}Z", str(dig(EXAMPLE, fact)))}
    assert written == VOCABULARY.times


def test_the_particulars_are_those_of_the_example_and_no_address_number_or_face() -> None:
    assert PARTICULARS == set(EXAMPLE["elder"]) == {"name", "called", "sex", "birth_year", "approach", "health"}


@pytest.mark.parametrize("path", ["a", "a.b", "a.b.c"])
def test_what_is_buried_is_dug_up(path: str) -> None:
    made: dict[str, object] = {}
    bury(made, path, 7)
    assert dig(made, path) == 7
    assert dig(made, f"{path}.deeper") is None
    for twice in (path, f"{path}.deeper"):
        with pytest.raises(ValueError, match=path):
            bury(made, twice, 8)
