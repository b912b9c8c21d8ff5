"""Reaching a family for one finder: all at once in the quiet channels, and a plan while nobody answers."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime

from wristband.bands.models import Band
from wristband.clock import ZONE
from wristband.db import db, new_id
from wristband.elders.queries import list_contacts
from wristband.outbox import escalation, family, steps
from wristband.outbox.rules import TAP_WORDINGS
from wristband.scans.models import Reach
from wristband.values.code import code_tail
from wristband.values.escalation import Escalation

WORDINGS = dict(zip((False, True), TAP_WORDINGS, strict=True))
CALLS = {False: "call_band_scanned", True: "call_drill"}
"""By whether it is a drill: what is written, and what is read out on the telephone."""


def begin(
    scan_id: int,
    elder_id: int,
    band: Band,
    *,
    issuer: Mapping[str, str],
    times: Escalation,
    by_telephone: bool,
    at: datetime,
    told_with: int | None = None,
    quietly: bool = False,
    only: Collection[int] | None = None,
) -> Reach:
    """Keep that this scan reaches for the family, owe the messages and keep the plan, in the caller's transaction.

    Where it is `told_with` an earlier reach nothing is owed: the family hears of it by that one's messages. Begun
    `quietly` nobody is written to or called, and only the desk is called in at its time. `issuer`
    is who writes (Settings.issuer), `by_telephone` whether this instance can call at all. A drill is told to `only`
    the guardians of these ids, and calls in no desk.
    """
    drill, reach_id = only is not None, new_id()
    reach = Reach(
        id=reach_id, scan_id=scan_id, elder_id=elder_id, told_with=told_with or reach_id, made_at=at, drill=drill
    )
    db.session.add(reach)
    db.session.flush()
    if told_with is not None:
        return reach
    if quietly:
        steps.owe(reach_id, elder_id, escalation.plan(times, [], began_at=at))
        return reach
    wording, facts = WORDINGS[drill], _facts(band, issuer, at)
    family.owe(
        elder_id,
        f"{wording}:{reach_id}",
        wording=wording,
        facts=facts,
        at=at,
        only=only,
        by_a_tap=not drill,
        reach_id=reach_id,
    )
    called = _calling_order(elder_id, only) if by_telephone else []
    steps.owe(reach_id, elder_id, escalation.plan(times, called, began_at=at, with_desk=not drill))
    return reach


def _facts(band: Band, issuer: Mapping[str, str], at: datetime) -> dict[str, str]:
    """What is told of a tap: who writes, the band's last characters, the time."""
    return {**issuer, "code_tail": code_tail(band.serial), "time": f"{at.astimezone(ZONE):%m-%d %H:%M}"}


def _calling_order(elder_id: int, only: Collection[int] | None) -> list[int]:
    """Whom to telephone, by id: as the family put them, those that nobody has confirmed last."""
    contacts = [one for one in list_contacts(elder_id) if only is None or one.guardian_id in only]
    return [one.id for one in sorted(contacts, key=lambda one: one.confirmed_at is None)]
