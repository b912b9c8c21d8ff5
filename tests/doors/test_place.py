"""Where the elder is: the phone's position, words, or both; appended, never taken for more than it is."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests import world as cast
from tests.doors.asking import ON_SQLITE, count, only, tells, value_of, words
from tests.world import World
from wristband.db import db
from wristband.incidents.models import Incident, Sighting
from wristband.incidents.queries import told_place

pytestmark = ON_SQLITE
# Some 100 m from 祥平派出所, which is not the elder's own station.
HERE = {"source": "device", "latitude": "24.7101", "longitude": "118.1409", "accuracy": "25"}
KEY = "k" * 22


@pytest.fixture
def finder(client: FlaskClient, world: World) -> str:
    """The address of a finder who has reported."""
    return cast.tap(client, cast.open_band(client, world.her.token), "police").location


def _append(client: FlaskClient, finder: str, **form: str) -> TestResponse:
    return client.post(f"{finder}/place", data={"key": KEY, "source": "words", **form})


def _station(world: World) -> str:
    return "near" if only(Incident).station_id == world.other_station_id else "own"


def test_the_form_the_page_shows_is_one_that_is_taken(client: FlaskClient, finder: str) -> None:
    page = client.get(finder)
    form = {name: cast.hidden(page, name) for name in ("stamp", "key", "source", "latitude", "longitude", "accuracy")}
    assert _append(client, finder, **form, words="影剧院门口").status_code == 303
    assert told_place(only(Sighting)).words == "影剧院门口"


def test_a_position_moves_a_report_nobody_has_accepted_to_the_nearest_station(
    client: FlaskClient, world: World, finder: str
) -> None:
    assert _station(world) == "own"
    answer = _append(client, finder, **HERE)
    assert (answer.status_code, answer.location) == (303, finder)
    place = told_place(only(Sighting))
    assert place.position
    assert (place.position.latitude, place.position.longitude) == (24.7101, 118.1409)
    assert place.accuracy_m == 25
    assert _station(world) == "near"
    assert "已收到" in words(client.get(finder))


def test_words_and_position_are_kept_together(client: FlaskClient, finder: str) -> None:
    _append(client, finder, **HERE, words="  公交站旁\r\n卖花的摊子  ")
    place = told_place(only(Sighting))
    assert place.position
    assert place.words == "公交站旁\n卖花的摊子"


def test_the_finders_page_repeats_no_place(client: FlaskClient, finder: str) -> None:
    _append(client, finder, **HERE, words="影剧院门口")
    page = client.get(finder).get_data(as_text=True)
    assert "影剧院门口" not in page
    assert "24.7101" not in page


@pytest.mark.parametrize("accuracy", ["30000", "1e400"])
def test_a_vague_position_is_kept_but_moves_nothing(
    client: FlaskClient, world: World, finder: str, accuracy: str
) -> None:
    assert _append(client, finder, **{**HERE, "accuracy": accuracy}).status_code == 303
    place = told_place(only(Sighting))
    assert place.position
    assert place.accuracy_m
    assert place.accuracy_m >= 30_000
    assert _station(world) == "own"


def test_a_nonsensical_accuracy_is_no_accuracy(client: FlaskClient, finder: str) -> None:
    nonsense = ["", "nan", "-5", "about ten", "林", "1" * 5000 + "m"]
    for number, accuracy in enumerate(nonsense):
        assert _append(client, finder, **{**HERE, "accuracy": accuracy}, key=f"{KEY}{number}").status_code == 303
    assert [told_place(sighting).accuracy_m for sighting in Sighting.query] == [None] * len(nonsense)


WRONG = [
    ({"latitude": "nan"}, "position.not_a_number"),
    ({"longitude": "inf"}, "position.not_a_number"),
    ({"latitude": "1e400"}, "position.not_a_number"),
    ({"latitude": "1" * 10_000}, "position.not_a_number"),
    ({"latitude": ""}, "position.not_a_number"),
    ({"latitude": "24.71; DROP TABLE sighting"}, "position.not_a_number"),
    ({"latitude": "91"}, "position.out_of_range"),
    ({"longitude": "-180.001"}, "position.out_of_range"),
    ({"words": "字" * 201}, "incidents.words_long"),
    ({"words": "左\u202e右"}, "text.hidden_characters"),
    ({"words": "\x07"}, "text.hidden_characters"),
    ({"key": "short"}, "page.form_stale"),
    ({"key": "k" * 65}, "page.form_stale"),
]


def test_what_is_no_place_is_told_and_nothing_is_kept(client: FlaskClient, finder: str) -> None:
    for wrong, code in WRONG:
        answer = _append(client, finder, **{**HERE, **wrong})
        assert answer.status_code == 422, wrong
        facts: dict[str, Any] = {"longest": 200} if code.endswith("_long") else {}
        assert tells(answer, code, **facts), wrong
    assert count(Sighting) == 0


def test_an_empty_place_asks_for_one(client: FlaskClient, finder: str) -> None:
    forms: list[dict[str, str]] = [{}, {"words": " \n "}, {"latitude": " ", "longitude": ""}]
    for form in forms:
        answer = _append(client, finder, **form)
        assert answer.status_code == 422, form
        assert tells(answer, "incidents.place_empty"), form


def test_words_too_long_are_still_in_their_field(client: FlaskClient, finder: str) -> None:
    typed = "在<b>大桥</b>边" * 40
    assert value_of(_append(client, finder, words=typed), "words") == typed


def test_the_same_append_again_changes_nothing(client: FlaskClient, finder: str) -> None:
    for _ in range(3):
        assert _append(client, finder, **HERE).status_code == 303
    assert count(Sighting) == 1


def test_a_finder_who_moves_on_appends_again(client: FlaskClient, finder: str) -> None:
    for number in range(3):
        assert _append(client, finder, **HERE, key=f"{KEY}{number}").status_code == 303
    assert count(Sighting) == 3


def test_a_key_is_a_scans_own(client: FlaskClient, world: World, finder: str) -> None:
    other = cast.tap(client, cast.open_band(client, world.her.token), "police").location
    for address in (finder, other):
        assert _append(client, address, **HERE).status_code == 303
    assert count(Sighting) == 2


def test_a_place_before_any_tap_belongs_to_nobody(client: FlaskClient, world: World) -> None:
    answer = _append(client, f"/s/{cast.open_band(client, world.her.token)['scan']}", **HERE)
    assert answer.status_code == 404
    assert tells(answer, "scans.unknown")


def test_a_place_is_not_readable_in_the_store(client: FlaskClient, finder: str) -> None:
    _append(client, finder, **HERE, words="影剧院门口")
    row = "".join(str(value) for value in db.session.execute(sa.text("SELECT * FROM sighting")).one())
    assert "24.71" not in row
    assert "影剧院" not in row
