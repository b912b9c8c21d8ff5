"""What officers are told of accounts when they come next; added to the caller's transaction."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from wristband.accounts.models import Officer, OfficerNotice
from wristband.accounts.rules import NoticeKind, Role
from wristband.db import db

_SHOWN = 20


@dataclass(frozen=True, slots=True)
class Told:
    """One notice; `name` is of whom it is where that is not its reader."""

    kind: NoticeKind
    name: str
    own: bool
    at: datetime


def tell(officer_id: int, kind: NoticeKind, *, about: int, at: datetime) -> None:
    """Owe an officer a notice."""
    db.session.add(OfficerNotice(officer_id=officer_id, kind=kind, about_id=about, at=at))


def tell_supervisors(kind: NoticeKind, *, about: int, at: datetime) -> None:
    """Owe it to every supervisor of that officer's station but herself."""
    station = sa.select(Officer.station_id).where(Officer.id == about).scalar_subquery()
    supervisors = db.session.scalars(
        sa.select(Officer.id).where(
            Officer.station_id == station,
            Officer.role == Role.SUPERVISOR,
            Officer.disabled_at.is_(None),
            Officer.id != about,
        )
    )
    for supervisor in supervisors.all():
        tell(supervisor, kind, about=about, at=at)


def list_unseen(officer_id: int) -> Sequence[Told]:
    """What an officer has not been told yet, the newest first."""
    rows = db.session.execute(
        sa.select(OfficerNotice, Officer)
        .join(Officer, Officer.id == OfficerNotice.about_id)
        .where(OfficerNotice.officer_id == officer_id, OfficerNotice.seen_at.is_(None))
        .order_by(OfficerNotice.at.desc(), OfficerNotice.id.desc())
        .limit(_SHOWN)
    )
    return [Told(notice.kind, about.name, about.id == officer_id, notice.at) for notice, about in rows]
