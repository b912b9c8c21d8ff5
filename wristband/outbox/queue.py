"""Owing a message: a row in the caller's transaction."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from wristband.db import insert, new_id, run
from wristband.language import SOURCE
from wristband.outbox import bell
from wristband.outbox.models import Message
from wristband.outbox.rules import Channel, MessageState
from wristband.outbox.wording import render
from wristband.sealing import Keyed, box

_PLACE = Message.__tablename__


def enqueue(
    *,
    key: str,
    channel: Channel,
    wording: str,
    language: str,
    recipient: str,
    facts: Mapping[str, str],
    at: datetime,
    expires_at: datetime | None = None,
    elder_id: int | None = None,
    guardian_id: int | None = None,
    reach_id: int | None = None,
    incident_id: int | None = None,
) -> int | None:
    """Owe the words of `wording` filled with `facts` to one address, inside the caller's transaction; never commits.

    `key` names what is owed (`reach:12:guardian:7`, at most 80 characters): owing the same key again is owing it
    once, and gives None instead of the message's id. `recipient` is an address of the channel, for SMS and voice a
    phone as E.164; `guardian_id` says whose it is. A message that `expires_at` some time is not handed over later,
    and its words are forgotten once it is settled.

    Raises what wording.render raises: faults of ours.
    """
    message_id = new_id()
    sealed = _sealed(message_id, elder_id, recipient=recipient, body=render(wording, language, facts), facts=facts)
    kept = _owe(
        sealed,
        at,
        id=message_id,
        key=key,
        channel=channel,
        wording=wording,
        language=language,
        elder_id=elder_id,
        guardian_id=guardian_id,
        reach_id=reach_id,
        incident_id=incident_id,
        expires_at=expires_at,
    )
    if kept and elder_id is not None:
        # What is said to one address about one elder is said in its order: what waits for another try is tried now.
        # Otherwise the new message would stand behind it until then.
        index: Keyed = sealed["recipient_index"]
        same = {"of_elder": elder_id, "indexes": index.every, "by_channel": channel}
        run(_HASTEN_ADDRESS, {"new_id": message_id, "due_at": at, "now": at, **same})
    return message_id if kept else None


def enqueue_document(
    message_id: int,
    *,
    channel: Channel,
    wording: str,
    recipient: str,
    body: str,
    at: datetime,
    series: str,
    turn: int,
    elder_id: int | None = None,
    incident_id: int | None = None,
) -> None:
    """Owe a document whose words are made already, inside the caller's transaction; never commits.

    Of a `series` (at most 40 characters) each is handed over once those of a lower `turn` are settled. `message_id`
    is a new id of the caller's, who may have written it into the document; a series and turn owed again changes
    nothing.
    """
    kept = _owe(
        _sealed(message_id, elder_id, recipient=recipient, body=body, facts={}),
        at,
        id=message_id,
        key=f"{series}:{turn}",
        channel=channel,
        wording=wording,
        language=SOURCE,
        elder_id=elder_id,
        incident_id=incident_id,
        series=series,
        turn=turn,
    )
    if kept:
        waiting = {"new_id": message_id, "due_at": at, "now": at, "of_series": series}
        run(_HASTEN_SERIES, waiting)


def _owe(sealed: Mapping[str, Any], at: datetime, **values: Any) -> bool:
    """Whether the row is new: a key that is owed already is owed once."""
    new = {
        "guardian_id": None,
        "reach_id": None,
        "expires_at": None,
        "series": None,
        "turn": None,
        "state": MessageState.PENDING,
        "owed_at": at,
        "due_at": at,
        "attempts": 0,
        "yields": False,
    }
    if run(_owing, {**new, **sealed, **values}).first() is None:
        return False
    bell.ring()
    return True


def _sealed(
    message_id: int, owner: int | None, *, recipient: str, body: str, facts: Mapping[str, str]
) -> dict[str, Any]:
    """What is personal in a message, as it is kept."""
    clear = {"recipient": recipient, "body": body, "facts": json.dumps(dict(facts))}
    kept = {
        name: box().seal(text, place=f"{_PLACE}.{name}", row=message_id, owner=owner) for name, text in clear.items()
    }
    return {**kept, "recipient_index": box().blind(recipient, place=f"{_PLACE}.recipient")}


# Core, not the unit of work, and built once: these run in every report that somebody is told of.
_TABLE = Message.__table__
_WAITS = sa.update(_TABLE).where(
    _TABLE.c.state == MessageState.PENDING,
    _TABLE.c.id != sa.bindparam("new_id"),
    _TABLE.c.due_at > sa.bindparam("now", type_=_TABLE.c.due_at.type),
)
_HASTEN_ADDRESS = _WAITS.where(
    _TABLE.c.elder_id == sa.bindparam("of_elder"),
    sa.type_coerce(_TABLE.c.recipient_index, sa.String).in_(sa.bindparam("indexes", expanding=True)),
    _TABLE.c.channel == sa.bindparam("by_channel"),
    _TABLE.c.series.is_(None),
)
_HASTEN_SERIES = _WAITS.where(_TABLE.c.series == sa.bindparam("of_series"))


def _owing() -> sa.Executable:
    """Not the unit of work: there a key owed twice would fail the whole deed."""
    return insert(_TABLE).on_conflict_do_nothing(index_elements=["key"]).returning(_TABLE.c.id)
