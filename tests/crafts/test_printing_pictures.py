"""One side of a band as a picture: at its true size, readable, and whole in one file."""

from __future__ import annotations

import io
import pickle
import re
import struct
import subprocess
import sys
from collections.abc import Callable
from xml.etree import ElementTree

import pytest
from PIL import Image
from playwright.sync_api import Page

from tests.crafts.prints import CHECK_CODE, FORMS, band, printed
from tests.crafts.specimens import UPPER, drawn
from wristband.bands.artwork.checking import decoders
from wristband.bands.printing.forms import FORMS as DRAWN
from wristband.bands.printing.pdf import PdfOptions, Press, draw_piece, symbol_pdf
from wristband.bands.printing.pictures import side_png, side_svg, symbol_png, symbol_svg
from wristband.bands.rules import BandForm

SVG = "{http://www.w3.org/2000/svg}"


def resolution(png: bytes) -> tuple[int, int, int]:
    """The pHYs chunk: pixels a metre across and down, and its unit."""
    place = png.index(b"pHYs") + 4
    return struct.unpack(">IIB", png[place : place + 9])


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("dpi", [300, 600])
@pytest.mark.parametrize("decoder", decoders())
def test_a_side_as_png_reads_and_knows_its_size(form: BandForm, dpi: int, decoder: str) -> None:
    png = side_png(band(), form, dpi=dpi)
    assert resolution(png) == (round(dpi / 0.0254), round(dpi / 0.0254), 1)
    with Image.open(io.BytesIO(png)) as picture:
        assert picture.width / dpi * 25.4 == pytest.approx(DRAWN[form].width, abs=0.1)
        assert picture.height / dpi * 25.4 == pytest.approx(DRAWN[form].height, abs=0.1)
        assert decoders()[decoder](picture) == drawn(UPPER).payload


@pytest.mark.parametrize("form", FORMS)
def test_the_inside_has_no_symbol_and_is_its_own_picture(form: BandForm) -> None:
    with Image.open(io.BytesIO(side_png(band(), form, "inside"))) as picture:
        assert picture.height / 300 * 25.4 == pytest.approx(DRAWN[form].inside_size[1], abs=0.1)
        assert decoders()["zxing"](picture) is None
        dark = picture.convert("L").point(lambda grey: 255 * (grey < 100)).getbbox()
    assert dark is not None


@pytest.mark.parametrize("decoder", decoders())
def test_the_symbol_alone_is_22_millimetres_wide(decoder: str) -> None:
    png = symbol_png(band().symbol, dpi=600)
    assert resolution(png) == (23622, 23622, 1)
    with Image.open(io.BytesIO(png)) as picture:
        assert picture.size == (520, 520)
        assert decoders()[decoder](picture) == drawn(UPPER).payload


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("side", ["outside", "inside"])
def test_an_svg_is_whole_in_itself_and_needs_no_font(form: BandForm, side: str) -> None:
    text = side_svg(band(), form, side)  # type: ignore[arg-type]
    tree = ElementTree.fromstring(text)  # noqa: S314 - our own text
    width, height = (DRAWN[form].width, DRAWN[form].height) if side == "outside" else DRAWN[form].inside_size
    assert tree.get("width") == f"{width:g}mm"
    assert tree.get("viewBox") == f"0 0 {width:g} {height:g}"
    assert tree.findtext(f"{SVG}title")
    allowed = {"svg", "title", "path", "g", "rect", "circle", "image"}
    assert {element.tag.removeprefix(SVG) for element in tree.iter()} <= allowed
    assert not re.search(r"<style|<script|<text|font|https?://(?!www\.w3\.org/2000/svg)", text)
    assert CHECK_CODE.shown not in text


def test_a_browser_shows_an_svg_as_a_printer_prints_it(page: Page) -> None:
    for form in (BandForm.CARD, BandForm.SHOE_LABEL):
        page.set_content(f"<body style='margin:0'>{side_svg(band(), form)}</body>")
        picture = Image.open(io.BytesIO(page.locator("svg").first.screenshot()))
        assert picture.width / 96 * 25.4 == pytest.approx(DRAWN[form].width, abs=0.8)
        assert decoders()["zxing"](picture.resize((picture.width * 2, picture.height * 2))) == drawn(UPPER).payload


def test_the_symbol_alone_as_svg_is_named_after_its_band() -> None:
    one = band()
    tree = ElementTree.fromstring(symbol_svg(one.symbol, title=one.number))  # noqa: S314 - our own text
    assert tree.findtext(f"{SVG}title") == one.number


@pytest.mark.parametrize("form", [BandForm.CARD, BandForm.LABEL])
def test_a_piece_made_in_another_process_is_laid_as_if_made_here(form: BandForm) -> None:
    # Pieces travel as bytes; a font is named in them, not sent, and is cut alike on the other side.
    told = pickle.dumps([draw_piece(band(number), form) for number in (1, 2)])
    script = (
        "import sys, pickle, datetime\n"
        "from wristband.bands.printing.pdf import PdfOptions, Press\n"
        "from wristband.bands.rules import BandForm\n"
        "made = datetime.date(2026, 11, 3)\n"
        "press = Press(sys.stdout.buffer, BandForm(sys.argv[1]), PdfOptions(), made=made, language='zh')\n"
        "for piece in pickle.load(sys.stdin.buffer):\n"
        "    press.add(piece)\n"
        "press.close()\n"
    )
    there = subprocess.run([sys.executable, "-c", script, form], input=told, capture_output=True, check=True).stdout
    out = io.BytesIO()
    press = Press(out, form, PdfOptions(), made=band().issued, language="zh")
    for number in (1, 2):
        press.add(draw_piece(band(number), form))
    press.close()
    assert there == out.getvalue()


@pytest.mark.parametrize(
    "made", [lambda: printed(BandForm.CARD), lambda: symbol_pdf(band().symbol, 22.0)], ids=["sheet", "symbol"]
)
def test_every_object_lies_where_the_file_says(made: Callable[[], bytes]) -> None:
    pdf = made()
    start = int(pdf.rsplit(b"startxref\n", 1)[1].split()[0])
    table = pdf[start:].split(b"trailer")[0].splitlines()
    assert table[0] == b"xref"
    assert all(len(line) == 19 for line in table[2:])
    for number, line in enumerate(table[3:], 1):
        offset = int(line[:10])
        assert pdf[offset:].startswith(b"%d 0 obj\n" % number)
    for found in re.finditer(rb"/Length (\d+) >>\nstream\n", pdf):
        assert pdf[found.end() + int(found[1]) :].startswith(b"\nendstream")
