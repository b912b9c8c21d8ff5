"""Geocoders of an operator's own, over our wire: what they say, what they claim, and what they must never be told."""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.gateways import fake_wire
from tests.gateways.fake_wire import FakeWire, replying
from wristband.config import Settings
from wristband.gateways import geocoding
from wristband.gateways.contract import GatewayFault
from wristband.gateways.geocoding import Found, Geocoder
from wristband.gateways.wire import Limits
from wristband.values.position import Position, to_bd09

THEATRE = Position(24.7302, 118.1477)
WORDS = "同安影剧院"
KEY = "key-of-baidu"


def nominatim_says(latitude: Any, longitude: Any, name: Any = "同安影剧院, 同安区") -> Any:
    return json.dumps([{"lat": latitude, "lon": longitude, "display_name": name}]).encode()


def photon_says(latitude: Any, longitude: Any, name: Any = "同安影剧院") -> Any:
    feature = {"geometry": {"coordinates": [longitude, latitude]}, "properties": {"name": name, "city": "厦门"}}
    return json.dumps({"features": [feature]}).encode()


def baidu_says(latitude: Any, longitude: Any) -> Any:
    return json.dumps(
        {"status": 0, "result": {"location": {"lat": latitude, "lng": longitude}, "level": "道路"}}
    ).encode()


def geocoder(provider: str, wire: FakeWire) -> Geocoder:
    return Geocoder(provider, wire.url.partition("/send")[0], KEY, Limits())


def outcome(ours: Geocoder) -> Found | str | None:
    """What was found, or the code of the fault."""
    try:
        return ours.find(WORDS)
    except GatewayFault as fault:
        return fault.code


SAID: dict[str, Callable[[Any, Any], bytes]] = {
    "nominatim": nominatim_says,
    "photon": photon_says,
    "baidu": baidu_says,
}


@pytest.mark.parametrize("provider", ["nominatim", "photon"])
def test_what_an_own_geocoder_says_is_taken_as_wgs84(wire: FakeWire, provider: str) -> None:
    wire.behaviour = replying(200, SAID[provider](THEATRE.latitude, THEATRE.longitude))
    found = geocoder(provider, wire).find(WORDS)
    assert found
    assert found.position == THEATRE
    assert "同安影剧院" in found.label
    asked = urlsplit(wire.sent[0].path)
    assert parse_qs(asked.query)["q"] == [WORDS]


def test_what_baidu_says_is_undone_from_its_own_datum(wire: FakeWire) -> None:
    wire.behaviour = replying(200, baidu_says(*to_bd09(THEATRE)))
    found = geocoder("baidu", wire).find(WORDS)
    assert found
    assert found.position.latitude == pytest.approx(THEATRE.latitude, abs=1e-9)
    assert found.position.longitude == pytest.approx(THEATRE.longitude, abs=1e-9)
    asked = parse_qs(urlsplit(wire.sent[0].path).query)
    assert asked["address"] == [WORDS]
    assert asked["ak"] == [KEY]
    assert urlsplit(wire.sent[0].path).path == "/geocoding/v3/"
    assert found.label == ""


def test_coordinates_as_text_are_numbers_all_the_same(wire: FakeWire) -> None:
    wire.behaviour = replying(200, nominatim_says("24.7302", "118.1477"))
    assert geocoder("nominatim", wire).find(WORDS) == Found(THEATRE, "同安影剧院, 同安区")


@pytest.mark.parametrize("provider", SAID)
def test_nothing_at_all_is_what_a_geocoder_without_an_answer_means_by_0_0(wire: FakeWire, provider: str) -> None:
    wire.behaviour = replying(200, SAID[provider](0, 0))
    assert geocoder(provider, wire).find(WORDS) is None


@pytest.mark.parametrize(
    ("provider", "body"), [("nominatim", b"[]"), ("photon", b'{"features": []}'), ("baidu", b'{"status": 0}')]
)
def test_a_place_nobody_knows_is_none(wire: FakeWire, provider: str, body: bytes) -> None:
    wire.behaviour = replying(200, body)
    assert geocoder(provider, wire).find(WORDS) is None


@pytest.mark.filterwarnings("ignore:Latitude normalization")
@pytest.mark.parametrize("provider", SAID)
@pytest.mark.parametrize(
    "place", [(91, 118), ("north", "east"), (None, None), (float("nan"), 118), ([], {}), (1e400, 0)]
)
def test_a_place_that_is_none_is_never_taken(wire: FakeWire, provider: str, place: tuple[Any, Any]) -> None:
    wire.behaviour = replying(200, SAID[provider](*place))
    assert outcome(geocoder(provider, wire)) in (None, "odd_place", "valueerror", "typeerror", "attributeerror")


@pytest.mark.parametrize("provider", SAID)
@pytest.mark.parametrize(
    "body", [b"", b"{", b"null", b"3", b'"x"', b"\xff\xfe", b"[" * 50_000, b'{"status": 302}', b"[null]"]
)
def test_an_answer_that_is_none_is_a_fault_or_no_place(wire: FakeWire, provider: str, body: bytes) -> None:
    wire.behaviour = replying(200, body)
    assert not isinstance(outcome(geocoder(provider, wire)), Found)


@pytest.mark.parametrize("status", [302, 401, 403, 429, 500, 503])
def test_a_refusal_is_a_fault_and_no_redirect_is_followed(wire: FakeWire, status: int) -> None:
    wire.behaviour = replying(status, b"{}", Location="http://127.0.0.1:9/")
    with pytest.raises(GatewayFault) as fault:
        geocoder("nominatim", wire).find(WORDS)
    assert fault.value.code == f"http_{status}"
    assert len(wire.sent) == 1


def test_one_that_drips_or_never_ends_is_given_up(wire: FakeWire, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(geocoding, "_TOTAL_S", 0.3)
    monkeypatch.setattr(geocoding, "_REST_S", 0.0)
    for behaviour, code in (
        (fake_wire.dripping(b"HTTP/1.1 200 OK\r\nContent-Length: 300\r\n\r\n"), "timeout"),
        (fake_wire.endless, "too_big"),
    ):
        wire.behaviour = behaviour
        with pytest.raises(GatewayFault) as fault:
            geocoder("nominatim", wire).find(WORDS)
        assert fault.value.code == code


def test_in_production_no_address_of_this_machine_or_a_clouds_metadata_is_called(wire: FakeWire) -> None:
    for url in (wire.url.partition("/send")[0], "http://169.254.169.254", "http://10.0.0.1"):
        with pytest.raises(GatewayFault) as fault:
            Geocoder("nominatim", url, "", Limits(public_only=True)).find(WORDS)
        assert fault.value.code == "address_refused"
    assert wire.sent == []


def test_the_same_words_are_asked_once(wire: FakeWire) -> None:
    wire.behaviour = replying(200, nominatim_says(24.73, 118.14))
    ours = geocoder("nominatim", wire)
    assert not ours.knows(WORDS)
    assert ours.find(WORDS) == ours.find(WORDS)
    assert ours.knows(WORDS)
    assert len(wire.sent) == 1


def test_that_nobody_knows_them_is_remembered_too(wire: FakeWire) -> None:
    wire.behaviour = replying(200, b"[]")
    ours = geocoder("nominatim", wire)
    assert ours.find(WORDS) is ours.find(WORDS) is None
    assert len(wire.sent) == 1


def test_what_is_remembered_has_an_end(wire: FakeWire, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(geocoding, "_KEPT", 2)
    wire.behaviour = replying(200, nominatim_says(24.73, 118.14))
    ours = geocoder("nominatim", wire)
    for words in ("甲", "乙", "丙"):
        ours.find(words)
    assert [ours.knows(words) for words in ("甲", "乙", "丙")] == [False, True, True]


def test_after_a_fault_nobody_waits_for_a_while(wire: FakeWire) -> None:
    wire.behaviour = replying(500)
    ours = geocoder("nominatim", wire)
    for words in ("甲", "乙"):
        with pytest.raises(GatewayFault):
            ours.find(words)
    assert len(wire.sent) == 1


def test_no_more_than_a_few_are_asked_at_once(wire: FakeWire, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(geocoding, "_TOTAL_S", 0.5)
    wire.behaviour = fake_wire.silent
    ours = geocoder("nominatim", wire)
    codes: list[str] = []

    def ask(words: str) -> None:
        try:
            ours.find(words)
        except GatewayFault as fault:
            codes.append(fault.code)

    callers = [threading.Thread(target=ask, args=(f"地点{number}",)) for number in range(9)]
    for caller in callers:
        caller.start()
    for caller in callers:
        caller.join()
    assert codes.count("busy") >= 5
    assert len(wire.sent) <= 4


@pytest.mark.parametrize("provider", SAID)
def test_the_words_stand_in_no_log(
    wire: FakeWire, provider: str, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    wire.behaviour = replying(200, SAID[provider](24.73, 118.14))
    ours = geocoder(provider, wire)
    ours.find("secret-street-7")
    wire.behaviour = replying(500, b"secret-street-8 failed")
    with pytest.raises(GatewayFault) as fault:
        ours.find("secret-street-8")
    told = capsys.readouterr()
    assert "secret-street" not in caplog.text + told.out + told.err + repr(fault.value)
    assert KEY not in caplog.text + told.out + told.err


@pytest.mark.parametrize("words", ["x" * 2000, "😀🧓", "a&ak=other#x\r\nHost: evil", "\ud800", "' OR 1=1"])
def test_odd_words_are_one_parameter_of_one_request(wire: FakeWire, words: str) -> None:
    wire.behaviour = replying(200, b"[]")
    try:
        assert geocoder("nominatim", wire).find(words) is None
    except GatewayFault:
        assert wire.sent == []
        return
    assert parse_qs(urlsplit(wire.sent[0].path).query)["q"] == [words]


def test_a_label_is_one_short_line_without_marks(wire: FakeWire) -> None:
    wire.behaviour = replying(200, nominatim_says(24.73, 118.14, "\u202eabc\r\n<script>" + "长" * 500))
    found = geocoder("nominatim", wire).find(WORDS)
    assert found
    assert found.label.startswith("abc <script>")
    assert len(found.label) == 80


def test_the_settings_choose(usual_settings: Settings) -> None:
    chosen = usual_settings.model_copy(update={"geocoder": "photon", "geocoder_url": "https://geo.example/api/"})
    assert isinstance(geocoding.choose(chosen), Geocoder)
