"""Owing partners the news of an event, in the transaction of the deed itself: ids only, signed on their way out."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime

import sqlalchemy as sa

from wristband.db import db, new_id
from wristband.incidents.models import Incident
from wristband.incidents.rules import IncidentState
from wristband.interchange.models import Release
from wristband.outbox import queue
from wristband.outbox.rules import Channel
from wristband.partners import queries
from wristband.partners.models import Partner, PartnerIncident, Webhook
from wristband.partners.rules import Event, Scope
from wristband.stations.models import Station

SCHEMA = "wristband.webhook-event/1"


@dataclass(frozen=True, slots=True)
class About:
    """What an event is about, by the id it is read with: `incident` and a number, `elder` and a proposal's id."""

    id: int
    kind: str
    name: str
    path: str


def document(event_id: str, number: int, event: Event, about: About | None, at: datetime) -> dict[str, object]:
    """The event as JSON values. What became of its subject is read at `path`, with the key, by who still may."""
    moment = at.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    subject = {"kind": about.kind, "id": about.name, "path": about.path} if about else None
    return {"schema": SCHEMA, "id": event_id, "number": number, "event": event.value, "at": moment, "subject": subject}


def owe(webhook: Webhook, event: Event, about: About | None, *, at: datetime) -> str:
    """Owe one webhook one event; gives the event's id. Of one subject they are told in their order."""
    number = db.session.scalars(
        sa.update(Webhook)
        .where(Webhook.id == webhook.id)
        .values(told=Webhook.told + 1)
        .returning(Webhook.told)
        .execution_options(synchronize_session=False)
    ).one()
    message_id = new_id()
    event_id = f"event-{message_id}"
    queue.enqueue_document(
        message_id,
        channel=Channel.WEBHOOK,
        wording=f"webhook_{event}",
        recipient=queries.recipient_of(webhook.id),
        body=json.dumps(document(event_id, number, event, about, at), ensure_ascii=False),
        at=at,
        series=f"w{webhook.id}:{about.id if about else message_id}",
        turn=number,
    )
    return event_id


def owe_incident(incident_id: int, event: Event | None = None, *, at: datetime) -> None:
    """Tell the partners that may follow an incident; never commits. Call it when the deed is written.

    Without an `event` the incident's state says which it is. Where no partner follows it this is one question.
    """
    db.session.flush()
    following = _following(incident_id, at)
    if not following:
        return
    number, state, closed_at = db.session.execute(
        sa.select(Incident.number, Incident.state, Incident.closed_at).where(Incident.id == incident_id)
    ).one()
    told = event or _event_of(state, closed=closed_at is not None)
    about = About(incident_id, "incident", number, f"/api/v1/incidents/{number}")
    for webhook in following:
        if told.value in webhook.events.split():
            owe(webhook, told, about, at=at)


def _event_of(state: IncidentState, *, closed: bool) -> Event:
    if closed:
        return Event.INCIDENT_CLOSED
    return Event.INCIDENT_ACCEPTED if state is IncidentState.ACCEPTED else Event.INCIDENT_CHANGED


def _following(incident_id: int, now: datetime) -> list[Webhook]:
    """The webhooks of those who may read it: who has reported it, and everybody it is released to, by their area.

    In one order everywhere: each is held until the deed is committed.
    """
    mine = sa.and_(PartnerIncident.incident_id == incident_id, PartnerIncident.partner_id == Webhook.partner_id)
    holds = sa.exists().where(Release.incident_id == incident_id, Release.ended_at.is_(None), Release.expires_at > now)
    of_incident = sa.select(Incident.station_id).where(Incident.id == incident_id).scalar_subquery()
    district = sa.select(Station.district).where(Station.id == of_incident).scalar_subquery()
    in_area = sa.and_(
        sa.or_(Partner.station_id.is_(None), Partner.station_id == of_incident),
        sa.or_(Partner.district == "", Partner.district == district),
    )
    question = (
        sa.select(Webhook, Partner.scopes)
        .join(Partner, Partner.id == Webhook.partner_id)
        .outerjoin(PartnerIncident, mine)
        .where(
            sa.or_(PartnerIncident.id.is_not(None), sa.and_(holds, in_area)),
            Webhook.ended_at.is_(None),
            Webhook.disabled_at.is_(None),
            Partner.ended_at.is_(None),
        )
        .order_by(Webhook.id)
    )
    return [webhook for webhook, scopes in db.session.execute(question) if Scope.INCIDENTS_READ in scopes.split()]


def owe_partner(partner_id: int, event: Event, about: About, *, at: datetime) -> None:
    """Tell one partner's webhooks that asked for such events."""
    for webhook in queries.list_webhooks(partner_id):
        if webhook.disabled_at is None and event.value in webhook.events.split():
            owe(webhook, event, about, at=at)


def follow(incident_id: int, partner_id: int, *, reference: str, at: datetime) -> None:
    """Note that a partner reported an incident: from now on it may follow it. A later report keeps the first's."""
    known = sa.select(PartnerIncident.id).where(
        PartnerIncident.partner_id == partner_id, PartnerIncident.incident_id == incident_id
    )
    # Two reports of one partner in one moment follow each other: both have joined, and so hold, the same incident.
    if db.session.scalar(known) is None:
        row = PartnerIncident(
            partner_id=partner_id, incident_id=incident_id, reported_at=at, reference=reference or None
        )
        db.session.add(row)
        db.session.flush()
