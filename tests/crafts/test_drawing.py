"""Faces made ready, symbols drawn, and drawings read back before anything is released."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from PIL import Image

from tests.crafts.specimens import ADDRESSES, LOWER, SHORT, UPPER, drawn, face, signed
from wristband.bands.artwork import drawing, portrait
from wristband.bands.artwork.checking import Trial, check, damaged_codewords, decoders
from wristband.bands.artwork.design import design
from wristband.bands.artwork.wear import WEAR

# ---- the portrait


@pytest.mark.parametrize("mode", ["L", "1", "P", "RGBA", "LA", "CMYK", "YCbCr", "I;16"])
def test_a_portrait_of_any_kind_is_made_ready(mode: str) -> None:
    source = face(1).convert("L").convert("I").convert("I;16") if mode == "I;16" else face(1).convert(mode)
    tone = portrait.prepare(source)
    assert tone.shape == (portrait.SIDE, portrait.SIDE)
    assert np.isfinite(tone).all()
    assert 0 <= tone.min() < tone.max() <= 1


@pytest.mark.parametrize("colour", ["black", "white", "grey"])
@pytest.mark.parametrize("size", [(1, 1), (3, 200), (240, 240)])
def test_a_picture_of_nothing_does_no_harm(colour: str, size: tuple[int, int]) -> None:
    tone = portrait.prepare(Image.new("RGB", size, colour))
    assert np.isfinite(tone).all()
    assert 0 <= tone.min() <= tone.max() <= 1


def test_transparency_lies_on_white() -> None:
    cut_out = face(1).convert("RGBA")
    cut_out.putalpha(Image.new("L", cut_out.size, 0))
    assert portrait.prepare(cut_out).min() > 0.5


@pytest.mark.parametrize("number", range(8))
def test_the_wall_behind_becomes_paper_and_eyes_stay_dark(number: int) -> None:
    tone = portrait.prepare(face(number))
    side = portrait.SIDE
    assert tone[: side // 8, : side // 8].mean() > 0.85
    assert tone[: side // 8, -side // 8 :].mean() > 0.85
    cheeks, eyes = tone[int(0.55 * side) : int(0.62 * side), :], tone[int(0.45 * side) : int(0.5 * side), :]
    middle = slice(int(0.3 * side), int(0.7 * side))
    assert cheeks[:, middle].mean() > 0.7
    assert eyes[:, middle].min() < 0.2


# ---- the drawing


@pytest.mark.parametrize("address", [SHORT, LOWER])
def test_no_module_under_the_face_is_drawn_in_the_wrong_colour(address: str) -> None:
    made, steps = drawn(address), 12
    square = made.portrait
    assert square is not None
    patch = drawing.patch(made, face(1), steps)
    cells = patch.reshape(square.side, steps, square.side, steps)
    middle, whole = cells[:, 4:8, :, 4:8].mean(axis=(1, 3)), cells.mean(axis=(1, 3))
    rows = [row[square.left : square.left + square.side] for row in made.modules[square.top : square.top + square.side]]
    dark = np.array(rows)
    assert middle[dark].max() <= 0.26
    assert middle[~dark].min() >= 0.89
    assert whole[dark].max() < 0.45
    assert whole[~dark].min() > 0.8
    assert np.array_equal(whole[~square.covered], np.where(dark, 0, 1)[~square.covered])


def test_outside_the_face_there_is_ink_and_paper_and_nothing_between() -> None:
    made = drawn(UPPER)
    light = drawing.light(made, face(1), 4)
    bare = drawing.light(made, None, 4)
    assert set(np.unique(bare)) == {0, 1}
    square = made.portrait
    assert square is not None
    changed = np.argwhere(light != bare) // 4 - drawing.QUIET_MODULES
    assert changed.min() >= square.left
    assert changed.max() < square.left + square.side


@pytest.mark.parametrize(("size_mm", "dpi", "pixels"), [(22, 300, 260), (22, 600, 520), (34, 203, 272)])
def test_an_image_has_the_size_asked_and_says_so_to_a_printer(size_mm: float, dpi: int, pixels: int) -> None:
    picture = drawing.image(drawn(UPPER), face(1), size_mm=size_mm, dpi=dpi)
    assert (picture.size, picture.mode, picture.info["dpi"]) == ((pixels, pixels), "RGB", (dpi, dpi))
    assert picture.getpixel((2, 2)) == drawing.YELLOW


@pytest.mark.parametrize("address", ADDRESSES)
@pytest.mark.parametrize("decoder", decoders())
def test_a_picture_at_print_resolution_reads(address: str, decoder: str) -> None:
    made = drawn(address)
    assert decoders()[decoder](drawing.image(made, face(1), dpi=300)) == made.payload


def test_a_module_is_half_a_millimetre_and_more() -> None:
    assert all(drawing.module_mm(drawn(address)) > 0.5 for address in ADDRESSES)


def test_the_svg_stands_under_any_content_security_policy() -> None:
    text = drawing.svg(drawn(UPPER), face(1), title="<手环>", paper=drawing.YELLOW)
    tree = ElementTree.fromstring(text)  # noqa: S314 - our own text
    assert tree.get("width") == "22mm"
    assert tree.findtext("{http://www.w3.org/2000/svg}title") == "<手环>"
    assert {element.tag.partition("}")[2] for element in tree.iter()} == {"svg", "title", "path", "g"}
    attributes = {name for element in tree.iter() for name in element.attrib}
    assert attributes == {"width", "height", "viewBox", "role", "shape-rendering", "fill", "d", "transform"}
    assert "data:" not in text
    assert len(text) < 100_000


def test_the_svg_draws_exactly_the_dark_modules() -> None:
    made = design(SHORT, signed, None, seed=2)
    path = ElementTree.fromstring(drawing.svg(made, None))[0].get("d") or ""  # noqa: S314 - our own text
    shown = set()
    for run in path.removeprefix("M").split("M"):
        place, _, rest = run.partition("h")
        column, row = map(int, place.split())
        shown |= {(row - 4, column - 4 + step) for step in range(int(rest.partition("v")[0]))}
    assert shown == {(r, c) for r, row in enumerate(made.modules) for c, dark in enumerate(row) if dark}


def test_without_its_photograph_a_design_is_drawn_plain_and_still_reads() -> None:
    made = drawn(UPPER)
    assert all(decode(drawing.image(made, None)) == made.payload for decode in decoders().values())
    assert "<g" not in drawing.svg(made, None)


# ---- the check


@pytest.mark.parametrize("address", ADDRESSES)
@pytest.mark.parametrize("number", [1, 2, 3])
def test_a_portrait_reads_wherever_the_plain_symbol_of_its_payload_reads(address: str, number: int) -> None:
    result = check(drawn(address, number), face(number))
    assert not result.misread
    assert set(result.damaged_codewords) == {0}
    assert len(result.damaged_codewords) == len(drawn(address, number).frame.blocks)
    assert not [trial for trial in result.lost if trial.condition == "untouched"]


@pytest.mark.parametrize("decoder", decoders())
@pytest.mark.parametrize("condition", WEAR)
def test_every_condition_is_one_that_a_plain_symbol_survives(decoder: str, condition: str) -> None:
    made = design(UPPER, signed, None, seed=11)
    assert Trial(decoder, condition, None) not in check(made, None).lost


def test_a_symbol_that_says_something_else_is_found_out() -> None:
    other = replace(drawn(UPPER), token=signed("000000000001"))
    result = check(other, face(1))
    assert not result.passed
    assert {trial.read for trial in result.misread} == {drawn(UPPER).payload}


def test_damage_is_counted_by_codeword_and_block() -> None:
    made, steps = drawn(UPPER), 6
    light = drawing.light(made, face(1), steps)
    assert damaged_codewords(made, light) == (0,)
    row, column = divmod(made.frame.path[8 * 30], made.size)
    top, left = (4 + row) * steps, (4 + column) * steps
    light[top : top + steps, left : left + steps] = 1 - light[top : top + steps, left : left + steps].round()
    assert damaged_codewords(made, light) == (1,)


def test_where_zbar_is_not_installed_opencv_reads_the_band_again() -> None:
    """The package pyzbar is always there, the system's library may not be: then its import fails."""
    told = subprocess.run(
        [
            sys.executable,
            "-c",
            "import sys; sys.modules['pyzbar.pyzbar'] = None\n"
            "from tests.crafts.specimens import face\n"
            "from wristband.bands.artwork.checking import check, decoders\n"
            "from wristband.bands.artwork.release import release\n"
            "made = release('HTTPS://HB.EXAMPLE/T/', lambda serial: serial + '1' + '0' * 12, face(1), seed=1)\n"
            "print(*decoders(), made.check.passed)",
        ],
        check=True,
        capture_output=True,
        text=True,
        cwd=Path(__file__).parents[2],
    )
    assert told.stdout.split() == ["zxing", "opencv", "True"]
