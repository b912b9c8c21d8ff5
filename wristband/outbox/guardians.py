"""Owing news to those who answer for an elder and have an account: what one of them does, the others hear of."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum

from wristband.accounts.models import Guardian
from wristband.clock import ZONE
from wristband.elders.queries import list_guardians
from wristband.outbox import queue
from wristband.outbox.rules import Channel


class Change(StrEnum):
    """What one guardian did to what all of them answer for; the wording has the words of each."""

    BAND_ISSUED = "band_issued"
    BAND_REPLACED = "band_replaced"
    BAND_ENDED = "band_ended"
    LAST_BAND_ENDED = "last_band_ended"
    CONTACTS = "contacts"
    CALLING_ORDER = "calling_order"
    CONSENTS = "consents"
    PARTICULARS = "particulars"
    PORTRAIT = "portrait"
    INVITATIONS = "invitations"
    VOICE = "voice"


def tell_change(change: Change, elder_id: int, *, by: int, issuer: Mapping[str, str], at: datetime) -> None:
    """Owe the other guardians the news of it, in the caller's transaction; of one kind once an hour.

    What else happens within the hour is in the family's log, to which the message sends them.
    """
    key = f"changed:{elder_id}:{change}:{int(at.timestamp()) // 3600}"
    facts = {**issuer, "time": f"{at.astimezone(ZONE):%H:%M}", "what": change.value}
    owe(elder_id, key, but=by, wording="family_changed", facts=facts, at=at)


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
