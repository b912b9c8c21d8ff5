"""Registering an elder: every fault is told at once, and nothing that was typed is lost."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import pytest
import time_machine
from flask.testing import FlaskClient
from PIL import Image
from werkzeug.test import TestResponse

from tests import photographs
from tests import world as cast
from tests.doors.asking import ON_SQLITE, count, send, tells, value_of, words
from tests.world import ELDER, SON_PHONE, World
from wristband import clock
from wristband.db import db
from wristband.elders.models import Consent, Contact, Elder, Photo
from wristband.elders.rules import Purpose

PATH = "/family/elders/new"
KEY = "k" * 22
TYPED = {**ELDER, "guardian_name": "女儿", "second_phone": SON_PHONE}
EVERY_PURPOSE = [purpose.value for purpose in Purpose]


@pytest.fixture
def daughter(client: FlaskClient, world: World) -> FlaskClient:
    cast.sign_in_guardian(client)
    return client


@pytest.fixture(scope="module")
def picture() -> bytes:
    return photographs.encoded(photographs.portrait().resize((600, 750)), "JPEG")


def _send(
    client: FlaskClient, photo: bytes | None = None, consents: list[str] | None = None, **more: str
) -> TestResponse:
    data: dict[str, Any] = {"csrf_token": cast.csrf(client, PATH), "key": KEY, **TYPED, **more}
    data["consents"] = EVERY_PURPOSE if consents is None else consents
    if photo is not None:
        data["photo"] = (io.BytesIO(photo), "portrait.jpg")
    return send(client, PATH, data)


def _elders() -> int:
    """How many there are beside the cast's two."""
    return count(Elder) - 2


def test_nothing_is_ticked_beforehand(daughter: FlaskClient) -> None:
    assert " checked" not in daughter.get(PATH).get_data(as_text=True)


def test_a_whole_form_registers_and_leads_to_the_elders_page(daughter: FlaskClient) -> None:
    answer = _send(daughter)
    assert answer.status_code == 303
    page = daughter.get(answer.location)
    assert ELDER["name"] in words(page)
    assert _elders() == 1


@ON_SQLITE
@pytest.mark.parametrize("take", [photographs.phone_jpeg, photographs.phone_heic], ids=["JPEG", "HEIC"])
def test_a_phones_own_photograph_is_taken_and_its_square_is_shown(
    daughter: FlaskClient, take: Callable[[], bytes]
) -> None:
    answer = _send(daughter, take())
    assert answer.status_code == 303
    assert answer.location.endswith("/portrait")
    assert 'id="crop"' in daughter.get(answer.location).get_data(as_text=True)
    face = daughter.get(answer.location.replace("/portrait", "/face.jpg"))
    assert Image.open(io.BytesIO(face.data)).size == (480, 480)
    assert photographs.CANARY.encode() not in face.data
    assert face.headers["Cache-Control"] == "no-store"


WRONG = {
    "name": ("字" * 41, "elders.name_long", {"longest": 40}),
    "relation": ("owner", "elders.relation_missing", {}),
    "called": ("林\u202e姨", "text.hidden_characters", {}),
    "birth_year": ("去年", "elders.birth_year", {}),
    "address": ("路" * 121, "elders.address_long", {"longest": 120}),
    "approach": ("说" * 301, "elders.approach_long", {"longest": 300}),
    "health": ("药" * 301, "elders.health_long", {"longest": 300}),
    "guardian_name": ("", "accounts.name_missing", {}),
    "second_phone": ("0592 202 0000", "phone.not_a_mobile", {}),
    "station_id": ("7", "stations.unknown", {}),
}


@ON_SQLITE
def test_with_everything_wrong_each_fault_is_named_and_every_word_is_kept(daughter: FlaskClient) -> None:
    typed = {name: text for name, (text, _, _) in WRONG.items()}
    page = _send(daughter, b"no picture", consents=["whereabouts"], **typed)
    assert page.status_code == 422
    for code, facts in [(code, facts) for _, code, facts in WRONG.values()] + [
        ("elders.consent_needed", {}),
        ("photo.not_a_picture", {}),
    ]:
        assert tells(page, code, **facts), code
    # A choice cannot show what it does not offer.
    for name in typed.keys() - {"relation", "station_id"}:
        assert value_of(page, name) == typed[name], name
    assert 'value="whereabouts" checked' in page.get_data(as_text=True)
    assert 'value="service" checked' not in page.get_data(as_text=True)
    assert value_of(page, "key") == KEY
    assert _elders() == 0


@ON_SQLITE
def test_each_fault_alone_is_told_beside_its_field(daughter: FlaskClient) -> None:
    for name, (text, code, facts) in WRONG.items():
        page = _send(daughter, **{name: text})
        assert page.status_code == 422, name
        assert tells(page, code, **facts), name
        assert f'id="{name}-error"' in page.get_data(as_text=True), name
        assert f'href="#{name}"' in page.get_data(as_text=True), name
    assert _elders() == 0


@ON_SQLITE
def test_a_station_nobody_knows_is_told_beside_its_field(daughter: FlaskClient) -> None:
    for station_id in ("0", "9" * 18, "9" * 19, "9" * 5000, "-1", "１２", "1.5", "x"):
        page = _send(daughter, station_id=station_id)
        assert page.status_code == 422, station_id
        assert tells(page, "stations.unknown"), station_id
        assert value_of(page, "name") == ELDER["name"]


@ON_SQLITE
def test_a_station_is_chosen_from_the_list(daughter: FlaskClient, world: World) -> None:
    answer = _send(daughter, station_id=str(world.other_station_id))
    elder_id = int(answer.location.rpartition("/")[2])
    elder = db.session.get(Elder, elder_id)
    assert elder
    assert elder.station_id == world.other_station_id


@ON_SQLITE
def test_markup_in_words_is_shown_as_words(daughter: FlaskClient) -> None:
    hostile = '"><script>alert(1)</script>{{7*7}}'
    page = _send(daughter, name=hostile, birth_year="x")
    assert value_of(page, "name") == hostile
    assert "<script>alert" not in page.get_data(as_text=True)
    shown = daughter.get(_send(daughter, name=hostile).location).get_data(as_text=True)
    assert "<script>alert" not in shown
    assert "{{7*7}}" in shown


# ---- consents


@ON_SQLITE
def test_without_the_two_that_are_needed_nobody_is_registered(daughter: FlaskClient) -> None:
    given: list[list[str]] = [[], ["service"], ["police"], ["portrait", "health"], ["everything"]]
    for consents in given:
        page = _send(daughter, consents=consents, health="")
        assert page.status_code == 422, consents
        assert tells(page, "elders.consent_needed"), consents
    assert _elders() == 0


@ON_SQLITE
def test_a_consent_that_was_not_given_is_not_kept(daughter: FlaskClient) -> None:
    before = count(Consent)
    assert _send(daughter, consents=["service", "police"], health="").status_code == 303
    assert count(Consent) - before == 2


@ON_SQLITE
def test_health_words_and_a_portrait_need_a_consent_of_their_own(daughter: FlaskClient, picture: bytes) -> None:
    page = _send(daughter, consents=["service", "police"])
    assert tells(page, "elders.health_without_consent")
    assert value_of(page, "health") == ELDER["health"]
    page = _send(daughter, picture, consents=["service", "police"], health="")
    assert page.status_code == 422
    assert tells(page, "elders.portrait_without_consent")


# ---- the photograph


@ON_SQLITE
def test_a_good_photograph_survives_a_faulty_form_and_the_page_says_so(daughter: FlaskClient, picture: bytes) -> None:
    page = _send(daughter, picture, name="")
    assert page.status_code == 422
    assert "照片已收好" in words(page)
    kept = value_of(page, "photo_kept")
    answer = _send(daughter, photo_kept=kept)
    assert answer.location.endswith("/portrait")
    assert count(Photo) == 1


@ON_SQLITE
def test_a_photograph_is_still_kept_when_ids_have_grown_a_digit(daughter: FlaskClient, picture: bytes) -> None:
    with time_machine.travel(clock.now().replace(year=2029)):
        cast.sign_in_guardian(daughter)
        kept = value_of(_send(daughter, picture, name=""), "photo_kept")
        assert len(kept) == 19
        assert _send(daughter, photo_kept=kept).location.endswith("/portrait")


@ON_SQLITE
def test_a_photograph_that_never_was_is_no_photograph(daughter: FlaskClient) -> None:
    for kept in ("0", "-1", "x", "１", "9" * 19, "9" * 5000, "1e3"):
        page = _send(daughter, photo_kept=kept, name="")
        assert page.status_code == 422, kept
        assert value_of(page, "photo_kept") == "", kept


@ON_SQLITE
def test_a_neighbours_photograph_cannot_be_taken_over(daughter: FlaskClient, world: World, picture: bytes) -> None:
    kept = value_of(_send(daughter, picture, name=""), "photo_kept")
    neighbour = daughter.application.test_client()
    cast.sign_in_guardian(neighbour, cast.NEIGHBOUR_PHONE)
    page = _send(neighbour, photo_kept=kept, name="")
    assert value_of(page, "photo_kept") == ""
    assert "照片已收好" not in words(page)
    assert not _send(neighbour, photo_kept=kept).location.endswith("/portrait")


NO_PHOTOGRAPHS: dict[str, tuple[Callable[[], bytes], str, dict[str, int]]] = {
    "words": (lambda: b"this is no picture", "photo.not_a_picture", {}),
    "empty": (lambda: b"", "photo.not_a_picture", {}),
    "SVG": (
        lambda: b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>',
        "photo.not_a_picture",
        {},
    ),
    "GIF and script": (lambda: b"GIF89a/*" + bytes(40) + b"*/=alert(1)", "photo.not_a_picture", {}),
    "PDF": (lambda: b"%PDF-1.7\n" + bytes(100), "photo.not_a_picture", {}),
    "cut": (lambda: photographs.encoded(photographs.four_corners(), "JPEG")[:400], "photo.damaged", {}),
    "noise": (lambda: b"\xff\xd8\xff\xe0" + bytes(range(256)) * 20, "photo.damaged", {}),
    "bomb": (lambda: photographs.png_header_only(60_000, 60_000), "photo.too_many_pixels", {}),
    "tiny": (lambda: photographs.encoded(Image.new("RGB", (20, 20)), "PNG"), "photo.too_small", {}),
    "7 MB": (lambda: b"\xff\xd8\xff" + bytes(7_000_000), "photo.too_large", {"most_mb": 6}),
    "20 MB": (lambda: b"\xff\xd8\xff" + bytes(20_000_000), "photo.too_large", {"most_mb": 6}),
}


@ON_SQLITE
def test_what_is_no_photograph_is_told_and_costs_nothing_of_the_form(daughter: FlaskClient) -> None:
    for kind, (make, code, facts) in NO_PHOTOGRAPHS.items():
        page = _send(daughter, make())
        assert page.status_code == 422, kind
        assert tells(page, code, **facts), kind
        assert value_of(page, "name") == ELDER["name"], kind
        assert value_of(page, "photo_kept") == "", kind
    assert count(Photo) == 0


@ON_SQLITE
def test_a_picture_that_is_also_a_page_is_kept_as_pixels_alone(daughter: FlaskClient, picture: bytes) -> None:
    answer = _send(daughter, picture + b"<script>alert('polyglot')</script>PK\x03\x04")
    shown = daughter.get(answer.location.replace("/portrait", "/portrait.jpg"))
    assert (shown.mimetype, shown.headers["X-Content-Type-Options"]) == ("image/jpeg", "nosniff")
    assert b"polyglot" not in shown.data


@ON_SQLITE
def test_a_body_beyond_any_photograph_is_refused_with_a_sentence(daughter: FlaskClient) -> None:
    page = _send(daughter, bytes(26_000_000))
    assert page.status_code == 413
    assert tells(page, "page.too_large")


# ---- sent twice, sent too often


@ON_SQLITE
def test_a_form_sent_twice_registers_once(daughter: FlaskClient, picture: bytes) -> None:
    first = _send(daughter, picture)
    again = _send(daughter, picture)
    elder_id = first.location.split("/")[3]
    assert again.status_code == 303
    assert again.location.split("/")[3] == elder_id
    assert _elders() == 1


@ON_SQLITE
def test_the_guardians_own_number_given_twice_is_one_contact(daughter: FlaskClient) -> None:
    before = count(Contact)
    assert _send(daughter, second_phone=cast.DAUGHTER_PHONE).status_code == 303
    assert count(Contact) - before == 1


@ON_SQLITE
def test_too_many_registrations_are_told_and_the_form_is_kept(daughter: FlaskClient) -> None:
    with time_machine.travel(clock.now(), tick=False):
        pages = [_send(daughter, key=f"{KEY}{number}") for number in range(7)]
    refused = next(page for page in pages if page.status_code != 303)
    assert refused.status_code == 429
    assert int(refused.headers["Retry-After"]) > 0
    assert tells(refused, "elders.registrations_spent")
    assert value_of(refused, "name") == ELDER["name"]


@ON_SQLITE
def test_too_many_photographs_are_told_beside_the_field_and_the_form_is_kept(
    daughter: FlaskClient, picture: bytes
) -> None:
    with time_machine.travel(clock.now(), tick=False):
        for _ in range(21):
            page = _send(daughter, b"no picture", name="")
        assert page.status_code == 422
        assert 'id="photo-error"' in page.get_data(as_text=True)
        assert "照片传得太多了" in words(page)
        assert value_of(page, "address") == ELDER["address"]
