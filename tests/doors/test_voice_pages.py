"""The family's voice at the doors: recorded, listened to, deleted; on a finder's card, and at no address."""

from __future__ import annotations

import base64
import io
import re
from datetime import timedelta

import pytest
import time_machine
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests import world as cast
from tests.doors.asking import ON_SQLITE, send, tells, words
from tests.pagecheck import shown_on_cards
from tests.recordings import hummed, m4a, quiet, wav
from tests.world import ELDER, NEIGHBOUR_PHONE, World
from wristband.bands.models import Band
from wristband.db import db
from wristband.elders.rules import Purpose
from wristband.elders.voices import MOST_BYTES
from wristband.services import consenting

pytestmark = ON_SQLITE

CARD = (ELDER["called"], ELDER["approach"], ELDER["health"])


@pytest.fixture(autouse=True)
def _a_day_later(world: World) -> object:
    with time_machine.travel(world.now + timedelta(hours=25), tick=True) as journey:
        yield journey


@pytest.fixture
def daughter(client: FlaskClient, world: World) -> FlaskClient:
    mine = client.application.test_client()
    cast.sign_in_guardian(mine)
    return mine


@pytest.fixture
def path(world: World) -> str:
    return f"/family/elders/{world.elder_id}/voice"


def keep(guardian: FlaskClient, path: str, data: bytes | None = None, **fields: str) -> TestResponse:
    form: dict[str, object] = {"csrf_token": cast.csrf(guardian, path), **fields}
    if data is not None:
        form["voice"] = (io.BytesIO(data), "voice")
    return send(guardian, path, form)


def card(client: FlaskClient, world: World) -> TestResponse:
    """A finder's card, opened with the code from inside the band."""
    scan = cast.tap(client, cast.open_band(client, world.her.token), "family").location
    db.session.rollback()
    check = db.session.get_one(Band, world.her.band_id).check_code
    with shown_on_cards(*CARD):
        return client.post(f"{scan}/check", data={"check": check})


def test_the_page_says_what_to_say_and_what_not(daughter: FlaskClient, path: str) -> None:
    page = words(daughter.get(path))
    assert "我马上来接您" in page
    assert "不要说姓名、住址和电话" in page


def test_a_recording_is_kept_and_can_be_listened_to(daughter: FlaskClient, path: str) -> None:
    answer = keep(daughter, path, m4a())
    assert answer.status_code == 303
    assert "录音收好了" in words(daughter.get(answer.location))
    sound = daughter.get(f"{path}.mp3")
    assert (sound.mimetype, sound.headers["Cache-Control"]) == ("audio/mpeg", "no-store")
    assert sound.data[:2] == b"\xff\xf3"


def test_what_was_cut_off_is_told(daughter: FlaskClient, path: str) -> None:
    assert "只留了前 30 秒" in words(daughter.get(keep(daughter, path, m4a(45.0)).location))


def test_a_phone_that_asks_for_parts_gets_parts(daughter: FlaskClient, path: str) -> None:
    keep(daughter, path, m4a())
    whole = daughter.get(f"{path}.mp3").data
    part = daughter.get(f"{path}.mp3", headers={"Range": "bytes=0-1"})
    assert (part.status_code, part.data) == (206, whole[:2])
    assert part.headers["Content-Range"] == f"bytes 0-1/{len(whole)}"


def test_the_elders_page_says_why_it_helps_and_then_what_there_is(
    daughter: FlaskClient, world: World, path: str
) -> None:
    elder = f"/family/elders/{world.elder_id}"
    assert "听见家人的声音会安心" in words(daughter.get(elder))
    keep(daughter, path, m4a())
    page = daughter.get(elder)
    assert "4 秒" in words(page)
    assert f'src="{path}.mp3"' in page.get_data(as_text=True)


def test_a_deleted_recording_is_at_no_address(daughter: FlaskClient, path: str) -> None:
    keep(daughter, path, m4a())
    answer = daughter.post(f"{path}/remove", data={"csrf_token": cast.csrf(daughter, path)})
    assert answer.status_code == 303
    assert daughter.get(f"{path}.mp3").status_code == 404


def test_a_stranger_finds_neither_page_nor_sound(client: FlaskClient, daughter: FlaskClient, path: str) -> None:
    keep(daughter, path, m4a())
    neighbour = client.application.test_client()
    cast.sign_in_guardian(neighbour, NEIGHBOUR_PHONE)
    token = cast.csrf(neighbour, "/family/elders/new")
    answers = [
        neighbour.get(path),
        neighbour.get(f"{path}.mp3"),
        neighbour.post(f"{path}/remove", data={"csrf_token": token}),
        send(neighbour, path, {"csrf_token": token, "voice": (io.BytesIO(m4a()), "voice")}),
    ]
    assert [answer.status_code for answer in answers] == [404] * 4
    assert daughter.get(f"{path}.mp3").status_code == 200


def test_consent_is_asked_for_where_it_is_not_given_yet(daughter: FlaskClient, world: World, path: str) -> None:
    assert 'name="agreed"' not in daughter.get(path).get_data(as_text=True)
    consenting.withdraw(world.elder_id, Purpose.VOICE, guardian_id=world.daughter_id, now=world.now)
    assert 'name="agreed"' in daughter.get(path).get_data(as_text=True)
    refused = keep(daughter, path, m4a())
    assert refused.status_code == 422
    assert tells(refused, "elders.voice_without_consent")
    assert keep(daughter, path, m4a(), agreed="yes").status_code == 303
    assert 'name="agreed"' not in daughter.get(path).get_data(as_text=True)


def test_nobody_is_asked_about_a_recording_when_registering(daughter: FlaskClient) -> None:
    assert 'id="consent-voice"' not in daughter.get("/family/elders/new").get_data(as_text=True)


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (None, "voice.missing"),
        (b"", "voice.missing"),
        (b"<!doctype html>" + bytes(200), "voice.not_a_recording"),
        (m4a()[:9_000], "voice.damaged"),
        (wav(quiet(3)), "voice.silent"),
        (wav(hummed(0.4)), "voice.too_short"),
    ],
    ids=["no file", "empty", "no recording", "cut off", "silent", "too short"],
)
def test_each_fault_has_its_sentence(daughter: FlaskClient, path: str, data: bytes | None, code: str) -> None:
    answer = keep(daughter, path, data)
    assert answer.status_code == 422
    assert tells(answer, code)


def test_eleven_megabytes_are_refused_with_their_sentence(daughter: FlaskClient, path: str) -> None:
    answer = keep(daughter, path, m4a() + bytes(MOST_BYTES))
    assert answer.status_code == 422
    assert "最多 10 MB" in words(answer)


def test_a_hundred_megabytes_are_not_even_read(daughter: FlaskClient, path: str) -> None:
    answer = keep(daughter, path, bytes(100_000_000))
    assert answer.status_code == 413
    assert tells(answer, "page.too_large")


# The finder


def test_the_card_holds_the_voice_and_no_address_of_it(
    client: FlaskClient, daughter: FlaskClient, world: World, path: str
) -> None:
    keep(daughter, path, m4a())
    page = card(client, world)
    inside = re.search(r'<audio[^>]* src="data:audio/mpeg;base64,([^"]+)"', page.get_data(as_text=True))
    assert inside
    assert base64.b64decode(inside[1]) == daughter.get(f"{path}.mp3").data
    assert page.headers["Cache-Control"] == "no-store"
    assert "voice.mp3" not in page.get_data(as_text=True)


def test_a_card_without_a_recording_offers_none(client: FlaskClient, world: World) -> None:
    assert "<audio" not in card(client, world).get_data(as_text=True)


def test_what_is_read_aloud_among_strangers_holds_no_word_of_health(client: FlaskClient, world: World) -> None:
    text = card(client, world).get_data(as_text=True)
    aloud = re.search(r'data-first="([^"]*)"', text)
    assert aloud
    assert ELDER["approach"] in aloud[1]
    assert ELDER["health"] not in aloud[1]


def test_sound_may_come_from_inside_a_card_alone(
    client: FlaskClient, daughter: FlaskClient, world: World, path: str
) -> None:
    page = card(client, world)
    assert "media-src data:;" in page.headers["Content-Security-Policy"]
    help_page = client.get(page.request.path.replace("/check", "/help"))
    assert "media-src 'none';" in help_page.headers["Content-Security-Policy"]
    assert "media-src 'self' blob:;" in daughter.get(path).headers["Content-Security-Policy"]


def test_the_microphone_may_be_asked_for_where_one_records_and_nowhere_else(
    client: FlaskClient, daughter: FlaskClient, world: World, path: str
) -> None:
    assert "microphone=(self)" in daughter.get(path).headers["Permissions-Policy"]
    for answer in (daughter.get("/family"), client.get("/"), card(client, world)):
        assert "microphone=()" in answer.headers["Permissions-Policy"]


@pytest.mark.parametrize("page", ["", "/help"])
def test_the_coaching_can_be_read_aloud(client: FlaskClient, world: World, page: str) -> None:
    scan = cast.tap(client, cast.open_band(client, world.her.token), "family").location
    text = client.get(f"{scan}{page}").get_data(as_text=True)
    assert 'data-read="coach"' in text
    assert 'id="coach"' in text
    assert "read_aloud.js" in text
