"""How far a family is ready, gathered: of many elders at once, one question a subject."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection
from datetime import datetime

import sqlalchemy as sa

from wristband.accounts.queries import list_quiet_contacts
from wristband.bands.models import Band
from wristband.bands.rules import BandState
from wristband.db import db
from wristband.elders.models import Contact, Guardianship, Voice
from wristband.elders.queries import portraits_by_elder
from wristband.elders.readiness import Facts
from wristband.scans.drills import last_answered


def gather(elder_ids: Collection[int], *, optional: bool = True) -> dict[int, Facts]:
    """The facts of each of these elders. Whoever asks has settled before that they may be seen.

    Without what is only `optional` a list asks three questions less, and those points count as not there.
    """
    if not elder_ids:
        return {}
    guardians = _guardians(elder_ids)
    numbers, tests = _confirmed_ats(elder_ids), _tested_ats(elder_ids)
    every = {one for ids in guardians.values() for one in ids} if optional else set()
    quiet = Counter(contact.guardian_id for contact in (list_quiet_contacts(every) if every else ()))
    portraits = portraits_by_elder(list(elder_ids)) if optional else {}
    voices, drilled = _voices(elder_ids) if optional else set(), last_answered(elder_ids)
    return {
        elder_id: Facts(
            guardians=len(guardians[elder_id]),
            confirmed_ats=numbers[elder_id],
            quiet=sum(quiet[one] for one in guardians[elder_id]),
            portrait=elder_id in portraits,
            voice=elder_id in voices,
            tested_ats=tests[elder_id],
            drilled_at=drilled.get(elder_id),
        )
        for elder_id in elder_ids
    }


def _guardians(elder_ids: Collection[int]) -> defaultdict[int, list[int]]:
    found = defaultdict(list)
    for row in db.session.execute(
        sa.select(Guardianship.elder_id, Guardianship.guardian_id).where(
            Guardianship.elder_id.in_(elder_ids), Guardianship.ended_at.is_(None)
        )
    ):
        found[row.elder_id].append(row.guardian_id)
    return found


def _confirmed_ats(elder_ids: Collection[int]) -> defaultdict[int, list[datetime | None]]:
    found: defaultdict[int, list[datetime | None]] = defaultdict(list)
    question = sa.select(Contact.elder_id, Contact.confirmed_at).where(Contact.elder_id.in_(elder_ids))
    for row in db.session.execute(question.order_by(Contact.calling_order, Contact.id)):
        found[row.elder_id].append(row.confirmed_at)
    return found


def _tested_ats(elder_ids: Collection[int]) -> defaultdict[int, list[datetime | None]]:
    found: defaultdict[int, list[datetime | None]] = defaultdict(list)
    question = sa.select(Band.elder_id, Band.tested_at).where(
        Band.elder_id.in_(elder_ids), Band.state == BandState.ACTIVE
    )
    for row in db.session.execute(question.order_by(Band.id)):
        found[row.elder_id].append(row.tested_at)
    return found


def _voices(elder_ids: Collection[int]) -> set[int]:
    in_use = sa.select(Voice.elder_id).where(Voice.elder_id.in_(elder_ids), Voice.destroyed_at.is_(None))
    return set(db.session.scalars(in_use))
