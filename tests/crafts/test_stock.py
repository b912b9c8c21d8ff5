"""A sheet of blank stock as each kind of file."""

from __future__ import annotations

import csv
import io

import pytest

from tests.crafts.prints import band, text_of
from wristband.bands import nfc
from wristband.bands.printing.band import BandPrint
from wristband.bands.printing.stock import StockKind, StockPrint
from wristband.bands.printing.zpl import band_zpl
from wristband.bands.rules import BandForm, Look, PrintStyle
from wristband.errors import BadValue


def blank(number: int, *, discreet: bool = False) -> BandPrint:
    return band(number, face=None, discreet=discreet)


def sheet(how: StockPrint, *, discreet: bool = False) -> bytes:
    return how.sheet([(7, blank(1, discreet=discreet)), (8, blank(2, discreet=discreet))], BandForm.WRISTBAND)


@pytest.mark.parametrize("dpi", [203, 300])
def test_a_sheet_for_a_wristband_printer_is_one_label_after_the_other(dpi: int) -> None:
    labels = [band_zpl(blank(number), BandForm.WRISTBAND, dpi=dpi) for number in (1, 2)]
    assert sheet(StockPrint(StockKind.ZPL, dpi=dpi)).decode("ascii") == "".join(labels)


def test_a_table_for_tags_tells_number_code_address_and_bytes() -> None:
    rows = list(csv.reader(io.StringIO(sheet(StockPrint(StockKind.NFC)).decode("ascii"), newline="")))
    assert rows[0] == ["number", "band_code", "address", "hex"]
    assert [row[0] for row in rows[1:]] == ["7", "8"]
    for (_, code, address, digits), number in zip(rows[1:], (1, 2), strict=True):
        made = blank(number)
        assert code == made.code.shown
        assert address.upper() == made.design.payload.upper()
        assert address.startswith("https://hb.example/T/")
        assert bytes.fromhex(digits) == nfc.tag_bytes(made.design.payload)


def test_a_discreet_sheet_says_nothing_of_being_lost() -> None:
    loud, calm = (text_of(sheet(StockPrint(), discreet=discreet)) for discreet in (False, True))
    assert "迷路" in loud
    assert "迷路" not in calm
    assert "扫码联系" in calm


def test_a_manifest_tells_whatever_would_make_another_print() -> None:
    prints = [
        StockPrint(kind, PrintStyle(look, language), dpi)
        for kind in StockKind
        for look in Look
        for language in ("zh", "en")
        for dpi in (203, 300)
    ]
    told = {tuple(sorted(how.about.items())) for how in prints}
    # A PDF has no resolution, a table of tags neither that nor words.
    assert len(told) == 4 + 8 + 1


def test_an_address_that_no_tag_opens_is_refused() -> None:
    with pytest.raises(BadValue) as refused:
        nfc.opened("ftp://hb.example/T/1")
    assert refused.value.code == "nfc.not_an_address"
