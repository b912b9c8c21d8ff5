"""Reaching the family: the finder's tap, the guardian's look, the guardian's answer."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from wristband import limits
from wristband.audit import trail
from wristband.audit.deeds import Deed
from wristband.bands.models import Band
from wristband.bands.queries import find_band
from wristband.bands.rules import reaches_family
from wristband.db import transaction
from wristband.errors import NotFound, TooMany
from wristband.house import house
from wristband.outbox import leases, links, steps
from wristband.outbox.rules import Channel
from wristband.scans import answers, drills, keeping, queries
from wristband.scans.models import Reach
from wristband.scans.reaching import WORDINGS, begin
from wristband.scans.rules import RIDES_FOR, TAPS_AN_ELDER, Answer


@dataclass(frozen=True, slots=True)
class Linked:
    """What a message's link is about: when it was owed, whether it was used, whether anybody has answered."""

    at: datetime
    used: bool
    answered: bool
    drill: bool


def tell_family(reference: str, serial: str | None, *, language: str, low_trust: bool, now: datetime) -> Reach | None:
    """Owe every contact of the band's elder a message. A second tap returns the first reach.

    A scan keeps its band: `serial` counts only while nothing is known of the scan.
    None where no family stands behind the band (forged, unknown, ended): the scan is kept, so that its finder can
    be told so and report.
    """
    there = queries.find_reach_of(reference)
    if there is not None:
        return there
    with transaction():
        serial = queries.find_serial(reference) or serial
        band = find_band(serial) if serial else None
        scan_id = keeping.keep(
            reference, band_id=band.id if band else None, language=language, now=now, low_trust=low_trust
        )
        before = queries.find_reach(scan_id)
        if before is not None or band is None or band.elder_id is None or not reaches_family(band.state):
            return before
        _end_drill(band.elder_id, now)
        reach = _begin(scan_id, band.elder_id, band, now)
        trail.record(
            Deed.FAMILY_TOLD,
            actor="finder",
            subject=f"reach:{reach.id}",
            at=now,
            elder_id=band.elder_id,
            scan=scan_id,
            band=band.id,
        )
        return reach


def _end_drill(elder_id: int, now: datetime) -> None:
    """Somebody is really lost: a drill's calls and texts leave the line free."""
    running = drills.running_of(elder_id, now=now)
    if steps.drop_waiting(steps.list_waiting(running), now=now):
        leases.stop_for(running, now=now)


def _begin(scan_id: int, elder_id: int, band: Band, now: datetime) -> Reach:
    """With messages of its own while the elder's budget lasts, then with those of the last that waits for an answer.

    Where none does, the desk alone hears of it, at its time: nobody floods a family, and no finder waits for nobody.
    """
    last, spent = None, False
    try:
        limits.spend(TAPS_AN_ELDER, str(elder_id), now=now)
    except TooMany:
        last, spent = queries.find_last_told(elder_id, since=now - RIDES_FOR), True
    settings = house().settings
    return begin(
        scan_id,
        elder_id,
        band,
        issuer=settings.issuer,
        times=settings.steps,
        by_telephone=Channel.VOICE in house().channels,
        told_with=last,
        quietly=spent and last is None,
        at=now,
    )


def see(reach_id: int, *, guardian_id: int, now: datetime) -> Reach:
    """A guardian has opened the message: the finder is told that somebody has seen it. Raises NotFound."""
    reach = queries.get_reach(reach_id, guardian_id=guardian_id)
    if answers.has_seen(reach_id, guardian_id=guardian_id):
        return reach
    with transaction():
        answers.see(reach, guardian_id=guardian_id, now=now)
    return queries.get_reach(reach_id, guardian_id=guardian_id)


def answer(reach_id: int, said: Answer, *, guardian_id: int, now: datetime) -> None:
    """A guardian answers the finder. A later answer replaces the earlier one. Raises NotFound."""
    with transaction():
        reach = queries.get_reach(reach_id, guardian_id=guardian_id)
        answers.answer(reach, said, guardian_id=guardian_id, now=now)


def find_linked(token: str, *, now: datetime) -> Linked | None:
    """What the link of a message is about, and whether somebody has used it already; None for no link of ours."""
    message = links.find_message(token, house().ring.all("forms"), now=now)
    if message is None or message.reach_id is None:
        return None
    return Linked(
        at=queries.get_reach_for_service(message.reach_id).made_at,
        used=message.acknowledged_at is not None,
        answered=answers.is_answered(message.reach_id),
        drill=message.wording == WORDINGS[True],
    )


def acknowledge(token: str, *, now: datetime) -> bool:
    """Answer "seen, I am on it" by the link of a message: the finders are told so. False where it was used before.

    Raises NotFound for a link that is forged, cut, or older than a day.
    """
    with transaction():
        message = links.find_message(token, house().ring.all("forms"), now=now)
        if message is None or message.reach_id is None:
            raise NotFound("reach.link_unknown")
        if not links.use(message.id, now=now):
            return False
        answers.acknowledge(message.reach_id, guardian_id=message.guardian_id, now=now)
        return True
