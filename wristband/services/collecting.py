"""Collecting: a finder cannot stay, and somebody comes for the elder. Its clock is its own."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa

from wristband.accounts.rules import OfficerAccount
from wristband.audit.deeds import Deed
from wristband.db import db, transaction
from wristband.elders.rules import clean_text
from wristband.errors import BadValue, Conflict
from wristband.house import house
from wristband.reports import queries
from wristband.reports.models import Pickup
from wristband.reports.reported import Reported, changed, get_reported, record, tell_family
from wristband.reports.rules import WAITS_FOR, WORDS_MAX, Waits, check_key, takes_more
from wristband.scans import keeping
from wristband.sealing import box


def ask(reference: str, key: str, *, words: str, waits: Waits, now: datetime) -> None:
    """Ask the police to come for the elder: `words` say where the elder waits, `waits` how long the finder still does.

    Asked again it is the same pickup with the newer words; its clock goes on. The same form again changes nothing, and
    others under its key are refused. Raises BadValue, Conflict, NotFound.
    """
    words = clean_text(words, "reports.words", WORDS_MAX, empty=True, lines=True)
    check_key(key)
    with transaction():
        there = get_reported(reference)
        hashed = keeping.append_hash(there.scan_id, key)
        content = box().keyed_hash("pickup.content", words, waits.value)
        before = queries.find_pickup(there.scan_id)
        if before is not None and hashed.fits(before.key):
            if not content.fits(before.content):
                raise BadValue("reports.key_reused")
            return
        if before is not None and before.done_at is not None:
            raise Conflict("reports.pickup_over")
        if not takes_more(there.incident.closed_at, now=now):
            raise Conflict("reports.closed")
        pickup = before or Pickup(scan_id=there.scan_id, asked_at=now)
        pickup.key, pickup.content = hashed, content
        pickup.words, pickup.waits_until, pickup.called_off_at = words or None, now + WAITS_FOR[waits], None
        db.session.add(pickup)
        changed(there, now)
        record(Deed.PICKUP_ASKED, there, now, waits=waits.value)
        tell_family(there, "leaving", issuer=house().settings.issuer, now=now)


def call_off(reference: str, *, now: datetime) -> None:
    """The finder can stay after all. Done twice it is done once. Raises Conflict where nothing was asked for."""
    with transaction():
        there = get_reported(reference)
        if queries.find_pickup(there.scan_id) is None:
            raise Conflict("reports.pickup_none")
        waiting = sa.and_(Pickup.scan_id == there.scan_id, Pickup.called_off_at.is_(None), Pickup.done_at.is_(None))
        if _moved(waiting, called_off_at=now):
            changed(there, now)
            record(Deed.PICKUP_CALLED_OFF, there, now)


def take(pickup_id: int, *, officer: OfficerAccount, now: datetime) -> None:
    """This officer goes. Of two at once one wins, the other is told. Raises Conflict, NotFound."""
    _go_on(pickup_id, officer, Deed.PICKUP_TAKEN, now, taken_at=now, taken_by=officer.officer_id)


def finish(pickup_id: int, *, officer: OfficerAccount, now: datetime) -> None:
    """The elder was collected; whoever has taken it or not. Raises Conflict, NotFound."""
    _go_on(pickup_id, officer, Deed.PICKUP_DONE, now, done_at=now)


def _go_on(pickup_id: int, officer: OfficerAccount, deed: Deed, now: datetime, **values: object) -> None:
    with transaction():
        pickup, incident = queries.get_pickup(pickup_id, station_id=officer.station_id)
        waiting = [Pickup.id == pickup_id, Pickup.done_at.is_(None), Pickup.called_off_at.is_(None)]
        if deed is Deed.PICKUP_TAKEN:
            waiting.append(Pickup.taken_at.is_(None))
        if not _moved(sa.and_(*waiting), **values):
            raise Conflict("reports.pickup_moved")
        there = Reported(pickup.scan_id, queries.get_report(pickup.scan_id), incident)
        changed(there, now)
        record(deed, there, now, actor=officer.actor)


def _moved(waiting: sa.ColumnElement[bool], **values: object) -> bool:
    moved = db.session.execute(sa.update(Pickup).where(waiting).values(**values))
    return bool(moved.rowcount == 1)  # type: ignore[attr-defined]
