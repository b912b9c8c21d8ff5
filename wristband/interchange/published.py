"""What others read of a release: the person and its notes, made of what is kept now, and only of what is ticked."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial

import sqlalchemy as sa

from wristband.db import db
from wristband.elders import opened
from wristband.elders.models import Elder, Photo
from wristband.elders.queries import find_portrait, get_elder_for_service
from wristband.incidents import queries as incidents
from wristband.incidents.models import Incident, Report, Sighting
from wristband.interchange import pfif, rules
from wristband.interchange.models import OutsideNote, Release, ReleasedNote
from wristband.interchange.pfif import Note, Person, Status
from wristband.interchange.queries import Found, list_notes_of
from wristband.interchange.rules import NoteKind, Shown, Site
from wristband.scans.levels import Proof
from wristband.scans.models import Grant
from wristband.stations.queries import find_station
from wristband.values.position import Position

CONTACT = "110"
NO_NAME = "姓名未公开"
_STATUS = {NoteKind.MISSING: Status.MISSING, NoteKind.SOUGHT: Status.SOUGHT, NoteKind.SEEN: Status.ALIVE}
_SAID = {
    NoteKind.MISSING: "警方和家人正在寻找这位老人。",
    NoteKind.SOUGHT: "家人正在寻找这位老人，请提供线索。",
    NoteKind.SEEN: "有人见到过这位老人。",
    NoteKind.LINK: "民警核对过：两条记录是同一位老人。",
    NoteKind.LINK_BACK: "民警核对过：两条记录是同一位老人。",
}


def person(found: Found, site: Site, *, now: datetime, with_notes: bool = True) -> Person:
    """The person that a release is to others: what is ticked while it holds, a placeholder after it."""
    release, incident = found.release, found.incident
    record_id = f"{site.domain}/{release.public_id}"
    if (end := found.over(now)) is not None:
        return pfif.placeholder(record_id, end[0])
    shown = rules.read_shown(release.shown)
    made = Person(
        person_record_id=record_id,
        entry_date=release.changed_at,
        expiry_date=release.expires_at,
        author_name=station_name(incident, site),
        author_phone=CONTACT,
        source_name=site.domain,
        source_date=release.changed_at,
        full_name=NO_NAME,
        description=description(release, shown),
    )
    elder = get_elder_for_service(incident.elder_id) if incident.elder_id is not None else None
    if elder is not None:
        made = replace(made, **_of_elder(elder, shown, now))  # type: ignore[arg-type]
        if picture(release, incident) is not None:
            made = replace(made, photo_url=photo_address(release, site))
    return replace(made, notes=tuple(notes(found, site))) if with_notes else made


def _of_elder(elder: Elder, shown: frozenset[Shown], now: datetime) -> dict[str, str]:
    told = {}
    if Shown.NAME in shown and (name := _text(elder, "name")):
        told["full_name"] = name
    if Shown.SEX in shown and (sex := _text(elder, "sex")):
        told["sex"] = sex
    if Shown.AGE in shown and (year := _text(elder, "birth_year")).isdecimal():
        told["age"] = rules.age_range(int(year), now=now)
    return told


def _text(row: Elder | Release, field: str) -> str:
    text = opened.text(row, field)
    return "" if text in (None, opened.UNREADABLE) else str(text)


def description(release: Release, shown: frozenset[Shown]) -> str:
    """The clothes as far as they are shown, and what every finder needs."""
    clothes = _text(release, "clothes") if Shown.CLOTHES in shown else ""
    return "，".join(filter(None, (clothes, "戴黄色手环。发现后请扫描手环，或拨打 110。")))


def station_name(incident: Incident, site: Site) -> str:
    """Who answers: the station that has the incident, or whoever runs this instance."""
    station = find_station(incident.station_id)
    return station.name if station else site.organisation


def photo_address(release: Release, site: Site) -> str:
    """Where a key with the right fetches the portrait, as long as the release holds."""
    return f"{site.base_url}/pfif/api/photo?id={site.domain}/{release.public_id}"


def picture(release: Release, incident: Incident) -> Photo | None:
    """The portrait, where it is released."""
    if Shown.PHOTO not in rules.read_shown(release.shown) or incident.elder_id is None:
        return None
    return find_portrait(incident.elder_id)


# ---- notes


def notes(found: Found, site: Site) -> Iterator[Note]:
    """Our notes on the released person itself, first to last."""
    rows = [row for row in list_notes_of(found.release.id) if row.kind is not NoteKind.LINK_BACK]
    yield from map(partial(note, found=found, site=site), rows)


def note(row: ReleasedNote, found: Found, site: Site) -> Note:
    """One of our notes as others read it. Of a release that holds."""
    ours = f"{site.domain}/{found.release.public_id}"
    made = Note(
        note_record_id=f"{site.domain}/{row.public_id}",
        person_record_id=ours,
        entry_date=row.entry_at,
        author_name=station_name(found.incident, site),
        author_phone=CONTACT,
        source_date=row.source_at,
        status=_STATUS.get(row.kind, ""),
        text=_SAID[row.kind],
    )
    if row.kind is NoteKind.SEEN and row.sighting_id is not None:
        return _seen(made, row.sighting_id, rules.read_shown(found.release.shown))
    if row.outside_note_id is not None:
        theirs = db.session.get_one(OutsideNote, row.outside_note_id).linked_record_id
        pair = (ours, theirs) if row.kind is NoteKind.LINK else (theirs, ours)
        return replace(made, person_record_id=pair[0], linked_person_record_id=pair[1])
    return made


def _seen(made: Note, sighting_id: int, shown: frozenset[Shown]) -> Note:
    sighting = db.session.get_one(Sighting, sighting_id)
    position = place_of(sighting)
    met = sa.select(Grant.id).where(
        Grant.scan_id == sighting.scan_id, Grant.proof == Proof.CHECK_CODE, Grant.given_at.is_not(None)
    )
    return replace(
        made,
        author_made_contact="true" if db.session.scalar(met.limit(1)) else "",
        last_known_location=location(position) if position and Shown.PLACES in shown else "",
    )


def location(position: Position) -> str:
    """`lat lon`, WGS-84, one space."""
    return f"{position.latitude:.4f} {position.longitude:.4f}"


def place_of(sighting: Sighting) -> Position | None:
    """Where it was, as far as it opens and is a place at all."""
    if opened.text(sighting, "place") in (None, opened.UNREADABLE):
        return None
    position = incidents.told_place(sighting).position
    return None if position is None or position.is_null_island else position


def sightings_of(incident_id: int) -> Sequence[Sighting]:
    """What finders told of an incident, newest first."""
    scans = sa.select(Report.scan_id).where(Report.incident_id == incident_id)
    return incidents.list_sightings(list(db.session.scalars(scans)))


def last_place(incident_id: int) -> tuple[Position, datetime] | None:
    """Where the elder was seen last, and when."""
    placed = ((place_of(one), one.seen_at) for one in sightings_of(incident_id))
    return next(((position, at) for position, at in placed if position is not None), None)
