"""The square around the face: suggested, read from a form, cut out."""

from __future__ import annotations

import hashlib
import io
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from tests.photographs import (
    ELDERS,
    PIXELS_ONLY,
    difference,
    encoded,
    four_corners,
    jpeg_segments,
    phone_jpeg,
    portrait,
)
from wristband.elders.photos import Crop, clean, cut, kind_of, square_jpeg, suggest_crop
from wristband.errors import BadValue


@pytest.mark.parametrize("name", ELDERS)
def test_the_face_of_every_drawn_elder_is_found(name):
    photo = clean(encoded(portrait(name), "JPEG"))
    left, top, right, bottom = photo.crop.box(photo.width, photo.height)
    scale = photo.width / 1200
    assert photo.faces_found == 1
    assert left < 330 * scale
    assert right > 870 * scale
    assert top < 500 * scale
    assert bottom > 1060 * scale


def test_of_several_faces_the_largest_is_framed():
    group = Image.new("RGB", (1000, 700), (230, 226, 218))
    group.paste(portrait(ELDERS[1]).resize((240, 300)), (40, 60))
    group.paste(portrait(ELDERS[0]).resize((480, 600)), (420, 60))
    photo = clean(encoded(group, "JPEG", quality=92))
    left, _, right, _ = photo.crop.box(photo.width, photo.height)
    assert photo.faces_found == 2
    assert left < 520 < 800 < right


def test_without_a_face_the_upper_middle_is_suggested_and_said_to_be_a_guess():
    photo = clean(encoded(Image.new("RGB", (600, 900), (90, 120, 150)), "PNG"))
    left, top, right, bottom = photo.crop.box(600, 900)
    assert photo.faces_found == 0
    assert (left + right) / 2 == pytest.approx(300, abs=1)
    assert (top + bottom) / 2 < 450
    assert right - left == bottom - top == 480


@settings(deadline=None)
@given(
    st.integers(1, 2000),
    st.integers(1, 2000),
    st.lists(st.tuples(st.integers(0, 2000), st.integers(0, 2000), st.integers(1, 2000)), max_size=3),
)
def test_a_suggestion_always_lies_inside_the_picture(width, height, faces):
    crop = suggest_crop(width, height, faces)
    assert 0 <= crop.left <= 1
    assert 0 <= crop.top <= 1
    assert 0 < crop.size <= 1
    left, top, right, bottom = crop.box(width, height)
    assert 0 <= left < right <= width
    assert 0 <= top < bottom <= height


def test_a_forms_numbers_are_read():
    assert Crop.parse("0.25", "0.1", "0.5") == Crop(0.25, 0.1, 0.5)


def test_a_square_dragged_over_the_edge_is_brought_back():
    crop = Crop.parse("-0.2", "0.9", "0.5")
    assert crop.box(1000, 800) == (0, 400, 400, 800)


def test_a_square_too_small_for_a_face_is_widened():
    assert Crop.parse("0.5", "0.5", "0").size == 0.1


@pytest.mark.parametrize("text", ["", "left", "nan", "inf", "-inf", "1e999", "0,5", "1" * 33, "0.5\n0.5", "__import__"])
def test_what_is_no_number_is_no_crop(text):
    for numbers in ((text, "0", "1"), ("0", text, "1"), ("0", "0", text)):
        with pytest.raises(BadValue, match=r"photo\.bad_crop"):
            Crop.parse(*numbers)


@settings(deadline=None)
@given(st.text(max_size=40), st.text(max_size=40), st.text(max_size=40))
def test_no_text_breaks_the_crop(left, top, size):
    with suppress(BadValue):
        crop = Crop.parse(left, top, size)
        assert 0 <= crop.left <= 1
        assert 0 <= crop.top <= 1
        assert 0 < crop.size <= 1


@settings(deadline=None)
@given(st.floats(0, 1), st.floats(0, 1), st.floats(0, 1), st.integers(1, 5000), st.integers(1, 5000))
def test_the_box_is_a_square_inside_the_picture(left, top, size, width, height):
    x0, y0, x1, y1 = Crop.parse(repr(left), repr(top), repr(size)).box(width, height)
    assert x1 - x0 == y1 - y0 >= 1
    assert 0 <= x0 <= x1 <= width
    assert 0 <= y0 <= y1 <= height


def test_the_cut_shows_what_the_square_frames():
    jpeg = clean(encoded(four_corners(), "PNG")).jpeg
    piece = cut(jpeg, Crop(0.5, 0.5, 0.5), 90)
    assert (piece.mode, piece.size) == ("RGB", (90, 90))
    assert difference(piece, Image.new("RGB", (90, 90), (220, 220, 30))) < 4


def test_a_page_gets_the_square_as_a_plain_jpeg():
    square = square_jpeg(clean(phone_jpeg()).jpeg, Crop(0.1, 0.1, 0.8))
    assert kind_of(square) == "JPEG"
    assert Image.open(io.BytesIO(square)).size == (480, 480)
    assert set(jpeg_segments(square)) == PIXELS_ONLY


@pytest.mark.parametrize(("name", "quarters"), list(zip(ELDERS, [1, 2, 3], strict=True)))
def test_a_face_that_lies_on_its_side_or_head_is_set_upright(name, quarters):
    upright = portrait(name).resize((600, 750))
    photo = clean(encoded(upright.rotate(90 * quarters, expand=True), "JPEG"))
    assert photo.turned == quarters
    assert (photo.width, photo.height, photo.faces_found) == (600, 750, 1)
    with Image.open(io.BytesIO(photo.jpeg)) as kept:
        assert difference(kept, upright) < 6
    assert photo.sha256 == hashlib.sha256(photo.jpeg).hexdigest()


@pytest.mark.parametrize("name", ELDERS)
def test_what_stands_upright_is_not_turned(name):
    tilted = portrait(name).resize((600, 750)).rotate(15, Image.Resampling.BICUBIC, fillcolor=(200, 190, 170))
    assert clean(encoded(tilted, "JPEG")).turned == 0
    assert clean(encoded(tilted.crop((0, 300, 600, 750)), "JPEG")).turned == 0


def test_what_only_one_detector_takes_for_a_face_is_none():
    # Lying on its other side, the shoulder and collar of this one are a face to one of the two.
    lying = portrait("drawn_woman_with_a_knot").transpose(Image.Transpose.ROTATE_90)
    assert clean(encoded(lying, "JPEG"), quarters=0).faces_found == 0


def test_a_picture_is_turned_as_far_as_people_say_and_no_further():
    upright = portrait().resize((600, 750))
    photo = clean(encoded(upright, "JPEG"), quarters=1)
    assert (photo.width, photo.height, photo.faces_found, photo.turned) == (750, 600, 0, 0)
    with Image.open(io.BytesIO(photo.jpeg)) as kept:
        assert difference(kept, upright.transpose(Image.Transpose.ROTATE_270)) < 6
