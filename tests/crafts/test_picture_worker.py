"""What the process that opens pictures answers is believed only as far as it is whole and modest."""

from __future__ import annotations

import json
import math
import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from tests.photographs import encoded, portrait
from wristband.elders.photos import read_answer, suggest_crop
from wristband.errors import BadValue

HTML = b"<!doctype html><script>alert(1)</script>"


@settings(deadline=None)
@given(st.binary(max_size=300))
def test_whatever_a_hijacked_worker_says_is_refused(said):
    with pytest.raises(BadValue, match=r"photo\.unreadable"):
        read_answer(said)


@pytest.mark.parametrize(
    "header",
    [
        [],
        {"refused": "page.unknown"},
        {"refused": ["photo.damaged"]},
        {"length": -1},
        {"length": 10**9},
        {"length": math.inf},
        {"length": "40"},
        {"length": 40},
    ],
)
def test_a_worker_is_believed_only_as_far_as_its_answer_is_whole(header):
    with pytest.raises(BadValue, match=r"photo\.unreadable"):
        read_answer(json.dumps(header).encode() + b"\n" + b"\xff\xd8\xff" + HTML)


def test_a_worker_that_gives_back_more_than_was_asked_is_not_believed():
    modest = encoded(Image.new("RGB", (1024, 300)), "JPEG")
    measures = struct.pack(">HH", 300, 1024)
    assert modest.count(measures) == 1
    for height, width in ((300, 1025), (12_000, 12_000), (65_500, 65_500)):
        jpeg = modest.replace(measures, struct.pack(">HH", height, width))
        with pytest.raises(BadValue, match=r"photo\.unreadable"):
            read_answer(json.dumps({"length": len(jpeg)}).encode() + b"\n" + jpeg)


def test_a_worker_that_nests_without_end_is_not_believed():
    with pytest.raises(BadValue, match=r"photo\.unreadable"):
        read_answer(b"[" * 200_000)


@pytest.mark.parametrize(
    "tail", [b"", b"{", b'{"faces": 3}', b'{"faces": [[1]]}', b'{"faces": [[1, 2, NaN]]}', b'{"faces": [[1, 2, -5]]}']
)
def test_a_detector_that_falls_over_costs_the_suggestion_not_the_picture(tail):
    jpeg = encoded(portrait().resize((400, 500)), "JPEG")
    photo = read_answer(json.dumps({"length": len(jpeg)}).encode() + b"\n" + jpeg + tail)
    assert photo.jpeg == jpeg
    assert photo.faces_found == 0
    assert photo.crop == suggest_crop(400, 500, [])


def test_a_turned_picture_that_does_not_come_whole_leaves_the_first_one():
    first, second = (encoded(portrait().resize(size), "JPEG") for size in ((400, 500), (500, 400)))
    begun = json.dumps({"length": len(first)}).encode() + b"\n" + first
    told = {"faces": [[10, 10, 90]], "turned": 1, "length": len(second)}
    whole = read_answer(begun + json.dumps(told).encode() + b"\n" + second)
    assert (whole.jpeg, whole.width, whole.height, whole.turned, whole.faces_found) == (second, 500, 400, 1, 1)
    for spoiled in ({"length": 10**9}, {"length": "x"}, {"length": None}):
        half = read_answer(begun + json.dumps(told | spoiled).encode() + b"\n" + second)
        assert (half.jpeg, half.width, half.height, half.turned) == (first, 400, 500, 0), spoiled
    for turned in (0, 4, -1, "1", [1]):
        left = read_answer(begun + json.dumps(told | {"turned": turned}).encode() + b"\n" + second)
        assert (left.jpeg, left.turned) == (first, 0), turned
