"""Owing the same news to everybody who answers for an elder, each in their own language."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

import structlog

from wristband import limits
from wristband.elders.models import Contact
from wristband.elders.queries import list_contacts_spoken
from wristband.errors import TooMany
from wristband.outbox import queue
from wristband.outbox.rules import BY_A_TAP, TAP_TEXTS_A_STRANGER, Channel
from wristband.sealing import SealBroken

log = structlog.get_logger(__name__)


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
    """Owe `wording` to each contact of the elder, in the caller's transaction; once for a `key` and contact.

    A contact that does not open is left out and logged: it must not cost the others their message, nor a report.
    Nor does a telephone that nobody has confirmed hear of more taps than its budget: it may have been noted to annoy.
    """
    contacts = list_contacts_spoken(elder_id)
    silent = _silent((contact for contact, _ in contacts), at) if wording in BY_A_TAP else frozenset()
    for contact, language in contacts:
        if contact.id in silent:
            continue
        try:
            recipient = contact.address
        except SealBroken as broken:
            log.error("contact_unreadable", contact=contact.id, code=broken.code)
            continue
        queue.enqueue(
            key=f"{key}:{contact.id}",
            channel=Channel.SMS,
            wording=wording,
            language=language,
            recipient=recipient,
            facts=facts,
            at=at,
            expires_at=expires_at,
            elder_id=elder_id,
            reach_id=reach_id,
            incident_id=incident_id,
        )


def _silent(contacts: Iterable[Contact], at: datetime) -> frozenset[int]:
    """Ids of those that nobody has confirmed and that have heard enough."""
    silent = set()
    # By telephone, in one order everywhere: two families that noted the same two never wait for each other.
    for contact in sorted((one for one in contacts if one.confirmed_at is None), key=lambda one: one.address_index):
        try:
            limits.spend(TAP_TEXTS_A_STRANGER, contact.address_index, now=at)
        except TooMany:
            silent.add(contact.id)
    return frozenset(silent)
