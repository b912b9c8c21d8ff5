"""Printing bands: one as a file or a page for its family, many on sheets for a station. A reprint is the same band."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import BinaryIO, cast

import sqlalchemy as sa
from PIL import Image

from wristband import limits
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
from wristband.bands.rules import (
    LARGEST_PRINT,
    REPRINTS_AN_OFFICER,
    RESOLUTIONS,
    BandForm,
    BandState,
    Look,
    PrintKind,
    PrintStyle,
    Reprint,
    resolution,
)
from wristband.clock import ZONE
from wristband.db import db, transaction
from wristband.elders import photos
from wristband.errors import BadValue, Conflict, NotFound
from wristband.house import house
from wristband.outbox import family
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
    printed = Printed(_name(band, kind, style, dots), _file(band, kind, style, dots))
    _keep_print(band_id, kind.value, style, guardian_id, now)
    return printed


def as_page(band_id: int, style: PrintStyle, *, guardian_id: int, now: datetime) -> tuple[BandPrint, BandForm]:
    """The same for the browser's own print, where no font is needed. Raises NotFound, Conflict."""
    band = _in_use(band_id, guardian_id)
    made, form = _print(band, style), band.form
    _keep_print(band_id, "page", style, guardian_id, now)
    return made, form


def _name(band: Band, kind: PrintKind, style: PrintStyle, dpi: int) -> str:
    """Another for each file that differs, so that none is taken for another in a folder of downloads."""
    drawn = () if kind is PrintKind.NDEF else (style.look.value, style.language)
    chosen = (str(dpi),) if len(RESOLUTIONS.get(kind, ())) > 1 else ()
    return "-".join(("band", band.code.tail, band.form.value, *drawn, *chosen)) + f".{kind.value}"


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
    band_ids: Sequence[int],
    form: BandForm,
    style: PrintStyle,
    out: BinaryIO,
    *,
    reprint: Reprint | None = None,
    officer: OfficerAccount,
    now: datetime,
) -> int:
    """A PDF into `out` with these bands of the station's elders, all of one form; returns their number.

    Recorded band by band and told to each family in one transaction, when the whole of it is made. Raises BadValue for
    none, for more than LARGEST_PRINT, and without a reason where one is printed already; NotFound if any is another
    station's, another form's, ended or unknown; TooMany for the reprints; and what the drawing refuses.
    """
    wanted = _wanted(band_ids, form, reprint, officer)
    pdf.write_pdf(_prints(wanted.ids, style), form, out, pdf.PdfOptions(house().settings.print_font))
    _keep_prints(wanted, "sheets", style, officer, now)
    return len(wanted.ids)


def as_pages(
    band_ids: Sequence[int],
    form: BandForm,
    style: PrintStyle,
    *,
    reprint: Reprint | None = None,
    officer: OfficerAccount,
    now: datetime,
) -> list[BandPrint]:
    """The same for the browser's own print, where no font is installed."""
    wanted = _wanted(band_ids, form, reprint, officer)
    made = list(_prints(wanted.ids, style))
    _keep_prints(wanted, "page", style, officer, now)
    return made


@dataclass(frozen=True, slots=True)
class _Wanted:
    """Bands to print in the order of their issue, those of them that are printed already, and why these again."""

    ids: list[int]
    form: BandForm
    printed: set[int]
    reprint: Reprint | None


def _wanted(band_ids: Sequence[int], form: BandForm, reprint: Reprint | None, officer: OfficerAccount) -> _Wanted:
    ids = _ids_to_print(band_ids, form, officer)
    printed = queries.ids_printed(ids)
    if printed and reprint is None:
        raise BadValue("bands.reprint_reason")
    return _Wanted(ids, form, printed, reprint)


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


def _keep_prints(wanted: _Wanted, kind: str, style: PrintStyle, officer: OfficerAccount, now: datetime) -> None:
    ids = wanted.ids
    with transaction():
        # In the deed itself: what is not handed out has cost nothing. First, so that an officer's prints queue here.
        for _ in wanted.printed:
            limits.spend(REPRINTS_AN_OFFICER, officer.actor, now=now)
        # Asked again: drawing takes its time, and an elder may have moved or somebody else have printed meanwhile.
        still = queries.ids_to_print(ids, wanted.form, station_id=officer.station_id)
        if still != ids or queries.ids_printed(ids) != wanted.printed:
            raise Conflict("bands.changed_meanwhile")
        _mark_printed(ids, now)
        bands = queries.list_by_id(ids)
        reasons = {band_id: wanted.reprint.value for band_id in wanted.printed if wanted.reprint}
        _record(bands, officer.actor, kind, style, now, reasons)
        for band in bands:
            _tell_family(band, officer, now)


def _tell_family(band: Band, officer: OfficerAccount, now: datetime) -> None:
    """Once a band and day: a print that failed and the one after it are one piece of news."""
    if band.elder_id is None:
        return
    local = now.astimezone(ZONE)
    facts = house().settings.issuer | {
        "station": officer.station_name,
        "code_tail": band.code.tail,
        "time": f"{local:%H:%M}",
    }
    family.owe(band.elder_id, f"band_printed:{band.id}:{local:%y%m%d}", wording="band_printed", facts=facts, at=now)


# ---- both


def _mark_printed(ids: Sequence[int], now: datetime) -> None:
    db.session.execute(sa.update(Band).where(Band.id.in_(ids)).values(printed_at=now))


def _record(
    bands: Sequence[Band],
    actor: str,
    kind: str,
    style: PrintStyle,
    now: datetime,
    reasons: Mapping[int, str] | None = None,
) -> None:
    """One row a band; `reasons` by the ids of those that were printed before."""
    for band in bands:
        known = {"reason": reasons[band.id]} if reasons and band.id in reasons else {}
        trail.record(
            Deed.BAND_PRINTED,
            actor=actor,
            subject=f"band:{band.id}",
            at=now,
            elder_id=band.elder_id,
            kind=kind,
            look=style.look.value,
            **known,
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
