"""A file from anybody becomes clean pixels and a square around the face, or a clear refusal."""

from __future__ import annotations

import hashlib
import io
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from PIL import Image, ImageDraw

from tests.photographs import (
    CANARY,
    ELDERS,
    PIXELS_ONLY,
    PORTRAITS,
    difference,
    display_p3,
    encoded,
    exif,
    four_corners,
    in_display_p3,
    jpeg_segments,
    phone_heic,
    phone_jpeg,
    png_header_only,
    portrait,
    twelve_megapixels,
)
from wristband.elders.photos import CleanPhoto, clean
from wristband.elders.worker import Limits
from wristband.errors import BadValue, Unavailable
from wristband.refusals import SENTENCES

HTML = b"<!doctype html><title>photo</title><script>alert(1)</script>"
SVG = b'<svg xmlns="http://www.w3.org/2000/svg" width="400" height="400"><script>alert(1)</script></svg>'
PDF = b"%PDF-1.7\n1 0 obj << /Type /Catalog >> endobj\ntrailer << /Root 1 0 R >>\n%%EOF\n"


def opened(photo: CleanPhoto) -> Image.Image:
    return Image.open(io.BytesIO(photo.jpeg), formats=["JPEG"])


def refusal_of(data: bytes, limits: Limits = Limits()) -> str:  # noqa: B008 - frozen
    with pytest.raises(BadValue) as refused:
        clean(data, limits)
    assert SENTENCES[refused.value.code] % refused.value.facts
    return refused.value.code


def small(size: tuple[int, int] = (400, 500)) -> Image.Image:
    return portrait().resize(size, Image.Resampling.LANCZOS)


# Honest photographs


@pytest.mark.parametrize("photograph", [phone_jpeg, phone_heic])
def test_a_photograph_from_a_phone_comes_out_upright_in_its_true_colours(photograph):
    photo = clean(photograph())
    assert (photo.width, photo.height) == (768, 1024) == opened(photo).size
    assert difference(opened(photo), twelve_megapixels().resize((768, 1024), Image.Resampling.LANCZOS)) < 2.5


@pytest.mark.parametrize("photograph", [phone_jpeg, phone_heic])
def test_nothing_but_pixels_is_left_of_a_photograph(photograph):
    data = photograph()
    assert CANARY.encode() in data
    photo = clean(data)
    assert CANARY.encode() not in photo.jpeg
    assert set(jpeg_segments(photo.jpeg)) == PIXELS_ONLY
    with opened(photo) as image:
        assert dict(image.getexif()) == {}
        assert not {"icc_profile", "comment", "xmp", "exif"} & set(image.info)
    assert photo.jpeg.endswith(b"\xff\xd9")


def test_the_digest_is_of_the_bytes_that_are_kept():
    photo = clean(encoded(small(), "JPEG"))
    assert photo.sha256 == hashlib.sha256(photo.jpeg).hexdigest()


def test_the_same_file_gives_the_same_bytes():
    assert clean(encoded(small(), "PNG")) == clean(encoded(small(), "PNG"))


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_every_usual_format_is_taken(kind):
    photo = clean(encoded(small(), kind))
    assert (photo.width, photo.height) == (400, 500)
    assert difference(opened(photo), small()) < 4


def test_the_largest_pictures_of_todays_phones_are_taken():
    photo = clean(encoded(Image.new("RGB", (5712, 4284), (90, 120, 150)), "JPEG"))
    assert (photo.width, photo.height) == (1024, 768)


def test_a_picture_of_160_pixels_is_taken_and_not_enlarged():
    assert clean(encoded(small((160, 200)), "PNG")).width == 160


@pytest.mark.parametrize(
    ("orientation", "how_it_lies"),
    [
        (1, None),
        (2, Image.Transpose.FLIP_LEFT_RIGHT),
        (3, Image.Transpose.ROTATE_180),
        (4, Image.Transpose.FLIP_TOP_BOTTOM),
        (5, Image.Transpose.TRANSPOSE),
        (6, Image.Transpose.ROTATE_90),
        (7, Image.Transpose.TRANSVERSE),
        (8, Image.Transpose.ROTATE_270),
    ],
)
def test_a_picture_is_turned_as_its_exif_says(orientation, how_it_lies):
    upright = four_corners()
    lying = upright if how_it_lies is None else upright.transpose(how_it_lies)
    photo = clean(encoded(lying, "JPEG", exif=exif(orientation)))
    assert difference(opened(photo), upright) < 4


@pytest.mark.parametrize("kind", ["PNG", "WEBP"])
def test_other_formats_are_turned_too(kind):
    lying = four_corners().transpose(Image.Transpose.ROTATE_90)
    assert difference(opened(clean(encoded(lying, kind, exif=exif(6)))), four_corners()) < 4


# Unusual, still honest


def test_transparent_parts_become_white():
    image = small().convert("RGBA")
    image.paste((0, 0, 0, 0), (0, 0, 400, 100))
    with opened(clean(encoded(image, "PNG"))) as cleaned:
        assert min(cleaned.getpixel((200, 40))) > 250
        assert difference(cleaned.crop((0, 120, 400, 500)), small().crop((0, 120, 400, 500))) < 3


def test_a_palette_with_one_transparent_colour_becomes_white_there():
    image = Image.new("P", (300, 300), 0)
    image.putpalette([10, 20, 30, 200, 60, 60])
    ImageDraw.Draw(image).rectangle((150, 0, 299, 299), fill=1)
    with opened(clean(encoded(image, "PNG", transparency=0))) as cleaned:
        assert min(cleaned.getpixel((50, 150))) > 250
        assert difference(cleaned.crop((160, 0, 300, 300)), Image.new("RGB", (140, 300), (200, 60, 60))) < 3


def test_grey_with_transparency_is_taken():
    assert clean(encoded(small().convert("LA"), "PNG")).width == 400


def test_cmyk_from_a_print_shop_keeps_its_colours():
    assert difference(opened(clean(encoded(small().convert("CMYK"), "JPEG", quality=92))), small()) < 4


def test_sixteen_bits_of_grey_are_scaled_not_clipped():
    image = Image.new("I;16", (300, 300), 128 * 257)
    with opened(clean(encoded(image, "PNG"))) as cleaned:
        assert all(abs(level - 128) <= 2 for level in cleaned.getpixel((150, 150)))


def test_black_and_white_of_one_bit_is_taken():
    assert clean(encoded(small().convert("1"), "PNG")).width == 400


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_the_wide_colours_of_a_phone_become_the_same_colours_in_srgb(kind):
    red = Image.new("RGB", (300, 300), (220, 40, 40))
    in_its_numbers = in_display_p3(red)
    assert difference(red, in_its_numbers) > 15
    assert difference(opened(clean(encoded(in_its_numbers, kind, icc_profile=display_p3()))), red) < 4


@pytest.mark.parametrize("profile", [b"nonsense", b"\0" * 400])
def test_a_broken_colour_profile_counts_as_none(profile):
    assert difference(opened(clean(encoded(small(), "JPEG", icc_profile=profile))), small()) < 4


@pytest.mark.parametrize("kind", ["WEBP", "PNG"])
def test_of_an_animation_the_first_frame_is_taken(kind):
    frames = [Image.new("RGB", (200, 200), colour) for colour in ((200, 30, 30), (30, 30, 200), (30, 200, 30))]
    data = encoded(frames[0], kind, save_all=True, append_images=frames[1:], duration=100)
    assert difference(opened(clean(data)), frames[0]) < 4


def test_a_phones_jpeg_with_a_second_picture_inside_gives_the_first():
    data = encoded(small(), "MPO", save_all=True, append_images=[Image.new("RGB", (400, 500), (0, 0, 0))])
    assert difference(opened(clean(data)), small()) < 4


def test_a_jpeg_that_is_also_a_web_page_is_kept_as_pixels_only():
    data = encoded(small(), "JPEG", comment=HTML) + HTML
    assert data.count(b"<script") == 2
    photo = clean(data)
    assert b"<script" not in photo.jpeg
    assert set(jpeg_segments(photo.jpeg)) == PIXELS_ONLY


# What is refused


@pytest.mark.parametrize("data", [b"", b"\0", b"GIF", HTML, SVG, PDF, b"II*\0" + bytes(100), b"BM" + bytes(100)])
def test_what_is_no_photograph_is_refused(data):
    assert refusal_of(data) == "photo.not_a_picture"


def test_a_gif_even_a_moving_one_is_refused():
    frames = [small().convert("P"), Image.new("P", (400, 500))]
    assert refusal_of(encoded(frames[0], "GIF", save_all=True, append_images=frames[1:])) == "photo.not_a_picture"


def test_an_avif_is_refused_it_has_decoders_of_its_own():
    assert refusal_of(b"\0\0\0\x1cftypavif" + bytes(100)) == "photo.not_a_picture"


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
@pytest.mark.parametrize("part", [0.02, 0.5, 0.9])
def test_a_picture_cut_off_on_its_way_is_refused(kind, part):
    data = encoded(small(), kind)
    assert refusal_of(data[: int(len(data) * part)]) == "photo.damaged"


@pytest.mark.parametrize("part", [0.002, 0.3, 0.9])
def test_a_heic_cut_off_on_its_way_is_refused(part):
    data = phone_heic()
    assert refusal_of(data[: int(len(data) * part)]) == "photo.damaged"


@pytest.mark.parametrize(
    "head", [b"\xff\xd8\xff\xe0", b"\x89PNG\r\n\x1a\n", b"RIFF\x40\0\0\0WEBP", b"\0\0\0\x18ftypheic"]
)
def test_a_web_page_behind_a_pictures_first_bytes_is_refused(head):
    assert refusal_of(head + HTML) == "photo.damaged"


def test_a_file_of_seven_megabytes_is_refused_before_it_is_read():
    assert refusal_of(encoded(small(), "JPEG") + bytes(7_000_000)) == "photo.too_large"


@pytest.mark.parametrize("size", [(30_000, 30_000), (5_000, 5_001), (160, 2**31 - 1)])
def test_a_picture_of_too_many_pixels_is_refused_by_its_header(size):
    assert refusal_of(png_header_only(*size)) == "photo.too_many_pixels"


def test_a_header_that_promises_pixels_which_are_not_there_is_refused():
    assert refusal_of(png_header_only(5_000, 5_000)) == "photo.damaged"


@pytest.mark.parametrize("size", [(1, 1), (159, 400), (4000, 100)])
def test_a_picture_too_small_for_a_face_is_refused(size):
    assert refusal_of(encoded(Image.new("RGB", size), "PNG")) == "photo.too_small"


# The worker


def test_a_worker_out_of_memory_costs_the_picture_and_nothing_else():
    data = encoded(Image.new("RGB", (5000, 5000)), "PNG")
    assert refusal_of(data, Limits(memory_bytes=150 * 1024 * 1024)) == "photo.unreadable"
    assert clean(data).width == 1024


def test_a_worker_that_takes_too_long_is_ended():
    assert refusal_of(phone_jpeg(), Limits(time_s=0.001)) == "photo.unreadable"


def test_four_photographs_at_once_all_come_out_clean():
    files = [encoded(portrait(name), "JPEG") for name in ELDERS] + [phone_heic()]
    alone = [clean(data) for data in files]
    with ThreadPoolExecutor(4) as people:
        assert list(people.map(clean, files)) == alone


def test_who_finds_no_free_desk_in_time_is_asked_to_come_back():
    data, start = phone_jpeg(), threading.Barrier(8)

    def hand_in(_: int) -> str:
        start.wait()
        try:
            return "clean" if clean(data, Limits(wait_s=0)) else ""
        except Unavailable as refused:
            return refused.code

    with ThreadPoolExecutor(8) as people:
        outcomes = list(people.map(hand_in, range(8)))
    assert set(outcomes) == {"clean", "photo.busy"}
    assert clean(data).width == 768


# The demonstration's portraits


def test_the_drawn_elders_are_drawn_by_their_script(tmp_path):
    """A coarse drawing is enough to see that the pictures on file are what the script draws, and nothing else."""
    root = Path(__file__).parent.parent.parent
    subprocess.run(
        [sys.executable, root / "scripts" / "draw_portraits", "--scale", "1", "--into", tmp_path], check=True
    )
    assert {path.stem for path in tmp_path.iterdir()} == set(ELDERS)
    for name in ELDERS:
        with Image.open(tmp_path / f"{name}.jpg") as again:
            assert difference(again, portrait(name)) < 3
        assert set(jpeg_segments((PORTRAITS / f"{name}.jpg").read_bytes())) == PIXELS_ONLY
