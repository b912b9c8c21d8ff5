"""Incidents that are released, and partners who read them."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

import sqlalchemy as sa

from tests.services.reports import incident_of, reported
from tests.world import World
from wristband.audit.models import AuditRow
from wristband.db import db
from wristband.house import house
from wristband.incidents.models import Incident
from wristband.incidents.rules import IncidentState
from wristband.interchange import published, queries
from wristband.interchange.models import Release
from wristband.interchange.pfif import Person
from wristband.interchange.rules import Audience, Shown
from wristband.partners.rules import PartnerAccount, Scope
from wristband.services import admitting, exchanging, handling, partnering, releasing
from wristband.services.partnering import Rights
from wristband.services.releasing import Wanted

EVERYTHING = frozenset(Shown)
DOMAIN = "finder.example.org"


def wanted(
    shown: Collection[Shown] = (), clothes: str = "", audience: Audience = Audience.RESTRICTED, days: int = 3
) -> Wanted:
    return Wanted(shown, clothes or ("灰色外套" if Shown.CLOTHES in shown else ""), audience, days)


def opened(world: World, now: datetime, *, accepted: bool = True) -> int:
    """Her incident, accepted by her station."""
    incident_id = incident_of(reported(world, now)).id
    if accepted:
        handling.move(incident_id, IncidentState.ACCEPTED, officer=world.officer, now=now)
    return incident_id


def released(world: World, now: datetime, shown: Collection[Shown] = (), **more: object) -> Release:
    """Her incident, released by the officer with these ticks."""
    incident_id = opened(world, now)
    releasing.release_on_duty(incident_id, wanted(shown, **more), officer=world.officer, now=now)  # type: ignore[arg-type]
    return release_of(incident_id)


def release_of(incident_id: int) -> Release:
    """The newest one."""
    fresh()
    question = sa.select(Release).where(Release.incident_id == incident_id).order_by(Release.id.desc()).limit(1)
    return db.session.scalars(question).one()


def fresh() -> None:
    db.session.rollback()
    db.session.expire_all()


def incident(incident_id: int) -> Incident:
    fresh()
    return db.session.get_one(Incident, incident_id)


def key_of(name: str, scopes: Collection[Scope], now: datetime, *, domain: str = "") -> str:
    """A partner's key."""
    made = partnering.add(Rights(name, [scope.value for scope in scopes]), by="officer:1", now=now)
    if domain:
        exchanging.set_domain(name, domain, by="operator", now=now)
    return made.key


def partner(
    now: datetime, scopes: Collection[Scope] = (Scope.PFIF_READ,), name: str = "示例救助站", domain: str = ""
) -> PartnerAccount:
    return admitting.admit(f"Bearer {key_of(name, scopes, now, domain=domain)}", now=now)


def person_of(release: Release, at: datetime) -> Person:
    fresh()
    found = queries.find_released(release.public_id)
    assert found
    return published.person(found, house().site, now=at)


def deeds(*names: str) -> list[str]:
    return list(db.session.scalars(sa.select(AuditRow.deed).where(AuditRow.deed.in_(names)).order_by(AuditRow.i)))
