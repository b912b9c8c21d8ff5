"""Posting: what finder, family and police tell each other on the board of one encounter, and how far it was read."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial

import sqlalchemy as sa

from wristband import data_keys, limits
from wristband.accounts.rules import OfficerAccount
from wristband.audit import trail
from wristband.audit.deeds import Deed
from wristband.board import queries
from wristband.board.models import FinderNumber, Post, ReadMark
from wristband.board.photos import BOARD_PHOTO_PLACE
from wristband.board.rules import (
    NEWS_AN_ELDER,
    NUMBERS_A_SCAN,
    PHOTOS_A_SCAN,
    PHOTOS_AN_ELDER,
    POSTS_A_SCAN,
    POSTS_AN_ELDER,
    TOLD_A_SCAN,
    PhotoState,
    Phrase,
    Side,
    check_phrase,
    clean_words,
    may_read,
)
from wristband.db import db, insert, new_id, transaction
from wristband.errors import BadValue, Conflict, TooMany
from wristband.house import house
from wristband.outbox import family
from wristband.scans import photos
from wristband.scans import queries as scans
from wristband.scans.models import Scan
from wristband.scans.news import news
from wristband.sealing import Keyed, box
from wristband.values.phone import Phone


@dataclass(frozen=True, slots=True)
class Said:
    """What a form says: one phrase, or words, a photograph as it was uploaded, or both. `upto` is the last post shown
    with it: what stands there has been before the writer."""

    phrase: Phrase | None = None
    words: str = ""
    photo: bytes | None = field(default=None, repr=False)
    upto: int = 0


@dataclass(frozen=True, slots=True)
class _Author:
    """Who speaks, and the question that settles the right to: it gives the scan, `held` for a deed, or refuses."""

    side: Side
    actor: str
    scan: Callable[..., Scan]
    guardian_id: int | None = None
    officer_id: int | None = None


def _finder(reference: str) -> _Author:
    return _Author(Side.FINDER, "finder", partial(scans.get_acted_scan, reference))


def _guardian(scan_id: int, guardian_id: int) -> _Author:
    find = partial(queries.get_scan_of_guardian, scan_id, guardian_id=guardian_id)
    return _Author(Side.FAMILY, f"guardian:{guardian_id}", find, guardian_id=guardian_id)


def _officer(scan_id: int, incident_id: int, officer: OfficerAccount) -> _Author:
    find = partial(queries.get_scan_of_incident, scan_id, incident_id=incident_id, station_id=officer.station_id)
    return _Author(Side.POLICE, officer.actor, find, officer_id=officer.officer_id)


def post_as_finder(reference: str, key: str, said: Said, *, now: datetime) -> int:
    """Say something to the family and the police. Returns the post's number; the same key again is the same post.

    Raises BadValue for what cannot stand on a board, Conflict where it is shut or nobody reads it, TooMany, NotFound,
    Unavailable for a photograph there is no room for.
    """
    return _post(_finder(reference), key, said, now)


def post_as_guardian(scan_id: int, key: str, said: Said, *, guardian_id: int, now: datetime) -> int:
    """The same for a guardian of the elder. A stranger's board is NotFound."""
    return _post(_guardian(scan_id, guardian_id), key, said, now)


def post_as_officer(
    scan_id: int, incident_id: int, key: str, said: Said, *, officer: OfficerAccount, now: datetime
) -> int:
    """The same for an officer of the station that has the incident. Another station's is NotFound."""
    return _post(_officer(scan_id, incident_id, officer), key, said, now)


def read_as_finder(reference: str, upto: int, *, now: datetime) -> None:
    """The finder has had the posts up to this number before him. A number not there yet marks nothing ahead."""
    _read(_finder(reference), upto, now)


def read_as_guardian(scan_id: int, upto: int, *, guardian_id: int, now: datetime) -> None:
    """The same for the family: one of them has."""
    _read(_guardian(scan_id, guardian_id), upto, now)


def read_as_officer(scan_id: int, incident_id: int, upto: int, *, officer: OfficerAccount, now: datetime) -> None:
    """The same for the police."""
    _read(_officer(scan_id, incident_id, officer), upto, now)


def _read(author: _Author, upto: int, now: datetime) -> None:
    with transaction():
        scan = author.scan()
        if may_read(author.side, queries.find_shut(scan, now=now), now=now):
            _mark(scan.id, author.side, upto, now)


def _mark(scan_id: int, side: Side, upto: int, now: datetime) -> None:
    last = queries.last_number(scan_id, upto=min(upto, 2**31 - 1))
    statement = insert(ReadMark).values(id=new_id(), scan_id=scan_id, side=side, last=last, at=now)
    statement = statement.on_conflict_do_update(
        index_elements=["scan_id", "side"],
        set_={"last": statement.excluded.last, "at": statement.excluded.at},
        where=ReadMark.last < statement.excluded.last,
    )
    if last:
        db.session.execute(statement)


# ---- a post


def _post(author: _Author, key: str, said: Said, now: datetime) -> int:
    words = ""
    if said.phrase is not None:
        check_phrase(said.phrase, author.side)
    else:
        words = clean_words(said.words, with_photo=said.photo is not None)
    if not 16 <= len(key) <= 64:
        raise BadValue("page.form_stale")
    if said.phrase is not None or said.photo is None:
        with transaction():
            return _add(author, key, said, words, now)[0]
    return _post_photo(author, key, said, words, now)


def _post_photo(author: _Author, key: str, said: Said, words: str, now: datetime) -> int:
    """The file first, under the scan's data key; then the post that names it. A post that is not made leaves none."""
    post_id = new_id()
    with transaction():
        scan = author.scan(held=True)
        known = queries.find_post(_key(scan.id, author, key, said))
        if known is not None:
            return known.number
        scan_id = _get_open(scan, now)
        _spend_photo(author, scan_id, now)
        data_keys.make(scan_id)
    with photos.kept(said.photo or b"", house().files, place=BOARD_PHOTO_PLACE, row=post_id, scan_id=scan_id) as photo:
        size = {"photo_width": photo.width, "photo_height": photo.height}
        with transaction():
            number, made = _add(author, key, said, words, now, id=post_id, **size)
        photo.named = made
    return number


def _spend_photo(author: _Author, scan_id: int, now: datetime) -> None:
    limits.spend(PHOTOS_A_SCAN, str(scan_id), author.side, now=now)
    elder_id = queries.elder_of(scan_id)
    if author.side is Side.FINDER and elder_id is not None:
        limits.spend(PHOTOS_AN_ELDER, str(elder_id), now=now)


def _add(author: _Author, key: str, said: Said, words: str, now: datetime, **row: int) -> tuple[int, bool]:
    """The post's number, and whether it was made now: the same key has made it before where not."""
    scan = author.scan(held=True)
    hashed = _key(scan.id, author, key, said)
    known = queries.find_post(hashed)
    if known is not None:
        return known.number, False
    _get_open(scan, now)
    elder_id = queries.elder_of(scan.id)
    limits.spend(POSTS_A_SCAN, str(scan.id), author.side, now=now)
    if author.side is Side.FINDER and elder_id is not None:
        limits.spend(POSTS_AN_ELDER, str(elder_id), now=now)
    if said.upto:
        _mark(scan.id, author.side, said.upto, now)
    number = _append(scan.id, author, hashed, said.phrase, words, now, **row)
    if author.side is Side.FINDER and elder_id is not None:
        _tell_family(scan, elder_id, now)
    return number, True


def _append(
    scan_id: int, author: _Author, key: Keyed, phrase: Phrase | None, words: str, now: datetime, **row: int
) -> int:
    number = queries.last_number(scan_id) + 1
    post = Post(
        scan_id=scan_id,
        number=number,
        key=key,
        side=author.side,
        guardian_id=author.guardian_id,
        officer_id=author.officer_id,
        phrase=phrase,
        photo=PhotoState.KEPT if row else None,
        at=now,
        **row,
    )
    post.words = words or None
    db.session.add(post)
    db.session.flush()
    _record(Deed.BOARD_POSTED, author, scan_id, now, post=post.id)
    return number


def _get_open(scan: Scan, now: datetime) -> int:
    """The scan's id, where something may be written on its board now. Raises Conflict."""
    ended = queries.find_shut(scan, now=now)
    if ended is not None:
        raise Conflict(f"board.{ended.ending.value}")
    if not queries.readers_of(scan.id):
        raise Conflict("board.nobody")
    return scan.id


def _key(scan_id: int, author: _Author, key: str, said: Said) -> Keyed:
    """The idempotency key of a form, of this author on this board only.

    With what it says: who goes back and writes something else has said something else.
    """
    content = hashlib.sha256(f"{said.phrase}\n{said.words}\n".encode() + (said.photo or b"")).hexdigest()
    return box().keyed_hash("board.key", str(scan_id), author.actor, key, content)


def _record(deed: Deed, author: _Author, scan_id: int, now: datetime, **facts: int | str | None) -> None:
    elder_id = queries.elder_of(scan_id)
    trail.record(deed, actor=author.actor, subject=f"scan:{scan_id}", at=now, elder_id=elder_id, **facts)


def _tell_family(scan: Scan, elder_id: int, now: datetime) -> None:
    """At most once in two minutes: what came meanwhile stands on the same page."""
    try:
        limits.spend(TOLD_A_SCAN, str(scan.id), now=now)
    except TooMany:
        return
    _owe(scan, elder_id, "board_posted", f"board_posted:{scan.id}:{new_id()}", now)


def _owe(scan: Scan, elder_id: int, wording: str, key: str, now: datetime) -> None:
    reach = scans.find_reach(scan.id)
    if reach is not None and reach.drill:
        return  # who tries the chain sits before the page
    facts = house().settings.issuer | news(scan.band_id or 0, elder_id, now=now)
    reach_id = reach.id if reach else None
    try:
        limits.spend(NEWS_AN_ELDER, str(elder_id), now=now)
    except TooMany:
        return  # it stands on the board: nobody is buried in texts
    family.owe(elder_id, key, wording=wording, facts=facts, at=now, by_a_tap=True, reach_id=reach_id)


# ---- "call me"


def leave_number(reference: str, phone: Phone, *, now: datetime) -> None:
    """The finder wants to be called by the family under this number. The same again changes nothing.

    It stands on the family's page alone, and the family hears of each new one. Raises Conflict where the board is shut
    or no family reads it, TooMany, NotFound.
    """
    author, kept = _finder(reference), f"{phone.e164};{phone.extension}"
    with transaction():
        scan = author.scan(held=True)
        _get_open(scan, now)
        elder_id = queries.elder_of(scan.id)
        if elder_id is None:
            raise Conflict("board.no_family")
        there = queries.find_number(scan.id)
        if there is not None and hmac.compare_digest(there.phone, kept):
            return
        limits.spend(NUMBERS_A_SCAN, str(scan.id), now=now)
        if there is None:
            db.session.add(FinderNumber(scan_id=scan.id, phone=kept, left_at=now))
        else:
            there.phone, there.left_at = kept, now
        _tell_of_number(author, scan.id, Phrase.NUMBER_LEFT, now)
        _record(Deed.NUMBER_LEFT, author, scan.id, now)
        _owe(scan, elder_id, "number_left", f"number_left:{scan.id}:{new_id()}", now)


def take_number_back(reference: str, *, now: datetime) -> None:
    """Nobody calls the finder any more: the number is gone. Without one it changes nothing. Raises NotFound."""
    author = _finder(reference)
    with transaction():
        scan = author.scan(held=True)
        gone = db.session.execute(sa.delete(FinderNumber).where(FinderNumber.scan_id == scan.id))
        if gone.rowcount == 0:  # type: ignore[attr-defined]
            return
        _record(Deed.NUMBER_TAKEN_BACK, author, scan.id, now)
        if queries.find_shut(scan, now=now) is None:
            _tell_of_number(author, scan.id, Phrase.NUMBER_TAKEN_BACK, now)


def _tell_of_number(author: _Author, scan_id: int, phrase: Phrase, now: datetime) -> None:
    _append(scan_id, author, _key(scan_id, author, f"{phrase.value}:{new_id()}", Said(phrase=phrase)), phrase, "", now)


# ---- the photographs


def photo_for_finder(reference: str, number: int, *, now: datetime) -> bytes:
    """The JPEG of a post. Raises NotFound, also for who may not read the board any more."""
    return _photo(_finder(reference), number, now)


def photo_for_guardian(scan_id: int, number: int, *, guardian_id: int, now: datetime) -> bytes:
    """The same for a guardian."""
    return _photo(_guardian(scan_id, guardian_id), number, now)


def photo_for_officer(scan_id: int, incident_id: int, number: int, *, officer: OfficerAccount, now: datetime) -> bytes:
    """The same for an officer."""
    return _photo(_officer(scan_id, incident_id, officer), number, now)


def _photo(author: _Author, number: int, now: datetime) -> bytes:
    post = queries.get_photo(author.scan(), number, side=author.side, now=now)
    return house().files.read(place=BOARD_PHOTO_PLACE, row=post.id)
