"""Boards by who may stand before them: the scope is in the question."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa

from wristband.board.disclosure import ShownBoard, ShownNumber, ShownPost
from wristband.board.models import FinderNumber, MaskedCall, Post, ReadMark
from wristband.board.rules import PhotoState, Shut, Side, may_read, needs_caution, shut
from wristband.db import db
from wristband.elders.queries import ids_of
from wristband.errors import NotFound
from wristband.incidents.encounters import how_it_ended
from wristband.incidents.models import Incident, Report
from wristband.incidents.queries import find_report, get_incident
from wristband.scans.models import Reach, Scan
from wristband.scans.queries import find_reach
from wristband.sealing import Keyed
from wristband.values.phone import Phone


def get_scan_of_guardian(scan_id: int, *, guardian_id: int, held: bool = False) -> Scan:
    """The scan of a board about one of my elders. Raises NotFound for a stranger's and for none alike."""
    reached = sa.exists().where(Reach.scan_id == Scan.id, Reach.elder_id.in_(ids_of(guardian_id)))
    reported = sa.exists().where(
        Report.scan_id == Scan.id, Report.incident_id == Incident.id, Incident.elder_id.in_(ids_of(guardian_id))
    )
    question = sa.select(Scan).where(Scan.id == scan_id, Scan.acted_at.is_not(None), sa.or_(reached, reported))
    return _got(question, held)


def get_scan_of_incident(scan_id: int, *, incident_id: int, station_id: int, held: bool = False) -> Scan:
    """The scan of a board that belongs to this station's incident. Raises NotFound."""
    incident = get_incident(incident_id, station_id=station_id)
    question = (
        sa.select(Scan)
        .join(Report, Report.scan_id == Scan.id)
        .where(Scan.id == scan_id, Report.incident_id == incident.id, Scan.acted_at.is_not(None))
    )
    return _got(question, held)


def _got(question: sa.Select[Scan], held: bool) -> Scan:
    # Held, so that one board's posts follow each other.
    scan: Scan | None = db.session.scalar(question.with_for_update(of=Scan) if held else question)
    if scan is None:
        raise NotFound("board.unknown")
    return scan


def elder_of(scan_id: int) -> int | None:
    """Whose family reads a scan's board: told by the finder, or by the police."""
    reach = find_reach(scan_id)
    if reach is not None:
        return reach.elder_id
    reported = find_report(scan_id)
    return reported[1].elder_id if reported else None


def readers_of(scan_id: int) -> tuple[Side, ...]:
    """Who besides the finder stands before a scan's board."""
    family = (Side.FAMILY,) if elder_of(scan_id) is not None else ()
    return family + ((Side.POLICE,) if find_report(scan_id) is not None else ())


def find_shut(scan: Scan, *, now: datetime) -> Shut | None:
    """Why nothing more is written on a scan's board; None while it is open."""
    acted_at = scan.acted_at or scan.opened_at
    ended = how_it_ended(scan.id, elder_of(scan.id), since=acted_at)
    return shut(
        acted_at=acted_at,
        incident_closed_at=ended.incident_closed_at,
        handed_over_at=ended.handed_over_at,
        erased_at=ended.erased_at,
        now=now,
    )


def find_post(key: Keyed) -> Post | None:
    """The post that the form of this key has made already."""
    return db.session.scalar(sa.select(Post).where(Post.key == key))


def last_number(scan_id: int, *, upto: int | None = None) -> int:
    """The number of the newest post, of those up to a number where one is given; 0 where there is none."""
    question = sa.select(sa.func.max(Post.number)).where(Post.scan_id == scan_id)
    if upto is not None:
        question = question.where(Post.number <= upto)
    return db.session.scalar(question) or 0


def list_posts(scan_ids: Sequence[int], *, latest: int | None = None) -> Sequence[Post]:
    """The posts of these scans, board by board, the oldest first; of one board the `latest` so many."""
    question = sa.select(Post).where(Post.scan_id.in_(scan_ids))
    if latest is None:
        return db.session.scalars(question.order_by(Post.scan_id, Post.number)).all()
    return db.session.scalars(question.order_by(Post.number.desc()).limit(latest)).all()[::-1]


def get_photo(scan: Scan, number: int, *, side: Side, now: datetime) -> Post:
    """The post whose photograph this side may still see. Raises NotFound."""
    post: Post | None = db.session.scalar(
        sa.select(Post).where(Post.scan_id == scan.id, Post.number == number, Post.photo == PhotoState.KEPT)
    )
    if post is None or not may_read(side, find_shut(scan, now=now), now=now):
        raise NotFound("files.gone")
    return post


def marks(scan_id: int) -> dict[Side, int]:
    """How far each side has read."""
    rows = db.session.execute(sa.select(ReadMark.side, ReadMark.last).where(ReadMark.scan_id == scan_id))
    return {row.side: row.last for row in rows}


def find_number(scan_id: int) -> FinderNumber | None:
    """The row of the number that a finder has left."""
    return db.session.scalar(sa.select(FinderNumber).where(FinderNumber.scan_id == scan_id))


def phone_of(number: FinderNumber) -> Phone | None:
    """The number itself; None where it does not open any more."""
    return Phone(*number.phone.split(";")) if number.phone else None


def find_call(scan_id: int, *, guardian_id: int | None, now: datetime) -> MaskedCall | None:
    """What the masked gateway has lent for this finder, while it connects: to this guardian, or, for None, to any."""
    question = sa.select(MaskedCall).where(
        MaskedCall.scan_id == scan_id, MaskedCall.ends_at > now, MaskedCall.released_at.is_(None)
    )
    if guardian_id is not None:
        question = question.where(MaskedCall.guardian_id == guardian_id)
    number = find_number(scan_id)
    if number is not None:  # what connects to the number before rings somebody else
        question = question.where(MaskedCall.made_at >= number.left_at)
    return db.session.scalar(question.order_by(MaskedCall.id.desc()).limit(1))


def list_lent(*, now: datetime) -> Sequence[tuple[MaskedCall, Scan]]:
    """What the masked gateway has lent and was not given back, while it connects."""
    rows = db.session.execute(
        sa.select(MaskedCall, Scan)
        .join(Scan, Scan.id == MaskedCall.scan_id)
        .where(MaskedCall.released_at.is_(None), MaskedCall.ends_at > now)
        .order_by(MaskedCall.id)
    )
    return [(row[0], row[1]) for row in rows]


def show(
    scan: Scan, side: Side, *, reader_id: int | None = None, latest: int | None = None, now: datetime
) -> ShownBoard:
    """A board for one reader, whose right to it was settled by the question that gave the scan.

    `reader_id` is the guardian's or officer's own; `latest` shows only so many posts, the newest.
    """
    ended = find_shut(scan, now=now)
    readable = may_read(side, ended, now=now)
    read = marks(scan.id)
    listed = list_posts([scan.id], latest=latest) if readable else ()
    posts = tuple(_shown(post, side, reader_id, read) for post in listed)
    number = find_number(scan.id) if ended is None else None
    others = tuple(one for one in (Side.FINDER, *readers_of(scan.id)) if one is not side)
    mark = read.get(side, 0)
    return ShownBoard(
        scan_id=scan.id,
        side=side,
        posts=posts,
        total=last_number(scan.id) if readable else 0,
        last=posts[-1].number if posts else 0,
        unread=any(post.number > mark and post.side is not side for post in posts),
        others=others,
        shut=ended,
        readable=readable,
        number=_number(number, side, reader_id, now),
        number_left=number is not None,
    )


def _shown(post: Post, side: Side, reader_id: int | None, read: dict[Side, int]) -> ShownPost:
    words = post.words or ""
    author = {Side.FINDER: None, Side.FAMILY: post.guardian_id, Side.POLICE: post.officer_id}[post.side]
    size = (post.photo_width or 0, post.photo_height or 0) if post.photo is PhotoState.KEPT else None
    return ShownPost(
        number=post.number,
        side=post.side,
        mine=post.side is side and author == reader_id,
        phrase=post.phrase,
        words=words,
        photo=size,
        at=post.at,
        read_by=tuple(one for one in Side if one is not post.side and read.get(one, 0) >= post.number),
        caution=post.side is Side.FINDER and side is not Side.FINDER and needs_caution(words),
    )


def _number(number: FinderNumber | None, side: Side, reader_id: int | None, now: datetime) -> ShownNumber | None:
    if number is None or side is Side.POLICE:
        return None
    call = find_call(number.scan_id, guardian_id=reader_id, now=now)
    if call is None:
        return ShownNumber(phone_of(number))
    return ShownNumber(phone_of(number), call.number or "", call.ends_at)
