"""Bands on paper: true size, readable off the page, and silent about who wears them."""

from __future__ import annotations

import io
import re
import subprocess
import tempfile
from datetime import date
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageOps
from pypdf import PdfReader

from tests.crafts.specimens import SHORT, UPPER, drawn, face, signed
from wristband.bands.artwork.checking import decoders
from wristband.bands.artwork.design import design
from wristband.bands.artwork.drawing import YELLOW
from wristband.bands.printing import card, strip
from wristband.bands.printing.fonts import find_font
from wristband.bands.printing.pdf import BandPrint, band_pdf
from wristband.bands.printing.words import WORDS, Language, host_of
from wristband.bands.rules import BandForm
from wristband.errors import Unavailable
from wristband.values.code import BandCode, CheckCode

DPI = 300
MONTH = date(2026, 11, 3)
CHECK_CODE = CheckCode("000005724")
FORMS = list(BandForm)


def band(
    number: int = 1, language: Language = "zh", address: str = UPPER, check_code: CheckCode | None = CHECK_CODE
) -> BandPrint:
    made = drawn(address, number)
    return BandPrint(made, face(number), BandCode.from_serial(made.serial), check_code, MONTH, language)


@cache
def printed(form: BandForm, language: Language = "zh", address: str = UPPER) -> bytes:
    return band_pdf([band(1, language, address)], form)


@cache
def pages(pdf: bytes) -> tuple[Image.Image, ...]:
    """Each page as a printer would put it on paper."""
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(["pdftoppm", "-r", str(DPI), "-", "page"], cwd=folder, input=pdf, check=True)
        return tuple(Image.open(io.BytesIO(path.read_bytes())) for path in sorted(Path(folder).glob("page*.ppm")))


def piece(pdf: bytes) -> Image.Image:
    """What is on a page with one band, without the white paper around it."""
    (page,) = pages(pdf)
    return page.crop(ImageOps.invert(page).getbbox())


def text_of(pdf: bytes, *options: str) -> str:
    """The text of all pages, as one copies it out of a viewer."""
    told = subprocess.run(["pdftotext", *options, "-", "-"], input=pdf, check=True, capture_output=True)
    return " ".join(told.stdout.decode().split())


def millimetres(pixels: float) -> float:
    return pixels / DPI * 25.4


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("address", [UPPER, SHORT])
@pytest.mark.parametrize("decoder", decoders())
def test_a_printed_page_reads(form: BandForm, address: str, decoder: str) -> None:
    assert decoders()[decoder](piece(printed(form, address=address))) == drawn(address).payload


@pytest.mark.parametrize("form", FORMS)
def test_every_band_of_a_sheet_is_there_once_and_reads(form: BandForm) -> None:
    import zxingcpp

    bands = [band(number) for number in range(1, 6)]
    read = [
        found.text
        for page in pages(band_pdf(bands, form))
        for found in zxingcpp.read_barcodes(page, formats=zxingcpp.barcode_formats_from_str("QRCode"))
    ]
    assert sorted(read) == sorted(each.design.payload for each in bands)


@pytest.mark.parametrize(("form", "width", "height"), [(BandForm.WRISTBAND, 297, 210), (BandForm.CARD, 210, 297)])
def test_a_page_is_a4_and_the_piece_lies_on_it_at_true_size(form: BandForm, width: float, height: float) -> None:
    page = PdfReader(io.BytesIO(printed(form))).pages[0]
    assert float(page.mediabox.width) / 72 * 25.4 == pytest.approx(width, abs=0.02)
    assert float(page.mediabox.height) / 72 * 25.4 == pytest.approx(height, abs=0.02)
    (picture,) = pages(printed(form))
    rows, columns = np.nonzero((np.asarray(picture) == YELLOW).all(axis=2))
    piece = (strip.WIDTH_MM, strip.FOLDED_MM) if form is BandForm.WRISTBAND else (card.FOLDED_MM, card.HEIGHT_MM)
    bleed = 2
    assert millimetres(np.ptp(columns) + 1) == pytest.approx(piece[0] + bleed, abs=0.3)
    assert millimetres(np.ptp(rows) + 1) == pytest.approx(piece[1] + bleed, abs=0.3)


@pytest.mark.parametrize(("form", "size_mm"), [(BandForm.WRISTBAND, 22.0), (BandForm.CARD, card.SYMBOL_MM)])
def test_the_symbol_has_its_true_size(form: BandForm, size_mm: float) -> None:
    import zxingcpp

    picture = piece(printed(form))
    (found,) = zxingcpp.read_barcodes(picture, formats=zxingcpp.barcode_formats_from_str("QRCode"))
    side = millimetres(found.position.top_right.x - found.position.top_left.x)
    quiet = 8
    modules = drawn(UPPER).size
    assert side == pytest.approx(size_mm * modules / (modules + quiet), abs=0.3)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("language", list(WORDS))
def test_everything_a_finder_needs_stands_on_it_as_text(form: BandForm, language: Language) -> None:
    text = text_of(printed(form, language))
    words = WORDS[language]
    assert words.lost in text
    assert words.scan in text
    assert "110" in text
    assert BandCode.from_serial(drawn(UPPER).serial).shown in text
    assert "hb.example/b" in text
    assert words.month(MONTH) in text
    assert words.inside in text
    assert CHECK_CODE.shown in text


def test_the_words_are_those_agreed() -> None:
    text = text_of(printed(BandForm.WRISTBAND))
    for said in ("我可能迷路了", "请扫码帮我回家", "紧急 110", "编号", "内侧", "2026-11"):
        assert said in text


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("language", list(WORDS))
def test_nothing_tells_of_illness_or_of_the_wearer(form: BandForm, language: Language) -> None:
    pdf = printed(form, language)
    text = text_of(pdf)
    assert not re.search(r"(?i)痴呆|失智|认知|阿尔茨|病|dement|alzheim|patient", text)
    assert drawn(UPPER).token not in text
    metadata = PdfReader(io.BytesIO(pdf)).metadata
    assert metadata is not None
    assert not {"/Title", "/Author", "/Subject", "/Keywords"} & set(metadata)


@pytest.mark.parametrize("form", FORMS)
def test_every_font_is_embedded(form: BandForm) -> None:
    reader = PdfReader(io.BytesIO(printed(form)))
    fonts = [font.get_object() for page in reader.pages for font in page["/Resources"]["/Font"].values()]
    descriptors = [font["/DescendantFonts"][0].get_object()["/FontDescriptor"] for font in fonts]
    assert len(descriptors) == 2
    assert all("/FontFile3" in descriptor or "/FontFile2" in descriptor for descriptor in descriptors)


def test_the_check_code_is_on_the_inside_alone() -> None:
    # Above the fold is outside; what stands below it is turned, to read upright when folded back.
    told = text_of(printed(BandForm.WRISTBAND), "-bbox")
    tops = {word: float(top) for top, word in re.findall(r'yMin="([\d.]+)"[^>]*>([^<]+)</word>', told)}
    fold = next(top for word, top in tops.items() if word == WORDS["zh"].fold)
    assert tops[CHECK_CODE.shown] > fold > tops["紧急"]


@pytest.mark.parametrize("form", FORMS)
def test_a_band_whose_check_code_is_no_longer_kept_is_printed_without(form: BandForm) -> None:
    text = text_of(band_pdf([band(check_code=None)], form))
    assert not re.search(r"\d{3}-\d{3}-\d{3}", text)
    assert WORDS["zh"].inside in text


@pytest.mark.parametrize("form", FORMS)
def test_a_band_without_a_photograph_is_printed_plain_and_reads(form: BandForm) -> None:
    made = design(UPPER, signed, None, seed=9)
    plain = BandPrint(made, None, BandCode.from_serial(made.serial), CHECK_CODE, MONTH)
    pdf = band_pdf([plain], form)
    assert all(decode(piece(pdf)) == made.payload for decode in decoders().values())
    assert not list(PdfReader(io.BytesIO(pdf)).pages[0].images)


@pytest.mark.parametrize("form", FORMS)
def test_coloured_stock_gets_no_yellow_and_still_reads(form: BandForm) -> None:
    on_stock = piece(band_pdf([band()], form, coloured_stock=True))
    red, _, blue = (np.asarray(channel, dtype=int) for channel in on_stock.split())
    assert np.abs(red - blue).max() == 0
    assert all(decode(on_stock) == drawn(UPPER).payload for decode in decoders().values())


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("language", list(WORDS))
def test_no_word_runs_over_the_edge_or_into_the_symbol(form: BandForm, language: Language) -> None:
    long = "HTTPS://WRISTBAND.XIAMEN.EXAMPLE/T/"
    told = text_of(printed(form, language, long), "-bbox")
    boxes = re.findall(r'xMin="([\d.]+)" yMin="[\d.]+" xMax="([\d.]+)"', told)
    sides = [(float(left) / 72 * 25.4, float(right) / 72 * 25.4) for left, right in boxes]
    width, page = (strip.WIDTH_MM, 297) if form is BandForm.WRISTBAND else (card.FOLDED_MM, 210)
    edge = (page - width) / 2
    assert sides
    assert all(edge + 2 < left < right < page - edge - 2 for left, right in sides)
    if form is BandForm.CARD:
        assert not [side for side in sides if side[0] < page / 2 < side[1]]
    assert decoders()["zxing"](piece(printed(form, language, long))) == drawn(long).payload


def test_the_same_bands_make_the_same_file() -> None:
    assert band_pdf([band(1), band(2)], BandForm.CARD) == band_pdf([band(1), band(2)], BandForm.CARD)


def test_an_empty_sheet_is_a_mistake_of_the_caller() -> None:
    with pytest.raises(ValueError, match="without bands"):
        band_pdf([], BandForm.CARD)


def test_without_a_font_printing_is_refused_and_nothing_else_is_tried(tmp_path: Path) -> None:
    with pytest.raises(Unavailable) as refused:
        band_pdf([band()], BandForm.CARD, font_path=tmp_path / "none.ttc")
    assert refused.value.code == "print.no_font"


def test_a_font_that_is_given_is_the_one_that_is_embedded(tmp_path: Path) -> None:
    alone = tmp_path / "Own.ttc"
    alone.write_bytes(find_font(None).read_bytes())
    reader = PdfReader(io.BytesIO(band_pdf([band()], BandForm.CARD, font_path=alone)))
    names = {str(font.get_object()["/BaseFont"]) for font in reader.pages[0]["/Resources"]["/Font"].values()}
    assert len(names) == 1
    assert "Bold" not in names.pop()


@pytest.mark.parametrize(
    ("address", "host"),
    [
        ("HTTPS://HB.EXAMPLE/T/", "hb.example"),
        ("http://127.0.0.1:8000/t/", "127.0.0.1:8000"),
        ("https://a.b/t/", "a.b"),
    ],
)
def test_a_host_is_printed_as_a_person_types_it(address: str, host: str) -> None:
    assert host_of(address) == host
