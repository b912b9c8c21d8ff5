"""Bands on paper: true size, readable off the page, and silent about who wears them."""

from __future__ import annotations

import io
import re
from itertools import pairwise

import numpy as np
import pytest
from PIL import Image, ImageOps
from pypdf import PdfReader

from tests.crafts.prints import CHECK_CODE, DPI, FORMS, MONTH, band, fonts_of, pages, printed, symbols, text_of
from tests.crafts.specimens import SHORT, UPPER, drawn, signed
from wristband.bands.artwork.checking import decoders
from wristband.bands.artwork.design import design
from wristband.bands.artwork.drawing import QUIET_MODULES, YELLOW
from wristband.bands.printing.band import LEAST_MODULE_MM, BandPrint, symbol_mm
from wristband.bands.printing.forms import FORMS as DRAWN
from wristband.bands.printing.pdf import A4_MM, LANDSCAPE_MM, PdfOptions, Sheets, band_pdf, write_pdf
from wristband.bands.printing.words import DISCREET, WORDS, Language, host_of
from wristband.bands.rules import BandForm
from wristband.errors import BadValue
from wristband.values.code import BandCode

LONG = "HTTPS://WRISTBAND.XIAMEN.EXAMPLE/T/"
VERY_LONG = "https://wristband.station.tongan.xiamen.fujian.example/a/long/path/t/"


def first_piece(pdf: bytes, form: BandForm, dpi: int = DPI) -> Image.Image:
    """The first piece of a form's first page, as it is cut out."""
    x, y = Sheets.of(form).places[0]
    width, height = DRAWN[form].size
    left, top, right, bottom = (round(edge / 25.4 * dpi) for edge in (x, y, x + width, y + height))
    return pages(pdf, dpi)[0].crop((left, top, right, bottom))


def millimetres(pixels: float) -> float:
    return pixels / DPI * 25.4


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("address", [UPPER, SHORT])
@pytest.mark.parametrize("decoder", decoders())
def test_a_printed_page_reads(form: BandForm, address: str, decoder: str) -> None:
    assert decoders()[decoder](first_piece(printed(form, address=address), form)) == drawn(address).payload


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("language", list(WORDS))
@pytest.mark.parametrize("decoder", decoders())
def test_a_discreet_one_reads_too(form: BandForm, language: Language, decoder: str) -> None:
    picture = first_piece(printed(form, language, discreet=True), form)
    assert decoders()[decoder](picture) == drawn(UPPER).payload


@pytest.mark.parametrize("form", FORMS)
def test_every_band_of_a_sheet_is_there_and_reads_in_order(form: BandForm) -> None:
    bands = [band(number) for number in range(1, 6)]
    read = [[found.text for found in sorted(symbols(page), key=_row_by_row)] for page in pages(band_pdf(bands, form))]
    told = [each.design.payload for each in bands]
    if Sheets.of(form).copies:
        assert read == [[payload] * len(Sheets.of(form).places) for payload in told]
    else:
        assert [payload for page in read for payload in page] == told


def _row_by_row(found: object) -> tuple[int, int]:
    corner = found.position.top_left  # type: ignore[attr-defined]
    return round(corner.y / DPI * 25.4 / 10), corner.x


@pytest.mark.parametrize("form", FORMS)
def test_a_page_is_a4_and_pieces_lie_on_it_at_true_size(form: BandForm) -> None:
    page = PdfReader(io.BytesIO(printed(form))).pages[0]
    width, height = LANDSCAPE_MM if form is BandForm.WRISTBAND else A4_MM
    assert float(page.mediabox.width) / 72 * 25.4 == pytest.approx(width, abs=0.02)
    assert float(page.mediabox.height) / 72 * 25.4 == pytest.approx(height, abs=0.02)
    picture = np.asarray(pages(printed(form))[0])
    rows, columns = np.nonzero((picture == YELLOW).all(axis=2))
    places, (wide, high), bleed = Sheets.of(form).places, DRAWN[form].size, 1
    if not Sheets.of(form).copies:
        places = places[:1]
    assert millimetres(columns.min()) == pytest.approx(places[0][0] - bleed, abs=0.2)
    assert millimetres(columns.max() + 1) == pytest.approx(places[-1][0] + wide + bleed, abs=0.2)
    assert millimetres(rows.min()) == pytest.approx(places[0][1] - bleed, abs=0.2)
    assert millimetres(rows.max() + 1) == pytest.approx(places[-1][1] + high + bleed, abs=0.2)


@pytest.mark.parametrize("form", FORMS)
def test_a_viewer_is_asked_not_to_scale_and_a_ruler_shows_whether_it_did(form: BandForm) -> None:
    reader = PdfReader(io.BytesIO(printed(form)))
    assert reader.trailer["/Root"]["/ViewerPreferences"]["/PrintScaling"] == "/None"
    assert WORDS["zh"].ruler in text_of(printed(form))
    foot = np.asarray(pages(printed(form))[0].convert("L"))[-round(9 / 25.4 * DPI) :]
    longest = max(len(run) for row in foot for run in re.findall(b"\x01+", (row < 128).astype(np.uint8).tobytes()))
    assert millimetres(longest) == pytest.approx(50, abs=0.3)


@pytest.mark.parametrize("form", FORMS)
def test_pieces_keep_clear_of_each_other_and_of_the_edge(form: BandForm) -> None:
    sheets, marks = Sheets.of(form), 4.5
    width, height = sheets.piece
    boxes = [(x - marks, y - marks, x + width + marks, y + height + marks) for x, y in sheets.places]
    assert all(
        left > 0 and top > 0 and right < sheets.page[0] and bottom < sheets.page[1]
        for left, top, right, bottom in boxes
    )
    for i, one in enumerate(boxes):
        for other in boxes[i + 1 :]:
            assert one[2] <= other[0] or other[2] <= one[0] or one[3] <= other[1] or other[3] <= one[1]


@pytest.mark.parametrize(
    ("form", "size_mm"),
    [(BandForm.WRISTBAND, 22.0), (BandForm.CARD, 34.0), (BandForm.LABEL, 30.0), (BandForm.KEY_TAG, 30.0),
     (BandForm.SHOE_LABEL, 23.0)],
)  # fmt: skip
def test_the_symbol_has_its_true_size(form: BandForm, size_mm: float) -> None:
    (found,) = symbols(first_piece(printed(form), form))
    side = millimetres(found.position.top_right.x - found.position.top_left.x)
    modules = drawn(UPPER).size
    assert side == pytest.approx(size_mm * modules / (modules + 2 * QUIET_MODULES), abs=0.3)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("discreet", [False, True])
def test_the_quiet_zone_is_quiet(form: BandForm, discreet: bool) -> None:
    picture = first_piece(printed(form, discreet=discreet), form, dpi := 600)
    (found,) = symbols(picture)
    corners = (found.position.top_left, found.position.bottom_right)
    module = (corners[1].x - corners[0].x) / drawn(UPPER).size
    zone = round(3.8 * module)
    left, top, right, bottom = corners[0].x, corners[0].y, corners[1].x, corners[1].y
    around = np.asarray(picture.convert("L")).astype(int)[
        max(top - zone, 0) : bottom + zone, left - zone : right + zone
    ]
    inner = np.zeros_like(around, dtype=bool)
    edge = zone - 2
    inner[edge:-edge, edge:-edge] = True
    assert module / dpi * 25.4 > LEAST_MODULE_MM
    assert np.ptp(around[~inner]) < 12


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("language", list(WORDS))
def test_everything_a_finder_needs_stands_on_it_as_text(form: BandForm, language: Language) -> None:
    text, words = text_of(printed(form, language)), WORDS[language]
    needed = [words.lost, words.scan, "110", words.month(MONTH), words.inside, CHECK_CODE.shown]
    needed += [BandCode.from_serial(drawn(UPPER).serial).shown, "hb.example/b"]
    assert not [said for said in needed if said not in text]


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("language", list(WORDS))
def test_a_discreet_one_is_calm_and_still_says_110_and_its_code(form: BandForm, language: Language) -> None:
    pdf = printed(form, language, discreet=True)
    text = text_of(pdf)
    needed = [DISCREET[language].scan, "110", BandCode.from_serial(drawn(UPPER).serial).shown, "hb.example/b"]
    assert not [said for said in [*needed, CHECK_CODE.shown] if said not in text]
    assert not re.search(r"(?i)迷路|回家|帮我|lost|home|help", text)
    picture = np.asarray(first_piece(pdf, form))
    assert not (picture == YELLOW).all(axis=2).any()
    # A photograph beside the symbol would say more than it should.
    assert len(list(PdfReader(io.BytesIO(pdf)).pages[0]["/Resources"]["/XObject"].values())) == 2
    assert not [each for each in _pictures(pdf) if "/DCTDecode" in str(each.get("/Filter"))]


def _pictures(pdf: bytes) -> list[dict[str, object]]:
    pieces = PdfReader(io.BytesIO(pdf)).pages[0]["/Resources"]["/XObject"].values()
    return [picture.get_object() for each in pieces for picture in each["/Resources"].get("/XObject", {}).values()]


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
    assert set(PdfReader(io.BytesIO(pdf)).metadata or {}) == {"/CreationDate"}


@pytest.mark.parametrize("form", FORMS)
def test_the_check_code_is_on_the_inside_alone(form: BandForm) -> None:
    told = text_of(printed(form), "-bbox")
    boxes = re.findall(r'xMin="([\d.]+)" yMin="([\d.]+)"[^>]*>([^<]+)</word>', told)
    x, y = Sheets.of(form).places[0]
    width, height = (DRAWN[form].width, DRAWN[form].height)
    inside = set()
    for left, top, word in boxes:
        across, down = float(left) / 72 * 25.4 - x, float(top) / 72 * 25.4 - y
        if across < DRAWN[form].size[0] and down < DRAWN[form].size[1]:
            inside.add((word, across > width or down > height))
    assert (CHECK_CODE.shown, True) in inside
    assert (CHECK_CODE.shown, False) not in inside
    assert ("110", False) in inside
    assert ("110", True) not in inside


@pytest.mark.parametrize("form", FORMS)
def test_a_band_whose_check_code_is_no_longer_kept_is_printed_without(form: BandForm) -> None:
    text = text_of(band_pdf([band(check_code=None)], form))
    assert not re.search(r"\d{3}-\d{3}-\d{3}", text)
    assert WORDS["zh"].inside in text


@pytest.mark.parametrize("form", FORMS)
def test_a_band_without_a_photograph_is_printed_plain_and_reads(form: BandForm) -> None:
    made = design(UPPER, signed, None, seed=9)
    pdf = band_pdf([BandPrint(made, None, BandCode.from_serial(made.serial), CHECK_CODE, MONTH)], form)
    assert all(decode(first_piece(pdf, form)) == made.payload for decode in decoders().values())
    assert not _pictures(pdf)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("discreet", [False, True])
def test_coloured_stock_gets_no_ground_and_still_reads(form: BandForm, discreet: bool) -> None:
    on_stock = first_piece(band_pdf([band(discreet=discreet)], form, coloured_stock=True), form)
    assert on_stock.getpixel((3, 12)) == (255, 255, 255)
    assert all(decode(on_stock) == drawn(UPPER).payload for decode in decoders().values())


@pytest.mark.parametrize("form", FORMS)
def test_what_is_ironed_on_face_down_is_mirrored(form: BandForm) -> None:
    pdf = band_pdf([band()], form, mirrored=True)
    picture = first_piece(pdf, form)
    assert decoders()["zxing"](ImageOps.mirror(picture)) == drawn(UPPER).payload
    apart = np.asarray(ImageOps.mirror(picture).convert("L")).astype(int) - np.asarray(
        first_piece(printed(form), form).convert("L")
    )
    assert np.abs(apart).mean() < 6


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("language", list(WORDS))
@pytest.mark.parametrize("discreet", [False, True])
@pytest.mark.parametrize("address", [UPPER, LONG])
def test_no_word_runs_over_an_edge_or_into_another(
    form: BandForm, language: Language, discreet: bool, address: str
) -> None:
    issuer = "厦门市同安区大同街道祥平社区居民委员会"
    one = band(1, language, address, discreet=discreet, issuer=issuer)
    told = text_of(band_pdf([one], form), "-bbox")
    x, y = Sheets.of(form).places[0]
    width, height = DRAWN[form].size
    boxes = []
    for found in re.finditer(r'xMin="([\d.]+)" yMin="([\d.]+)" xMax="([\d.]+)" yMax="([\d.]+)"', told):
        left, top, right, bottom = (float(edge) / 72 * 25.4 for edge in found.groups())
        # Viewers take a line's height from the font's: what is inked stands in the middle of it.
        high = bottom - top
        boxes.append((left - x, top + high * 0.36 - y, right - x, bottom - high * 0.26 - y))
    mine = [box for box in boxes if box[0] < width and box[1] < height]
    assert len(mine) >= 8
    fold_x, fold_y = (DRAWN[form].width, height) if width > DRAWN[form].width else (width, DRAWN[form].height)
    for left, top, right, bottom in mine:
        assert left > 1.5
        assert top > 0.1
        assert right < width - 1.5
        assert bottom < height - 0.1
        assert not left < fold_x < right
        assert not top < fold_y < bottom
    for i, one_box in enumerate(mine):
        for other in mine[i + 1 :]:
            across = min(one_box[2], other[2]) - max(one_box[0], other[0])
            down = min(one_box[3], other[3]) - max(one_box[1], other[1])
            assert across < 0.05 or down < 0.05


@pytest.mark.parametrize("form", [BandForm.WRISTBAND, BandForm.SHOE_LABEL])
def test_a_symbol_that_does_not_fit_with_half_a_millimetre_a_module_is_refused(form: BandForm) -> None:
    made = drawn(VERY_LONG)
    assert (made.size + 2 * QUIET_MODULES) * LEAST_MODULE_MM == 24.5
    wider = band_pdf([band(address=VERY_LONG)], form)
    assert decoders()["zxing"](first_piece(wider, form, 600)) == made.payload
    with pytest.raises(BadValue) as refused:
        symbol_mm(made, 22.0, 24.0)
    assert refused.value.code == "print.symbol_too_small"
    assert refused.value.facts == {"least_mm": "24.5", "most_mm": "24"}


def test_a_symbol_is_as_wide_as_usual_where_that_is_wide_enough() -> None:
    assert symbol_mm(drawn(UPPER), 22.0, 24.5) == 22.0
    assert symbol_mm(drawn(VERY_LONG), 22.0, 24.5) == 24.5


def test_the_same_bands_make_the_same_file() -> None:
    assert band_pdf([band(1), band(2)], BandForm.CARD) == band_pdf([band(1), band(2)], BandForm.CARD)


def test_a_grey_jpeg_is_passed_through_untouched() -> None:
    out = io.BytesIO()
    Image.new("L", (64, 64), 99).save(out, "JPEG")
    assert out.getvalue() in band_pdf([band(face=out.getvalue())], BandForm.CARD)


def test_a_coloured_jpeg_is_printed_in_grey() -> None:
    out = io.BytesIO()
    Image.new("RGB", (64, 64), (200, 40, 40)).save(out, "JPEG")
    one = band(face=out.getvalue())
    with Image.open(io.BytesIO(one.grey_jpeg())) as grey:
        assert grey.mode == "L"


def test_an_empty_sheet_is_a_mistake_of_the_caller() -> None:
    with pytest.raises(ValueError, match="without bands"):
        band_pdf([], BandForm.CARD)


def test_bands_are_asked_for_one_at_a_time_and_written_page_by_page() -> None:
    written: list[int] = []
    out = io.BytesIO()

    def asked() -> object:
        for number in range(1, 13):
            written.append(len(out.getvalue()))
            yield band(number % 3 + 1)

    count = write_pdf(asked(), BandForm.CARD, out, PdfOptions())  # type: ignore[arg-type]
    assert count == 12
    assert len(PdfReader(out).pages) == 3
    assert all(earlier < later for earlier, later in pairwise(written[1:]))


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


@pytest.mark.parametrize("form", FORMS)
def test_every_font_is_embedded(form: BandForm) -> None:
    fonts = fonts_of(printed(form)).values()
    descriptors = [font["/DescendantFonts"][0]["/FontDescriptor"] for font in fonts]
    assert len(descriptors) == 2
    assert all("/FontFile3" in each or "/FontFile2" in each for each in descriptors)
