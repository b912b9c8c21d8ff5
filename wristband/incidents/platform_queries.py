"""How the police platform stands to incidents: told, waiting since when, refused, its own number, what did not fit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

import sqlalchemy as sa

from wristband.db import db
from wristband.incidents.models import PlatformCase, PlatformNote
from wristband.outbox.models import Arrived, Delivery, Message
from wristband.outbox.queries import find_oldest_waiting_at
from wristband.outbox.rules import Channel, MessageState
from wristband.values.arrival import ArrivalState

_OPEN = (MessageState.PENDING, MessageState.LEASED)


class Reached(StrEnum):
    """How far the newest news of an incident came."""

    HANDED_OVER = "handed_over"
    WAITING = "waiting"
    REFUSED = "refused"
    """Given up, and nothing later has made it good: somebody has to tell the platform otherwise."""


@dataclass(frozen=True, slots=True)
class Unfit:
    """A state that the platform told and that did not fit, in our words."""

    at: datetime
    state: str
    disposition: str


@dataclass(frozen=True, slots=True)
class Standing:
    """How the platform stands to one incident."""

    reached: Reached
    handed_over_at: datetime | None
    """When it last took an event; None while it has taken none."""
    waiting_since: datetime | None
    """Since when the oldest event waits."""
    waiting: int
    code: str
    """Of the last try of what waits, or of the refusal; empty for one that was not tried yet, or taken."""
    case_number: str
    seen_at: datetime | None
    unfit: tuple[Unfit, ...]
    """The newest first."""


def standing(incident_id: int) -> Standing | None:
    """How the platform stands to this incident; None where it was never told of it."""
    case = db.session.scalar(sa.select(PlatformCase).where(PlatformCase.incident_id == incident_id))
    if case is None:
        return None
    rows = db.session.execute(
        sa.select(Message.id, Message.state, Message.owed_at, Message.settled_at)
        .where(Message.incident_id == incident_id, Message.channel == Channel.PLATFORM)
        .order_by(Message.turn)
    ).all()
    codes = _codes([row.id for row in rows if row.state is not MessageState.DELIVERED])
    return _standing(rows, case, codes, _failed([row.id for row in rows]), _unfit(incident_id))


def _standing(
    rows: Sequence[Any], case: PlatformCase, codes: dict[int, str], failed: dict[int, str], unfit: tuple[Unfit, ...]
) -> Standing:
    waiting = [row for row in rows if row.state in _OPEN]
    settled = [row for row in rows if row.state not in _OPEN]
    taken = [row for row in settled if row.state is MessageState.DELIVERED and row.id not in failed]
    reached, code = Reached.HANDED_OVER, ""
    if waiting:
        reached, code = Reached.WAITING, codes.get(waiting[0].id, "")
    elif settled and settled[-1] not in taken:
        last = settled[-1].id
        reached, code = Reached.REFUSED, failed.get(last) or codes.get(last, "")
    return Standing(
        reached,
        handed_over_at=max((row.settled_at for row in taken), default=None),
        waiting_since=min((row.owed_at for row in waiting), default=None),
        waiting=len(waiting),
        code=code,
        case_number=case.case_number,
        seen_at=case.seen_at,
        unfit=unfit,
    )


def _codes(message_ids: Sequence[int]) -> dict[int, str]:
    """The code of each message's last attempt."""
    rows = db.session.execute(
        sa.select(Delivery.message_id, Delivery.code)
        .where(Delivery.message_id.in_(message_ids))
        .order_by(Delivery.ended_at, Delivery.id)
    )
    return {row.message_id: row.code for row in rows}


def _failed(message_ids: Sequence[int]) -> dict[int, str]:
    """Those that the platform refused after it had taken them, with its codes."""
    events = {f"event-{one}": one for one in message_ids}
    rows = db.session.execute(
        sa.select(Arrived.reference, Arrived.code).where(
            Arrived.reference.in_(events), Arrived.state == ArrivalState.FAILED
        )
    )
    return {events[row.reference]: row.code or "refused" for row in rows}


def _unfit(incident_id: int) -> tuple[Unfit, ...]:
    notes = db.session.scalars(
        sa.select(PlatformNote)
        .where(PlatformNote.incident_id == incident_id, PlatformNote.refusal != "")
        .order_by(PlatformNote.id.desc())
    )
    return tuple(Unfit(note.at, note.state, note.disposition) for note in notes)


def steps_of_platform(incident_id: int) -> frozenset[int]:
    """Ids of the steps of an incident that the platform brought about."""
    steps = sa.select(PlatformNote.move_id).where(
        PlatformNote.incident_id == incident_id, PlatformNote.move_id.is_not(None)
    )
    return frozenset(step for step in db.session.scalars(steps) if step is not None)


def waiting_since() -> datetime | None:
    """Since when the platform has not taken what it is owed, of whichever incident; None when nothing waits."""
    return find_oldest_waiting_at(Channel.PLATFORM)
