"""The link in a message by which its receiver says that they have seen it: signed, for one message, used once."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import datetime, timedelta

import sqlalchemy as sa
from itsdangerous import BadData, URLSafeSerializer

from wristband.db import db
from wristband.outbox.models import Message

LINK_LASTS = timedelta(hours=24)


def _serializer(keys: Mapping[str, bytes]) -> URLSafeSerializer:
    return URLSafeSerializer(
        list(keys.values()),
        salt="acknowledge.v1",
        signer_kwargs={"key_derivation": "hmac", "digest_method": hashlib.sha256},
    )


def make(message_id: int, keys: Mapping[str, bytes]) -> str:
    """The token of a message's link. The same each time, so nothing is kept of it."""
    return str(_serializer(keys).dumps(message_id))


def find_message(token: str, keys: Mapping[str, bytes], *, now: datetime) -> Message | None:
    """The message that a link of ours belongs to, for a day; None for a forged, cut or late one."""
    try:
        message_id = _serializer(keys).loads(token[:200])
    except BadData:
        return None
    if not isinstance(message_id, int):
        return None
    return db.session.scalar(
        sa.select(Message).where(
            Message.id == message_id, Message.reach_id.is_not(None), Message.owed_at > now - LINK_LASTS
        )
    )


def use(message_id: int, *, now: datetime) -> bool:
    """Use the link up, in the caller's transaction; False for one that was used before."""
    used = db.session.execute(
        sa.update(Message)
        .where(Message.id == message_id, Message.acknowledged_at.is_(None))
        .values(acknowledged_at=now)
        .execution_options(synchronize_session=False)
    )
    return bool(used.rowcount)  # type: ignore[attr-defined]
