"""Reaching the family: the finder's tap, the guardian's look, the guardian's answer."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from wristband import limits
from wristband.audit import trail
from wristband.audit.deeds import Deed
from wristband.bands.models import Band
from wristband.bands.queries import find_band
from wristband.bands.rules import reaches_family
from wristband.clock import ZONE
from wristband.db import db, new_id, transaction
from wristband.errors import NotFound, TooMany
from wristband.house import house
from wristband.outbox import links
from wristband.outbox.reaching import WORDINGS, begin
from wristband.outbox.rules import Channel
from wristband.scans import answers, keeping, queries
from wristband.scans.models import Reach
from wristband.scans.rules import TAPS_AN_ELDER, Answer
from wristband.values.code import BandCode


@dataclass(frozen=True, slots=True)
class Linked:
    """What a message's link is about: when it was owed, whether it was used, whether anybody has answered."""

    at: datetime
    used: bool
    answered: bool
    drill: bool


def tell_family(reference: str, serial: str | None, *, language: str, low_trust: bool, now: datetime) -> Reach | None:
    """Owe every contact of the band's elder a message. A second tap returns the first reach.

    None where no family stands behind the band (forged, unknown, ended): the scan is kept, so that its finder can
    be told so and report.
    """
    there = queries.find_reach_of(reference)
    if there is not None:
        return there  # and the elder's budget is not touched
    elder_id = _elder_behind(find_band(serial) if serial else None)
    own_messages = elder_id is None or _within_budget(elder_id, now)
    with transaction():
        band = find_band(serial) if serial else None
        elder_id = _elder_behind(band)
        scan = keeping.keep(
            reference,
            band_id=band.id if band else None,
            language=language,
            now=now,
            acted=True,
            low_trust=low_trust,
        )
        before = queries.find_reach(scan.id)
        if before is not None or band is None or elder_id is None:
            return before
        reach_id = new_id()
        last = None if own_messages else _last_told(elder_id)
        reach = Reach(id=reach_id, scan_id=scan.id, elder_id=elder_id, told_with=last or reach_id, made_at=now)
        db.session.add(reach)
        db.session.flush()
        if last is None:
            _owe(reach, band, now)
        trail.record(
            Deed.FAMILY_TOLD,
            actor="finder",
            subject=f"reach:{reach.id}",
            at=now,
            elder_id=elder_id,
            scan=scan.id,
            band=band.id,
        )
        return reach


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
        at=message.owed_at,
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


def _elder_behind(band: Band | None) -> int | None:
    return band.elder_id if band and reaches_family(band.state) else None


def _within_budget(elder_id: int, now: datetime) -> bool:
    try:
        with transaction():
            limits.spend(TAPS_AN_ELDER, str(elder_id), now=now)
    except TooMany:
        return False
    return True


def _last_told(elder_id: int) -> int | None:
    return db.session.scalar(
        sa.select(Reach.told_with)
        .where(Reach.elder_id == elder_id, Reach.drill.is_(False))
        .order_by(Reach.id.desc())
        .limit(1)
    )


def _owe(reach: Reach, band: Band, now: datetime) -> None:
    settings = house().settings
    begin(
        reach.id,
        reach.elder_id,
        facts={
            **settings.issuer,
            "code_tail": BandCode.from_serial(band.serial).tail,
            "time": f"{now.astimezone(ZONE):%m-%d %H:%M}",
        },
        times=settings.steps,
        by_telephone=Channel.VOICE in house().channels,
        at=now,
    )
