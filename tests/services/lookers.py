"""Officers who look, and what their looks leave behind."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import sqlalchemy as sa

from tests.life import keep_photo, small_jpeg
from tests.world import World, new_reference
from wristband.accounts.rules import OfficerAccount
from wristband.audit.models import AuditRow
from wristband.db import db
from wristband.incidents.models import Incident
from wristband.incidents.records import FullRecord
from wristband.incidents.rules import Disposition, IncidentState, Reason
from wristband.services import handling, looking, registration, reporting
from wristband.values.code import BandCode

LOOKS = ("incident.looked_at", "incident.revealed", "break_glass.looked", "break_glass.missed")
WORDS = "独自坐在公园，说不出住哪里"


def report(serial: str | None, now: datetime) -> int:
    number = reporting.report(new_reference(), serial, language="zh-CN", low_trust=False, now=now)
    return db.session.scalars(sa.select(Incident.id).where(Incident.number == number)).one()


def looks(*deeds: str) -> list[AuditRow]:
    db.session.rollback()
    return list(db.session.scalars(sa.select(AuditRow).where(AuditRow.deed.in_(deeds or LOOKS)).order_by(AuditRow.i)))


def with_portrait(world: World, now: datetime) -> tuple[int, bytes]:
    jpeg = small_jpeg()
    photo_id = keep_photo(world.daughter_id, jpeg, now)
    registration.replace_portrait(world.elder_id, photo_id, guardian_id=world.daughter_id, now=now)
    return photo_id, jpeg


def glass(
    world: World,
    now: datetime,
    *,
    serial: str | None = None,
    officer: OfficerAccount | None = None,
    reason: Reason | None = Reason.IDENTITY,
    words: str = WORDS,
) -> FullRecord:
    code = BandCode.from_serial(serial or world.her.serial)
    return looking.break_glass(code, reason, words, officer=officer or world.stranger, now=now)


def accept(incident_id: int, officer: OfficerAccount, now: datetime) -> None:
    handling.move(incident_id, IncidentState.ACCEPTED, officer=officer, now=now)


def close(incident_id: int, officer: OfficerAccount, now: datetime) -> None:
    handling.move(incident_id, IncidentState.CLOSED, officer=officer, disposition=Disposition.AT_STATION, now=now)


def showings(incident_id: int, officer: OfficerAccount, now: datetime) -> list[Callable[[], object]]:
    """Look, portrait and reveal, each to be asked for."""
    return [
        lambda: looking.look(incident_id, officer=officer, now=now),
        lambda: looking.portrait_bytes(incident_id, officer=officer, now=now),
        lambda: looking.reveal(incident_id, Reason.REACH, officer=officer, now=now),
    ]
