"""The worker's part of an import: rows looked through, then taken fifty a transaction, going on after a kill."""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, time
from itertools import islice
from typing import Any, BinaryIO

import sqlalchemy as sa
import structlog
from sqlalchemy.exc import IntegrityError

from wristband import clock
from wristband.audit import trail
from wristband.audit.deeds import Deed
from wristband.clock import ZONE
from wristband.db import db, transaction
from wristband.elders import registered
from wristband.elders.registered import Wanted
from wristband.elders.rules import ElderState, Purpose
from wristband.errors import BadValue, NotFound, Refusal
from wristband.house import house
from wristband.language import SOURCE, say
from wristband.refusals import SENTENCES
from wristband.sealing import SealBroken, box
from wristband.sheets import joining, known, queries
from wristband.sheets.models import SheetImport
from wristband.sheets.places import REFUSED_PLACE, SHEET_PLACE
from wristband.sheets.reading import RawRow, Sheet, read
from wristband.sheets.repeats import Repeats
from wristband.sheets.rows import Fault, Place, Registered, judge
from wristband.sheets.rules import (
    FAULTS_SHOWN,
    LARGEST_COMMAND_BYTES,
    MOST_COMMAND_ROWS,
    MOVED_ON_WITHIN,
    ROWS_A_COMMIT,
    ImportState,
)
from wristband.sheets.template import is_example
from wristband.sheets.writing import CsvWriter
from wristband.stations.models import Station

log = structlog.get_logger(__name__)

_CHECKED_A_STEP = 250
_TRIES = 3


class _Lost(Exception):
    """Another worker is at it by now, or it was cancelled: nothing of this batch is kept."""


@dataclass
class _Job:
    """An import in hand: what of it does not change, and the mark by which it is still ours."""

    id: int
    station_id: int
    actor: str
    invites: bool
    reached: int
    state: ImportState
    mark: datetime
    sha256: str = ""


@dataclass
class _Found:
    """What a check has found so far."""

    table: CsvWriter
    rows: int = 0
    fit: int = 0
    known: int = 0
    refused: int = 0
    faults: list[Fault] = field(default_factory=list)


def go_on(now: datetime) -> Iterator[None]:
    """Go on with the oldest import that waits, a step at a time; a chore of the worker."""
    one = queries.find_import_to_move(now)
    if one is None:
        return
    job = _claim(one.id, now, since=now - MOVED_ON_WITHIN)
    if job is not None:
        yield from _go_on(job, None)


def run(import_id: int, data: BinaryIO, *, now: datetime) -> Iterator[None]:
    """The same for an operator's file, which lies where it is; whoever else was at it stops."""
    job = _claim(import_id, now, since=None)
    if job is not None:
        yield from _go_on(job, data)


def _go_on(job: _Job, data: BinaryIO | None) -> Iterator[None]:
    try:
        stream = data or io.BytesIO(house().files.read(place=SHEET_PLACE, row=job.id))
        job.sha256 = hashlib.file_digest(stream, "sha256").hexdigest()  # type: ignore[arg-type]
        sheet = _read_at_terminal(data) if data else read(stream)
        yield from (_check if job.state is ImportState.CHECKING else _import)(job, sheet)
    except (BadValue, NotFound, SealBroken) as refusal:
        _fail(job, refusal)
    except _Lost:
        log.info("import_left", job=job.id)


def _read_at_terminal(data: BinaryIO) -> Sheet:
    return read(data, largest_bytes=LARGEST_COMMAND_BYTES, most_rows=MOST_COMMAND_ROWS)


def _claim(import_id: int, now: datetime, *, since: datetime | None) -> _Job | None:
    with transaction():
        alone = sa.or_(SheetImport.moved_at.is_(None), SheetImport.moved_at <= since) if since else sa.true()
        taken = db.session.execute(
            sa.update(SheetImport)
            .where(SheetImport.id == import_id, alone)
            .values(moved_at=now)
            .execution_options(synchronize_session=False)
        )
        one = db.session.get_one(SheetImport, import_id)
        if taken.rowcount != 1:  # type: ignore[attr-defined]
            return None
        return _Job(
            id=one.id,
            station_id=one.station_id,
            actor=f"officer:{one.officer_id}",
            invites=one.invites,
            reached=one.reached,
            state=one.state,
            mark=now,
        )


def _beat(job: _Job, **values: Any) -> None:
    """Write how far it is, in the caller's transaction, if it is still ours. Raises _Lost."""
    now = max(clock.now(), job.mark)
    moved = db.session.execute(
        sa.update(SheetImport)
        .where(SheetImport.id == job.id, SheetImport.state == job.state, SheetImport.moved_at == job.mark)
        .values(moved_at=now, **values)
        .execution_options(synchronize_session=False)
    )
    if moved.rowcount != 1:  # type: ignore[attr-defined]
        raise _Lost
    job.mark = now


def _place(job: _Job) -> Place:
    name = db.session.get_one(Station, job.station_id).name
    db.session.rollback()
    countries = house().settings.sms_countries
    return Place(
        {"".join(name.split()): job.station_id}, job.station_id, countries, clock.now().astimezone(ZONE).date()
    )


def _rows(sheet: Sheet, after: int) -> Iterator[tuple[RawRow, bool]]:
    """The rows behind that number, and whether it is the example of our own sheet."""
    for row in sheet.rows:
        if row.number > after:
            at = next(iter(sheet.header.columns.values()))
            yield row, at < len(row.cells) and is_example(row.cells[at])


# ---- looking through


def _check(job: _Job, sheet: Sheet) -> Iterator[None]:
    place, repeats = _place(job), Repeats()
    found = _Found(CsvWriter())
    found.table.add([*sheet.header.words, "第几行", "为什么没有采用"])
    rows = (row for row, example in _rows(sheet, 0) if not example)
    while batch := list(islice(rows, _CHECKED_A_STEP)):
        _look_through(batch, sheet, place, repeats, found)
        db.session.rollback()
        with transaction():
            _beat(job, rows=found.rows, fit=found.fit, known=found.known, refused=found.refused)
        yield
    if found.refused:
        house().files.write(found.table.close(), place=REFUSED_PLACE, row=job.id, owner=job.id)
    told = {
        "faults": [[one.number, one.heading, one.code, dict(one.facts)] for one in found.faults],
        "unused": sheet.header.unused,
    }
    with transaction():
        one = db.session.get_one(SheetImport, job.id)
        sealed = box().seal(json.dumps(told), place="sheet_import.faults", row=one.id, owner=one.id)
        _beat(job, state=ImportState.CHECKED, faults_sealed=sealed)


def _look_through(batch: list[RawRow], sheet: Sheet, place: Place, repeats: Repeats, found: _Found) -> None:
    fit: list[Registered] = []
    for row in batch:
        judged = judge(row, sheet.header, place)
        if isinstance(judged, Registered):
            if repeats.has(judged):
                found.known += 1
            else:
                fit.append(judged)
            continue
        found.refused += 1
        found.faults += judged[: FAULTS_SHOWN - len(found.faults)]
        blank = [""] * (len(sheet.header.words) - len(row.cells))
        found.table.add([*row.cells, *blank, str(row.number), "；".join(map(reason, judged))])
    there = known.known_rows(fit)
    found.rows += len(batch)
    found.known += len(there)
    found.fit += len(fit) - len(there)


def reason(fault: Fault) -> str:
    """A fault in the sheet's own terms: 「出生年」：…"""
    words = say(SOURCE, SENTENCES[fault.code], fault.facts)
    return f"「{fault.heading}」：{words}" if fault.heading else words


# ---- taking


def _import(job: _Job, sheet: Sheet) -> Iterator[None]:
    place, repeats = _place(job), Repeats()
    rows = (row for row, example in _rows(sheet, job.reached) if not example)
    while batch := list(islice(rows, ROWS_A_COMMIT)):
        judged = [judge(row, sheet.header, place) for row in batch]
        fit = [one for one in judged if isinstance(one, Registered)]
        fresh = [one for one in fit if not repeats.has(one)]
        _take_batch(job, fresh, met=len(fit) - len(fresh), last=batch[-1].number)
        yield
    with transaction():
        one = db.session.get_one(SheetImport, job.id)
        now = clock.now()
        counts = {"added": one.added, "known": one.met, "refused": one.refused}
        _beat(job, state=ImportState.DONE, ended_at=now)
        _record_end(job, ImportState.DONE, counts, now)
    house().files.remove(place=SHEET_PLACE, row=job.id)


def _take_batch(job: _Job, rows: list[Registered], *, met: int, last: int) -> None:
    """These rows and the note that they are settled, together or not at all. Raises _Lost."""
    for left in reversed(range(_TRIES)):
        try:
            with transaction():
                added = _register(job, rows)
                met_in_all = met + len(rows) - added
                _beat(job, reached=last, added=SheetImport.added + added, met=SheetImport.met + met_in_all)
        except IntegrityError:
            # A family has joined, or registered, in this very moment: looked at again, it is known.
            if not left:
                raise
        else:
            job.reached = last
            return


def _register(job: _Job, rows: list[Registered]) -> int:
    """Add those of the rows that are not registered, in the caller's transaction. Returns how many."""
    keys = {row.number: box().keyed_hash("elder.key", f"sheet:{job.sha256}", str(row.number)) for row in rows}
    done, there = known.known_keys(keys.values()), known.known_rows(rows)
    new = [row for row in rows if row.number not in there and not done.intersection(keys[row.number].every)]
    now = clock.now()
    guardians = joining.join_all(new, now=now)
    elders, rest = [], []
    for row in new:
        elder, others = registered.rows(
            Wanted(
                keys[row.number],
                row.particulars,
                row.guardian_name,
                set(row.agreed),
                None,
                row.station_id,
                row.second_phone,
            ),
            guardians[row.phone.e164],
            row.phone,
            actor=job.actor,
            state=ElderState.PROVISIONAL,
            answers=False,
            agreed=_moments(row, now),
            now=now,
        )
        elders.append(elder)
        rest += others
        rest.append(joining.invitation(elder.id, row, guardians[row.phone.e164], actor=job.actor, now=now))
    if job.invites:
        rest += joining.to_text(rest, job.id)
    joining.save(elders, rest)
    return len(new)


def _moments(row: Registered, now: datetime) -> Mapping[Purpose, datetime]:
    """When each consent was signed: the noon of its day."""
    return {
        purpose: min(now, datetime.combine(day, time(12), ZONE).astimezone(UTC)) for purpose, day in row.agreed.items()
    }


def _fail(job: _Job, refusal: Refusal) -> None:
    """The sheet ends in the middle: what was taken stays, and the officer is told why there is no more."""
    log.warning("import_failed", job=job.id, code=refusal.code)
    now = clock.now()
    facts = {name: value for name, value in refusal.facts.items() if isinstance(value, int | str)}
    told = {"faults": [[0, "", refusal.code, facts]], "unused": []}
    with transaction():
        sealed = box().seal(json.dumps(told), place="sheet_import.faults", row=job.id, owner=job.id)
        _beat(job, state=ImportState.FAILED, ended_at=now, faults_sealed=sealed)
        _record_end(job, ImportState.FAILED, {}, now)
    house().files.remove(place=SHEET_PLACE, row=job.id)


def _record_end(job: _Job, state: ImportState, counts: Mapping[str, int], now: datetime) -> None:
    facts = {**counts, "station": job.station_id}
    subject = f"import:{job.id}"
    trail.record(Deed.IMPORT_ENDED, actor=job.actor, subject=subject, at=now, state=state.value, **facts)
