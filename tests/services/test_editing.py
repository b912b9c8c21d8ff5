"""Editing: what somebody else has changed meanwhile is never overwritten unseen."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest
import sqlalchemy as sa
from flask import Flask

from tests.services.finders import next_day, refused
from tests.together import together
from tests.world import ELDER, World, every_row
from wristband.audit.models import AuditRow
from wristband.db import db
from wristband.elders.queries import get_elder, get_guardianship
from wristband.elders.rules import Particulars, Purpose
from wristband.errors import Conflict
from wristband.services import editing


@pytest.fixture
def now(world: World) -> datetime:
    return next_day(world)


def hers(**changed: str) -> Particulars:
    return Particulars.of(today=date(2026, 11, 24), consents=set(Purpose), **{**ELDER, **changed})


def edit(
    world: World, particulars: Particulars, now: datetime, *, seen: datetime, guardian_id: int | None = None
) -> None:
    me = guardian_id or world.daughter_id
    editing.edit(world.elder_id, particulars, world.station_id, seen=seen, guardian_id=me, now=now)


def test_what_is_changed_is_kept_and_its_names_recorded(world: World, now: datetime) -> None:
    edit(world, hers(address="新住址", relation="spouse"), now, seen=world.now)
    db.session.expire_all()
    elder = get_elder(world.elder_id, guardian_id=world.daughter_id)
    assert (elder.address, elder.name, elder.changed_at) == ("新住址", ELDER["name"], now)
    assert get_guardianship(world.elder_id, guardian_id=world.daughter_id).relation == "spouse"
    row = db.session.scalars(sa.select(AuditRow).order_by(AuditRow.i.desc()).limit(1)).one()
    assert (row.deed, row.facts) == ("elder.changed", {"fields": "address relation"})


def test_nothing_changed_is_nothing_written(world: World, now: datetime) -> None:
    before = every_row()
    edit(world, hers(), now, seen=world.now)
    assert every_row() == before


def test_the_second_of_two_is_told_and_nothing_is_lost(world: World, now: datetime) -> None:
    edit(world, hers(address="女儿写的"), now, seen=world.now)
    before = every_row()
    late = now + timedelta(minutes=1)
    assert refused(lambda: edit(world, hers(approach="儿子写的"), late, seen=world.now)) == "elders.changed_meanwhile"
    assert every_row() == before
    edit(world, hers(address="女儿写的", approach="儿子写的"), late, seen=now)


def test_of_two_at_once_one_is_kept(app: Flask, world: World, now: datetime) -> None:
    deeds = [
        lambda n=n: edit(world, hers(address=f"住址{n}"), now + timedelta(seconds=n), seen=world.now) for n in range(2)
    ]
    ended = together(app, deeds)
    assert sorted(type(one) for one in ended if one is not None) == [Conflict]


def test_a_stranger_changes_nothing(world: World, now: datetime) -> None:
    stranger = world.neighbour_id
    assert refused(lambda: edit(world, hers(), now, seen=world.now, guardian_id=stranger)) == "elders.unknown"


def test_a_station_that_is_none_is_refused(world: World, now: datetime) -> None:
    mine = {"seen": world.now, "guardian_id": world.daughter_id, "now": now}
    assert refused(lambda: editing.edit(world.elder_id, hers(), 1, **mine)) == "stations.unknown"
