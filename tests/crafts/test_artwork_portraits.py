"""Whatever picture a band is asked to carry, the band reads."""

from __future__ import annotations

import io

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from tests.crafts.specimens import SHORT, UPPER, face, signed
from wristband.bands.artwork import portrait
from wristband.bands.artwork.checking import decoders
from wristband.bands.artwork.drawing import image
from wristband.bands.artwork.release import Release, release


def reads(given_out: Release, picture: Image.Image) -> bool:
    """Whether every decoder reads the band as it is printed, and the check found nothing."""
    made = given_out.design
    printed = image(made, picture if made.portrait else None, dpi=300)
    return given_out.check.passed and all(read(printed) == made.payload for read in decoders().values())


def beside(*pictures: Image.Image) -> Image.Image:
    row = Image.new("RGB", (240 * len(pictures), 240))
    for place, picture in enumerate(pictures):
        row.paste(picture, (240 * place, 0))
    return row


def lit(share: float) -> Image.Image:
    return face(1).point(lambda level: level * share)


def cut_out() -> Image.Image:
    picture = face(1).convert("RGBA")
    picture.putalpha(Image.radial_gradient("L").resize(picture.size).point(lambda far: 255 - far))
    return picture


def moving() -> Image.Image:
    kept = io.BytesIO()
    face(1).save(kept, "GIF", save_all=True, append_images=[Image.new("RGB", (240, 240), "black"), face(2)])
    return Image.open(kept)


def landscape() -> Image.Image:
    """No face: hills before an evening sky."""
    y, x = np.mgrid[0:240, 0:240] / 240
    hills = y > 0.5 + 0.2 * np.sin(6 * x)
    return Image.fromarray(
        np.uint8(np.dstack([np.where(hills, c, 255 * (1 - y) * s) for c, s in ((60, 1), (90, 0.7))] + [80 * y]))
    )


ODD = {
    "no face": landscape,
    "two faces": lambda: beside(face(1), face(2)),
    "four faces": lambda: beside(face(1), face(2), face(3), face(4)),
    "upside down": lambda: face(1).rotate(180),
    "lying": lambda: face(1).rotate(90),
    "tilted": lambda: face(1).rotate(30),
    "dark": lambda: lit(0.15),
    "nearly black": lambda: lit(0.03),
    "cut out": cut_out,
    "CMYK": lambda: face(1).convert("CMYK"),
    "palette": lambda: face(1).convert("P"),
    "one bit": lambda: face(1).convert("1"),
    "animated": moving,
    "negative": lambda: face(1).point(lambda level: 255 - level),
    "very wide": lambda: face(1).resize((900, 30)),
    "tiny": lambda: face(1).resize((3, 3)),
}


@pytest.mark.parametrize("address", [SHORT, UPPER])
@pytest.mark.parametrize("kind", ODD)
def test_an_odd_portrait_makes_a_band_that_reads(kind: str, address: str) -> None:
    picture = ODD[kind]()
    assert reads(release(address, signed, picture, seed=kind), picture)


@pytest.mark.parametrize("mode", ["RGB", "L", "CMYK", "RGBA", "1"])
@pytest.mark.parametrize("size", [(1, 1), (1, 300), (240, 240)])
@pytest.mark.parametrize("colour", [0, 255])
def test_a_picture_of_nothing_leaves_the_symbol_plain(mode: str, size: tuple[int, int], colour: int) -> None:
    picture = Image.new(mode, size, colour if mode in "L1" else (colour,) * len(mode))
    given_out = release(UPPER, signed, picture, seed=1)
    assert given_out.design.portrait is None
    assert reads(given_out, picture)


def test_what_cannot_be_seen_through_transparency_is_not_drawn() -> None:
    picture = face(1).convert("RGBA")
    picture.putalpha(0)
    assert release(UPPER, signed, picture, seed=1).design.portrait is None


def test_of_an_animation_the_first_frame_is_drawn() -> None:
    picture = moving()
    picture.seek(1)
    still = Image.open(io.BytesIO(as_gif(face(1))))
    assert np.array_equal(portrait.prepare(picture), portrait.prepare(still))


def as_gif(picture: Image.Image) -> bytes:
    kept = io.BytesIO()
    picture.save(kept, "GIF")
    return kept.getvalue()


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**32 - 1), st.sampled_from([1, 2, 8, 60, 240]), st.floats(0, 1), st.sampled_from([SHORT, UPPER]))
def test_noise_of_any_grain_and_strength_makes_a_band_that_reads(
    seed: int, grain: int, strength: float, address: str
) -> None:
    noise = np.random.default_rng(seed).random((grain, grain, 3)) * strength * 255
    picture = Image.fromarray(noise.astype(np.uint8)).resize((240, 240), Image.Resampling.NEAREST)
    assert reads(release(address, signed, picture, seed=seed), picture)


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 10**6), st.floats(0.05, 1), st.floats(-180, 180))
def test_a_face_of_any_kind_in_any_light_makes_a_band_that_reads(number: int, share: float, turned: float) -> None:
    picture = face(number).rotate(turned).point(lambda level: level * share)
    assert reads(release(SHORT, signed, picture, seed=number), picture)


@pytest.mark.parametrize("share", [1, 0.5, 0.2, 0.1])
def test_a_face_at_dusk_is_prepared_like_one_at_noon(share: float) -> None:
    noon, dusk = portrait.prepare(face(3)), portrait.prepare(face(3).point(lambda level: level * share))
    assert np.abs(noon - dusk).mean() < 0.06


def skinned(number: int, share: float) -> Image.Image:
    """A face whose skin alone is darker; hair, eyes and wall are as they were."""
    colours = np.asarray(face(number), dtype=float)
    skin = (colours[:, :, 0] - colours[:, :, 2] > 25)[:, :, None]
    return Image.fromarray(np.uint8(np.where(skin, colours * share, colours)))


@pytest.mark.parametrize("share", [1, 0.6, 0.4, 0.3])
def test_of_any_skin_cheeks_become_light_and_eyes_stay_dark(share: float) -> None:
    tone, side = portrait.prepare(skinned(2, share)), portrait.SIDE
    middle = slice(int(0.3 * side), int(0.7 * side))
    cheeks, eyes = tone[int(0.55 * side) : int(0.62 * side), middle], tone[int(0.45 * side) : int(0.5 * side), middle]
    assert cheeks.mean() > 0.7
    assert eyes.min() < 0.3
