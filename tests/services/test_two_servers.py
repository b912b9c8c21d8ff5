"""Two servers, one store: finders of one elder who tap in the same instant join one incident."""

from __future__ import annotations

import json
import multiprocessing
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from datetime import datetime, timedelta

import sqlalchemy as sa

from tests.world import World, new_reference
from wristband import create_app
from wristband.config import Settings
from wristband.db import db
from wristband.house import house
from wristband.incidents.models import Incident, Report
from wristband.services import reporting

SERVERS, TAPS = 2, 6


def tap(settings: str, serial: str, references: list[str], at: str) -> list[str]:
    """What the taps of one server were answered."""
    app, now = create_app(Settings(**json.loads(settings))), datetime.fromisoformat(at)

    def one(reference: str) -> str:
        with app.app_context():
            return reporting.report(reference, serial, language="zh-CN", low_trust=False, now=now)

    with ThreadPoolExecutor(len(references)) as pool:
        said = list(pool.map(one, references))
    with app.app_context():
        db.engine.dispose()
    return said


def test_finders_at_two_servers_at_once_open_one_incident(world: World) -> None:
    settings = house().settings.model_dump_json(include={"data_dir", "keys_dir", "database_url"})
    at = (world.now + timedelta(minutes=1)).isoformat()
    db.session.rollback()
    with ProcessPoolExecutor(SERVERS, mp_context=multiprocessing.get_context("spawn")) as servers:
        asked = [
            servers.submit(tap, settings, world.her.serial, [new_reference() for _ in range(TAPS)], at)
            for _ in range(SERVERS)
        ]
        numbers = [number for answers in asked for number in answers.result()]
    db.session.rollback()
    assert len(numbers) == SERVERS * TAPS
    assert len(set(numbers)) == 1
    of_hers = sa.select(sa.func.count(Incident.id)).where(Incident.elder_id == world.elder_id)
    assert db.session.scalar(of_hers) == 1
    assert db.session.scalar(sa.select(sa.func.count(Report.id))) == SERVERS * TAPS
