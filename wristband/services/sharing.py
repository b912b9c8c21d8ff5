"""Giving partners what is released: records, feeds, broadcasts, a portrait; and counting who was given it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from wristband.db import db, insert, new_id, transaction
from wristband.elders.photos import PHOTO_PLACE
from wristband.errors import BadValue, NotFound
from wristband.house import house
from wristband.interchange import pfif, published, queries
from wristband.interchange.cap import MessageType
from wristband.interchange.models import Broadcast, ReleaseReading
from wristband.interchange.pfif import Note, Person
from wristband.interchange.queries import Found
from wristband.partners.rules import PartnerAccount, Scope
from wristband.sealing import SealBroken

_SEARCHED_MOST = 2000


@dataclass(frozen=True, slots=True)
class Page:
    """What part of a feed is asked for; `since` ascending, without it the newest first."""

    since: datetime | None
    skip: int
    most: int


@dataclass(frozen=True, slots=True)
class SharedBroadcast:
    """A message in a list, and whether its document is still given out."""

    identifier: str
    kind: str
    sent_at: datetime
    sender: str
    is_given: bool


def read(record_id: str, *, partner: PartnerAccount, now: datetime) -> Person:
    """One person with its notes, a placeholder once it is over. Raises BadValue for an id that is none of ours."""
    found = queries.find_released(_local(record_id))
    if found is None:
        raise BadValue("pfif.record_unknown")
    person = published.person(found, house().site, now=now)
    _count([found], partner, now)
    return _as_permitted(person, partner)


def search(words: str, *, most: int, partner: PartnerAccount, now: datetime) -> list[Person]:
    """The released persons whose name, description or station holds every one of these words; newest first."""
    wanted = [word.casefold() for word in words.split()]
    if not wanted:
        return []
    hits: list[tuple[Found, Person]] = []
    for found in queries.list_entries(now=now, since=None, skip=0, most=_SEARCHED_MOST, holding=True):
        person = published.person(found, house().site, now=now, with_notes=False)
        text = "\n".join((person.full_name, person.description, person.author_name)).casefold()
        if all(word in text for word in wanted):
            hits.append((found, person))
        if len(hits) == most:
            break
    _count([found for found, _ in hits], partner, now)
    site = house().site
    return [_as_permitted(published.person(found, site, now=now), partner) for found, _ in hits]


def persons(page: Page, *, with_notes: bool, partner: PartnerAccount, now: datetime) -> list[Person]:
    """Persons for a feed, placeholders among them."""
    entries = queries.list_entries(now=now, since=page.since, skip=page.skip, most=page.most)
    _count(entries, partner, now)
    site = house().site
    return [_as_permitted(published.person(one, site, now=now, with_notes=with_notes), partner) for one in entries]


def notes(page: Page, record_id: str, *, partner: PartnerAccount, now: datetime) -> list[Note]:
    """Our notes for a feed; those on one person where `record_id` names one. Raises BadValue as read."""
    release_id = None
    if record_id:
        found = queries.find_released(_local(record_id))
        if found is None:
            raise BadValue("pfif.record_unknown")
        release_id = found.release.id
    rows = queries.list_note_entries(now=now, since=page.since, skip=page.skip, most=page.most, release_id=release_id)
    _count([found for _, found in rows], partner, now)
    made = [published.note(row, found, house().site) for row, found in rows]
    return made if Scope.PFIF_FULL in partner.scopes else [pfif.note_without_sensitive(note) for note in made]


def picture(record_id: str, *, partner: PartnerAccount, now: datetime) -> bytes:
    """The portrait of a released person as JPEG, as long as it is released. Raises NotFound for anything else."""
    found = queries.find_released(_local(record_id))
    photo = published.picture(found.release, found.incident) if found and found.over(now) is None else None
    if found is None or photo is None:
        raise NotFound("elders.no_portrait")
    try:
        jpeg: bytes = house().files.read(place=PHOTO_PLACE, row=photo.id)
    except (SealBroken, OSError):
        raise NotFound("files.gone") from None
    _count([found], partner, now)
    return jpeg


# ---- broadcasts


def broadcasts(page: Page, *, now: datetime) -> list[SharedBroadcast]:
    """Messages for a feed. Of what was cancelled or said anew the number alone is left."""
    return [
        SharedBroadcast(
            message.identifier, message.kind, message.sent_at, message.sender, _is_given(message, found, now)
        )
        for message, found in queries.list_broadcasts(since=page.since, skip=page.skip, most=page.most)
    ]


def broadcast(identifier: str, *, partner: PartnerAccount, now: datetime) -> bytes:
    """One message, word by word as it was published. Raises NotFound, also for one that holds no longer."""
    row = queries.find_broadcast(identifier)
    if row is None or not _is_given(*row, now):
        raise NotFound("pfif.broadcast_gone")
    message, found = row
    try:
        text: str | None = message.document
    except SealBroken:
        raise NotFound("pfif.broadcast_gone") from None
    if text is None:
        raise NotFound("pfif.broadcast_gone")
    _count([found], partner, now)
    return text.encode()


def _is_given(message: Broadcast, found: Found, now: datetime) -> bool:
    """A Cancel always: it tells nothing of anybody. Anything else while it is the last word and the release holds."""
    if message.document_sealed is None:
        return False
    if message.kind == MessageType.CANCEL:
        return True
    newest = sa.select(sa.func.max(Broadcast.number)).where(Broadcast.incident_id == message.incident_id)
    return found.over(now) is None and message.expires_at > now and db.session.scalar(newest) == message.number


def _local(record_id: str) -> str:
    """The local half of a record id of ours; of any other, what no release is called."""
    domain, _, local = record_id.partition("/")
    return local if domain.lower() == house().site.domain else ""


def _as_permitted(person: Person, partner: PartnerAccount) -> Person:
    return person if Scope.PFIF_FULL in partner.scopes else pfif.without_sensitive(person)


def _count(entries: Sequence[Found], partner: PartnerAccount, now: datetime) -> None:
    """Note that this key was given these releases; placeholders hold nothing, and are not counted."""
    ids = sorted({found.release.id for found in entries if found.over(now) is None})
    if not ids:
        return
    rows = [
        {
            "id": new_id(),
            "release_id": one,
            "partner_key_id": partner.key_id,
            "times": 1,
            "first_at": now,
            "last_at": now,
        }
        for one in ids
    ]
    with transaction():
        statement = insert(ReleaseReading.__table__).values(rows)
        db.session.execute(
            statement.on_conflict_do_update(
                index_elements=["release_id", "partner_key_id"],
                set_={"times": ReleaseReading.times + 1, "last_at": statement.excluded.last_at},
            )
        )
