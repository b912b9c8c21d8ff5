"""What may be chosen of a print: looks, languages, resolutions."""

from __future__ import annotations

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wristband.bands.rules import (
    LOOK_USES,
    LOOK_WORDS,
    PRINT_LANGUAGES,
    RESOLUTIONS,
    Look,
    PrintKind,
    PrintStyle,
    resolution,
)
from wristband.errors import BadValue


@pytest.mark.parametrize(("look", "language"), [*product(Look, PRINT_LANGUAGES)])
def test_every_look_is_there_in_every_language(look: Look, language: str) -> None:
    assert PrintStyle.of(look.value, language) == PrintStyle(look, language)


def test_what_is_left_out_is_the_usual_loud_and_chinese() -> None:
    assert PrintStyle.of("", "") == PrintStyle() == PrintStyle(Look.LOUD, "zh")


@given(st.text(min_size=1, max_size=20))
def test_anything_else_is_a_sentence(text: str) -> None:
    if text not in set(Look):
        with pytest.raises(BadValue, match=r"bands\.print_choice"):
            PrintStyle.of(text, "zh")
    if text not in PRINT_LANGUAGES:
        with pytest.raises(BadValue, match=r"bands\.print_choice"):
            PrintStyle.of("loud", text)


@pytest.mark.parametrize(
    ("kind", "dpi", "dots"),
    [("png", "", 300), ("png", "300", 300), ("zpl", "", 203), ("zpl", "203", 203), ("zpl", "300", 300), ("pdf", "", 0)],
)
def test_a_kind_has_its_usual_resolution_and_those_it_can_be_made_in(kind: str, dpi: str, dots: int) -> None:
    assert resolution(PrintKind(kind), dpi) == dots


@pytest.mark.parametrize(
    ("kind", "dpi"),
    [
        ("png", "203"),
        ("png", "99999999"),
        ("zpl", "600"),
        ("zpl", "-203"),
        ("zpl", "２０３"),
        ("pdf", "300"),
        ("svg", "x"),
    ],
)
def test_another_resolution_is_a_sentence(kind: str, dpi: str) -> None:
    with pytest.raises(BadValue, match=r"bands\.print_choice"):
        resolution(PrintKind(kind), dpi)


def test_every_look_has_its_word_and_what_it_is_for() -> None:
    assert set(LOOK_WORDS) == set(LOOK_USES) == set(Look)


def test_only_pictures_made_of_dots_have_a_resolution() -> None:
    assert set(RESOLUTIONS) == {PrintKind.PNG, PrintKind.ZPL}
