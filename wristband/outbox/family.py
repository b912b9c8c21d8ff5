"""Owing the same news to everybody who answers for an elder, each in their own language and in every quiet channel."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from typing import Any

import structlog

from wristband import limits
from wristband.accounts.queries import list_quiet_contacts
from wristband.elders.models import Contact
from wristband.elders.queries import list_contacts_spoken, list_guardians
from wristband.errors import TooMany
from wristband.outbox import queue
from wristband.outbox.rules import TAP_TEXTS_A_STRANGER, Channel
from wristband.sealing import SealBroken

log = structlog.get_logger(__name__)


def owe(
    elder_id: int,
    key: str,
    *,
    wording: str,
    facts: Mapping[str, str],
    at: datetime,
    only: Collection[int] | None = None,
    by_a_tap: bool = False,
    **about: Any,
) -> None:
    """Owe `wording` to each contact of the elder, and to each quiet contact of the elder's guardians, in the caller's
    transaction; once for a `key` and address. `only` the guardians of these ids, for a drill.

    `about` is what `queue.enqueue` takes besides: `expires_at`, `reach_id`, `incident_id`. A contact that does not
    open is left out and logged: it must not cost the others their message, nor a report. Nor does a telephone that
    nobody has confirmed hear more often than its budget of what is `by_a_tap`: brought about by a finder alone, as
    often as he likes. It may have been noted to annoy.
    """
    contacts = [(one, spoken) for one, spoken in list_contacts_spoken(elder_id) if _meant(one.guardian_id, only)]
    silent = _silent((contact for contact, _ in contacts), at) if by_a_tap else frozenset()
    shared: dict[str, Any] = {"wording": wording, "facts": facts, "at": at, "elder_id": elder_id, **about}
    for contact, language in contacts:
        if contact.id not in silent and (address := opened(contact)) is not None:
            queue.enqueue(
                key=f"{key}:{contact.id}",
                channel=Channel.SMS,
                recipient=address,
                language=language,
                guardian_id=contact.guardian_id,
                **shared,
            )
    _owe_quietly(elder_id, key, only, shared)


def _owe_quietly(elder_id: int, key: str, only: Collection[int] | None, shared: dict[str, Any]) -> None:
    languages = {guardian.id: guardian.language for _, guardian in list_guardians(elder_id)}
    for contact in list_quiet_contacts([one for one in languages if _meant(one, only)]):
        if (address := opened(contact)) is not None:
            queue.enqueue(
                key=f"{key}:{contact.id}",
                channel=Channel(contact.kind.value),
                recipient=address,
                language=languages[contact.guardian_id],
                guardian_id=contact.guardian_id,
                **shared,
            )


def opened(contact: Any) -> str | None:
    """A contact's address, or None for one that does not open, which is logged."""
    try:
        address: str = contact.address
    except SealBroken as broken:
        log.error("contact_unreadable", contact=contact.id, code=broken.code)
        return None
    return address


def _meant(guardian_id: int | None, only: Collection[int] | None) -> bool:
    return only is None or guardian_id in only


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
