"""Owing the same news to everybody who answers for an elder, each in their own language."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from wristband.elders.queries import list_contacts_spoken
from wristband.outbox import queue
from wristband.outbox.rules import Channel


def owe(
    elder_id: int,
    key: str,
    *,
    wording: str,
    facts: Mapping[str, str],
    at: datetime,
    expires_at: datetime | None = None,
    reach_id: int | None = None,
    incident_id: int | None = None,
) -> None:
    """Owe `wording` to each contact of the elder, in the caller's transaction; once for a `key` and contact."""
    for contact, language in list_contacts_spoken(elder_id):
        queue.enqueue(
            key=f"{key}:{contact.id}",
            channel=Channel.SMS,
            wording=wording,
            language=language,
            recipient=contact.address,
            facts=facts,
            at=at,
            expires_at=expires_at,
            elder_id=elder_id,
            reach_id=reach_id,
            incident_id=incident_id,
        )
