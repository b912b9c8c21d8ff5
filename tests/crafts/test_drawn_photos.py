"""Whatever file the command is given as a portrait: a picture that reads, or a sentence that says what to do."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from PIL import Image

from tests.crafts.specimens import UPPER, face
from wristband.bands.artwork.checking import decoders
from wristband.cli_artwork import artwork
from wristband.errors import Refusal
from wristband.refusals import SENTENCES

PAYLOAD = UPPER + "123456789012A0123456789AB"


def encoded(picture: Image.Image, kind: str, **options: Any) -> bytes:
    out = io.BytesIO()
    picture.save(out, kind, **options)
    return out.getvalue()


def two_faces() -> Image.Image:
    row = Image.new("RGB", (480, 240))
    row.paste(face(1), (0, 0))
    row.paste(face(2), (240, 0))
    return row


def turned() -> bytes:
    """As a phone keeps it: the pixels lie, EXIF says so."""
    exif = Image.Exif()
    exif[0x0112] = 6
    return encoded(face(1).rotate(90), "JPEG", exif=exif)


def cut_out() -> Image.Image:
    picture = face(1).convert("RGBA")
    picture.putalpha(Image.radial_gradient("L").resize(picture.size).point(lambda far: 255 - far))
    return picture


def moving(kind: str) -> bytes:
    return encoded(face(1), kind, save_all=True, append_images=[face(2), face(3)])


DRAWN: dict[str, Callable[[], bytes]] = {
    "no face": lambda: encoded(Image.linear_gradient("L"), "PNG"),
    "several faces": lambda: encoded(two_faces(), "JPEG"),
    "turned by EXIF": turned,
    "dark": lambda: encoded(face(1).point(lambda level: level * 0.08), "JPEG"),
    "transparent": lambda: encoded(cut_out(), "PNG"),
    "CMYK": lambda: encoded(face(1).convert("CMYK"), "JPEG"),
    "animated WebP": lambda: moving("WEBP"),
}
PLAIN: dict[str, Callable[[], bytes]] = {
    "one colour": lambda: encoded(Image.new("RGB", (240, 240), "grey"), "PNG"),
    "seen through": lambda: encoded(Image.new("RGBA", (240, 240), (0, 0, 0, 0)), "PNG"),
}
REFUSED: dict[str, tuple[Callable[[], bytes], str]] = {
    "one pixel": (lambda: encoded(Image.new("RGB", (1, 1)), "PNG"), "photo.too_small"),
    "animated GIF": (lambda: moving("GIF"), "photo.not_a_picture"),
    "an empty file": (lambda: b"", "photo.not_a_picture"),
    "half a file": (lambda: encoded(face(1), "JPEG")[:2000], "photo.damaged"),
}


def draw(folder: Path, photo: bytes) -> Result:
    (folder / "photo").write_bytes(photo)
    options = ["--payload", PAYLOAD, "--photo", str(folder / "photo"), "--out", str(folder / "band.png")]
    return CliRunner().invoke(artwork, ["draw", *options])


def reads(folder: Path) -> bool:
    picture = Image.open(folder / "band.png")
    return all(read(picture) == PAYLOAD for read in decoders().values())


@pytest.mark.parametrize("kind", DRAWN)
def test_an_odd_photograph_is_drawn_and_the_picture_reads(tmp_path: Path, kind: str) -> None:
    result = draw(tmp_path, DRAWN[kind]())
    assert result.exit_code == 0
    assert "照片 1" in result.output
    assert reads(tmp_path)


@pytest.mark.parametrize("kind", PLAIN)
def test_a_photograph_of_nothing_leaves_a_plain_symbol_and_says_so(tmp_path: Path, kind: str) -> None:
    assert "没有照片" in draw(tmp_path, PLAIN[kind]()).output
    assert reads(tmp_path)


@pytest.mark.parametrize("kind", REFUSED)
def test_what_cannot_be_a_portrait_is_refused_with_a_sentence(tmp_path: Path, kind: str) -> None:
    photo, code = REFUSED[kind]
    result = draw(tmp_path, photo())
    assert isinstance(result.exception, Refusal)
    assert result.exception.code == code
    assert code in SENTENCES
    assert not (tmp_path / "band.png").exists()


def test_a_folder_is_neither_a_photograph_nor_a_place_to_write(tmp_path: Path) -> None:
    given = {"photo": (tmp_path, tmp_path / "band.png"), "out": (None, tmp_path / "folder.png")}
    (tmp_path / "folder.png").mkdir()
    codes = {}
    for name, (photo, out) in given.items():
        options = ["--payload", PAYLOAD, "--out", str(out), *(["--photo", str(photo)] if photo else [])]
        refused = CliRunner().invoke(artwork, ["draw", *options]).exception
        codes[name] = getattr(refused, "code", None)
    assert codes == {"photo": "artwork.photo_no_file", "out": "artwork.not_written"}
    assert [path.name for path in tmp_path.iterdir()] == ["folder.png"]


def test_an_operator_is_told_of_an_address_and_nonsense_is_refused() -> None:
    told = CliRunner().invoke(artwork, ["advice", UPPER])
    assert "3-M" in told.output
    for nonsense, code in (("", "artwork.payload_not_plain"), ("例", "artwork.payload_not_plain"), ("x" * 99, None)):
        refused = CliRunner().invoke(artwork, ["advice", nonsense]).exception
        assert getattr(refused, "code", None) == (code or "artwork.address_too_long")
