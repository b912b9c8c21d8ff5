"""Releasing an incident to others outside, saying anew what is shown, withdrawing it; the family hears of each."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa

from wristband.accounts.rules import OfficerAccount
from wristband.audit import trail
from wristband.audit.deeds import Deed
from wristband.db import db, transaction
from wristband.elders.rules import clean_text
from wristband.errors import BadValue, Conflict
from wristband.house import house
from wristband.incidents import queries as incidents
from wristband.incidents.models import Incident
from wristband.incidents.rules import IncidentState
from wristband.interchange import broadcasts, published, queries, rules
from wristband.interchange.models import Release, ReleasedNote
from wristband.interchange.queries import Found
from wristband.interchange.rules import CLOTHES_MAX, Audience, Choice, Ending, NoteKind, Shown
from wristband.outbox import family
from wristband.partners import owing
from wristband.partners.rules import Event
from wristband.stations.queries import find_station


@dataclass(frozen=True, slots=True)
class Wanted:
    """A form of ticks as it was sent."""

    shown: Collection[Shown]
    clothes: str
    audience: Audience
    days: int

    def checked(self, *, by_officer: bool) -> Choice:
        clothes = clean_text(self.clothes, "releases.clothes", CLOTHES_MAX, empty=True)
        return Choice.of(
            shown=self.shown, clothes=clothes, audience=self.audience, days=self.days, by_officer=by_officer
        )


@dataclass(frozen=True, slots=True)
class _By:
    actor: str
    guardian_id: int | None = None
    officer_id: int | None = None


def release_own(incident_id: int, wanted: Wanted, *, guardian_id: int, now: datetime) -> None:
    """A guardian releases the open incident of her elder, or says anew what is shown of it.

    Raises NotFound, BadValue for ticks that do not fit together, Conflict once the incident is closed.
    """
    choice = wanted.checked(by_officer=False)
    with transaction():
        incident = incidents.get_own_incident(incident_id, guardian_id=guardian_id)
        _release(incident, choice, _By(f"guardian:{guardian_id}", guardian_id=guardian_id), now)


def release_on_duty(incident_id: int, wanted: Wanted, *, officer: OfficerAccount, now: datetime) -> None:
    """An officer of the station that has accepted the incident does the same, and alone may release it to everybody.

    Raises what release_own raises, and Conflict before the incident is accepted: until then the station itself sees
    little of the elder.
    """
    choice = wanted.checked(by_officer=True)
    with transaction():
        incident = incidents.get_incident(incident_id, station_id=officer.station_id)
        if incident.state is IncidentState.REPORTED:
            raise Conflict("releases.accept_first")
        _release(incident, choice, _By(officer.actor, officer_id=officer.officer_id), now)


def withdraw_own(incident_id: int, *, guardian_id: int, now: datetime) -> None:
    """A guardian takes back whatever is released of her elder's incident, whoever released it. Twice is once."""
    with transaction():
        incident = incidents.get_own_incident(incident_id, guardian_id=guardian_id)
        _withdraw(incident, f"guardian:{guardian_id}", now)


def withdraw_on_duty(incident_id: int, *, officer: OfficerAccount, now: datetime) -> None:
    """An officer of the station that has it does the same."""
    with transaction():
        incident = incidents.get_incident(incident_id, station_id=officer.station_id)
        _withdraw(incident, officer.actor, now)


def _release(incident: Incident, choice: Choice, by: _By, now: datetime) -> None:
    if incident.elder_id is None:
        raise BadValue("releases.unrecognised")
    _hold_open(incident, now)
    held = queries.find_holding(incident, now=now)
    if held is None:
        held, deed = _begin(incident, choice, by, now), Deed.INCIDENT_RELEASED
    else:
        deed = Deed.RELEASE_CHANGED
        _say_anew(held, choice, by, now)
    broadcasts.tell(Found(held, incident), house().site, now=now)
    owing.owe_incident(incident.id, Event.RELEASE_CHANGED, at=now)
    shown = rules.written(choice.shown)
    trail.record(
        deed,
        actor=by.actor,
        subject=f"incident:{incident.id}",
        at=now,
        elder_id=incident.elder_id,
        release=held.id,
        shown=shown,
        audience=choice.audience.value,
        days=choice.days,
    )
    _tell(incident, "incident_released", f"{held.id}:{int(now.timestamp() * 1000)}", choice.shown, now)


def _hold_open(incident: Incident, now: datetime) -> None:
    """Nobody closes it, and nobody else releases it, before this deed is done. Raises Conflict where it is closed."""
    held = db.session.execute(
        sa.update(Incident)
        .where(Incident.id == incident.id, Incident.closed_at.is_(None))
        .values(changed_at=now)
        .execution_options(synchronize_session=False)
    )
    if held.rowcount != 1:  # type: ignore[attr-defined]
        raise Conflict("releases.closed")


def _begin(incident: Incident, choice: Choice, by: _By, now: datetime) -> Release:
    # What has run out and waits for the worker to note it.
    db.session.execute(
        sa.update(Release)
        .where(Release.incident_id == incident.id, Release.ended_at.is_(None))
        .values(ended_at=Release.expires_at, ending=Ending.EXPIRED)
        .execution_options(synchronize_session=False)
    )
    made = Release(
        incident_id=incident.id,
        public_id=rules.public_id(),
        guardian_id=by.guardian_id,
        officer_id=by.officer_id,
        shown=rules.written(choice.shown),
        clothes=choice.clothes or None,
        audience=choice.audience,
        released_at=now,
        changed_at=now,
        expires_at=_end(choice, now),
    )
    db.session.add(made)
    db.session.flush()
    kind = NoteKind.MISSING if by.officer_id else NoteKind.SOUGHT
    _add_note(made, kind, incident.opened_at, now)
    for sighting in reversed(published.sightings_of(incident.id)):
        _add_note(made, NoteKind.SEEN, sighting.seen_at, now, sighting_id=sighting.id)
    db.session.flush()
    return made


def _add_note(made: Release, kind: NoteKind, source_at: datetime, now: datetime, **about: int) -> None:
    db.session.add(
        ReleasedNote(
            release_id=made.id, public_id=rules.note_id(), kind=kind, source_at=source_at, entry_at=now, **about
        )
    )


def _say_anew(held: Release, choice: Choice, by: _By, now: datetime) -> None:
    held.guardian_id, held.officer_id = by.guardian_id, by.officer_id
    held.shown, held.clothes = rules.written(choice.shown), choice.clothes or None
    held.audience, held.expires_at = choice.audience, _end(choice, now)
    held.changed_at = max(held.changed_at, now)
    # What may be told of sightings can have changed: whoever follows the notes gets them anew.
    db.session.execute(
        sa.update(ReleasedNote)
        .where(ReleasedNote.release_id == held.id, ReleasedNote.kind == NoteKind.SEEN)
        .values(entry_at=held.changed_at)
        .execution_options(synchronize_session=False)
    )
    db.session.flush()


def _end(choice: Choice, now: datetime) -> datetime:
    return now.replace(microsecond=0) + timedelta(days=choice.days)


def _withdraw(incident: Incident, actor: str, now: datetime) -> None:
    held = queries.find_holding(incident, now=now)
    if held is None:
        return
    # Before it ends: to those who could read it until now.
    owing.owe_incident(incident.id, Event.RELEASE_CHANGED, at=now)
    ended = db.session.execute(
        sa.update(Release)
        .where(Release.id == held.id, Release.ended_at.is_(None))
        .values(ended_at=now, ending=Ending.WITHDRAWN, ended_by=actor)
        .execution_options(synchronize_session=False)
    )
    if ended.rowcount != 1:  # type: ignore[attr-defined]
        return
    db.session.refresh(held)
    broadcasts.cancel(Found(held, incident), house().site, now=now)
    db.session.execute(
        sa.update(Incident)
        .where(Incident.id == incident.id)
        .values(changed_at=now)
        .execution_options(synchronize_session=False)
    )
    trail.record(
        Deed.RELEASE_WITHDRAWN,
        actor=actor,
        subject=f"incident:{incident.id}",
        at=now,
        elder_id=incident.elder_id,
        release=held.id,
    )
    _tell(incident, "release_ended", f"{held.id}:withdrawn", (), now)


def _tell(incident: Incident, wording: str, key: str, shown: Collection[Shown], now: datetime) -> None:
    if incident.elder_id is None:
        return
    station = find_station(incident.station_id)
    facts = {
        **house().settings.issuer,
        **{one.value: "1" if one in shown else "" for one in Shown},
        "number": incident.number,
        "station": station.name if station else "",
    }
    family.owe(incident.elder_id, f"{wording}:{key}", wording=wording, facts=facts, at=now, incident_id=incident.id)
