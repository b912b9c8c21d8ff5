"""Partners for the tests of services: added, admitted, reporting, and what their webhooks are owed."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterable
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from wristband.db import db
from wristband.outbox.models import Message
from wristband.outbox.rules import Channel
from wristband.partners.idempotency import Answer, Asked
from wristband.partners.rules import CHOSEN_EVENTS, Event, PartnerAccount, Scope
from wristband.services import admitting, hooking, partnering, relaying
from wristband.services.partnering import NewKey, Rights
from wristband.services.relaying import Relayed

HOST = "hooks.example.org"
URL = f"https://{HOST}/in"
EVERYTHING = tuple(scope.value for scope in Scope)


def added(
    now: datetime,
    name: str = "示例热线",
    *,
    scopes: Iterable[str] = EVERYTHING,
    station_id: int | None = None,
    district: str = "",
    days: int = 365,
) -> NewKey:
    return partnering.add(Rights(name, scopes, station_id, district, HOST), days=days, by="operator", now=now)


def admitted(made: NewKey, now: datetime) -> PartnerAccount:
    db.session.rollback()
    return admitting.admit(f"Bearer {made.key}", now=now)


def hired(now: datetime, name: str = "示例热线", **more: Any) -> PartnerAccount:
    return admitted(added(now, name, **more), now)


def asked(content: str = "report", key: str = "") -> Asked:
    return Asked(key or secrets.token_hex(12), content)


def reported(partner: PartnerAccount, code: str, now: datetime, *, key: str = "", **more: Any) -> Answer:
    return relaying.report(asked(key=key), Relayed("老人坐在车站", code=code, **more), partner=partner, now=now)


def hooked(partner: PartnerAccount, now: datetime, *, url: str = URL, events: Iterable[Event] = CHOSEN_EVENTS) -> int:
    """The id of a new webhook of the partner's."""
    made = hooking.make(asked(url), url, events, partner_id=partner.partner_id, by=partner.actor, now=now)
    return int(made.facts["id"])


def owed(webhook_id: int | None = None) -> list[dict[str, Any]]:
    """The events that webhooks are owed, in their order."""
    db.session.rollback()
    question = sa.select(Message).where(Message.channel == Channel.WEBHOOK).order_by(Message.id)
    rows = db.session.scalars(question, execution_options={"populate_existing": True})
    return [
        json.loads(row.body or "{}") for row in rows if webhook_id is None or row.recipient == f"webhook:{webhook_id}"
    ]


def kinds(webhook_id: int | None = None) -> list[str]:
    return [event["event"] for event in owed(webhook_id)]
