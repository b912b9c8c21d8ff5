"""Ending the link between a guardian and an elder, as rows in the caller's transaction."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa

from wristband.db import db
from wristband.elders import queries
from wristband.elders.models import Contact, Erasure, Guardianship, Invitation
from wristband.errors import Conflict, NotFound


def end(elder_id: int, guardian_id: int, *, last: str, now: datetime) -> Guardianship:
    """The guardian answers for the elder no more and is called no more; the others close up.

    The caller holds the elder. Raises NotFound for no guardian of this elder's, Conflict(`last`) for the last one.
    """
    links = [link for link, _ in queries.list_guardians(elder_id)]
    ended = next((link for link in links if link.guardian_id == guardian_id), None)
    if ended is None:
        raise NotFound("records.guardian_unknown")
    others = [link for link in links if link is not ended]
    if not others:
        raise Conflict(last)
    ended.ended_at = now
    for rank, link in enumerate(others, 1):
        link.rank = rank
    db.session.execute(sa.delete(Contact).where(Contact.elder_id == elder_id, Contact.guardian_id == guardian_id))
    _end_wishes(elder_id, guardian_id, now)
    db.session.flush()
    return ended


def _end_wishes(elder_id: int, guardian_id: int, now: datetime) -> None:
    """What only she who leaves wanted is not done after her."""
    for model, whose in ((Erasure, Erasure.guardian_id), (Invitation, Invitation.invited_by)):
        db.session.execute(
            sa.update(model)
            .where(model.elder_id == elder_id, whose == guardian_id, model.ended_at.is_(None))
            .values(ended_at=now)
        )
