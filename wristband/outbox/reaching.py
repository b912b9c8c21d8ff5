"""Reaching a family for one finder: all at once in the quiet channels, and a plan while nobody answers."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from wristband.elders.queries import list_contacts
from wristband.outbox import escalation, family, steps
from wristband.values.escalation import Escalation

WORDINGS = {False: "band_scanned", True: "drill"}
CALLS = {False: "call_band_scanned", True: "call_drill"}
"""By whether it is a drill: what is written, and what is read out on the telephone."""


def begin(
    reach_id: int,
    elder_id: int,
    *,
    facts: dict[str, str],
    times: Escalation,
    by_telephone: bool,
    at: datetime,
    only: Collection[int] | None = None,
) -> None:
    """Owe the messages and keep the plan of one reach, in the caller's transaction.

    `by_telephone`: whether this instance can call at all. A drill is told to `only` the guardians of these ids, and
    calls in no desk.
    """
    drill = only is not None
    wording = WORDINGS[drill]
    family.owe(elder_id, f"{wording}:{reach_id}", wording=wording, facts=facts, at=at, reach_id=reach_id, only=only)
    called = _calling_order(elder_id, only) if by_telephone else []
    steps.owe(reach_id, elder_id, escalation.plan(times, called, began_at=at, with_desk=not drill))


def _calling_order(elder_id: int, only: Collection[int] | None) -> list[int]:
    """Whom to telephone, by id: as the family put them, those that nobody has confirmed last."""
    contacts = [one for one in list_contacts(elder_id) if only is None or one.guardian_id in only]
    return [one.id for one in sorted(contacts, key=lambda one: one.confirmed_at is None)]
