"""Partners, keys and webhooks; what of incidents and proposals a partner may read. The partner is a required scope."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias

import sqlalchemy as sa

from wristband.db import db
from wristband.errors import NotFound
from wristband.incidents.models import Incident
from wristband.interchange.models import Release
from wristband.outbox.models import Delivery, Message
from wristband.outbox.rules import MessageState
from wristband.partners.models import Partner, PartnerIncident, PartnerKey, PartnerReport, Webhook
from wristband.partners.rules import DELIVERIES_SHOWN, SEEN_AFTER_CLOSING, PartnerAccount
from wristband.sealing import box
from wristband.stations.models import Station

# What a page or an answer may do with these: read them. Doors see no models.
PartnerFacts: TypeAlias = Partner
WebhookFacts: TypeAlias = Webhook


def find_key(handle: str) -> tuple[PartnerKey, Partner] | None:
    """A key and whose it is, ended ones among them."""
    row = db.session.execute(
        sa.select(PartnerKey, Partner)
        .join(Partner, Partner.id == PartnerKey.partner_id)
        .where(PartnerKey.handle == handle)
    ).first()
    return (row[0], row[1]) if row else None


def get_partner(partner_id: int, *, held: bool = False) -> Partner:
    question = sa.select(Partner).where(Partner.id == partner_id)
    partner: Partner | None = db.session.scalar(question.with_for_update() if held else question)
    if partner is None:
        raise NotFound("partners.unknown")
    return partner


def find_partner_by_name(name: str) -> Partner | None:
    return db.session.scalar(sa.select(Partner).where(Partner.name == name.strip()))


@dataclass(frozen=True, slots=True)
class ListedPartner:
    """A partner in a list: how many of its keys hold, when one was shown last, how many webhooks are disabled."""

    partner: Partner
    keys: int
    used_at: datetime | None
    next_expiry_at: datetime | None
    disabled: int


def list_partners(*, now: datetime) -> list[ListedPartner]:
    """Every partner, the ended ones last."""
    live = sa.and_(PartnerKey.ended_at.is_(None), PartnerKey.expires_at > now)
    keys = (
        sa.select(
            PartnerKey.partner_id,
            sa.func.count(PartnerKey.id).filter(live).label("live"),
            sa.func.max(PartnerKey.used_at).label("used_at"),
            sa.func.max(PartnerKey.expires_at).filter(live).label("expiry"),
        )
        .group_by(PartnerKey.partner_id)
        .subquery()
    )
    disabled = (
        sa.select(Webhook.partner_id, sa.func.count(Webhook.id).label("disabled"))
        .where(Webhook.ended_at.is_(None), Webhook.disabled_at.is_not(None))
        .group_by(Webhook.partner_id)
        .subquery()
    )
    rows = db.session.execute(
        sa.select(Partner, keys.c.live, keys.c.used_at, keys.c.expiry, disabled.c.disabled)
        .outerjoin(keys, keys.c.partner_id == Partner.id)
        .outerjoin(disabled, disabled.c.partner_id == Partner.id)
        .order_by(Partner.ended_at.is_not(None), Partner.name)
    )
    return [ListedPartner(one, count or 0, used, expiry, off or 0) for one, count, used, expiry, off in rows]


def list_keys(partner_id: int) -> Sequence[PartnerKey]:
    """A partner's keys, the newest first."""
    return db.session.scalars(
        sa.select(PartnerKey).where(PartnerKey.partner_id == partner_id).order_by(PartnerKey.id.desc())
    ).all()


# ---- webhooks


def recipient_of(webhook_id: int) -> str:
    """A webhook as the outbox names it; where it leads is looked up when a message goes out."""
    return f"webhook:{webhook_id}"


def get_webhook(webhook_id: int, *, partner_id: int, held: bool = False) -> Webhook:
    """A webhook of this partner's. Raises NotFound for another's and for none alike."""
    question = sa.select(Webhook).where(
        Webhook.id == webhook_id, Webhook.partner_id == partner_id, Webhook.ended_at.is_(None)
    )
    webhook: Webhook | None = db.session.scalar(question.with_for_update() if held else question)
    if webhook is None:
        raise NotFound("partners.webhook_unknown")
    return webhook


def list_webhooks(partner_id: int) -> Sequence[Webhook]:
    """A partner's webhooks, in the order they were made."""
    return db.session.scalars(
        sa.select(Webhook).where(Webhook.partner_id == partner_id, Webhook.ended_at.is_(None)).order_by(Webhook.id)
    ).all()


def find_webhook(recipient: str) -> Webhook | None:
    """The webhook that the outbox names so, unless it is told nothing any more."""
    kind, _, number = recipient.partition(":")
    if kind != "webhook" or not number.isdigit():
        return None
    return db.session.scalar(
        sa.select(Webhook)
        .join(Partner, Partner.id == Webhook.partner_id)
        .where(
            Webhook.id == int(number),
            Webhook.ended_at.is_(None),
            Webhook.disabled_at.is_(None),
            Partner.ended_at.is_(None),
        )
    )


def list_live_webhooks() -> Sequence[Webhook]:
    return db.session.scalars(
        sa.select(Webhook).where(Webhook.ended_at.is_(None), Webhook.disabled_at.is_(None)).order_by(Webhook.id)
    ).all()


def _owed_to(webhook_id: int) -> sa.ColumnElement[bool]:
    index = box().blind(recipient_of(webhook_id), place="message.recipient")
    found: sa.ColumnElement[bool] = Message.recipient_index == index
    return found


def list_settled(webhook_id: int, *, since: datetime, most: int) -> list[tuple[MessageState, str]]:
    """How its messages were settled since then, and the code of the last attempt of each; the newest first."""
    code = (
        sa.select(Delivery.code)
        .where(Delivery.message_id == Message.id)
        .order_by(Delivery.ended_at.desc(), Delivery.id.desc())
        .limit(1)
        .scalar_subquery()
    )
    rows = db.session.execute(
        sa.select(Message.state, sa.func.coalesce(code, ""))
        .where(_owed_to(webhook_id), Message.settled_at.is_not(None), Message.owed_at >= since)
        .order_by(Message.settled_at.desc(), Message.id.desc())
        .limit(most)
    )
    return [(state, last) for state, last in rows]


@dataclass(frozen=True, slots=True)
class Attempted:
    """One attempt to tell a webhook of an event."""

    webhook_id: int
    event: str
    event_id: str
    at: datetime
    took_ms: int
    accepted: bool
    code: str


def list_attempts(webhook_ids: Sequence[int], *, most: int = DELIVERIES_SHOWN) -> list[Attempted]:
    """The last attempts at these webhooks, the newest first."""
    if not webhook_ids:
        return []
    indexes = {
        one: webhook_id
        for webhook_id in webhook_ids
        for one in box().blind(recipient_of(webhook_id), place="message.recipient").every
    }
    rows = db.session.execute(
        sa.select(Delivery, Message.id, Message.wording, Message.recipient_index)
        .join(Message, Message.id == Delivery.message_id)
        .where(Message.recipient_index.in_(list(indexes)))
        .order_by(Delivery.id.desc())
        .limit(most)
    )
    return [
        Attempted(
            indexes[index],
            wording.removeprefix("webhook_"),
            f"event-{message_id}",
            delivery.began_at,
            round((delivery.ended_at - delivery.began_at).total_seconds() * 1000),
            delivery.outcome.value == "accepted",
            delivery.code,
        )
        for delivery, message_id, wording, index in rows
    ]


# ---- incidents


@dataclass(frozen=True, slots=True)
class Followed:
    """An incident as a partner may read it: how far it is, never of whom. `report` where it has reported it."""

    incident: Incident
    report: PartnerIncident | None
    station: Station | None
    is_released: bool


def released(now: datetime) -> sa.ColumnElement[bool]:
    """Whether a guardian or an officer lets others outside know of the incident of a row, while it is open."""
    holds = sa.exists().where(Release.incident_id == Incident.id, Release.ended_at.is_(None), Release.expires_at > now)
    return sa.and_(holds, Incident.closed_at.is_(None))


def _followed(partner: PartnerAccount, now: datetime) -> sa.Select[Incident, PartnerIncident, Station, bool]:
    """Reported by the partner: until a day after it is closed. Released: while it is open, in the partner's area."""
    mine = sa.and_(PartnerIncident.incident_id == Incident.id, PartnerIncident.partner_id == partner.partner_id)
    reported = sa.and_(
        PartnerIncident.id.is_not(None),
        sa.or_(Incident.closed_at.is_(None), Incident.closed_at > now - SEEN_AFTER_CLOSING),
    )
    shown = sa.and_(released(now), _in_area(partner))
    # Among millions of closed ones these few are found by their own indexes.
    few = sa.union_all(
        sa.select(PartnerIncident.incident_id).where(PartnerIncident.partner_id == partner.partner_id),
        sa.select(Release.incident_id).where(Release.ended_at.is_(None)),
    )
    return (
        sa.select(Incident, PartnerIncident, Station, shown.label("is_released"))
        .outerjoin(PartnerIncident, mine)
        .outerjoin(Station, Station.id == Incident.station_id)
        .where(Incident.id.in_(few), sa.or_(reported, shown))
    )


def _in_area(partner: PartnerAccount) -> sa.ColumnElement[bool]:
    """Whether the station of a row lies in the partner's area."""
    if partner.station_id is not None:
        return Station.id == partner.station_id
    return Station.district == partner.district if partner.district else sa.true()


def get_followed(number: str, *, partner: PartnerAccount, now: datetime) -> Followed:
    """Raises NotFound for one that is not this partner's to read, that was never, and that is shut, alike."""
    row = db.session.execute(_followed(partner, now).where(Incident.number == number)).first()
    if row is None:
        raise NotFound("partners.incident_unknown")
    return Followed(row[0], row[1], row[2], bool(row[3]))


def list_followed(*, partner: PartnerAccount, after: int | None, most: int, now: datetime) -> list[Followed]:
    """The newest first, those older than `after`, the id of an incident that the list before has told."""
    question = _followed(partner, now)
    if after is not None:
        question = question.where(Incident.id < after)
    rows = db.session.execute(question.order_by(Incident.id.desc()).limit(most))
    return [Followed(row[0], row[1], row[2], bool(row[3])) for row in rows]


def list_relayed(scan_ids: Sequence[int]) -> set[int]:
    """Those of these scans that are a partner's, made for a finder."""
    return set(db.session.scalars(sa.select(PartnerReport.scan_id).where(PartnerReport.scan_id.in_(scan_ids))))


# ---- stations


def list_stations(*, partner: PartnerAccount, district: str, after: int | None, most: int) -> Sequence[Station]:
    """The stations of the partner's area, by id."""
    question = _stations(partner)
    if district:
        question = question.where(Station.district == district)
    if after is not None:
        question = question.where(Station.id > after)
    return db.session.scalars(question.order_by(Station.id).limit(most)).all()


def get_station(station_id: int, *, partner: PartnerAccount) -> Station:
    station: Station | None = db.session.scalar(_stations(partner).where(Station.id == station_id))
    if station is None:
        raise NotFound("stations.unknown")
    return station


def is_in_area(station: Station, partner: PartnerAccount) -> bool:
    if partner.station_id is not None:
        return station.id == partner.station_id
    return not partner.district or station.district == partner.district


def _stations(partner: PartnerAccount) -> sa.Select[Station]:
    return sa.select(Station).where(_in_area(partner))
