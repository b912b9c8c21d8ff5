"""Consents: each given and withdrawn by itself, with what it does, at once."""

from __future__ import annotations

from datetime import datetime

import pytest
import sqlalchemy as sa

from tests.life import keep_photo, small_jpeg
from tests.services.finders import deeds, grants, her_check, met, next_day, refused
from tests.world import World, destroyed_keys, every_row
from wristband.bands.artwork.design import Design
from wristband.bands.models import Band
from wristband.bands.rules import BandForm, PrintStyle
from wristband.db import db
from wristband.elders import queries, tombstones
from wristband.elders.models import Consent, Elder, Photo
from wristband.elders.rules import REQUIRED, Purpose
from wristband.errors import NotFound
from wristband.house import house
from wristband.scans.levels import GrantState
from wristband.services import consenting, disclosing, issuing, printing, purging, registration, verifying


@pytest.fixture
def now(world: World) -> datetime:
    return next_day(world)


def withdraw(world: World, purpose: Purpose, now: datetime, *, guardian_id: int | None = None) -> None:
    consenting.withdraw(world.elder_id, purpose, guardian_id=guardian_id or world.daughter_id, now=now)


def give(world: World, purpose: Purpose, now: datetime, health: str = "") -> None:
    consenting.give(world.elder_id, purpose, health=health, guardian_id=world.daughter_id, now=now)


def elder(world: World) -> Elder:
    db.session.rollback()
    db.session.expire_all()
    return db.session.get_one(Elder, world.elder_id)


def test_a_withdrawn_consent_stays_as_a_row_with_its_time(world: World, now: datetime) -> None:
    withdraw(world, Purpose.WHEREABOUTS, now)
    asked = sa.select(Consent).where(Consent.elder_id == world.elder_id, Consent.purpose == Purpose.WHEREABOUTS)
    assert [row.withdrawn_at for row in db.session.scalars(asked)] == [now]
    assert not queries.consented(world.elder_id, Purpose.WHEREABOUTS)
    assert deeds(world.elder_id)[-1] == "consent.withdrawn"


def test_withdrawing_twice_is_withdrawing_once(world: World, now: datetime) -> None:
    withdraw(world, Purpose.WHEREABOUTS, now)
    before = every_row()
    withdraw(world, Purpose.WHEREABOUTS, now)
    assert every_row() == before


def test_only_this_purpose_and_this_elder_are_touched(world: World, now: datetime) -> None:
    withdraw(world, Purpose.CARD, now)
    standing = {state.purpose for state in queries.consent_states(world.elder_id) if state.given}
    assert standing == set(Purpose) - {Purpose.CARD}
    assert all(state.given for state in queries.consent_states(world.other.elder_id))


@pytest.mark.parametrize("purpose", sorted(REQUIRED))
def test_what_the_service_stands_on_ends_with_the_service_only(world: World, now: datetime, purpose: Purpose) -> None:
    before = every_row()
    assert refused(lambda: withdraw(world, purpose, now)) == "elders.consent_required"
    assert every_row() == before


def test_a_stranger_withdraws_and_gives_nothing(world: World, now: datetime) -> None:
    before = every_row()
    stranger = world.neighbour_id
    assert refused(lambda: withdraw(world, Purpose.CARD, now, guardian_id=stranger)) == "elders.unknown"
    give_it = lambda: consenting.give(world.elder_id, Purpose.CARD, guardian_id=stranger, now=now)  # noqa: E731
    assert refused(give_it) == "elders.unknown"
    assert every_row() == before


def test_without_the_consent_for_health_its_words_are_gone(world: World, now: datetime) -> None:
    withdraw(world, Purpose.HEALTH, now)
    assert elder(world).health_sealed is None
    assert elder(world).approach == "说闽南语请慢慢说"


def test_health_is_consented_to_with_words_only(world: World, now: datetime) -> None:
    withdraw(world, Purpose.HEALTH, now)
    assert refused(lambda: give(world, Purpose.HEALTH, now, " ")) == "elders.health_missing"
    assert refused(lambda: give(world, Purpose.HEALTH, now, "药" * 301)) == "elders.health_long"
    give(world, Purpose.HEALTH, now, "每天吃降压药")
    assert elder(world).health == "每天吃降压药"
    assert queries.consented(world.elder_id, Purpose.HEALTH)


def test_giving_twice_is_giving_once(world: World, now: datetime) -> None:
    before = every_row()
    give(world, Purpose.HEALTH, now, "别的话")
    assert every_row() == before


def test_without_the_card_an_open_one_closes_at_once(world: World, now: datetime) -> None:
    reference = met(world, now)
    token = verifying.enter_check_code(reference, her_check(world), now=now)
    assert disclosing.show(reference, token, now=now).called == "林阿姨"
    withdraw(world, Purpose.CARD, now)
    assert [grant.state for grant in grants()] == [GrantState.ENDED]
    assert refused(lambda: disclosing.show(reference, token, now=now)) == "scans.grant_over"


def test_without_the_portrait_its_picture_is_destroyed_and_bands_are_drawn_plain(world: World, now: datetime) -> None:
    band_id = _band_with_portrait(world, now)
    payload = Design.from_bytes(db.session.get_one(Band, band_id).design).payload
    photo_id = db.session.scalars(sa.select(Photo.id)).one()
    withdraw(world, Purpose.PORTRAIT, now)
    db.session.expire_all()
    band = db.session.get_one(Band, band_id)
    assert (band.photo_id, Design.from_bytes(band.design).portrait) == (None, None)
    assert Design.from_bytes(band.design).payload == payload
    printed, _ = printing.as_page(band_id, PrintStyle(), guardian_id=world.daughter_id, now=now)
    assert printed.face is None
    with pytest.raises(NotFound):
        house().files.read(place="photo.jpeg", row=photo_id)
    assert photo_id in destroyed_keys()
    assert queries.find_portrait(world.elder_id) is None


def _band_with_portrait(world: World, now: datetime) -> int:
    photo_id = keep_photo(world.daughter_id, small_jpeg(), now)
    registration.replace_portrait(world.elder_id, photo_id, guardian_id=world.daughter_id, now=now)
    return issuing.issue("band-with-portrait", world.elder_id, BandForm.CARD, guardian_id=world.daughter_id, now=now)


def test_a_band_made_after_the_withdrawal_is_plain(world: World, now: datetime) -> None:
    _band_with_portrait(world, now)
    withdraw(world, Purpose.PORTRAIT, now)
    later = issuing.issue("a-plain-band-form", world.elder_id, BandForm.CARD, guardian_id=world.daughter_id, now=now)
    assert Design.from_bytes(db.session.get_one(Band, later).design).portrait is None


def test_a_withdrawal_is_written_outside_the_database_too(world: World, now: datetime) -> None:
    withdraw(world, Purpose.CARD, now)
    stones = tombstones.read(house().settings.data_dir / tombstones.NAME)
    assert [(stone.kind, stone.at) for stone in stones] == [("consent", now)]


def test_what_cannot_be_written_there_is_kept_all_the_same_and_written_by_the_next_purge(
    world: World, now: datetime
) -> None:
    path = house().settings.data_dir / tombstones.NAME
    path.mkdir()
    withdraw(world, Purpose.CARD, now)
    assert not queries.consented(world.elder_id, Purpose.CARD)
    path.rmdir()
    assert [count for _, count in purging.purge(now=now)]
    assert [stone.kind for stone in tombstones.read(path)] == ["consent"]
