"""The history of an elder's particulars: who changed which field, when, and what stood there before."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

import sqlalchemy as sa

from wristband.db import db
from wristband.elders import opened
from wristband.elders.models import Elder, ElderChange
from wristband.elders.rules import Particulars
from wristband.sealing import SealBroken


def texts_of(particulars: Particulars) -> dict[str, str | None]:
    """Particulars as an elder's columns hold them."""
    return {
        "name": particulars.name,
        "called": particulars.called or None,
        "sex": particulars.sex,
        "birth_year": str(particulars.birth_year) if particulars.birth_year else None,
        "address": particulars.address or None,
        "approach": particulars.approach or None,
        "health": particulars.health or None,
    }


def apply(elder: Elder, values: Mapping[str, str | int | None], *, actor: str, now: datetime) -> list[str]:
    """Give the elder these values, in the caller's transaction; names of the fields that are other than before.

    Each of them is a row of the history. The elder is held by the caller. What does not open is replaced, unread.
    """
    changed = []
    for name, value in values.items():
        try:
            before = getattr(elder, name)
        except SealBroken:
            before = None
        if before == value:
            continue
        _keep(elder.id, name, before, actor, now)
        setattr(elder, name, value)
        changed.append(name)
    return changed


def _keep(elder_id: int, field: str, before: object, actor: str, now: datetime) -> None:
    # Of what is not sealed, the station, what was before is told by the transfers.
    words = before if isinstance(before, str) else None
    db.session.add(ElderChange(elder_id=elder_id, at=now, actor=actor, field=field, before=words))


def list_changes(elder_id: int, *, limit: int = 50) -> Sequence[ElderChange]:
    """The latest changes, newest first. Whoever asks has settled before that they may be seen."""
    return db.session.scalars(
        sa.select(ElderChange).where(ElderChange.elder_id == elder_id).order_by(ElderChange.id.desc()).limit(limit)
    ).all()


def before_of(change: ElderChange) -> str | None:
    """What stood there before; opened.UNREADABLE where it does not open."""
    return opened.text(change, "before")
