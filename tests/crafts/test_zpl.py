"""What a wristband printer is sent: decoded back into dots, and read."""

from __future__ import annotations

import re
from functools import cache

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from numpy.typing import NDArray
from PIL import Image

from tests.crafts.prints import FORMS, band
from tests.crafts.specimens import LOWER, SHORT, UPPER, drawn
from wristband.bands.artwork import drawing
from wristband.bands.artwork.checking import decoders
from wristband.bands.artwork.drawing import QUIET_MODULES
from wristband.bands.printing import strip, zpl
from wristband.bands.printing.forms import FORMS as DRAWN
from wristband.bands.printing.pixel_surface import dotted
from wristband.bands.rules import BandForm
from wristband.errors import BadValue

DOCUMENT = re.compile(
    r"\^XA\n\^PW(?P<width>\d+)\n\^LL(?P<length>\d+)\n\^LH0,0\n"
    r"\^FO0,0\^GFA,(?P<sent>\d+),(?P<total>\d+),(?P<row>\d+),(?P<data>[0-9A-Yg-z,!:]*)\^FS\n"
    r"\^PQ(?P<copies>\d+)\n\^XZ\n"
)


def expanded(data: str, row_bytes: int) -> list[str]:
    """Compressed hexadecimal as rows of digits, by Zebra's own description of it."""
    rows: list[str] = []
    row, count, digits = "", 0, 2 * row_bytes
    for sign in data:
        if sign == ":":
            assert not row
            rows.append(rows[-1])
        elif "G" <= sign <= "Y":
            count += ord(sign) - ord("G") + 1
        elif "g" <= sign <= "z":
            count += 20 * (ord(sign) - ord("g") + 1)
        else:
            filled = {",": "0", "!": "F"}.get(sign)
            row += filled * (digits - len(row)) if filled else sign * max(count, 1)
            count = 0
        if len(row) == digits:
            rows.append(row)
            row = ""
        assert len(row) < digits
    assert not row
    return rows


def dots_of(document: str) -> NDArray[np.bool_]:
    """The dots that a printer burns."""
    found = DOCUMENT.fullmatch(document)
    assert found is not None
    rows = expanded(found["data"], int(found["row"]))
    assert found["sent"] == found["total"] == str(len(rows) * int(found["row"]))
    assert len(rows) == int(found["length"])
    bits = np.unpackbits(np.frombuffer(bytes.fromhex("".join(rows)), dtype=np.uint8)).reshape(len(rows), -1)
    return bits[:, : int(found["width"])].astype(bool)


@cache
def sent(form: BandForm, dpi: int, *, discreet: bool = False, address: str = UPPER) -> str:
    return zpl.band_zpl(band(discreet=discreet, address=address), form, dpi=dpi)


def picture(document: str) -> Image.Image:
    return Image.fromarray(np.where(dots_of(document), 0, 255).astype(np.uint8))


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("dpi", list(zpl.DOTS_PER_MM))
@pytest.mark.parametrize("discreet", [False, True])
@pytest.mark.parametrize("decoder", decoders())
def test_what_is_sent_decodes_into_a_picture_that_reads(form: BandForm, dpi: int, discreet: bool, decoder: str) -> None:
    assert decoders()[decoder](picture(sent(form, dpi, discreet=discreet))) == drawn(UPPER).payload


@pytest.mark.parametrize("address", [SHORT, LOWER])
@pytest.mark.parametrize("decoder", decoders())
def test_symbols_of_other_sizes_read_at_the_coarser_resolution(address: str, decoder: str) -> None:
    assert decoders()[decoder](picture(sent(BandForm.WRISTBAND, 203, address=address))) == drawn(address).payload


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(("dpi", "dots_per_mm"), [(203, 8.0), (300, 11.811)])
def test_the_label_has_its_true_size_and_its_narrow_side_lies_across_the_head(
    form: BandForm, dpi: int, dots_per_mm: float
) -> None:
    found = DOCUMENT.fullmatch(sent(form, dpi))
    assert found is not None
    size = (strip.WIDTH_MM, strip.HEIGHT_MM) if form is BandForm.WRISTBAND else DRAWN[form].size
    assert int(found["width"]) / dots_per_mm == pytest.approx(min(size), abs=0.1)
    assert int(found["length"]) / dots_per_mm == pytest.approx(max(size), abs=0.1)


@pytest.mark.parametrize("form", FORMS)
def test_there_is_one_graphic_and_no_sign_that_a_printer_would_obey(form: BandForm) -> None:
    document = sent(form, 203)
    assert document.isascii()
    assert "~" not in document
    assert re.findall(r"\^[A-Z]{2}", document) == ["^XA", "^PW", "^LL", "^LH", "^FO", "^GF", "^FS", "^PQ", "^XZ"]


@given(
    arrays.arrays(
        np.bool_, st.tuples(st.integers(1, 12), st.integers(1, 900)), elements=st.booleans(), fill=st.booleans()
    )
)
def test_any_dots_come_back_as_they_were(black: NDArray[np.bool_]) -> None:
    assert (dots_of(zpl.document(black)) == black).all()


def test_runs_are_written_as_the_manual_writes_them() -> None:
    black = np.zeros((3, 8 * 210), dtype=bool)
    black[1:, :16] = True
    black[1:, -8:] = True
    data = DOCUMENT.fullmatch(zpl.document(black))
    assert data is not None
    # A white row; then four F, 414 zeros (400, 14), and F to the end of the row; then the same again.
    assert data["data"] == ",JFzT0!:"


def test_copies_are_the_printers_work() -> None:
    assert "^PQ25\n" in zpl.band_zpl(band(), BandForm.SHOE_LABEL, copies=25)


@pytest.mark.parametrize(("dpi", "copies"), [(152, 1), (0, 1), (203, 0), (203, -1), (203, 10_000)])
def test_another_resolution_or_no_copies_are_a_mistake_of_the_caller(dpi: int, copies: int) -> None:
    with pytest.raises(ValueError, match="dpi"):
        zpl.band_zpl(band(), BandForm.CARD, dpi=dpi, copies=copies)


@pytest.mark.parametrize(("dpi", "dots_a_module"), [(203, 5), (300, 7)])
def test_modules_are_whole_dots_and_half_a_millimetre_at_least(dpi: int, dots_a_module: int) -> None:
    black = dots_of(sent(BandForm.WRISTBAND, dpi))
    symbol = dotted(band().symbol, dots_a_module)
    width = len(symbol)
    assert dots_a_module / zpl.DOTS_PER_MM[dpi] >= 0.5
    # The band runs lengthwise through the printer: the symbol stands on its side, once, dot for dot.
    turned = np.rot90(symbol)
    inner = slice(QUIET_MODULES * dots_a_module, -QUIET_MODULES * dots_a_module)
    left = (black.shape[1] - width) // 2
    found = [
        top
        for top in range(black.shape[0] - width)
        for aside in (-1, 0, 1)
        if (black[top : top + width, left + aside : left + aside + width] == turned)[inner, inner].all()
    ]
    assert len(found) == 1


def test_a_module_that_would_be_smaller_is_refused() -> None:
    # Half a millimetre is six whole dots, and so many for every module do not fit.
    long = "https://wristband.station.tongan.xiamen.fujian.example/a/long/path/t/"
    assert drawn(long).size == 41
    with pytest.raises(BadValue) as refused:
        zpl.band_zpl(band(address=long), BandForm.SHOE_LABEL, dpi=300)
    assert refused.value.code == "print.symbol_too_small"
    assert float(refused.value.facts["least_mm"]) > float(refused.value.facts["most_mm"])


@pytest.mark.parametrize("number", range(1, 6))
@pytest.mark.parametrize("dots", range(4, 10))
def test_no_portrait_ever_changes_the_middle_of_a_module(number: int, dots: int) -> None:
    made = drawn(UPPER, number)
    black = dotted(band(number).symbol, dots)
    modules = made.size + 2 * QUIET_MODULES
    middle = black.reshape(modules, dots, modules, dots)[:, dots // 2, :, dots // 2]
    inner = slice(QUIET_MODULES, -QUIET_MODULES)
    assert (middle[inner, inner] == np.array(made.modules)).all()
    assert middle.sum() == np.array(made.modules).sum()


@pytest.mark.parametrize("number", range(1, 6))
@pytest.mark.parametrize("dots", [5, 7])
def test_the_dots_around_the_middles_make_up_for_them(number: int, dots: int) -> None:
    made, shown = drawn(UPPER, number), band(number).symbol
    square = made.portrait
    assert square is not None
    assert shown.portrait is not None
    wanted = drawing.patch(made, shown.portrait, dots)
    top, left = ((edge + QUIET_MODULES) * dots for edge in (square.top, square.left))
    burnt = dotted(shown, dots)[top : top + len(wanted), left : left + len(wanted)]
    assert (1 - burnt.mean()) == pytest.approx(wanted.mean(), abs=0.03)
