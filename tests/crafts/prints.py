"""Printed bands as a test sees them: made of specimens, and read back off the page."""

from __future__ import annotations

import io
import subprocess
import tempfile
from collections.abc import Callable
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

from PIL import Image
from pypdf import PdfReader

from tests.crafts.specimens import UPPER, drawn, face
from wristband.bands.printing.band import BandPrint
from wristband.bands.printing.pdf import band_pdf
from wristband.bands.printing.words import Language
from wristband.bands.rules import BandForm
from wristband.values.code import BandCode, CheckCode

DPI = 300
MONTH = date(2026, 11, 3)
CHECK_CODE = CheckCode("000005724")
FORMS = list(BandForm)


def band(number: int = 1, language: Language = "zh", address: str = UPPER, **other: Any) -> BandPrint:
    """A band of a drawn face."""
    made = drawn(address, number)
    given = {"face": face(number), "check_code": CHECK_CODE, "language": language} | other
    return BandPrint(design=made, code=BandCode.from_serial(made.serial), issued=MONTH, **given)


@cache
def printed(form: BandForm, language: Language = "zh", address: str = UPPER, *, discreet: bool = False) -> bytes:
    """One band as a PDF."""
    return band_pdf([band(1, language, address, discreet=discreet)], form)


@cache
def pages(pdf: bytes, dpi: int = DPI) -> tuple[Image.Image, ...]:
    """Each page as a printer would put it on paper."""
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(["pdftoppm", "-r", str(dpi), "-", "page"], cwd=folder, input=pdf, check=True)
        return tuple(Image.open(io.BytesIO(path.read_bytes())) for path in sorted(Path(folder).glob("page*.ppm")))


def text_of(pdf: bytes, *options: str) -> str:
    """The text of all pages, as one copies it out of a viewer."""
    told = subprocess.run(["pdftotext", *options, "-", "-"], input=pdf, check=True, capture_output=True)
    return " ".join(told.stdout.decode().split())


def fonts_of(pdf: bytes) -> dict[str, Any]:
    """The composite fonts of a document by their names."""
    found: dict[str, Any] = {}
    for page in PdfReader(io.BytesIO(pdf)).pages:
        for piece in page["/Resources"]["/XObject"].values():
            for font in piece["/Resources"].get("/Font", {}).values():
                found[str(font["/BaseFont"])] = font.get_object()
    return found


def symbols(picture: Image.Image) -> list[Any]:
    """Every symbol on a picture, with its place."""
    import zxingcpp

    return list(zxingcpp.read_barcodes(picture, formats=zxingcpp.barcode_formats_from_str("QRCode")))


def code_of(refused: Callable[[], object], error: type[Exception]) -> str:
    """The code that something is refused with."""
    try:
        refused()
    except error as fault:
        return str(getattr(fault, "code", ""))
    raise AssertionError("nothing was refused")
