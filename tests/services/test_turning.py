"""Turning the portrait: once, by whoever asks first, and by nobody but the family."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa
from flask import Flask

from tests.photographs import encoded, portrait
from tests.together import raised, together
from tests.world import World, every_row, new_rows
from wristband.db import db
from wristband.elders import queries
from wristband.elders.models import Photo
from wristband.errors import NotFound
from wristband.services import registration

MINUTE = timedelta(minutes=1)


def test_a_portrait_turned_by_two_hands_at_once_is_turned_once(app: Flask, world: World) -> None:
    now = world.now + MINUTE
    given = encoded(portrait().resize((400, 500)), "JPEG")
    first = registration.keep_photo(given, guardian_id=world.daughter_id, now=now)
    registration.replace_portrait(world.elder_id, first, guardian_id=world.daughter_id, now=now)

    def turn() -> None:
        registration.turn_portrait(world.elder_id, first, 1, guardian_id=world.daughter_id, now=now + MINUTE)

    before = every_row()
    assert raised(together(app, [turn] * 3)) == []
    found = queries.find_portrait(world.elder_id)
    assert found
    assert (found.width, found.height) == (500, 400)
    in_use = sa.select(sa.func.count(Photo.id)).where(Photo.elder_id == world.elder_id, Photo.replaced_at.is_(None))
    assert db.session.scalar(in_use) == 1
    assert new_rows(before)["audit_row"] == 1
    with pytest.raises(NotFound):
        registration.turn_portrait(world.elder_id, found.id, 1, guardian_id=world.neighbour_id, now=now)
