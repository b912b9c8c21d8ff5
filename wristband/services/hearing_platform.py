"""Hearing the police platform: receipts of our events, its own case number, and states that fit or do not."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa
import structlog

from wristband.audit import trail
from wristband.audit.deeds import Deed
from wristband.db import db, insert, new_id, transaction
from wristband.errors import BadValue, Conflict, NotFound
from wristband.gateways.contract import printable
from wristband.gateways.police import ToldReceipt, ToldState
from wristband.gateways.police_mapping import Became
from wristband.house import house
from wristband.incidents import news, platform_owing
from wristband.incidents.models import Incident, IncidentMove, PlatformCase, PlatformNote
from wristband.incidents.platform import By, Kind
from wristband.incidents.rules import OWN_DEEDS, Disposition, IncidentState, states_before
from wristband.outbox import arrivals
from wristband.outbox.models import Message
from wristband.outbox.rules import Channel
from wristband.values.arrival import Arrival, ArrivalState

log = structlog.get_logger(__name__)

WORDS_MAX = 300
_EVENT = re.compile(r"event-([0-9]{1,19})")
_ARRIVALS = {
    Became.RECEIVED: ArrivalState.ARRIVED,
    Became.SEEN: ArrivalState.ACKNOWLEDGED,
    Became.REFUSED: ArrivalState.FAILED,
}
_DEEDS = {
    IncidentState.ACCEPTED: Deed.INCIDENT_ACCEPTED,
    IncidentState.DISPATCHED: Deed.INCIDENT_DISPATCHED,
    IncidentState.ON_SCENE: Deed.INCIDENT_ARRIVED,
    IncidentState.HANDED_OVER: Deed.INCIDENT_TAKEN_OVER,
    IncidentState.CLOSED: Deed.INCIDENT_CLOSED,
}
_FAMILY_TOLD = {IncidentState.ACCEPTED: "incident_accepted", IncidentState.CLOSED: "incident_closed"}


def hear_receipts(gateway: str, key: str, digest: str, told: Sequence[ToldReceipt], *, now: datetime) -> int:
    """Keep what became of events; gives how many of them are ours. The same call again changes nothing.

    `digest` is that of the call's body. Raises BadValue where its key came before with something else.
    """
    with transaction():
        if not _keep_note(key, digest, now=now, at=now):
            if _digest_of(key) != digest:
                raise BadValue("platform.key_reused")
            return len(_incidents_of(told))
        incidents = _incidents_of(told)
        ours = [one for one in told if one.event in incidents]
        kept = [Arrival(one.event, _ARRIVALS[one.became], one.at, one.code) for one in ours]
        arrivals.keep(gateway, kept, now=now)
        _show(set(incidents.values()), now)
        for one in ours:
            _note_case(incidents[one.event], one.case, one.at if one.became is Became.SEEN else None)
    log.info("platform_receipts", told=len(told), ours=len(ours))
    return len(ours)


def hear_state(key: str, digest: str, told: ToldState, *, now: datetime) -> IncidentState:
    """Take what the platform says of an incident; gives the state it is in then. The same call again: the same answer.

    A state goes by the table of moves, as an officer's does; one that does not fit is kept and shown to officers, and
    told to the platform as Conflict. Raises NotFound, BadValue for words that are none of ours.
    """
    after, disposition = _meant(told)
    with transaction():
        held = sa.select(Incident).where(Incident.number == told.incident).with_for_update()
        incident: Incident | None = db.session.scalar(held)
        if incident is None:
            raise NotFound("platform.incident_unknown")
        before = db.session.scalar(sa.select(PlatformNote).where(PlatformNote.key == key))
        if before is not None and (before.digest != digest or before.incident_id != incident.id):
            raise BadValue("platform.key_reused")
        if before is None:
            before = _take(key, digest, incident, told, after, disposition, now)
        refusal = before.refusal
        state = incident.state
    if refusal:
        raise Conflict("platform.does_not_fit", state=state.value, told=told.state)
    return state


def _meant(told: ToldState) -> tuple[IncidentState | None, Disposition | None]:
    """Raises BadValue for words of neither table, and for an end that is none, or none of a platform's."""
    if told.state and told.state not in set(IncidentState):
        raise BadValue("platform.state_unknown")
    if told.disposition and told.disposition not in set(Disposition) - OWN_DEEDS:
        raise BadValue("platform.disposition_unknown")
    closing = told.state == IncidentState.CLOSED
    if closing != bool(told.disposition):
        raise BadValue("platform.disposition_needed" if closing else "platform.disposition_early")
    return (
        IncidentState(told.state) if told.state else None,
        Disposition(told.disposition) if told.disposition else None,
    )


def _take(
    key: str,
    digest: str,
    incident: Incident,
    told: ToldState,
    after: IncidentState | None,
    disposition: Disposition | None,
    now: datetime,
) -> PlatformNote:
    moved = after is None or _move(incident.id, after, disposition, now)
    step = _step(incident, after, told.words, now) if moved and after else None
    fresh = _keep_note(
        key,
        digest,
        incident_id=incident.id,
        state=told.state,
        disposition=told.disposition,
        at=told.at,
        now=now,
        refusal="" if moved else "does_not_fit",
        move_id=step.id if step else None,
    )
    if not fresh:  # the same key, at this moment, about another incident
        raise BadValue("platform.key_reused")
    _show({incident.id}, now)
    _note_case(incident.id, told.case, None)
    db.session.refresh(incident)
    if step and after:
        _record(incident, after, disposition, now)
    return db.session.scalars(sa.select(PlatformNote).where(PlatformNote.key == key)).one()


def _move(incident_id: int, after: IncidentState, disposition: Disposition | None, now: datetime) -> bool:
    values: dict[str, object] = {"state": after, "accepted_at": sa.func.coalesce(Incident.accepted_at, now)}
    if after is IncidentState.CLOSED:
        values |= {"closed_at": now, "disposition": disposition}
    moved = db.session.execute(
        sa.update(Incident)
        .where(Incident.id == incident_id, Incident.state.in_(states_before(after)))
        .values(**values)
        .execution_options(synchronize_session=False)
    )
    return bool(moved.rowcount)  # type: ignore[attr-defined]


def _step(incident: Incident, after: IncidentState, words: str, now: datetime) -> IncidentMove:
    step = IncidentMove(incident_id=incident.id, at=now, state=after, words=printable(words, WORDS_MAX) or None)
    db.session.add(step)
    db.session.flush()
    return step


def _record(incident: Incident, after: IncidentState, disposition: Disposition | None, now: datetime) -> None:
    trail.record(
        _DEEDS[after],
        actor="platform",
        subject=f"incident:{incident.id}",
        at=now,
        elder_id=incident.elder_id,
        disposition=disposition.value if disposition else None,
    )
    kind = Kind.CLOSED if after is IncidentState.CLOSED else Kind.MOVED
    platform_owing.owe(incident.id, kind, by=By.PLATFORM, partner=house().partner, now=now)
    if after in _FAMILY_TOLD:
        news.tell_family(incident, _FAMILY_TOLD[after], issuer=house().settings.issuer, now=now)


def _keep_note(key: str, digest: str, *, now: datetime, **values: object) -> bool:
    """Whether this key is new."""
    empty = {"incident_id": None, "state": "", "disposition": "", "refusal": "", "move_id": None}
    row = {"id": new_id(), "key": key, "digest": digest, "kept_at": now, **empty, **values}
    statement = insert(PlatformNote.__table__).on_conflict_do_nothing(index_elements=["key"])
    return db.session.scalar(statement.returning(PlatformNote.__table__.c.id), row) is not None


def _digest_of(key: str) -> str | None:
    return db.session.scalar(sa.select(PlatformNote.digest).where(PlatformNote.key == key))


def _incidents_of(told: Sequence[ToldReceipt]) -> dict[str, int]:
    """By event, the incident it is of; without those that are none of ours."""
    ids = {int(found[1]): one.event for one in told if (found := _EVENT.fullmatch(one.event))}
    rows = db.session.execute(
        sa.select(Message.id, Message.incident_id).where(Message.id.in_(ids), Message.channel == Channel.PLATFORM)
    )
    return {ids[row.id]: row.incident_id for row in rows if row.incident_id is not None}


def _show(incident_ids: set[int], now: datetime) -> None:
    """Let the desks see that something has changed; held from here on, in one order everywhere."""
    for incident_id in sorted(incident_ids):
        db.session.execute(
            sa.update(Incident)
            .where(Incident.id == incident_id)
            .values(changed_at=now)
            .execution_options(synchronize_session=False)
        )


def _note_case(incident_id: int, case: str, seen_at: datetime | None) -> None:
    """The last number it tells is its number; the first look is the look."""
    kept = PlatformCase.__table__.c
    statement = insert(PlatformCase.__table__).values(
        id=new_id(), incident_id=incident_id, events=0, case_number=case, seen_at=seen_at
    )
    db.session.execute(
        statement.on_conflict_do_update(
            index_elements=["incident_id"],
            set_={
                "case_number": case if case else kept.case_number,
                "seen_at": sa.func.coalesce(kept.seen_at, statement.excluded.seen_at),
            },
        )
    )
