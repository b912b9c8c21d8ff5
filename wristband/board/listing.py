"""The boards of an incident as a list: hundreds of finders may have reported, and a page shows a few whole."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from wristband.board.models import Post, ReadMark
from wristband.board.rules import Side, may_read, shut
from wristband.db import db
from wristband.incidents.models import Incident, PhoneReport, Report
from wristband.partners.models import PartnerReport
from wristband.scans.models import Scan

WHOLE_MOST = 3
FOLDED_A_PAGE = 20


@dataclass(frozen=True, slots=True)
class Listed:
    """One finder's board without its words. `nth` tells finders apart: the first who reported is 1."""

    scan_id: int
    nth: int
    posts: int
    said_at: datetime | None
    """When the newest post came; None for a board on which nobody has written."""
    unread: bool
    """Whether a post of somebody else is newer than what the reading side has read."""


@dataclass(frozen=True, slots=True)
class BoardPage:
    """What a page shows: a few boards whole, the same on every page, and some of the others as a line each."""

    whole: Sequence[Listed]
    folded: Sequence[Listed]
    folded_total: int
    page: int

    @property
    def pages(self) -> int:
        return max(1, -(-self.folded_total // FOLDED_A_PAGE))


def list_boards(incident_id: int, side: Side, *, now: datetime) -> list[Listed]:
    """The boards that this side may still read, the first finder's first; who called 110 or a partner has none.

    Two questions, however many there are. The scope of the incident itself is the caller's to ask.
    """
    theirs = sa.and_(Post.side != side, Post.number > sa.func.coalesce(ReadMark.last, 0))
    entered = sa.exists().where(PhoneReport.scan_id == Report.scan_id)
    relayed = sa.exists().where(PartnerReport.scan_id == Report.scan_id)
    closed_at = db.session.scalar(sa.select(Incident.closed_at).where(Incident.id == incident_id))
    rows = db.session.execute(
        sa.select(
            Report.scan_id,
            Report.made_at,
            Scan.acted_at,
            sa.func.count(Post.id).label("posts"),
            sa.func.max(Post.at).label("said_at"),
            sa.func.max(sa.case((theirs, 1), else_=0)).label("unread"),
        )
        .join(Scan, Scan.id == Report.scan_id)
        .outerjoin(Post, Post.scan_id == Report.scan_id)
        .outerjoin(ReadMark, sa.and_(ReadMark.scan_id == Report.scan_id, ReadMark.side == side))
        .where(Report.incident_id == incident_id, Scan.acted_at.is_not(None), ~entered, ~relayed)
        .group_by(Report.id, Report.scan_id, Report.made_at, Scan.acted_at)
        .order_by(Report.id)
    )
    return [
        Listed(row.scan_id, nth, row.posts, row.said_at, bool(row.unread))
        for nth, row in enumerate(rows, 1)
        if _readable(side, row.acted_at or row.made_at, closed_at, now)
    ]


def _readable(side: Side, acted_at: datetime, closed_at: datetime | None, now: datetime) -> bool:
    # An elder handed over by code or erased ends here too: both close the incident.
    ended = shut(acted_at=acted_at, incident_closed_at=closed_at, handed_over_at=None, erased_at=None, now=now)
    return may_read(side, ended, now=now)


def page_of(listed: Sequence[Listed], page: int) -> BoardPage:
    """The opener's board first, then those with something unread, then by when somebody wrote on them last. A page
    that is none is the nearest that is one.
    """
    ordered = [*listed[:1], *sorted(listed[1:], key=_newest_first)]
    whole, folded = ordered[:WHOLE_MOST], ordered[WHOLE_MOST:]
    page = min(max(1, page), max(1, -(-len(folded) // FOLDED_A_PAGE)))
    shown = folded[(page - 1) * FOLDED_A_PAGE : page * FOLDED_A_PAGE]
    return BoardPage(whole, shown, len(folded), page)


def _newest_first(one: Listed) -> tuple[bool, float, int]:
    return (not one.unread, -one.said_at.timestamp() if one.said_at else 0.0, one.nth)
