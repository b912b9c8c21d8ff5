"""A portrait in the symbol of a given payload, and the command that draws one picture."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import pytest
import qrcode
from click.testing import CliRunner, Result
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from tests.crafts.prints import pages
from tests.crafts.specimens import LOWER, UPPER, face
from wristband.bands import nfc
from wristband.bands.artwork.checking import decoders
from wristband.bands.artwork.drawing import image
from wristband.bands.artwork.fixed import fewest_bits, plain_fixed, release_fixed
from wristband.bands.artwork.portrait import Tone, prepare
from wristband.bands.artwork.segments import Mode
from wristband.bands.artwork.symbol import Level, frame
from wristband.cli_artwork import artwork
from wristband.errors import BadValue, Refusal

TOKEN = "123456789012A0123456789AB"
PAYLOADS = [
    UPPER + TOKEN,
    LOWER + TOKEN,
    "HTTPS://A.CN/",
    "https://a.example/x?y=1#z",
    "https://hb.example/" + "q" * 60,
]
ROOT = Path(__file__).parents[2]
PORTRAIT = ROOT / "wristband" / "demonstration" / "portraits" / "drawn_man_with_glasses.jpg"


@pytest.fixture(scope="module")
def tone() -> Tone:
    return prepare(face(1))


@pytest.mark.parametrize("payload", PAYLOADS)
@pytest.mark.parametrize("decoder", decoders())
def test_any_address_gets_a_portrait_and_reads_as_it_was_given(payload: str, decoder: str, tone: Tone) -> None:
    released = release_fixed(payload, tone, size_mm=30)
    assert released.design.portrait is not None
    assert released.check.passed
    assert released.check.damaged_codewords == (0,) * len(released.design.frame.blocks)
    assert decoders()[decoder](image(released.design, tone, size_mm=30)) == payload


@pytest.mark.parametrize("payload", PAYLOADS)
def test_the_padding_brings_the_symbol_nearer_to_the_face(payload: str, tone: Tone) -> None:
    from wristband.bands.artwork.agreement import wish
    from wristband.bands.artwork.portrait import by_module

    made = release_fixed(payload, tone, size_mm=30).design
    assert made.portrait is not None
    wanted = wish(by_module(tone, made.portrait.side), made.portrait, made.size)
    assert made.disagreement == pytest.approx(wanted.disagreement(made.dark), abs=1e-4)
    assert made.disagreement < wanted.disagreement(plain_fixed(payload, made.frame).dark)


@given(st.text(alphabet=st.characters(min_codepoint=0x20, max_codepoint=0x7E), min_size=1, max_size=80))
@settings(deadline=None, max_examples=60)
def test_segments_spell_the_payload_in_no_more_bits_than_one_mode_would_take(payload: str) -> None:
    segments = fewest_bits(payload)
    assert "".join(segment.text for segment in segments) == payload
    assert all(one.mode is not other.mode for one, other in pairwise(segments))
    assert sum(len(segment.bits) for segment in segments) <= 12 + 8 * len(payload)


def test_modes_change_where_that_pays() -> None:
    modes = [segment.mode for segment in fewest_bits(LOWER + TOKEN)]
    assert modes == [Mode.BYTE, Mode.NUMERIC, Mode.ALPHANUMERIC]
    assert [segment.mode for segment in fewest_bits("https://a.cn/1")] == [Mode.BYTE]


@pytest.mark.parametrize("payload", PAYLOADS[:3])
def test_the_plain_symbol_is_what_another_encoder_makes_of_the_same_segments(payload: str) -> None:
    made = plain_fixed(payload, frame(4, Level.M))
    code = qrcode.QRCode(version=4, error_correction=Level.M.indicator, mask_pattern=made.mask, border=0)
    modes = {Mode.NUMERIC: 1, Mode.ALPHANUMERIC: 2, Mode.BYTE: 4}
    for segment in fewest_bits(payload):
        code.add_data(qrcode.util.QRData(segment.text.encode(), mode=modes[segment.mode]), optimize=0)
    code.make(fit=False)
    assert [list(map(bool, row)) for row in code.get_matrix()] == [list(row) for row in made.modules]


def test_a_picture_of_nothing_is_left_out() -> None:
    assert release_fixed(UPPER + TOKEN, prepare(Image.new("L", (50, 50), 255)), size_mm=22).design.portrait is None


@pytest.mark.parametrize(
    ("payload", "size_mm", "code"),
    [
        ("", 22, "artwork.payload_not_plain"),
        ("https://例.cn/", 22, "artwork.payload_not_plain"),
        ("https://a.cn/\n", 22, "artwork.payload_not_plain"),
        ("https://a.cn/" + "x" * 120, 22, "artwork.payload_too_long"),
        (UPPER + TOKEN, 18.4, "artwork.size_too_small"),
        ("https://hb.example/" + "q" * 60, 20, "artwork.size_too_small"),
    ],
)
def test_what_cannot_be_printed_is_refused(payload: str, size_mm: float, code: str, tone: Tone) -> None:
    with pytest.raises(BadValue) as refused:
        release_fixed(payload, tone, size_mm=size_mm)
    assert refused.value.code == code


def test_the_smallest_size_that_is_told_is_one_that_is_drawn(tone: Tone) -> None:
    with pytest.raises(BadValue) as refused:
        release_fixed(LOWER + TOKEN, tone, size_mm=10)
    least = float(refused.value.facts["least_mm"])
    assert release_fixed(LOWER + TOKEN, tone, size_mm=least).design.payload == LOWER + TOKEN


# ---- the command


def run(*options: str | Path) -> Result:
    return CliRunner().invoke(artwork, list(map(str, options)))


def draw(to: Path, **other: str | Path) -> Result:
    given: dict[str, str | Path] = {"payload": UPPER + TOKEN, "photo": PORTRAIT, "out": to} | other
    return run("draw", *(part for name, value in given.items() for part in (f"--{name.replace('_', '-')}", value)))


def png_of(out: Path) -> Image.Image:
    return Image.open(io.BytesIO(out.read_bytes()))


def pdf_of(out: Path) -> Image.Image:
    return pages(out.read_bytes(), 600)[0]


@pytest.mark.parametrize(("ending", "opened"), [("png", png_of), ("PNG", png_of), ("pdf", pdf_of)])
def test_one_picture_is_drawn_and_reads(tmp_path: Path, ending: str, opened: Callable[[Path], Image.Image]) -> None:
    out = tmp_path / f"band.{ending}"
    assert draw(out, size_mm="22", dpi="600").exit_code == 0
    picture = opened(out)
    assert picture.width / 600 * 25.4 == pytest.approx(22, abs=0.1)
    assert all(read(picture) == UPPER + TOKEN for read in decoders().values())
    assert list(tmp_path.iterdir()) == [out]


def test_an_svg_is_drawn_with_its_portrait(tmp_path: Path) -> None:
    assert draw(tmp_path / "band.svg").exit_code == 0
    with_portrait = (tmp_path / "band.svg").read_text()
    assert run("draw", "--payload", UPPER + TOKEN, "--out", tmp_path / "plain.svg").exit_code == 0
    assert 'width="22mm"' in with_portrait
    assert len(with_portrait) > 3 * len((tmp_path / "plain.svg").read_text())


def test_white_paper_can_be_asked_for(tmp_path: Path) -> None:
    draw(tmp_path / "band.png", paper="white")
    assert png_of(tmp_path / "band.png").getpixel((0, 0)) == (255, 255, 255)


@pytest.mark.parametrize(
    ("other", "code"),
    [
        ({"out": "band.gif"}, "artwork.unknown_ending"),
        ({"out": "band"}, "artwork.unknown_ending"),
        ({"out": "nowhere/band.png"}, "artwork.not_written"),
        ({"photo": "nowhere.jpg"}, "artwork.photo_not_opened"),
        ({"photo": __file__}, "photo.not_a_picture"),
        ({"photo": "/dev/zero"}, "artwork.photo_no_file"),
        ({"photo": str(Path(__file__).parent)}, "artwork.photo_no_file"),
        ({"size_mm": "500", "dpi": "400"}, "artwork.resolution_not_drawable"),
        ({"size_mm": "10"}, "artwork.size_too_small"),
        ({"size_mm": "nan"}, "artwork.size_not_printable"),
        ({"size_mm": "-22"}, "artwork.size_not_printable"),
        ({"size_mm": "1e9"}, "artwork.size_not_printable"),
        ({"dpi": "0"}, "artwork.resolution_not_drawable"),
        ({"dpi": "99999"}, "artwork.resolution_not_drawable"),
        ({"dpi": "50"}, "artwork.resolution_too_low"),
        ({"payload": "https://a.cn/" + "x" * 200}, "artwork.payload_too_long"),
        ({"payload": ""}, "artwork.payload_not_plain"),
    ],
)
def test_what_is_wrong_is_refused_and_leaves_no_file(tmp_path: Path, other: dict[str, str], code: str) -> None:
    given = {name: tmp_path / value if name == "out" else value for name, value in other.items()}
    result = draw(tmp_path / "band.png", **given)
    assert isinstance(result.exception, Refusal)
    assert result.exception.code == code
    assert not list(tmp_path.iterdir())


def test_of_a_file_that_is_too_large_no_more_is_read_than_tells_that(tmp_path: Path) -> None:
    vast = tmp_path / "vast.jpg"
    with vast.open("wb") as file:
        file.truncate(2**40)  # holes: it takes no room on the disk, and would take all there is in memory
    result = draw(tmp_path / "band.png", photo=vast)
    assert isinstance(result.exception, Refusal)
    assert result.exception.code == "photo.too_large"


def test_a_poster_as_large_as_may_be_is_drawn_and_says_that_it_takes_a_while(tmp_path: Path) -> None:
    result = draw(tmp_path / "poster.png", size_mm="500", dpi="203")
    assert result.exit_code == 0
    assert "几秒钟" in result.stderr
    assert png_of(tmp_path / "poster.png").width == round(500 / 25.4 * 203)


def test_a_good_portrait_is_drawn_without_a_word_of_doubt(tmp_path: Path) -> None:
    result = draw(tmp_path / "band.svg")
    assert (result.exit_code, result.stderr) == (0, "")


@pytest.mark.parametrize(
    ("colour", "mode"), [((120, 120, 120), "RGB"), ((0, 0, 0, 0), "RGBA")], ids=["one tone", "transparent"]
)
def test_a_picture_of_nothing_is_told_and_a_symbol_drawn_without_it(
    tmp_path: Path, colour: tuple[int, ...], mode: str
) -> None:
    Image.new(mode, (300, 300), colour).save(tmp_path / "nothing.png")
    result = draw(tmp_path / "band.svg", photo=tmp_path / "nothing.png")
    assert result.exit_code == 0
    assert "没有画照片" in result.stderr
    assert "没有照片" in result.stdout


def test_a_picture_without_a_face_is_told_and_one_with_several_says_which(tmp_path: Path) -> None:
    Image.linear_gradient("L").save(tmp_path / "none.png")
    with Image.open(PORTRAIT) as one:
        two = Image.new("RGB", (one.width * 2, one.height), one.getpixel((0, 0)))
        two.paste(one, (0, 0))
        two.paste(one, (one.width, 0))
        two.save(tmp_path / "two.png")
    assert "没有找到脸" in draw(tmp_path / "band.svg", photo=tmp_path / "none.png").stderr
    several = draw(tmp_path / "band.svg", photo=tmp_path / "two.png")
    assert several.exit_code == 0
    assert "2 张脸" in several.stderr


def test_a_file_that_is_there_stays_as_it_was_when_the_new_one_is_refused(tmp_path: Path) -> None:
    out = tmp_path / "band.png"
    out.write_bytes(b"old")
    assert draw(out, dpi="50").exit_code == 1
    assert out.read_bytes() == b"old"


def test_a_tag_is_told_in_hexadecimal_and_written_as_bytes(tmp_path: Path) -> None:
    result = run("nfc", "--payload", "https://a.cn/t/AB", "--out", tmp_path / "tag.bin")
    assert result.output == "03 0E D1 01 0A 55 04 61 2E 63 6E 2F 74 2F 41 42 FE\n"
    assert (tmp_path / "tag.bin").read_bytes() == nfc.tag_bytes("https://a.cn/t/AB")


def test_drawing_needs_no_settings_keys_or_database(tmp_path: Path) -> None:
    script = "from wristband.cli_artwork import artwork; artwork()"
    command = [sys.executable, "-c", script, "draw", "--payload", UPPER + TOKEN, "--out", "band.svg"]
    bare = {name: value for name, value in os.environ.items() if not name.startswith("WRISTBAND_")}
    wrong = bare | {"WRISTBAND_DATABASE_URL": "nonsense://", "WRISTBAND_KEYS_DIR": "nowhere", "PYTHONPATH": str(ROOT)}
    subprocess.run(command, cwd=tmp_path, env=wrong, capture_output=True, check=True)
    assert [path.name for path in tmp_path.iterdir()] == ["band.svg"]
