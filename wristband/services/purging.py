"""Purging: what has been kept long enough goes, and what must stay deleted stays so; a little at a time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
import structlog

from wristband import data_keys
from wristband.audit import trail
from wristband.audit.deeds import Deed
from wristband.audit.expiry import STEPS, Condition, Step
from wristband.audit.retention import RETENTION
from wristband.bands.models import Band
from wristband.board.models import Post
from wristband.board.photos import BOARD_PHOTO_PLACE
from wristband.db import db, transaction
from wristband.elders import erasing, tombstones
from wristband.elders.erasing import SealedFile
from wristband.elders.models import Consent, Elder, Erasure, Photo, Voice
from wristband.elders.photos import PHOTO_PLACE
from wristband.elders.queries import hold_elder, list_guardians
from wristband.elders.tombstones import Kind, Tombstone
from wristband.elders.voices import VOICE_PLACE
from wristband.house import house
from wristband.incidents.models import Incident
from wristband.outbox import guardians
from wristband.reports.models import Supplement
from wristband.reports.photos import SUPPLEMENT_PHOTO_PLACE
from wristband.sheets.models import SheetImport
from wristband.sheets.places import REFUSED_PLACE, SHEET_PLACE

log = structlog.get_logger(__name__)

BATCH = 500
"""Rows a transaction: whoever reports meanwhile waits for no more than these."""

_ERASED = "erased"
_REAPPLIED = "reapplied"
_FILES: dict[str, tuple[type[Photo] | type[Voice], str]] = {
    "photo_files": (Photo, PHOTO_PLACE),
    "voice_files": (Voice, VOICE_PLACE),
}


_PICTURED: dict[Any, str] = {Post: BOARD_PHOTO_PLACE, Supplement: SUPPLEMENT_PHOTO_PLACE}
"""What may have a photograph, and where that lies."""


def purge(now: datetime) -> Iterator[tuple[str, int]]:
    """Do what is due; yields a name and a count after each transaction. Broken off or repeated, nothing is lost.

    Deletions of people come first: an elder whose erasure is due, then everything the tombstones tell. One row of the
    trail tells the counts.
    """
    counts: Counter[str] = Counter()
    for name, count in _purge(now):
        counts[name] += count
        yield name, count
    with transaction():
        trail.record(Deed.PURGED, actor="purge", subject="store", at=now, **{n: c for n, c in counts.items() if c})
    log.info("purged", **counts)


def count_due(*, now: datetime) -> dict[str, int]:
    """How many rows each step would change now; nothing is changed."""
    counted = {_ERASED: _count(Erasure, _erasure_due(now))}
    for kept, step in STEPS.items():
        counted[kept.value] = _count(step.model, step.due(RETENTION[kept].cutoff(now)))
    for name, (model, _place) in _FILES.items():
        counted[name] = _count(model, model.destroyed_at.is_not(None))
    return counted


def _count(model: Any, due: Condition) -> int:
    return db.session.scalar(sa.select(sa.func.count()).select_from(model).where(due)) or 0


def _purge(now: datetime) -> Iterator[tuple[str, int]]:
    yield from _erase_due(now)
    yield from _keep_deleted(now)
    for kept, step in STEPS.items():
        cutoff = RETENTION[kept].cutoff(now)
        run = _RUNS.get(step.model, _take_down if step.model in _PICTURED else _empty)
        yield from ((kept.value, done) for done in run(step, cutoff, now))
    for name, (model, place) in _FILES.items():
        yield from ((name, done) for done in _remove_files(model, place))


def _empty(step: Step, cutoff: datetime, now: datetime) -> Iterator[int]:
    found = BATCH
    while found == BATCH:
        with transaction():
            ids = _ids(step, cutoff)
            # Asked again: what has come to life since is left.
            where = sa.and_(step.key.in_(ids), step.due(cutoff))
            change = sa.delete(step.model) if step.values is None else sa.update(step.model).values(**step.values)
            if ids:
                db.session.execute(change.where(where), execution_options={"synchronize_session": False})
        found = len(ids)
        yield found


def _bury(step: Step, cutoff: datetime, now: datetime) -> Iterator[int]:
    found = BATCH
    while found == BATCH:
        with transaction():
            ids = _ids(step, cutoff, held=True)
            erasing.bury(ids, now=now)
        found = len(ids)
        yield found


def _take_down(step: Step, cutoff: datetime, now: datetime) -> Iterator[int]:
    """Posts and supplements, their photographs first: without its row a file would be found by nobody."""
    found = BATCH
    while found == BATCH:
        ids = _ids(step, cutoff)
        db.session.rollback()
        for row in ids:
            house().files.remove(place=_PICTURED[step.model], row=row)
        if ids:
            with transaction():
                db.session.execute(sa.delete(step.model).where(step.key.in_(ids)))
        found = len(ids)
        yield found


def _shred(step: Step, cutoff: datetime, now: datetime) -> Iterator[int]:
    """Sheets that were sent in: files, the key that opens them, and their words; the row with its counts stays."""
    found = BATCH
    while found == BATCH:
        with transaction():
            ids = _ids(step, cutoff, held=True)
            if ids:
                data_keys.destroy(*ids, now=now)
                change = sa.update(step.model).where(step.key.in_(ids)).values(**step.values or {})
                db.session.execute(change, execution_options={"synchronize_session": False})
        for row in ids:
            for place in (SHEET_PLACE, REFUSED_PLACE):
                house().files.remove(place=place, row=row)
        found = len(ids)
        yield found


_RUNS: dict[Any, Callable[[Step, datetime, datetime], Iterator[int]]] = {Photo: _bury, SheetImport: _shred}
"""How what is due of these goes, where it is not emptied or deleted like everything else."""


def _ids(step: Step, cutoff: datetime, *, held: bool = False) -> Sequence[Any]:
    question = sa.select(step.key).where(step.due(cutoff)).order_by(step.key).limit(BATCH)
    return db.session.scalars(question.with_for_update() if held else question).all()


def _remove_files(model: type[Photo] | type[Voice], place: str) -> Iterator[int]:
    """The files first: without its row a file would be found by nobody."""
    found = BATCH
    while found == BATCH:
        question = sa.select(model.id).where(model.destroyed_at.is_not(None)).order_by(model.id).limit(BATCH)
        ids = db.session.scalars(question).all()
        db.session.rollback()
        for row in ids:
            house().files.remove(place=place, row=row)
        if ids:
            with transaction():
                if model is Photo:  # also a band that was being drawn while its portrait was withdrawn
                    erasing.draw_plain(Band.photo_id.in_(ids))
                db.session.execute(sa.delete(model).where(model.id.in_(ids)))
        found = len(ids)
        yield found


# ---- people who asked for it


def _erasure_due(now: datetime) -> Condition:
    is_open = sa.select(Incident.id).where(Incident.elder_id == Erasure.elder_id, Incident.closed_at.is_(None))
    disputed = sa.select(Elder.id).where(Elder.id == Erasure.elder_id, Elder.disputed_at.is_not(None))
    return sa.and_(Erasure.ended_at.is_(None), Erasure.due_at <= now, ~is_open.exists(), ~disputed.exists())


def _erase_due(now: datetime) -> Iterator[tuple[str, int]]:
    for elder_id in db.session.scalars(sa.select(Erasure.elder_id).where(_erasure_due(now))).all():
        with transaction():
            # Held against reports: one that comes in this moment finds an ended band, or keeps the elder.
            hold_elder(elder_id, against_reports=True)
            due = sa.and_(Erasure.elder_id == elder_id, _erasure_due(now))
            erasure = db.session.scalar(sa.select(Erasure).where(due))
            files = _erase(elder_id, now, told=True) if erasure is not None else []
        if erasure is not None:
            house().forget([Tombstone(Kind.ELDER, elder_id, now)], files)
            yield _ERASED, 1


def _erase(elder_id: int, now: datetime, *, told: bool) -> list[SealedFile]:
    for _, guardian in list_guardians(elder_id) if told else ():
        facts, key = house().settings.issuer, f"elder_erased:{elder_id}"
        guardians.owe_one(guardian, None, key, wording="elder_erased", facts=facts, at=now)
    files = erasing.erase(elder_id, now=now)
    trail.record(Deed.ELDER_ERASED, actor="purge", subject=f"elder:{elder_id}", at=now, elder_id=elder_id)
    return files


# ---- deletions that a restored backup has forgotten


def _keep_deleted(now: datetime) -> Iterator[tuple[str, int]]:
    stones = tombstones.read(house().settings.data_dir / tombstones.NAME)
    for first in range(0, len(stones), BATCH):
        yield _REAPPLIED, _reapply(stones[first : first + BATCH], now)
    known = {(stone.kind, stone.id) for stone in stones}
    missing = [stone for stone in _deleted() if (stone.kind, stone.id) not in known]
    house().forget(missing, [])
    with transaction():
        late = erasing.destroy_late_scan_keys(limit=BATCH, now=now)
    yield _REAPPLIED, late


def _reapply(stones: Sequence[Tombstone], now: datetime) -> int:
    elders = [stone.id for stone in stones if stone.kind is Kind.ELDER]
    consents = {stone.id: stone.at for stone in stones if stone.kind is Kind.CONSENT}
    alive = db.session.scalars(sa.select(Elder.id).where(Elder.id.in_(elders), Elder.erased_at.is_(None))).all()
    given = db.session.execute(
        sa.select(Consent.id, Consent.elder_id, Consent.purpose).where(
            Consent.id.in_(consents), Consent.withdrawn_at.is_(None)
        )
    ).all()
    for elder_id in alive:
        with transaction():
            files = _erase(elder_id, now, told=False)
        house().forget([], files)
    for row in given:
        with transaction():
            db.session.execute(sa.update(Consent).where(Consent.id == row.id).values(withdrawn_at=consents[row.id]))
            files = erasing.withdraw(row.elder_id, row.purpose, now=now)
        house().forget([], files)
    return len(alive) + len(given)


def _deleted() -> Iterator[Tombstone]:
    for row in db.session.execute(sa.select(Elder.id, Elder.erased_at).where(Elder.erased_at.is_not(None))):
        yield Tombstone(Kind.ELDER, row.id, row.erased_at)
    withdrawn = (
        sa.select(Consent.id, Consent.withdrawn_at)
        .join(Elder, Elder.id == Consent.elder_id)
        .where(Consent.withdrawn_at.is_not(None), Elder.erased_at.is_(None))
    )
    for row in db.session.execute(withdrawn):
        yield Tombstone(Kind.CONSENT, row.id, row.withdrawn_at)
