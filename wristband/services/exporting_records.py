"""Exporting records: a list of the station's elders for a reason, agreed to by a second person, made, taken once."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
import structlog

from wristband import clock, data_keys, limits
from wristband.accounts.models import Officer
from wristband.accounts.rules import OfficerAccount
from wristband.audit import trail
from wristband.audit.deeds import Deed
from wristband.clock import ZONE
from wristband.db import db, new_id, transaction
from wristband.elders.keeping import Standing
from wristband.elders.models import Elder
from wristband.elders.rules import clean_text
from wristband.errors import Conflict
from wristband.house import house
from wristband.sheets import cells, queries
from wristband.sheets.models import SheetExport
from wristband.sheets.places import EXPORT_PLACE
from wristband.sheets.rules import (
    AGREED_WITHIN,
    COLUMN_WORDS,
    EXPORT_MOVES,
    EXPORTS_AN_OFFICER,
    MOVED_ON_WITHIN,
    READ_AT_ONCE,
    REASON_MAX,
    TAKEN_WITHIN,
    Column,
    ExportState,
    SheetKind,
    check_export,
    needs_second,
)
from wristband.sheets.writing import CsvWriter, Properties, XlsxWriter
from wristband.stations.models import Station

log = structlog.get_logger(__name__)

_DAY = timedelta(days=1)


class _Lost(Exception):
    """Another worker makes it by now."""


@dataclass(frozen=True, slots=True)
class Taken:
    """A made file, for the one time that it is given."""

    data: bytes
    kind: SheetKind
    name: str


# ---- asking, agreeing


def ask(
    columns: Collection[Column],
    kind: SheetKind,
    standing: Standing | None,
    reason: str,
    *,
    officer: OfficerAccount,
    now: datetime,
) -> int:
    """Ask for a list; up to a hundred rows a day are made at once, for more a second person has to agree.

    Returns the export's id. Raises BadValue, TooMany.
    """
    reason = clean_text(reason, "sheets.reason", REASON_MAX, empty=True)
    chosen = [column for column in Column if column in columns]
    rows = queries.count_exported(station_id=officer.station_id, standing=standing)
    check_export(chosen, reason, rows)
    with transaction():
        limits.spend(EXPORTS_AN_OFFICER, officer.actor, now=now)
    export_id = new_id()
    with transaction():
        # One at a time, or two at once would each be told that they are few.
        db.session.get_one(Officer, officer.officer_id, with_for_update=True)
        alone = queries.count_alone(officer_id=officer.officer_id, since=now - _DAY)
        waiting = needs_second(rows, alone_today=alone)
        db.session.add(
            SheetExport(
                id=export_id,
                officer_id=officer.officer_id,
                station_id=officer.station_id,
                state=ExportState.WAITING if waiting else ExportState.MAKING,
                kind=kind,
                columns=" ".join(chosen),
                standing=standing,
                reason=reason,
                count=rows,
                asked_at=now,
                expires_at=now + AGREED_WITHIN,
            )
        )
        data_keys.make(export_id)
        _record(Deed.EXPORT_ASKED, export_id, officer.actor, now, count=rows, columns=" ".join(chosen))
    return export_id


def decide(export_id: int, agreed: bool, *, officer: OfficerAccount, now: datetime) -> None:
    """The second person's yes or no. Raises Conflict where it does not wait for this officer, or not any more."""
    with transaction():
        decided = db.session.execute(
            sa.update(SheetExport)
            .where(SheetExport.id == export_id, queries.waits(officer, now))
            .values(
                state=ExportState.MAKING if agreed else ExportState.REFUSED,
                decided_by=officer.officer_id,
                decided_at=now,
                expires_at=now + TAKEN_WITHIN,
            )
            .execution_options(synchronize_session=False)
        )
        if decided.rowcount != 1:  # type: ignore[attr-defined]
            raise Conflict("sheets.export_moved_on")
        _record(Deed.EXPORT_AGREED if agreed else Deed.EXPORT_REFUSED, export_id, officer.actor, now)


# ---- making


@dataclass
class _Job:
    """An export in hand."""

    id: int
    station_id: int
    station: str
    officer_id: int
    officer: str
    columns: list[Column]
    kind: SheetKind
    standing: Standing | None
    count: int
    mark: datetime


def go_on(now: datetime) -> Iterator[None]:
    """Make the oldest list that is to be made, a hundred rows a step; a chore of the worker."""
    with transaction():
        job = _claim(now)
    if job is None:
        return
    try:
        yield from _make(job)
    except _Lost:
        log.info("export_left", job=job.id)


def _claim(now: datetime) -> _Job | None:
    alone = sa.or_(SheetExport.moved_at.is_(None), SheetExport.moved_at <= now - MOVED_ON_WITHIN)
    one = db.session.scalar(
        sa.select(SheetExport)
        .where(SheetExport.state == ExportState.MAKING, alone)
        .order_by(SheetExport.id)
        .limit(1)
        .with_for_update(skip_locked=True)
    )
    if one is None:
        return None
    one.moved_at = now
    officer, station = db.session.get_one(Officer, one.officer_id), db.session.get_one(Station, one.station_id)
    return _Job(
        id=one.id,
        station_id=one.station_id,
        station=station.name,
        officer_id=officer.id,
        officer=officer.name,
        columns=[Column(word) for word in one.columns.split()],
        kind=one.kind,
        standing=Standing(one.standing) if one.standing else None,
        count=one.count,
        mark=now,
    )


def _make(job: _Job) -> Iterator[None]:
    begun_at = clock.now()
    stamp = (
        f"{job.station} · {job.officer}（{job.officer_id}）· {begun_at.astimezone(ZONE):%Y-%m-%d %H:%M} · 编号 {job.id}"
    )
    headings = [COLUMN_WORDS[column] for column in job.columns]
    table: CsvWriter | XlsxWriter = CsvWriter()
    if job.kind is SheetKind.XLSX:
        properties = Properties("老人名单", f"{job.officer}（{job.officer_id}）", stamp, begun_at)
        table = XlsxWriter(properties, widths=[18] * len(headings), frozen_rows=2)
    table.add([f"导出：{stamp}。内含个人信息，只用于申请时写的原因，用完请删除。"])
    table.add(headings)
    rows, last = 0, 0
    while rows < job.count:
        batch, last = _read(job, last, min(READ_AT_ONCE, job.count - rows))
        if not batch:
            break
        for cell in batch:
            table.add(cell)
        rows += len(batch)
        yield
    house().files.write(table.close(), place=EXPORT_PLACE, row=job.id, owner=job.id)
    now = clock.now()
    with transaction():
        _beat(job, state=ExportState.MADE, made_at=now, count=rows, expires_at=now + TAKEN_WITHIN)
        _record(Deed.EXPORT_MADE, job.id, f"officer:{job.officer_id}", now, count=rows)


def _read(job: _Job, after: int, most: int) -> tuple[list[list[str]], int]:
    """The next elders as cells, each noted for its family in the same transaction; and the id of the last."""
    with transaction():
        elders = db.session.scalars(
            sa.select(Elder)
            .where(Elder.id > after, queries.exported(station_id=job.station_id, standing=job.standing))
            .order_by(Elder.id)
            .limit(most)
        ).all()
        now = clock.now()
        for elder in elders:
            trail.record(
                Deed.RECORD_EXPORTED,
                actor=f"officer:{job.officer_id}",
                subject=f"export:{job.id}",
                at=now,
                elder_id=elder.id,
                fields=cells.fields_told(job.columns),
            )
        read = cells.cells(elders, job.columns)
        _beat(job)
    return read, elders[-1].id if elders else after


def _beat(job: _Job, **values: object) -> None:
    now = max(clock.now(), job.mark)
    moved = db.session.execute(
        sa.update(SheetExport)
        .where(SheetExport.id == job.id, SheetExport.state == ExportState.MAKING, SheetExport.moved_at == job.mark)
        .values(moved_at=now, **values)
        .execution_options(synchronize_session=False)
    )
    if moved.rowcount != 1:  # type: ignore[attr-defined]
        raise _Lost
    job.mark = now


# ---- taking


def take(export_id: int, *, officer: OfficerAccount, now: datetime) -> Taken:
    """The made file, to whoever asked for it and once. Raises Conflict where it was taken or is too old, NotFound."""
    one = queries.get_export(export_id, officer_id=officer.officer_id)
    kind, asked_at = one.kind, one.asked_at
    with transaction():
        if not _end(export_id, ExportState.TAKEN, SheetExport.expires_at > now, taken_at=now):
            raise Conflict("sheets.export_gone")
        _record(Deed.EXPORT_TAKEN, export_id, officer.actor, now)
    data = house().files.read(place=EXPORT_PLACE, row=export_id)
    _shred(export_id, now)
    return Taken(data, kind, f"elders-{asked_at.astimezone(ZONE):%Y%m%d-%H%M}.{kind.value}")


def lapse(now: datetime) -> None:
    """What nobody agreed to, or took, within its day is over; a chore of the worker."""
    late = db.session.scalars(
        sa.select(SheetExport.id).where(
            SheetExport.state.in_((ExportState.WAITING, ExportState.MADE)), SheetExport.expires_at <= now
        )
    ).all()
    for export_id in late:
        with transaction():
            ended = _end(export_id, ExportState.LAPSED, SheetExport.expires_at <= now)
        if ended:
            _shred(export_id, now)


def _end(export_id: int, state: ExportState, where: sa.ColumnElement[bool], **values: object) -> bool:
    before = [one for one in (ExportState.WAITING, ExportState.MADE) if state in EXPORT_MOVES[one]]
    ended = db.session.execute(
        sa.update(SheetExport)
        .where(SheetExport.id == export_id, SheetExport.state.in_(before), where)
        .values(state=state, **values)
        .execution_options(synchronize_session=False)
    )
    return bool(ended.rowcount == 1)  # type: ignore[attr-defined]


def _shred(export_id: int, now: datetime) -> None:
    """The file goes, and the key that opened it."""
    house().files.remove(place=EXPORT_PLACE, row=export_id)
    with transaction():
        data_keys.destroy(export_id, now=now)


def _record(deed: Deed, export_id: int, actor: str, now: datetime, **facts: int | str) -> None:
    trail.record(deed, actor=actor, subject=f"export:{export_id}", at=now, elder_id=None, **facts)
