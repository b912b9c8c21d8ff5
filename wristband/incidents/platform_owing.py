"""Owing the police platform an event of an incident, in the transaction of the deed itself."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import datetime

import sqlalchemy as sa

from wristband.audit import trail
from wristband.audit.deeds import Deed
from wristband.bands.models import Band
from wristband.board.models import Post
from wristband.board.rules import PhotoState, Side
from wristband.db import db, insert, new_id
from wristband.elders import opened
from wristband.elders.queries import consented, get_elder_for_service
from wristband.elders.rules import Purpose
from wristband.incidents import queries
from wristband.incidents.happenings import find_merged_into
from wristband.incidents.models import Incident, PlatformCase, Sighting
from wristband.incidents.platform import By, Event, Kind, Partner, Snapshot, Told, document
from wristband.incidents.rules import Disposition
from wristband.outbox import queue
from wristband.outbox.rules import Channel
from wristband.partners import owing as partners
from wristband.reports.models import Supplement
from wristband.scans.models import Scan
from wristband.stations.queries import find_station
from wristband.values.code import code_tail

RECIPIENT = "police"
_NUMBERS = frozenset({"birth_year"})
# What finders add is the police's alone; of a partner's own report whoever relays it tells.
_TOLD_TO_PARTNERS = frozenset({Kind.MOVED, Kind.PASSED_ON, Kind.MERGED, Kind.HANDED_OVER, Kind.CLOSED, Kind.WITHDRAWN})


def owe(incident_id: int, kind: Kind, *, by: By, partner: Partner | None, now: datetime) -> None:
    """Owe the platform what has just happened to an incident, in the caller's transaction; never commits.

    Call it when everything else of the deed is written: the event holds the incident as it is then. `partner` is the
    house's; without one this does nothing. What does not open is left out, and costs no report. An incident that is
    OPENED with reports in it already was reported again.
    """
    if kind in _TOLD_TO_PARTNERS:
        partners.owe_incident(incident_id, at=now)
    if partner is None:
        return
    db.session.flush()
    incident = db.session.get_one(Incident, incident_id, populate_existing=True)
    number, case = _next(incident_id)
    message_id = new_id()
    snapshot = _snapshot(incident, case, partner)
    if kind is Kind.OPENED and snapshot.reports > 1:
        kind = Kind.REPORTED_AGAIN
    event = Event(f"event-{message_id}", number, kind, by, now)
    queue.enqueue_document(
        message_id,
        channel=Channel.PLATFORM,
        wording=f"platform_{kind}",
        recipient=RECIPIENT,
        body=json.dumps(document(event, snapshot, partner.base_url), ensure_ascii=False),
        at=now,
        series=f"platform:{incident_id}",
        turn=number,
        elder_id=incident.elder_id,
        incident_id=incident_id,
    )
    if snapshot.elder and incident.elder_id is not None:
        fields, subject = " ".join(sorted(snapshot.elder)), f"incident:{incident_id}"
        trail.record(
            Deed.PLATFORM_TOLD,
            actor="platform",
            subject=subject,
            at=now,
            elder_id=incident.elder_id,
            fields=fields,
        )


def _next(incident_id: int) -> tuple[int, str]:
    """The number of an incident's next event, and the platform's own number for the incident.

    Whoever gets a number holds the row until its deed is committed: numbers are in the order of commits.
    """
    row = db.session.execute(
        insert(PlatformCase.__table__)
        .values(id=new_id(), incident_id=incident_id, events=1, case_number="")
        .on_conflict_do_update(index_elements=["incident_id"], set_={"events": PlatformCase.events + 1})
        .returning(PlatformCase.events, PlatformCase.case_number)
    ).one()
    return row.events, row.case_number


def _snapshot(incident: Incident, case: str, partner: Partner) -> Snapshot:
    scan_ids = [report.scan_id for report in queries.list_reports(incident.id)]
    sightings = queries.list_sightings(scan_ids)
    joined = find_merged_into(incident.id) if incident.disposition is Disposition.DUPLICATE else None
    return Snapshot(
        number=incident.number,
        link_id=incident.id,
        state=incident.state,
        opened_at=incident.opened_at,
        accepted_at=incident.accepted_at,
        closed_at=incident.closed_at,
        disposition=incident.disposition,
        merged_into=joined.number if joined else "",
        reports=len(scan_ids),
        photos=_count_photos(scan_ids),
        recognised=incident.elder_id is not None,
        code_tail=_code_tail(scan_ids),
        case=case,
        station=_station(incident.station_id),
        place=next(_places(sightings), None),
        words=_words(sightings, scan_ids),
        elder=_particulars(incident.elder_id, partner.particulars),
    )


def _places(sightings: Sequence[Sighting]) -> Iterator[Told]:
    for sighting in sightings:
        if opened.text(sighting, "place") in (None, opened.UNREADABLE):
            continue
        told = queries.told_place(sighting)
        if told.position is not None:
            yield Told(told.at, told.position, told.accuracy_m, sighting.source)


def _words(sightings: Sequence[Sighting], scan_ids: Sequence[int]) -> str | None:
    """What finders said last, of the place or besides."""
    added = db.session.scalars(
        sa.select(Supplement).where(Supplement.scan_id.in_(scan_ids), Supplement.words_sealed.is_not(None))
    ).all()
    told = [(one.seen_at, one.id, one) for one in sightings] + [(one.at, one.id, one) for one in added]
    texts = (opened.text(one, "words") for *_, one in sorted(told, key=lambda each: each[:2], reverse=True))
    return next((text for text in texts if text and text != opened.UNREADABLE), None)


def _count_photos(scan_ids: Sequence[int]) -> int:
    """Photographs that finders took, on the board and in their reports."""
    on_board = sa.and_(Post.scan_id.in_(scan_ids), Post.side == Side.FINDER, Post.photo == PhotoState.KEPT)
    added = sa.and_(
        Supplement.scan_id.in_(scan_ids), Supplement.photo_width.is_not(None), Supplement.dropped.is_(False)
    )
    questions = (
        sa.select(sa.func.count(Post.id)).where(on_board),
        sa.select(sa.func.count(Supplement.id)).where(added),
    )
    return sum(db.session.scalar(question) or 0 for question in questions)


def _code_tail(scan_ids: Sequence[int]) -> str:
    first = sa.select(Band.serial).join(Scan, Scan.band_id == Band.id).where(Scan.id.in_(scan_ids)).order_by(Scan.id)
    serial = db.session.scalar(first.limit(1))
    return code_tail(serial)


def _station(station_id: int | None) -> dict[str, str] | None:
    station = find_station(station_id)
    if station is None:
        return None
    return {"name": station.name, "org_code": station.org_code, "adcode": station.adcode, "phone": station.phone}


def _particulars(elder_id: int | None, asked: frozenset[str]) -> dict[str, str | int | None] | None:
    if elder_id is None or not asked or not consented(elder_id, Purpose.POLICE):
        return None
    elder = get_elder_for_service(elder_id)
    told = {name: opened.text(elder, name) for name in sorted(asked)}
    return {name: _value(name, text) for name, text in told.items() if text and text != opened.UNREADABLE} or None


def _value(name: str, text: str) -> str | int:
    return int(text) if name in _NUMBERS else text
