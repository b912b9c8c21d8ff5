"""Supplementing: what a finder adds to a report after the tap, each by itself, each once for its key."""

from __future__ import annotations

import hashlib
from datetime import datetime

import sqlalchemy as sa

from wristband import data_keys
from wristband.accounts.rules import OfficerAccount
from wristband.audit.deeds import Deed
from wristband.db import db, new_id, transaction
from wristband.elders.rules import clean_text
from wristband.errors import BadValue, Conflict
from wristband.house import house
from wristband.incidents import platform, platform_owing
from wristband.incidents.platform import By
from wristband.incidents.queries import get_incident
from wristband.reports import claims, queries
from wristband.reports.models import Pickup, Supplement
from wristband.reports.photos import SUPPLEMENT_PHOTO_PLACE
from wristband.reports.reported import Reported, changed, get_reported, record, tell_family
from wristband.reports.rules import ADDED_A_REPORT, PHOTOS_A_REPORT, WORDS_MAX, Claimed, Kind, check_key, takes_more
from wristband.scans import keeping, photos
from wristband.sealing import Keyed, box

_PLATFORM = {
    Kind.WORDS: platform.Kind.WORDS_ADDED,
    Kind.PHOTO: platform.Kind.PHOTO_ADDED,
    Kind.ELDER_GONE: platform.Kind.ELDER_GONE,
}


def add_words(reference: str, key: str, words: str, *, claimed: Claimed | None = None, now: datetime) -> None:
    """Add words to the report. The same form again changes nothing; other words under its key are refused.

    Raises BadValue, Conflict where the report takes no more, NotFound.
    """
    words = clean_text(words, "reports.words", WORDS_MAX, empty=False, lines=True)
    check_key(key)
    with transaction():
        _add(get_reported(reference), key, _content(Kind.WORDS, words), Kind.WORDS, now, claimed, words=words)


def tell_elder_gone(reference: str, key: str, words: str, *, claimed: Claimed | None = None, now: datetime) -> None:
    """The elder has walked on; `words` say which way, or nothing. The family hears of it, and nobody need come here.

    Raises what add_words raises.
    """
    words = clean_text(words, "reports.words", WORDS_MAX, empty=True, lines=True)
    check_key(key)
    with transaction():
        there = get_reported(reference)
        content = _content(Kind.ELDER_GONE, words)
        if _add(there, key, content, Kind.ELDER_GONE, now, claimed, words=words or None) is None:
            return
        waiting = sa.and_(Pickup.scan_id == there.scan_id, Pickup.done_at.is_(None), Pickup.called_off_at.is_(None))
        db.session.execute(sa.update(Pickup).where(waiting).values(called_off_at=now))
        tell_family(there, "elder_gone", issuer=house().settings.issuer, now=now)


def add_photo(reference: str, key: str, picture: bytes, *, claimed: Claimed | None = None, now: datetime) -> None:
    """Add a photograph, as it was uploaded. The same again changes nothing; another one under its key is refused.

    Raises what add_words raises, what photos.clean raises, and Unavailable where there is no room for pictures.
    """
    check_key(key)
    supplement_id, content = new_id(), _content(Kind.PHOTO, hashlib.sha256(picture).hexdigest())
    with transaction():
        there = get_reported(reference)
        if _known(there.scan_id, key, content):
            return
        _check_room(there, Kind.PHOTO, now)
        scan_id = there.scan_id
        data_keys.make(scan_id)
    with photos.kept(picture, house().files, place=SUPPLEMENT_PHOTO_PLACE, row=supplement_id, scan_id=scan_id) as photo:
        row = {"id": supplement_id, "photo_width": photo.width, "photo_height": photo.height}
        with transaction():
            made = _add(get_reported(reference), key, content, Kind.PHOTO, now, claimed, **row)
        photo.named = made is not None


def photo_for_officer(supplement_id: int, incident_id: int, *, officer: OfficerAccount) -> bytes:
    """The JPEG of a supplement of an incident of the officer's station. Raises NotFound."""
    incident = get_incident(incident_id, station_id=officer.station_id)
    found = queries.get_photo(supplement_id, incident_id=incident.id)
    return house().files.read(place=SUPPLEMENT_PHOTO_PLACE, row=found.id)


def _content(kind: Kind, content: str) -> Keyed:
    return box().keyed_hash("supplement.content", kind.value, content)


def _known(scan_id: int, key: str, content: Keyed) -> bool:
    """Whether the form of this key has been here. Raises BadValue where it was with something else in it."""
    before = queries.find_supplement(keeping.append_hash(scan_id, key))
    if before is not None and not content.fits(before.content):
        raise BadValue("reports.key_reused")
    return before is not None


def _check_room(there: Reported, kind: Kind, now: datetime) -> None:
    if not takes_more(there.incident.closed_at, now=now):
        raise Conflict("reports.closed")
    counted = queries.count_added(there.scan_id)
    if kind is Kind.PHOTO and counted.get(Kind.PHOTO, 0) >= PHOTOS_A_REPORT:
        raise BadValue("reports.photos_many", most=PHOTOS_A_REPORT)
    if sum(counted.values()) >= ADDED_A_REPORT:
        raise BadValue("reports.added_many")


def _add(
    there: Reported, key: str, content: Keyed, kind: Kind, now: datetime, claimed: Claimed | None, **row: object
) -> int | None:
    """The id of the supplement made now; None where the same form has made it before."""
    if _known(there.scan_id, key, content):
        return None
    _check_room(there, kind, now)
    values = {"scan_id": there.scan_id, "key": keeping.append_hash(there.scan_id, key), "content": content, **row}
    supplement = Supplement(kind=kind, at=now, **values)
    db.session.add(supplement)
    db.session.flush()
    claims.keep(supplement.id, claimed)
    changed(there, now)
    record(Deed.REPORT_SUPPLEMENTED, there, now, supplement=supplement.id, kind=kind.value)
    platform_owing.owe(there.incident.id, _PLATFORM[kind], by=By.FINDER, partner=house().partner, now=now)
    return supplement.id
