"""The portrait: another photograph, or the square of the face moved."""

from __future__ import annotations

import io
from typing import Any
from xml.etree import ElementTree

import pytest
from flask.testing import FlaskClient
from PIL import Image
from werkzeug.test import TestResponse

from tests import photographs
from tests import world as cast
from tests.doors.asking import ON_SQLITE, count, send, tells, words
from tests.world import World
from wristband.db import db
from wristband.elders.models import Photo

pytestmark = ON_SQLITE


@pytest.fixture
def address(client: FlaskClient, world: World) -> str:
    """The address of the elder's portrait, her daughter being signed in."""
    cast.sign_in_guardian(client)
    return f"/family/elders/{world.elder_id}/portrait"


def _send(client: FlaskClient, address: str, photo: bytes | None = None, **fields: str) -> TestResponse:
    data: dict[str, Any] = {"csrf_token": cast.csrf(client, address), **fields}
    if photo is not None:
        data["photo"] = (io.BytesIO(photo), "../../portrait.svg")
    return send(client, address, data)


def _photograph() -> bytes:
    return photographs.encoded(photographs.portrait().resize((600, 750)), "JPEG")


def _in_use() -> Photo:
    db.session.rollback()
    return db.session.query(Photo).where(Photo.elder_id.is_not(None), Photo.replaced_at.is_(None)).one()


def test_without_a_photograph_the_page_asks_for_one_and_there_is_no_picture(client: FlaskClient, address: str) -> None:
    assert 'name="photo"' in client.get(address).get_data(as_text=True)
    for name in ("portrait.jpg", "face.jpg"):
        answer = client.get(address.replace("portrait", name))
        assert answer.status_code == 404
        assert tells(answer, "elders.no_portrait")


def test_a_photograph_takes_the_place_of_the_last_one(client: FlaskClient, address: str) -> None:
    for _ in range(2):
        answer = _send(client, address, _photograph())
        assert (answer.status_code, answer.location) == (303, address)
    assert count(Photo) == 2
    shown = client.get(address.replace("portrait", "portrait.jpg"))
    assert (shown.status_code, shown.mimetype) == (200, "image/jpeg")
    assert Image.open(io.BytesIO(shown.data)).size == (_in_use().width, _in_use().height)


def test_the_square_is_moved_and_kept_inside_the_picture(client: FlaskClient, address: str) -> None:
    _send(client, address, _photograph())
    answer = _send(client, address, left="0.25", top="-7", size="0.5")
    assert answer.status_code == 303
    photo = _in_use()
    assert (photo.crop_left, photo.crop_top, photo.crop_size) == (0.25, 0.0, 0.5)
    assert client.get(address.replace("portrait", "face.jpg")).status_code == 200


def test_a_square_that_is_none_is_told_and_moves_nothing(client: FlaskClient, address: str) -> None:
    _send(client, address, _photograph())
    before = _in_use().crop_left
    for wrong in ("", "x", "nan", "inf", "1e400", "0" * 40, "１..２", "\x07"):
        answer = _send(client, address, left=wrong, top="0.1", size="0.5")
        assert answer.status_code == 422, wrong
        assert tells(answer, "photo.bad_crop"), wrong
    assert _in_use().crop_left == before


def test_sending_no_file_asks_for_one(client: FlaskClient, address: str) -> None:
    answer = _send(client, address)
    assert answer.status_code == 422
    assert tells(answer, "elders.photo_missing")


def test_what_is_no_photograph_leaves_the_last_one(client: FlaskClient, address: str) -> None:
    _send(client, address, _photograph())
    for photo in (b"", b"<svg xmlns='http://www.w3.org/2000/svg'/>"):
        answer = _send(client, address, photo)
        assert answer.status_code == 422
        assert tells(answer, "photo.not_a_picture")
    answer = _send(client, address, b"\xff\xd8\xff" + bytes(20_000_000))
    assert answer.status_code == 422
    assert tells(answer, "photo.too_large", most_mb=6)
    assert count(Photo) == 1


def test_too_many_photographs_are_told_on_the_page_with_the_wait(client: FlaskClient, address: str) -> None:
    for _ in range(21):
        answer = _send(client, address, b"no picture")
    assert answer.status_code == 429
    assert int(answer.headers["Retry-After"]) > 0
    assert 'name="photo"' in answer.get_data(as_text=True)
    assert "照片传得太多了" in words(answer)


def _turn(client: FlaskClient, address: str, way: str, photo_id: int | str) -> TestResponse:
    return client.post(
        f"{address}/turn", data={"csrf_token": cast.csrf(client, address), "way": way, "photo": str(photo_id)}
    )


def _kept(client: FlaskClient, address: str) -> Image.Image:
    return Image.open(io.BytesIO(client.get(f"{address}.jpg").data))


def test_a_photograph_on_its_side_is_set_upright_and_that_is_told(client: FlaskClient, address: str) -> None:
    lying = photographs.portrait().resize((600, 750)).transpose(Image.Transpose.ROTATE_90)
    answer = _send(client, address, photographs.encoded(lying, "JPEG"))
    assert (answer.status_code, answer.location) == (303, f"{address}?turned=yes")
    assert "照片转正了，不对请再转。" in words(client.get(answer.location))
    assert "照片转正了" not in words(client.get(address))
    assert photographs.difference(_kept(client, address), photographs.portrait().resize((600, 750))) < 6


def test_a_photograph_is_turned_to_either_side_without_a_script(client: FlaskClient, address: str) -> None:
    _send(client, address, _photograph())
    first = _in_use().id
    upright = _kept(client, address)
    for way, turn in (("right", Image.Transpose.ROTATE_270), ("left", None)):
        page = client.get(address)
        answer = _turn(client, address, way, cast.hidden(page, "photo"))
        assert (answer.status_code, answer.location) == (303, address)
        wanted = upright.transpose(turn) if turn is not None else upright
        assert photographs.difference(_kept(client, address), wanted) < 6
    assert _in_use().faces == 1
    assert db.session.get_one(Photo, first).replaced_at is not None


def test_a_turn_sent_twice_turns_once(client: FlaskClient, address: str) -> None:
    _send(client, address, _photograph())
    first = _in_use().id
    for _ in range(2):
        assert _turn(client, address, "right", first).status_code == 303
    assert _kept(client, address).size == (750, 600)
    assert count(Photo) == 2


def test_a_turn_to_nowhere_is_refused_and_nothing_is_turned(client: FlaskClient, address: str) -> None:
    _send(client, address, _photograph())
    first = _in_use().id
    for way, photo in (("", first), ("up", first), ("left", ""), ("left", "x"), ("left", "9" * 40)):
        answer = _turn(client, address, way, photo)
        assert tells(answer, "page.bad_request"), (way, photo)
    assert _in_use().id == first


def test_the_symbol_is_shown_as_large_as_it_is_printed_and_opens_no_band(client: FlaskClient, address: str) -> None:
    preview = address.replace("portrait", "preview.svg")
    assert client.get(preview).status_code == 404
    _send(client, address, _photograph())
    for page in (address, address.removesuffix("/portrait")):
        assert "印出来大约这么大" in words(client.get(page))
    answer = client.get(preview)
    assert (answer.status_code, answer.mimetype) == (200, "image/svg+xml")
    drawn = ElementTree.fromstring(answer.data)  # noqa: S314  our own
    assert (drawn.get("width"), drawn.get("height")) == ("22mm", "22mm")
    assert answer.data == client.get(preview).data
    cast.sign_in_guardian(client, cast.NEIGHBOUR_PHONE)
    assert client.get(preview).status_code == 404
