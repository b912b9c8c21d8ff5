"""`wristband purge`: the table before, the counts after."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine
from click.testing import CliRunner, Result
from flask import Flask

from tests.life import keep_photo, small_jpeg
from tests.services.finders import next_day
from tests.services.keepsakes import MADE
from tests.world import World, every_row
from wristband.audit.retention import RETENTION, Kept
from wristband.chores import Chore
from wristband.cli_purge import purge
from wristband.db import db
from wristband.elders.photos import PHOTO_PLACE
from wristband.errors import NotFound
from wristband.house import house
from wristband.services import purging
from wristband.services.delivering import Worker

pytestmark = pytest.mark.parametrize("engine", ["sqlite"], indirect=True)


def run(app: Flask, *arguments: str) -> Result:
    db.session.rollback()
    told = CliRunner().invoke(purge, arguments, obj=lambda: app)
    assert told.exit_code == 0, told.output
    return told


def test_a_dry_run_prints_every_line_with_what_is_due_and_changes_nothing(app: Flask, world: World) -> None:
    now = next_day(world)
    moment, keep = MADE[Kept.SIGHTINGS](world, now), RETENTION[Kept.SIGHTINGS].keep
    assert keep is not None
    before = every_row()
    with time_machine.travel(moment + keep, tick=False):
        told = run(app, "--dry-run").stdout
    assert all(line.what in told for line in RETENTION.values())
    assert "已销毁、等着清走的录音文件 | 到期 0" in told
    assert "发现人留下的位置和话 | 警情办结；没有报警的，从留下时算，30 天后 | 到期 1" in told
    assert every_row() == before


def test_a_purge_tells_what_it_has_done_and_again_that_there_was_nothing(app: Flask, world: World) -> None:
    now = next_day(world)
    moment, keep = MADE[Kept.SIGHTINGS](world, now), RETENTION[Kept.SIGHTINGS].keep
    assert keep is not None
    with time_machine.travel(moment + keep, tick=False):
        assert "发现人留下的位置和话：1\n" in run(app).stdout
        assert run(app).stdout == "清理完毕，共 0 项。\n"


def test_the_delivery_worker_purges_between_its_steps(app: Flask, world: World) -> None:
    now = next_day(world)
    photo_id, keep = keep_photo(world.daughter_id, small_jpeg(), now), RETENTION[Kept.UNFINISHED_PHOTOS].keep
    assert keep is not None
    assert house().files.read(place=PHOTO_PLACE, row=photo_id)
    chore = Chore("purging", timedelta(hours=1), purging.purge)
    with time_machine.travel(now + keep, tick=False):
        worker = Worker({}, lease_s=60, between=chore.look)
        for _ in range(2 * len(RETENTION)):
            worker.drain()
    with pytest.raises(NotFound):
        house().files.read(place=PHOTO_PLACE, row=photo_id)
