"""A finder without a position types where she is, and the operator's geocoder is asked once."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.doors.asking import ON_SQLITE, tells, value_of, words
from tests.gateways import fake_wire
from tests.gateways.fake_wire import FakeWire, replying
from tests.world import World
from wristband.gateways.geocoding import Geocoder
from wristband.gateways.wire import Limits

pytestmark = ON_SQLITE

THEATRE = "同安影剧院"


def says(latitude: float, longitude: float, name: str = "同安影剧院, 大同街道") -> fake_wire.Behaviour:
    return replying(200, json.dumps([{"lat": latitude, "lon": longitude, "display_name": name}]).encode())


@pytest.fixture
def geocoder(app: Flask) -> Iterator[FakeWire]:
    """The operator's own Nominatim."""
    with fake_wire.serving() as wire:
        app.extensions["geocoder"] = Geocoder("nominatim", wire.url.partition("/send")[0], "", Limits())
        yield wire


def test_the_nearest_to_the_place_found_are_told_and_what_was_found(
    client: FlaskClient, geocoder: FakeWire, world: World
) -> None:
    geocoder.behaviour = says(24.7101, 118.1409)
    page = client.post("/stations", data={"address": THEATRE})
    shown = words(page)
    assert page.status_code == 200
    assert shown.index("祥平派出所") < shown.index("大同派出所")
    assert "照「同安影剧院, 大同街道」找的" in shown
    assert value_of(page, "address") == THEATRE


def test_a_geocoders_words_are_text_and_no_marks(client: FlaskClient, geocoder: FakeWire, world: World) -> None:
    geocoder.behaviour = says(24.7101, 118.1409, '"><script>alert(1)</script>{{7*7}}')
    page = client.post("/stations", data={"address": THEATRE}).get_data(as_text=True)
    assert "<script>alert" not in page
    assert "{{7*7}}" in page


@pytest.mark.parametrize("place", [(40.7128, -74.0060), (39.9087, 116.3975), (0.5, 0.5), (-90, 0), (25.0375, 121.5637)])
def test_a_place_far_from_every_station_is_not_believed(
    client: FlaskClient, geocoder: FakeWire, world: World, place: tuple[float, float]
) -> None:
    geocoder.behaviour = says(*place)
    page = client.post("/stations", data={"address": THEATRE})
    assert page.status_code == 422
    assert tells(page, "stations.address_far")
    assert "大同派出所" not in words(page)
    assert value_of(page, "address") == THEATRE


@pytest.mark.parametrize("body", [b"[]", b'[{"lat": 0, "lon": 0, "display_name": ""}]'])
def test_a_place_nobody_knows_is_told_and_the_districts_stand_below(
    client: FlaskClient, geocoder: FakeWire, world: World, body: bytes
) -> None:
    geocoder.behaviour = replying(200, body)
    page = client.post("/stations", data={"address": "没有这条路"})
    assert page.status_code == 422
    assert tells(page, "stations.address_unknown")
    assert 'name="district"' in page.get_data(as_text=True)


@pytest.mark.parametrize("behaviour", [replying(500), replying(200, b"<html>"), fake_wire.raw(b"\x00\x01")])
def test_a_geocoder_that_fails_is_a_sentence_and_the_list_of_districts(
    client: FlaskClient, geocoder: FakeWire, world: World, behaviour: fake_wire.Behaviour
) -> None:
    geocoder.behaviour = behaviour
    page = client.post("/stations", data={"address": THEATRE})
    assert page.status_code == 503
    assert tells(page, "stations.address_unasked")
    assert 'name="district"' in page.get_data(as_text=True)
    assert 'href="tel:110"' in page.get_data(as_text=True)


@pytest.mark.parametrize(
    ("address", "code", "facts"),
    [
        ("", "stations.address_missing", {}),
        ("   ", "stations.address_missing", {}),
        ("\u200b", "text.hidden_characters", {}),
        ("长" * 2000, "stations.address_long", {"longest": 100}),
        ("同安\u202e院", "text.hidden_characters", {}),
    ],
)
def test_words_that_are_none_are_told_and_nobody_is_asked(
    client: FlaskClient, geocoder: FakeWire, world: World, address: str, code: str, facts: dict[str, int]
) -> None:
    page = client.post("/stations", data={"address": address})
    assert page.status_code == 422
    assert tells(page, code, **facts)
    assert geocoder.sent == []


def test_an_emoji_is_a_word_like_any_other(client: FlaskClient, geocoder: FakeWire, world: World) -> None:
    geocoder.behaviour = says(24.7101, 118.1409)
    assert client.post("/stations", data={"address": "🏥同安"}).status_code == 200


def test_a_network_that_asks_on_and_on_is_told_to_wait_and_the_known_stays_known(
    client: FlaskClient, geocoder: FakeWire, world: World
) -> None:
    geocoder.behaviour = says(24.7101, 118.1409)
    answers = [client.post("/stations", data={"address": f"{THEATRE}{number}"}) for number in range(22)]
    assert [page.status_code for page in answers[:20]] == [200] * 20
    assert answers[-1].status_code == 429
    assert int(answers[-1].headers["Retry-After"]) > 0
    assert client.post("/stations", data={"address": f"{THEATRE}0"}).status_code == 200
    elsewhere = {"REMOTE_ADDR": "203.0.113.7"}
    assert client.post("/stations", data={"address": "别处"}, environ_base=elsewhere).status_code == 200


def test_an_address_in_a_link_is_not_looked_up(client: FlaskClient, geocoder: FakeWire, world: World) -> None:
    page = client.get(f"/stations?address={THEATRE}")
    assert page.status_code == 200
    assert geocoder.sent == []
    assert value_of(page, "address") == ""
    assert 'method="post" action="/stations"' in page.get_data(as_text=True)


def test_what_was_typed_stands_in_no_log(
    client: FlaskClient,
    geocoder: FakeWire,
    world: World,
    caplog: pytest.LogCaptureFixture,
    capsys: pytest.CaptureFixture[str],
) -> None:
    caplog.set_level(logging.DEBUG)
    for behaviour in (says(24.7101, 118.1409), says(0.5, 0.5), replying(500)):
        geocoder.behaviour = behaviour
        client.post("/stations", data={"address": f"secret-street-{len(geocoder.sent)}"})
    told = capsys.readouterr()
    assert len(geocoder.sent) == 3
    assert "secret-street" not in caplog.text + told.out + told.err


def test_without_a_geocoder_no_address_is_asked_for_and_none_is_taken(client: FlaskClient, world: World) -> None:
    assert 'name="address"' not in client.get("/stations").get_data(as_text=True)
    assert client.post("/stations", data={"address": THEATRE}).status_code == 422
