"""Printing bands: one as a file or a page for its family, many on sheets for a station. A reprint is the same band."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import BinaryIO, cast

import sqlalchemy as sa
from PIL import Image

from wristband.accounts.rules import OfficerAccount
from wristband.audit import trail
from wristband.audit.deeds import Deed
from wristband.bands import nfc, queries
from wristband.bands.artwork.design import Design
from wristband.bands.artwork.drawing import MM_PER_INCH
from wristband.bands.models import Band
from wristband.bands.printing import pdf, pictures, zpl
from wristband.bands.printing.band import BandPrint
from wristband.bands.printing.forms import FORMS
from wristband.bands.printing.pixel_surface import PixelSurface
from wristband.bands.printing.surface import Surface
from wristband.bands.printing.svg_surface import SvgSurface
from wristband.bands.printing.typesetting import Type
from wristband.bands.printing.words import Language
from wristband.bands.rules import LARGEST_PRINT, BandForm, BandState, Look, PrintKind, PrintStyle, resolution
from wristband.clock import ZONE
from wristband.db import db, transaction
from wristband.elders import photos
from wristband.errors import BadValue, Conflict, NotFound
from wristband.house import house
from wristband.sealing import Erased
from wristband.values.code import CheckCode

# Bands held at once while a file of many is drawn.
_CHUNK = 20


@dataclass(frozen=True, slots=True)
class Printed:
    """A file with one band."""

    name: str
    data: bytes


# ---- one band, for its family


def drawn(band_id: int, *, guardian_id: int) -> BandPrint:
    """One of my elders' bands as it was drawn, for the screen. Raises NotFound."""
    return _print(queries.get_band(band_id, guardian_id=guardian_id), PrintStyle())


def nfc_hex(band_id: int, *, guardian_id: int) -> str:
    """What a tag writer is told, as pairs of digits. Raises NotFound, BadValue where the address fits no usual tag."""
    return nfc.tag_hex(Design.from_bytes(queries.get_band(band_id, guardian_id=guardian_id).design).payload)


def as_file(
    band_id: int, kind: PrintKind, style: PrintStyle, dpi: str = "", *, guardian_id: int, now: datetime
) -> Printed:
    """One of my elders' bands as a file; recorded when it is made.

    `dpi` as typed, empty for the usual. Raises NotFound, Conflict for an ended one, BadValue `bands.print_choice`, and
    what the drawing refuses: Unavailable `print.no_font`, BadValue `print.no_glyph`, `print.symbol_too_small`.
    """
    dots = resolution(kind, dpi)
    band = _in_use(band_id, guardian_id)
    printed = Printed(f"band-{band.code.tail}-{band.form.value}.{kind.value}", _file(band, kind, style, dots))
    _keep_print(band_id, kind.value, style, guardian_id, now)
    return printed


def as_page(band_id: int, style: PrintStyle, *, guardian_id: int, now: datetime) -> tuple[BandPrint, BandForm]:
    """The same for the browser's own print, where no font is needed. Raises NotFound, Conflict."""
    band = _in_use(band_id, guardian_id)
    made, form = _print(band, style), band.form
    _keep_print(band_id, "page", style, guardian_id, now)
    return made, form


def _in_use(band_id: int, guardian_id: int) -> Band:
    band = queries.get_band(band_id, guardian_id=guardian_id)
    if band.state is BandState.ENDED:
        raise Conflict("bands.ended")
    return band


def _keep_print(band_id: int, kind: str, style: PrintStyle, guardian_id: int, now: datetime) -> None:
    with transaction():
        band = _in_use(band_id, guardian_id)
        if kind != PrintKind.NDEF:
            _mark_printed([band_id], now)
        _record([band], f"guardian:{guardian_id}", kind, style, now)


def _file(band: Band, kind: PrintKind, style: PrintStyle, dpi: int) -> bytes:
    if kind is PrintKind.NDEF:
        return nfc.ndef_message(Design.from_bytes(band.design).payload)
    made, font = _print(band, style), house().settings.print_font
    if kind is PrintKind.PDF:
        return pdf.band_pdf([made], band.form, font_path=font)
    if kind is PrintKind.ZPL:
        return zpl.band_zpl(made, band.form, dpi=dpi, font_path=font).encode("ascii")
    width, height = FORMS[band.form].size
    surface: Surface
    if kind is PrintKind.PNG:
        surface = PixelSurface(Type(font), width, height, dpi / MM_PER_INCH)
        FORMS[band.form].draw(surface, made)
        return pictures.png(surface.image, dpi)
    surface = SvgSurface(Type(font))
    FORMS[band.form].draw(surface, made)
    return surface.document(width, height, title=made.number).encode()


# ---- many bands, for a station


def as_sheets(
    band_ids: Sequence[int], form: BandForm, style: PrintStyle, out: BinaryIO, *, officer: OfficerAccount, now: datetime
) -> int:
    """A PDF into `out` with these bands of the station's elders, all of one form; returns their number.

    Recorded band by band in one transaction, when the whole of it is made. Raises BadValue for none and for more than
    LARGEST_PRINT, NotFound if any is another station's, another form's, ended or unknown, and what the drawing refuses.
    """
    ids = _ids_to_print(band_ids, form, officer)
    pdf.write_pdf(_prints(ids, style), form, out, pdf.PdfOptions(house().settings.print_font))
    _keep_prints(ids, form, "sheets", style, officer, now)
    return len(ids)


def as_pages(
    band_ids: Sequence[int], form: BandForm, style: PrintStyle, *, officer: OfficerAccount, now: datetime
) -> list[BandPrint]:
    """The same for the browser's own print, where no font is installed."""
    ids = _ids_to_print(band_ids, form, officer)
    made = list(_prints(ids, style))
    _keep_prints(ids, form, "page", style, officer, now)
    return made


def _ids_to_print(band_ids: Sequence[int], form: BandForm, officer: OfficerAccount) -> list[int]:
    wanted = set(band_ids)
    if not wanted:
        raise BadValue("bands.none_ticked")
    if len(wanted) > LARGEST_PRINT:
        raise BadValue("bands.print_too_many", most=LARGEST_PRINT)
    ids = queries.ids_to_print(wanted, form, station_id=officer.station_id)
    if len(ids) != len(wanted):
        raise NotFound("bands.unknown")
    return ids


def _prints(ids: Sequence[int], style: PrintStyle) -> Iterator[BandPrint]:
    """Bands as they are drawn, a few in memory at once."""
    left = iter(ids)
    while chunk := list(islice(left, _CHUNK)):
        bands = queries.list_by_id(chunk)
        db.session.expunge_all()
        db.session.rollback()  # no connection is held while they are drawn
        for band in bands:
            yield _print(band, style)


def _keep_prints(
    ids: Sequence[int], form: BandForm, kind: str, style: PrintStyle, officer: OfficerAccount, now: datetime
) -> None:
    with transaction():
        # Asked again: drawing takes its time, and an elder may have moved meanwhile.
        if queries.ids_to_print(ids, form, station_id=officer.station_id) != list(ids):
            raise Conflict("bands.changed_meanwhile")
        _mark_printed(ids, now)
        _record(queries.list_by_id(ids), officer.actor, kind, style, now)


# ---- both


def _mark_printed(ids: Sequence[int], now: datetime) -> None:
    db.session.execute(sa.update(Band).where(Band.id.in_(ids)).values(printed_at=now))


def _record(bands: Sequence[Band], actor: str, kind: str, style: PrintStyle, now: datetime) -> None:
    for band in bands:
        trail.record(
            Deed.BAND_PRINTED,
            actor=actor,
            subject=f"band:{band.id}",
            at=now,
            elder_id=band.elder_id,
            kind=kind,
            look=style.look.value,
        )


def _print(band: Band, style: PrintStyle) -> BandPrint:
    return BandPrint(
        design=Design.from_bytes(band.design),
        face=_face(band),
        code=band.code,
        check_code=CheckCode.parse(band.check_code) if band.check_code else None,
        issued=band.issued_at.astimezone(ZONE).date(),
        language=cast(Language, style.language),
        discreet=style.look is Look.DISCREET,
    )


def _face(band: Band) -> Image.Image | None:
    """The square that was drawn; without its photograph the band is printed plain, and reads as before."""
    if band.photo_id is None or band.crop_left is None:
        return None
    crop = photos.Crop(band.crop_left, band.crop_top or 0.0, band.crop_size or 1.0)
    with suppress(NotFound, Erased):
        return photos.cut(house().files.read(place=photos.PHOTO_PLACE, row=band.photo_id), crop, photos.FACE_PX)
    return None
