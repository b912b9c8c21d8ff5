"""A police platform for tests: settings that name one, a gateway that stands for it, and what it is owed."""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from tests.services.post import LEASE_S, Post
from tests.world import World, new_reference
from wristband.config import Settings
from wristband.db import db
from wristband.gateways.contract import GatewayFault, Handover
from wristband.gateways.police import ToldReceipt, ToldState
from wristband.gateways.police_mapping import Became
from wristband.incidents.models import Incident, PlatformNote
from wristband.incidents.rules import IncidentState
from wristband.outbox.models import Message
from wristband.outbox.rules import Channel
from wristband.services import hearing_platform, reporting
from wristband.services.delivering import Worker

KEY = b"a shared key of the police platform"
NOWHERE = "http://127.0.0.1:9/events"


def with_platform(settings: Settings, folder: Path, url: str = NOWHERE, mapping: str = "") -> Settings:
    """The same settings with a police platform, and with a mapping file where one is given."""
    key_file = folder / "police.key"
    key_file.write_bytes(KEY)
    more: dict[str, Any] = {"police_url": url, "police_key_file": key_file}
    if mapping:
        more["police_mapping_file"] = folder / "police.toml"
        more["police_mapping_file"].write_text(mapping, encoding="utf-8")
    return settings.model_copy(update=more)


def report(world: World, now: datetime, serial: str | None = None, reference: str | None = None) -> Incident:
    """A finder's report of her band; the incident it is in."""
    number = reporting.report(
        reference or new_reference(), serial or world.her.serial, language="zh-CN", low_trust=False, now=now
    )
    return incident(number)


def incident(number: str) -> Incident:
    db.session.rollback()
    question = sa.select(Incident).where(Incident.number == number)
    return db.session.scalars(question, execution_options={"populate_existing": True}).one()


def owed(incident_id: int | None = None) -> list[Message]:
    """What the platform is owed, in the order of each incident's events."""
    db.session.rollback()
    question = sa.select(Message).where(Message.channel == Channel.PLATFORM)
    if incident_id is not None:
        question = question.where(Message.incident_id == incident_id)
    ordered = question.order_by(Message.series, Message.turn)
    return list(db.session.scalars(ordered, execution_options={"populate_existing": True}))


def events(incident_id: int | None = None) -> list[dict[str, Any]]:
    return [json.loads(message.body or "{}") for message in owed(incident_id)]


def kinds(incident_id: int | None = None) -> list[str]:
    return [event["event"]["kind"] for event in events(incident_id)]


def worker(gateway: Post) -> Worker:
    return Worker({"platform": gateway, "sms": Post()}, lease_s=LEASE_S)


def handed(post: Post) -> list[tuple[str, int]]:
    """The incident's number and the event's own, in the order of the attempts."""
    told = [json.loads(handover.body) for handover in post.handed]
    return [(event["incident"]["number"], event["event"]["number"]) for event in told]


def failing(which: Callable[[str, int], bool], *, permanent: bool = False, code: str = "told_to_fail") -> Post:
    """A platform that takes everything but the events of `which`, asked by incident number and event number."""

    def deed(handover: Handover) -> None:
        event = json.loads(handover.body)
        if which(event["incident"]["number"], event["event"]["number"]):
            raise GatewayFault(permanent=permanent, code=code)

    return Post(deed)


def hear(
    number: str,
    now: datetime,
    state: str = "",
    *,
    key: str = "",
    disposition: str = "",
    case: str = "",
    words: str = "",
) -> IncidentState:
    """The platform tells a state; with the same `key` it is the same call."""
    told = ToldState(number, now, state, disposition, case, words)
    digest = hashlib.sha256(repr(told).encode()).hexdigest()
    return hearing_platform.hear_state(key or f"p-{secrets.token_hex(10)}", digest, told, now=now)


def hear_receipt(event: str, became: Became, now: datetime, *, key: str = "", case: str = "", code: str = "") -> int:
    told = [ToldReceipt(event, became, now, case, code)]
    digest = hashlib.sha256(repr(told).encode()).hexdigest()
    return hearing_platform.hear_receipts("police", key or f"p-{secrets.token_hex(10)}", digest, told, now=now)


def notes() -> list[PlatformNote]:
    db.session.rollback()
    return list(db.session.scalars(sa.select(PlatformNote).order_by(PlatformNote.id)))
