"""A sheet of blank stock as one file: for a print shop, for a wristband printer, or for who writes the tags."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from pathlib import Path

from wristband.bands import nfc
from wristband.bands.artwork.design import Design
from wristband.bands.printing.band import BandPrint
from wristband.bands.printing.pdf import band_pdf
from wristband.bands.printing.words import Language
from wristband.bands.printing.zpl import band_zpl
from wristband.bands.rules import BandForm, Look, PrintStyle
from wristband.values.code import BandCode, CheckCode

Numbered = tuple[int, BandPrint]
"""A band with its number in the batch."""


class StockKind(StrEnum):
    """What a sheet is made as."""

    PDF = "pdf"
    ZPL = "zpl"
    """One label after the other in one file, which is sent to the printer as it is."""
    NFC = "nfc"
    """A table of what is written to each tag."""


# Bands a file where nobody asks for another number: a table is no longer to read for being long.
USUAL_SHEET = {StockKind.PDF: 50, StockKind.ZPL: 50, StockKind.NFC: 500}

_USUAL_STYLE = PrintStyle()
_COLUMNS = ("number", "band_code", "address", "hex")


@dataclass(frozen=True, slots=True)
class StockPrint:
    """How a batch is printed. `dpi` is a ZPL printer's, 203 or 300; `font_path` as in `fonts.find_font`."""

    kind: StockKind = StockKind.PDF
    style: PrintStyle = _USUAL_STYLE
    dpi: int = 203
    font_path: Path | None = None

    @property
    def ending(self) -> str:
        """Of its files' names, without a dot."""
        return "csv" if self.kind is StockKind.NFC else self.kind.value

    @property
    def about(self) -> dict[str, str | int]:
        """What its manifest says of it: whatever would make another print."""
        if self.kind is StockKind.NFC:
            return {"output": self.kind.value}
        drawn: dict[str, str | int] = {"look": self.style.look.value, "language": self.style.language}
        return {"output": self.kind.value} | drawn | ({"dpi": self.dpi} if self.kind is StockKind.ZPL else {})

    def sheet(self, bands: Sequence[Numbered], form: BandForm) -> bytes:
        """These bands in one file, in order; refuses as `pdf.band_pdf`, `zpl.band_zpl` and `nfc.tag_hex` do."""
        if self.kind is StockKind.NFC:
            return _table(bands)
        prints = [band for _, band in bands]
        if self.kind is StockKind.PDF:
            return band_pdf(prints, form, font_path=self.font_path)
        labels = (band_zpl(band, form, dpi=self.dpi, font_path=self.font_path) for band in prints)
        return "".join(labels).encode("ascii")


@dataclass(frozen=True, slots=True)
class Blank:
    """A band of a batch, as whoever prints it is told of it; `design` as `Design.to_bytes` wrote it."""

    number: int
    design: bytes
    check_code: str | None
    issued: date


def print_sheet(blanks: Sequence[Blank], form: BandForm, how: StockPrint) -> bytes:
    """One sheet's file. A worker's whole work: it needs neither keys nor database. Refuses as `StockPrint.sheet`."""
    language: Language = "en" if how.style.language == "en" else "zh"
    discreet = how.style.look is Look.DISCREET
    bands = []
    for blank in blanks:
        drawn = Design.from_bytes(blank.design)
        code, check = (
            BandCode.from_serial(drawn.serial),
            CheckCode.parse(blank.check_code) if blank.check_code else None,
        )
        bands.append((blank.number, BandPrint(drawn, None, code, check, blank.issued, language, discreet)))
    return how.sheet(bands, form)


def _table(bands: Sequence[Numbered]) -> bytes:
    """A CSV file (RFC 4180, ASCII): a band's number and code, the address as the tag opens it, the tag's bytes."""
    out = io.StringIO(newline="")
    table = csv.writer(out)
    table.writerow(_COLUMNS)
    for number, band in bands:
        address = band.design.payload
        table.writerow((number, band.code.shown, nfc.opened(address), nfc.tag_hex(address)))
    return out.getvalue().encode("ascii")
