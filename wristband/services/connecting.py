"""Connecting: a guardian and a finder talk by a number that the masked gateway lends, and neither sees the other's."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime

import sqlalchemy as sa
import structlog

from wristband import limits
from wristband.accounts.models import Guardian
from wristband.audit import trail
from wristband.audit.deeds import Deed
from wristband.board import queries
from wristband.board.models import MaskedCall
from wristband.board.rules import CALLS_A_SCAN, CALLS_LAST
from wristband.db import db, new_id, transaction
from wristband.elders.queries import list_guardians
from wristband.errors import Conflict, Unavailable
from wristband.gateways.contract import GatewayFault
from wristband.gateways.masked import MaskedRota
from wristband.scans.models import Scan
from wristband.sealing import box
from wristband.values.phone import Phone

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class _Wanted:
    """What a gateway is asked for. The numbers stay out of its repr."""

    scan_id: int
    guardian: str = field(repr=False)
    finder: str = field(repr=False)


def connect(scan_id: int, masked: MaskedRota, *, guardian_id: int, now: datetime) -> None:
    """Lend this guardian a number that rings the finder; one that is lent already stays.

    Raises NotFound, Conflict where the board is shut or the finder left no number, TooMany, and Unavailable where the
    gateway does not do it: then nothing is lent.
    """
    wanted = _wanted(scan_id, guardian_id, now)
    if wanted is None:
        return
    until = now + CALLS_LAST
    try:
        key = _key(scan_id, guardian_id, now)
        lent = masked.connect(wanted.guardian, wanted.finder, key=key, until=until, now=now)
    except GatewayFault as fault:
        raise Unavailable("board.not_connected") from fault
    with transaction():
        call = MaskedCall(
            id=new_id(),
            scan_id=scan_id,
            guardian_id=guardian_id,
            reference=lent.reference,
            made_at=now,
            ends_at=until,
        )
        call.number = lent.number
        db.session.add(call)
        trail.record(
            Deed.CALL_CONNECTED,
            actor=f"guardian:{guardian_id}",
            subject=f"scan:{scan_id}",
            at=now,
            elder_id=queries.elder_of(scan_id),
        )


def is_offered(finder: Phone | None, masked: MaskedRota | None, *, guardian_id: int) -> bool:
    """Whether a gateway can connect this guardian with a finder of this number."""
    if finder is None or masked is None:
        return False
    return masked.takes(db.session.get_one(Guardian, guardian_id).phone, finder.e164)


def _wanted(scan_id: int, guardian_id: int, now: datetime) -> _Wanted | None:
    """Both numbers, once it is settled that they may talk; None where they can already."""
    with transaction():
        scan = queries.get_scan_of_guardian(scan_id, guardian_id=guardian_id)
        ended = queries.find_shut(scan, now=now)
        if ended is not None:
            raise Conflict(f"board.{ended.ending.value}")
        number = queries.find_number(scan_id)
        finder = queries.phone_of(number) if number is not None else None
        if finder is None:
            raise Conflict("board.no_number")
        if queries.find_call(scan_id, guardian_id=guardian_id, now=now) is not None:
            return None
        limits.spend(CALLS_A_SCAN, str(scan_id), now=now)
        guardian = Phone(db.session.get_one(Guardian, guardian_id).phone)
        return _Wanted(scan_id, guardian.e164, finder.e164)


def _key(scan_id: int, guardian_id: int, now: datetime) -> str:
    """The same for tries of one minute: a second tap while the first is under way lends one number."""
    minute = str(int(now.timestamp()) // 60)
    return box().keyed_hash("masked.key", str(scan_id), str(guardian_id), minute)


def release_over(masked: MaskedRota, now: datetime) -> Iterator[bool]:
    """Give back what was lent for boards that are shut or whose finder took his number back, one at each step.

    A step asks a gateway once at most, and tells whether that one was taken back: one that fails in passing is left
    to the next time and keeps no other waiting. What is refused for good is given up: it ends by itself in its time.
    """
    for call_id, reference in _over(now):
        yield _release(masked, call_id, reference, now)


def _release(masked: MaskedRota, call_id: int, reference: str, now: datetime) -> bool:
    try:
        masked.release(reference, now=now)
    except GatewayFault as fault:
        log.warning("call_not_released", call=call_id, code=fault.code, permanent=fault.permanent)
        if not fault.permanent:
            return False
    with transaction():
        db.session.execute(sa.update(MaskedCall).where(MaskedCall.id == call_id).values(released_at=now))
    return True


def _over(now: datetime) -> Sequence[tuple[int, str]]:
    """The calls that still connect and should not: id, and the gateway's reference."""
    over = [(call.id, call.reference) for call, scan in queries.list_lent(now=now) if not _may_talk(call, scan, now)]
    db.session.rollback()  # no reading goes on while a gateway is asked
    return over


def _may_talk(call: MaskedCall, scan: Scan, now: datetime) -> bool:
    """While the board is open, the number is the one that was connected, and the guardian answers for the elder."""
    number = queries.find_number(scan.id)
    if queries.find_shut(scan, now=now) is not None or number is None or number.left_at > call.made_at:
        return False
    elder_id = queries.elder_of(scan.id)
    return elder_id is not None and any(one.id == call.guardian_id for _, one in list_guardians(elder_id))
