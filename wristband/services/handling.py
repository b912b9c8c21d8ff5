"""Handling an incident: accept, dispatch, arrive, close; and the family's confirmation."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa

from wristband.accounts.rules import OfficerAccount
from wristband.audit import trail
from wristband.audit.deeds import Deed
from wristband.db import db, transaction
from wristband.elders.rules import clean_text
from wristband.errors import BadValue, Conflict
from wristband.house import house
from wristband.incidents import news, platform_owing, queries
from wristband.incidents.models import Incident, IncidentMove, Note
from wristband.incidents.platform import By, Kind
from wristband.incidents.rules import OWN_DEEDS, SAFE, Disposition, IncidentState, states_before
from wristband.sealing import box

WORDS_MAX = 300
NOTE_MAX = 500
_DEEDS = {
    IncidentState.ACCEPTED: Deed.INCIDENT_ACCEPTED,
    IncidentState.DISPATCHED: Deed.INCIDENT_DISPATCHED,
    IncidentState.ON_SCENE: Deed.INCIDENT_ARRIVED,
    IncidentState.HANDED_OVER: Deed.INCIDENT_TAKEN_OVER,
    IncidentState.CLOSED: Deed.INCIDENT_CLOSED,
}
# What the family is told of; the steps between are on their page.
_TOLD = {IncidentState.ACCEPTED: "incident_accepted", IncidentState.CLOSED: "incident_closed"}


def move(
    incident_id: int,
    after: IncidentState,
    *,
    officer: OfficerAccount,
    words: str = "",
    disposition: Disposition | None = None,
    now: datetime,
) -> None:
    """Take the incident one step on. Two officers at once: one wins, the other is told (Conflict).

    Closing needs a disposition. Raises BadValue, NotFound for another station's incident, Conflict.
    """
    words = clean_text(words, "incidents.words", WORDS_MAX, empty=True, lines=True)
    if (after is IncidentState.CLOSED) != (disposition is not None) or disposition in OWN_DEEDS:
        raise BadValue("incidents.disposition_needed")
    with transaction():
        incident = queries.get_incident(incident_id, station_id=officer.station_id)
        _guarded_update(incident_id, after, officer, disposition, now)
        db.session.add(_step(incident_id, after, officer, words, now))
        trail.record(
            _DEEDS[after],
            actor=officer.actor,
            subject=f"incident:{incident_id}",
            at=now,
            elder_id=incident.elder_id,
            disposition=disposition.value if disposition else None,
        )
        if after in _TOLD:
            issuer = house().settings.issuer
            news.tell_family(incident, _TOLD[after], issuer=issuer, now=now, station_id=officer.station_id)
        kind = Kind.CLOSED if after is IncidentState.CLOSED else Kind.MOVED
        platform_owing.owe(incident_id, kind, by=By.OFFICER, partner=house().partner, now=now)


def _guarded_update(
    incident_id: int, after: IncidentState, officer: OfficerAccount, disposition: Disposition | None, now: datetime
) -> None:
    values: dict[str, object] = {"state": after, "changed_at": now, "station_id": officer.station_id}
    if after is IncidentState.CLOSED:
        values |= {"closed_at": now, "disposition": disposition}
    values["accepted_at"] = sa.func.coalesce(Incident.accepted_at, now)
    moved = db.session.execute(
        sa.update(Incident)
        .where(
            Incident.id == incident_id,
            Incident.state.in_(states_before(after)),
            sa.or_(Incident.station_id == officer.station_id, Incident.station_id.is_(None)),
        )
        .values(**values)
    )
    if moved.rowcount != 1:  # type: ignore[attr-defined]
        raise Conflict("incidents.moved_on")


def _step(incident_id: int, after: IncidentState, officer: OfficerAccount, words: str, now: datetime) -> IncidentMove:
    return IncidentMove(
        incident_id=incident_id, at=now, state=after, officer_id=officer.officer_id, words=words or None
    )


def note(incident_id: int, key: str, words: str, *, officer: OfficerAccount, now: datetime) -> None:
    """Write something down about an open incident, for colleagues of this station. The same form again is one note.

    Raises BadValue for nothing or too much, Conflict once it is closed, NotFound.
    """
    words = clean_text(words, "incidents.note", NOTE_MAX, lines=True)
    if not 16 <= len(key) <= 64:
        raise BadValue("page.form_stale")
    with transaction():
        incident = queries.get_incident(incident_id, station_id=officer.station_id)
        hashed = box().keyed_hash("incident.note", str(incident_id), key)
        if db.session.scalar(sa.select(Note.id).where(Note.key == hashed)) is not None:
            return
        if not _touched(incident_id, officer, now):
            raise Conflict("incidents.over")
        db.session.add(
            Note(
                key=hashed,
                incident_id=incident_id,
                station_id=officer.station_id,
                officer_id=officer.officer_id,
                at=now,
                words=words,
            )
        )
        trail.record(
            Deed.INCIDENT_NOTED,
            actor=officer.actor,
            subject=f"incident:{incident_id}",
            at=now,
            elder_id=incident.elder_id,
        )


def _touched(incident_id: int, officer: OfficerAccount, now: datetime) -> bool:
    """Whether it is open and still this desk's; two forms of one note follow each other here."""
    touched = db.session.execute(
        sa.update(Incident)
        .where(
            Incident.id == incident_id,
            Incident.closed_at.is_(None),
            sa.or_(Incident.station_id == officer.station_id, Incident.station_id.is_(None)),
        )
        .values(changed_at=now)
    )
    return bool(touched.rowcount == 1)  # type: ignore[attr-defined]


def confirm(incident_id: int, *, guardian_id: int, now: datetime) -> None:
    """A guardian confirms that the elder is safe. Doing it twice is doing it once. Raises NotFound, Conflict."""
    with transaction():
        incident = queries.get_own_incident(incident_id, guardian_id=guardian_id)
        if incident.closed_at is None:
            raise Conflict("incidents.still_open")
        confirmed = db.session.execute(
            sa.update(Incident)
            .where(Incident.id == incident_id, Incident.confirmed_at.is_(None), Incident.disposition.in_(SAFE))
            .values(confirmed_at=now, confirmed_by=guardian_id, changed_at=now)
        )
        if confirmed.rowcount == 1:  # type: ignore[attr-defined]
            trail.record(
                Deed.INCIDENT_CONFIRMED,
                actor=f"guardian:{guardian_id}",
                subject=f"incident:{incident_id}",
                at=now,
                elder_id=incident.elder_id,
            )
