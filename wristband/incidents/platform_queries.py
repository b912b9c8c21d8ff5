"""How the police platform stands to incidents: told, waiting since when, refused, its own number, what did not fit."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

import sqlalchemy as sa

from wristband.db import db
from wristband.incidents.models import Incident, PlatformCase, PlatformNote
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
    return standings([incident_id]).get(incident_id)


def standings(incident_ids: Collection[int]) -> dict[int, Standing]:
    """Likewise of each of these. Whoever asks has settled that they may be seen."""
    messages: dict[int, list[Any]] = {}
    for row in db.session.execute(
        sa.select(Message.id, Message.incident_id, Message.state, Message.owed_at, Message.settled_at)
        .where(Message.incident_id.in_(incident_ids), Message.channel == Channel.PLATFORM)
        .order_by(Message.incident_id, Message.turn)
    ):
        messages.setdefault(row.incident_id, []).append(row)
    cases = {
        case.incident_id: case
        for case in db.session.scalars(sa.select(PlatformCase).where(PlatformCase.incident_id.in_(incident_ids)))
    }
    codes = _codes([row.id for rows in messages.values() for row in rows if row.state is not MessageState.DELIVERED])
    failed = _failed([row.id for rows in messages.values() for row in rows])
    unfit = _unfit(incident_ids)
    return {
        incident_id: _standing(messages.get(incident_id, []), case, codes, failed, tuple(unfit.get(incident_id, ())))
        for incident_id, case in cases.items()
    }


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


def _unfit(incident_ids: Collection[int]) -> dict[int, list[Unfit]]:
    found: dict[int, list[Unfit]] = {}
    for note in db.session.scalars(
        sa.select(PlatformNote)
        .where(PlatformNote.incident_id.in_(incident_ids), PlatformNote.refusal != "")
        .order_by(PlatformNote.id.desc())
    ):
        found.setdefault(note.incident_id or 0, []).append(Unfit(note.at, note.state, note.disposition))
    return found


def steps_of_platform(incident_id: int) -> frozenset[int]:
    """Ids of the steps of an incident that the platform brought about."""
    steps = sa.select(PlatformNote.move_id).where(
        PlatformNote.incident_id == incident_id, PlatformNote.move_id.is_not(None)
    )
    return frozenset(step for step in db.session.scalars(steps) if step is not None)


def waiting_since() -> datetime | None:
    """Since when the platform has not taken what it is owed, of whichever incident; None when nothing waits."""
    return find_oldest_waiting_at(Channel.PLATFORM)


def version(*, station_id: int) -> str:
    """A word that changes whenever an event about this desk's open incidents is taken, or given up."""
    mine = sa.select(Incident.id).where(
        sa.or_(Incident.station_id == station_id, Incident.station_id.is_(None)), Incident.closed_at.is_(None)
    )
    count, settled_at = db.session.execute(
        sa.select(sa.func.count(Message.settled_at), sa.func.max(Message.settled_at)).where(
            Message.incident_id.in_(mine), Message.channel == Channel.PLATFORM
        )
    ).one()
    return f"{count}-{settled_at}"
