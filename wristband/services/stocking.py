"""Blank stock: bands made in advance without an elder, and printed in sheets for a print shop."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from concurrent.futures import Executor, Future
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from wristband.audit import trail
from wristband.audit.deeds import Deed
from wristband.bands import queries, tokens
from wristband.bands.artwork.design import Design
from wristband.bands.artwork.release import release
from wristband.bands.models import Band, Batch
from wristband.bands.printing.manifest import Manifest, Sheet
from wristband.bands.printing.stock import Blank, StockPrint, print_sheet
from wristband.bands.rules import LARGEST_BATCH, BandEnd, BandForm, BandState
from wristband.db import db, new_id, transaction
from wristband.errors import BadValue, Unavailable
from wristband.house import house
from wristband.scans.challenges import hash_check_code
from wristband.sealing import box
from wristband.values.code import CheckCode

_CHUNK = 100
_ENDED_AT_ONCE = 500
_USUAL_PRINT = StockPrint()


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
    """Draw and check the batch's missing blanks, a hundred a transaction; yields how many each time.

    What was minted before a kill is found and left: no number is minted twice, none is skipped. Raises NotFound, and
    Unavailable as `release` does.
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
    drawn = release(address, lambda serial: tokens.sign(serial, keys), None).design
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


# ---- ending


@dataclass(frozen=True, slots=True)
class Ended:
    """What one piece of ending came to: blanks that ended, and bands left alone because they are somebody's."""

    ended: int
    bound: int


def end_blanks(batch_id: int, numbers: Collection[int], why: BandEnd, *, now: datetime) -> Iterator[Ended]:
    """End the batch's blanks with these numbers, or all of them; yields after each piece. They bind no more.

    What is bound, or has ended, is left as it is: again, it ends nothing. Raises NotFound; BadValue
    `bands.number_unknown` for a number that the batch has not.
    """
    wanted = queries.get_batch(batch_id).wanted
    if beyond := [number for number in numbers if not 1 <= number <= wanted]:
        raise BadValue("bands.number_unknown", number=beyond[0], wanted=wanted)
    chosen: Sequence[int] = sorted(set(numbers)) or range(1, wanted + 1)
    for start in range(0, len(chosen), _ENDED_AT_ONCE):
        piece = chosen[start : start + _ENDED_AT_ONCE]
        with transaction():
            in_piece = (Band.batch_id == batch_id, Band.batch_number.in_(piece))
            done = db.session.execute(
                sa.update(Band)
                .where(*in_piece, Band.state == BandState.BLANK)
                .values(state=BandState.ENDED, ended_at=now, end=why, check_code_sealed=None)
            )
            ended = int(done.rowcount)  # type: ignore[attr-defined]
            if ended:
                trail.record(
                    Deed.BAND_ENDED,
                    actor="operator",
                    subject=f"batch:{batch_id}",
                    at=now,
                    why=why.value,
                    count=ended,
                    first=piece[0],
                    last=piece[-1],
                )
        yield Ended(ended, queries.count_bound(batch_id, piece))


# ---- printing


@dataclass(frozen=True, slots=True)
class _SheetJob:
    """One file to be printed, and everything a worker needs for it."""

    name: str
    first: int
    blanks: tuple[Blank, ...]
    form: BandForm
    how: StockPrint


def print_batch(
    batch_id: int,
    folder: Path,
    *,
    workers: Executor,
    in_flight: int,
    sheet_size: int = 50,
    how: StockPrint = _USUAL_PRINT,
) -> Iterator[int]:
    """Print a batch into numbered files of `sheet_size` bands and a manifest; yields how many bands each time.

    A band lies in exactly one file, by its number. A file the manifest holds with the same digest is left; one that a
    kill left behind half is made again whole. What has ended is not printed. At most `in_flight` sheets are held at
    once. Raises NotFound; BadValue `bands.sheet_size`, `bands.batch_unfinished` (a sheet that would lack bands today
    and have them tomorrow is printed twice), and what `Manifest.open` and `StockPrint.sheet` refuse.
    """
    if not 1 <= sheet_size <= 500:
        raise BadValue("bands.sheet_size")
    batch = queries.get_batch(batch_id)
    if (minted := queries.count_minted(batch_id)) < batch.wanted:
        raise BadValue("bands.batch_unfinished", batch=batch_id, minted=minted, wanted=batch.wanted)
    about = {"batch": str(batch_id), "form": batch.form.value, **how.about, "sheet_size": sheet_size}
    names = {
        first: f"{batch_id}-{first:06d}-{first + sheet_size - 1:06d}.{how.ending}"
        for first in range(1, batch.wanted + 1, sheet_size)
    }
    with Manifest.open(folder, about) as manifest:
        printed = {first: manifest.printed(name) for first, name in names.items()}
        if done := sum(printed.values()):
            yield done
        jobs = (_job(batch, first, sheet_size, name, how) for first, name in names.items() if not printed[first])
        for job, data in _in_order(workers, jobs, in_flight):
            manifest.keep(Sheet(job.name, job.first, len(job.blanks)), data)
            yield len(job.blanks)


def _in_order(workers: Executor, jobs: Iterator[_SheetJob], in_flight: int) -> Iterator[tuple[_SheetJob, bytes]]:
    waiting: list[tuple[_SheetJob, Future[bytes]]] = []
    for job in jobs:
        if not job.blanks:
            continue  # every one of them has ended
        waiting.append((job, workers.submit(print_sheet, job.blanks, job.form, job.how)))
        if len(waiting) >= in_flight:
            first, future = waiting.pop(0)
            yield first, future.result()
    for job, future in waiting:
        yield job, future.result()


def _job(batch: Batch, first: int, sheet_size: int, name: str, how: StockPrint) -> _SheetJob:
    bands = queries.list_minted(batch.id, first, sheet_size)
    blanks = tuple(
        Blank(band.batch_number or 0, band.design, band.check_code, band.issued_at.date())
        for band in bands
        if band.state is not BandState.ENDED
    )
    db.session.expunge_all()  # ten thousand rows are not kept because they were once read
    return _SheetJob(name, first, blanks, batch.form, how)
