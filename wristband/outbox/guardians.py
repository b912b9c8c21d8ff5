"""Owing news to those who answer for an elder and have an account: what one of them does, the others hear of."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from wristband.accounts.models import Guardian
from wristband.elders.queries import list_guardians
from wristband.outbox import queue
from wristband.outbox.rules import Channel


def owe(elder_id: int, key: str, *, but: int | None, wording: str, facts: Mapping[str, str], at: datetime) -> int:
    """Owe `wording` to each guardian of the elder except `but`, in the caller's transaction. Returns to how many."""
    others = [guardian for _, guardian in list_guardians(elder_id) if guardian.id != but]
    for guardian in others:
        owe_one(guardian, elder_id, key, wording=wording, facts=facts, at=at)
    return len(others)


def owe_one(
    guardian: Guardian, elder_id: int | None, key: str, *, wording: str, facts: Mapping[str, str], at: datetime
) -> None:
    """Owe it to one guardian, once for a `key`. Without the elder's id it outlives the elder's data key."""
    queue.enqueue(
        key=f"{key}:{guardian.id}",
        channel=Channel.SMS,
        wording=wording,
        language=guardian.language,
        recipient=guardian.phone,
        facts=facts,
        at=at,
        elder_id=elder_id,
    )
