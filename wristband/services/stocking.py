"""Blank stock: bands made in advance without an elder, and printed in sheets for a print shop."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Executor, Future
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

from sqlalchemy.exc import IntegrityError

from wristband.audit import trail
from wristband.audit.deeds import Deed
from wristband.bands import queries, tokens
from wristband.bands.artwork.design import Design, design
from wristband.bands.models import Band, Batch
from wristband.bands.printing.manifest import Manifest, Sheet
from wristband.bands.printing.pdf import BandPrint, band_pdf
from wristband.bands.rules import LARGEST_BATCH, BandForm, BandState
from wristband.db import db, new_id, transaction
from wristband.errors import BadValue, Unavailable
from wristband.house import house
from wristband.scans.challenges import hash_check_code
from wristband.sealing import box
from wristband.values.code import BandCode, CheckCode

_CHUNK = 100


# ---- minting


def begin(form: BandForm, count: int, *, now: datetime) -> int:
    """A new batch of `count` blanks. Returns its id; nothing is drawn yet. Raises BadValue."""
    if not 1 <= count <= LARGEST_BATCH:
        raise BadValue("bands.batch_size", most=LARGEST_BATCH)
    with transaction():
        batch = Batch(form=form, wanted=count, address=house().settings.token_prefix, began_at=now)
        db.session.add(batch)
        trail.record(Deed.BATCH_BEGUN, actor="operator", subject=f"batch:{batch.id}", at=now, count=count)
        return batch.id


def progress(batch_id: int) -> tuple[int, int]:
    """How many bands the batch shall have, and how many are minted. Raises NotFound."""
    return queries.get_batch(batch_id).wanted, queries.count_minted(batch_id)


@dataclass(frozen=True, slots=True)
class _Blank:
    """A blank as a worker draws it; `check_code_hash` is bound to `band_id`."""

    band_id: int
    number: int
    design: bytes
    check_code: str
    check_code_hash: str


def mint(batch_id: int, *, workers: Executor, now: datetime) -> Iterator[int]:
    """Draw the batch's missing blanks, a hundred a transaction; yields how many each time. Raises NotFound.

    What was minted before a kill is found and left: no number is minted twice, none is skipped.
    """
    batch = queries.get_batch(batch_id)
    address, form = batch.address, batch.form
    while missing := queries.missing_numbers(batch_id, batch.wanted, _CHUNK):
        db.session.rollback()  # nothing of the database is held while they are drawn
        blanks = list(workers.map(_draw, [(new_id(), number, address) for number in missing], chunksize=10))
        try:
            with transaction():
                for blank in blanks:
                    db.session.add(_band(blank, batch_id, form, now))
        except IntegrityError:
            continue  # a serial was taken, or another minting was quicker: ask again what is missing
        yield len(blanks)


def _draw(wanted: tuple[int, int, str]) -> _Blank:
    band_id, number, address = wanted
    keys = house().band_keys
    drawn = design(address, lambda serial: tokens.sign(serial, keys), None)
    check_code = CheckCode.random().digits
    return _Blank(band_id, number, drawn.to_bytes(), check_code, hash_check_code(band_id, check_code))


def _band(blank: _Blank, batch_id: int, form: BandForm, now: datetime) -> Band:
    token = tokens.read(Design.from_bytes(blank.design).token, house().band_keys)
    if token is None:
        raise Unavailable("bands.try_again")
    return Band(
        id=blank.band_id,
        key=box().keyed_hash("band.blank", str(batch_id), str(blank.number)),
        serial=token.serial,
        key_id=token.key_id,
        form=form,
        state=BandState.BLANK,
        design=blank.design,
        check_code=blank.check_code,
        check_code_hash=blank.check_code_hash,
        batch_id=batch_id,
        batch_number=blank.number,
        issued_at=now,
        issued_by="operator",
    )


# ---- printing


@dataclass(frozen=True, slots=True)
class _SheetJob:
    """One file to be printed, and everything a worker needs for it."""

    name: str
    first: int
    bands: tuple[tuple[bytes, str | None, date], ...]
    form: BandForm
    language: str
    font_path: Path | None


def print_batch(
    batch_id: int,
    folder: Path,
    *,
    workers: Executor,
    in_flight: int,
    sheet_size: int = 50,
    language: str = "zh",
) -> Iterator[int]:
    """Print a batch into numbered PDFs of `sheet_size` bands and a manifest; yields how many bands each time.

    A band lies in exactly one file, by its number. A file the manifest holds with the same digest is left; one that a
    kill left behind half is made again whole. At most `in_flight` sheets are held at once. Raises BadValue, NotFound.
    """
    if not 1 <= sheet_size <= 500:
        raise BadValue("bands.sheet_size")
    batch = queries.get_batch(batch_id)
    about = {"batch": str(batch_id), "form": batch.form.value, "language": language, "sheet_size": sheet_size}
    manifest = Manifest.open(folder, about)
    names = {
        first: _sheet_name(batch_id, first, sheet_size)
        for first in range(1, queries.count_minted(batch_id) + 1, sheet_size)
    }
    printed = {first: manifest.printed(name) for first, name in names.items()}
    if done := sum(printed.values()):
        yield done
    jobs = (_job(batch, first, sheet_size, language) for first in names if not printed[first])
    for job, pdf in _in_order(workers, jobs, in_flight):
        manifest.keep(Sheet(job.name, job.first, len(job.bands)), pdf)
        yield len(job.bands)


def _in_order(workers: Executor, jobs: Iterator[_SheetJob], in_flight: int) -> Iterator[tuple[_SheetJob, bytes]]:
    waiting: list[tuple[_SheetJob, Future[bytes]]] = []
    for job in jobs:
        waiting.append((job, workers.submit(_print, job)))
        if len(waiting) >= in_flight:
            first, future = waiting.pop(0)
            yield first, future.result()
    for job, future in waiting:
        yield job, future.result()


def _sheet_name(batch_id: int, first: int, sheet_size: int) -> str:
    return f"{batch_id}-{first:06d}-{first + sheet_size - 1:06d}.pdf"


def _job(batch: Batch, first: int, sheet_size: int, language: str) -> _SheetJob:
    bands = queries.list_minted(batch.id, first, sheet_size)
    rows = tuple((band.design, band.check_code, band.issued_at.date()) for band in bands)
    db.session.expunge_all()  # ten thousand rows are not kept because they were once read
    name = _sheet_name(batch.id, first, sheet_size)
    return _SheetJob(name, first, rows, batch.form, language, house().settings.print_font)


def _print(job: _SheetJob) -> bytes:
    prints = []
    for octets, check_code, issued in job.bands:
        drawn = Design.from_bytes(octets)
        code = BandCode.from_serial(drawn.serial)
        checked = CheckCode.parse(check_code) if check_code else None
        prints.append(BandPrint(drawn, None, code, checked, issued, "en" if job.language == "en" else "zh"))
    return band_pdf(prints, job.form, font_path=job.font_path)
