"""Owing a message: a row in the caller's transaction."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from functools import cache
from typing import Any

import sqlalchemy as sa

from wristband.db import db, insert, new_id
from wristband.outbox import bell
from wristband.outbox.models import Message
from wristband.outbox.rules import Channel, MessageState
from wristband.outbox.wording import render
from wristband.sealing import box

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
    reach_id: int | None = None,
    incident_id: int | None = None,
) -> int | None:
    """Owe the words of `wording` filled with `facts` to one address, inside the caller's transaction; never commits.

    `key` names what is owed (`reach:12:guardian:7`, at most 80 characters): owing the same key again is owing it
    once, and gives None instead of the message's id. `recipient` is an address of the channel, for SMS a phone as
    E.164. A message that `expires_at` some time is not handed over later, and its words are forgotten once it is
    settled.

    Raises what wording.render raises: faults of ours.
    """
    message_id = new_id()
    values: dict[str, Any] = {
        "id": message_id,
        "key": key,
        "channel": channel,
        "wording": wording,
        "language": language,
        "recipient": box().seal(recipient, place=f"{_PLACE}.recipient", row=message_id, owner=elder_id),
        "recipient_index": box().blind(recipient, place=f"{_PLACE}.recipient"),
        "body": box().seal(render(wording, language, facts), place=f"{_PLACE}.body", row=message_id, owner=elder_id),
        "elder_id": elder_id,
        "reach_id": reach_id,
        "incident_id": incident_id,
        "state": MessageState.PENDING,
        "owed_at": at,
        "due_at": at,
        "expires_at": expires_at,
        "attempts": 0,
    }
    if db.session.scalar(_owing(db.engine.dialect.name), values) is None:
        return None
    bell.ring()
    return message_id


@cache
def _owing(_dialect: str) -> sa.Executable:
    """The engine's statement, built once. Not the unit of work: there a key owed twice would fail the whole deed."""
    table = Message.__table__
    return insert(table).on_conflict_do_nothing(index_elements=["key"]).returning(table.c.id)
