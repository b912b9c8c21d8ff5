"""`wristband records index`: names registered before there was an index are found."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from click.testing import CliRunner
from flask import Flask

from tests.world import World
from wristband.cli_records import records
from wristband.db import db, transaction
from wristband.elders import search
from wristband.elders.models import Elder

pytestmark = pytest.mark.parametrize("engine", ["sqlite"], indirect=True)


def test_what_has_no_index_gets_one_and_a_second_run_finds_nothing_to_do(app: Flask, world: World) -> None:
    with transaction():
        db.session.execute(sa.update(Elder).values(name_index=None))
    assert search.find_by_name("林秀英", station_id=world.station_id, now=world.now) == []
    told = run(app)
    assert "共 2 项" in told
    db.session.rollback()
    found = search.find_by_name("林 秀英", station_id=world.station_id, now=world.now)
    assert [row.id for row in found] == [world.elder_id]
    assert "共 0 项" in run(app)


def run(app: Flask) -> str:
    db.session.rollback()
    told = CliRunner().invoke(records, ["index"], obj=lambda: app)
    assert told.exit_code == 0, told.output
    return told.output
