"""Somebody comes for the elder with a hand-over code, and what finders make of it."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa

from tests.services.finders import met, refused
from tests.world import World
from wristband.db import db
from wristband.incidents.models import HandOver, HandOverTry, Incident
from wristband.scans.queries import find_reach_of
from wristband.services import handing_over, reporting
from wristband.services.handing_over import HandOverCode


def report(reference: str, serial: str, now: datetime) -> int:
    number = reporting.report(reference, serial, language="zh-CN", low_trust=False, now=now)
    return db.session.scalars(sa.select(Incident.id).where(Incident.number == number)).one()


def code_for_call(world: World, finder: str, now: datetime) -> HandOverCode:
    reach = find_reach_of(finder)
    assert reach
    return handing_over.make_for_call(reach.id, guardian_id=world.daughter_id, now=now)


def wrong(code: str) -> str:
    return f"{(int(code) + 1) % 10**6:06d}"


def mistype(finder: str, code: HandOverCode, times: int, now: datetime) -> list[str]:
    """What a finder hears who types so many wrong codes."""
    return [refused(lambda: handing_over.enter(finder, wrong(code.digits), now=now)) for _ in range(times)]


def shut(world: World, code: HandOverCode, now: datetime) -> None:
    """Four strangers with a photograph of the band spend every try of the code."""
    for _ in range(4):
        mistype(met(world, now), code, 5, now)


def tries() -> list[int]:
    """Those of each finder of the only hand-over, first come first."""
    db.session.rollback()
    return list(db.session.scalars(sa.select(HandOverTry.tries).order_by(HandOverTry.id)))


def hand_overs() -> list[HandOver]:
    db.session.rollback()
    return list(db.session.scalars(sa.select(HandOver).order_by(HandOver.id)))


def incident(incident_id: int) -> Incident:
    db.session.rollback()
    return db.session.get_one(Incident, incident_id)
