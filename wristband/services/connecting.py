"""Connecting: a guardian and a finder talk by a number that the masked gateway lends, and neither sees the other's."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

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
from wristband.errors import Conflict, Unavailable
from wristband.gateways.contract import GatewayFault
from wristband.gateways.masked import MaskedRota
from wristband.scans.models import Scan
from wristband.sealing import box
from wristband.values.phone import Phone

log = structlog.get_logger(__name__)

RELEASE_EVERY = timedelta(minutes=1)


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


class Releaser:
    """Gives back, in somebody's loop, what was lent for boards that are shut or whose finder took his number back.

    Each call asks the gateway once at most. A number that nobody gives back ends by itself at the time it was lent
    until, so a gateway that fails is left alone for a while.
    """

    def __init__(self, masked: MaskedRota) -> None:
        self._masked = masked
        self._again_at: datetime | None = None

    def look(self, now: datetime) -> None:
        """Give one number back, if one is due."""
        # Set back, a clock looks at once rather than waiting for what may be years.
        if self._again_at is not None and self._again_at - RELEASE_EVERY <= now < self._again_at:
            return
        due = _over(now)
        if not due or not _release(self._masked, *due[0], now):
            self._again_at = now + RELEASE_EVERY


def _release(masked: MaskedRota, call_id: int, reference: str, now: datetime) -> bool:
    try:
        masked.release(reference, now=now)
    except GatewayFault as fault:
        log.warning("call_not_released", call=call_id, code=fault.code)
        return False
    with transaction():
        db.session.execute(sa.update(MaskedCall).where(MaskedCall.id == call_id).values(released_at=now))
    return True


def _over(now: datetime) -> Sequence[tuple[int, str]]:
    """The calls that still connect and should not: id, and the gateway's reference."""
    rows = db.session.execute(
        sa.select(MaskedCall, Scan)
        .join(Scan, Scan.id == MaskedCall.scan_id)
        .where(MaskedCall.released_at.is_(None), MaskedCall.ends_at > now)
        .order_by(MaskedCall.id)
    ).all()
    over = [(call.id, call.reference) for call, scan in rows if not _may_talk(scan, now)]
    db.session.rollback()  # no reading goes on while a gateway is asked
    return over


def _may_talk(scan: Scan, now: datetime) -> bool:
    return queries.find_shut(scan, now=now) is None and queries.find_number(scan.id) is not None
