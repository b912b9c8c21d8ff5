"""Binding blank stock: who can type the check code has the band in hand."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa
from flask import Flask

from tests.together import together
from tests.world import World, every_row
from wristband.audit.models import AuditRow
from wristband.bands import queries
from wristband.bands.models import Band
from wristband.bands.rules import (
    BIND_TRIES,
    BIND_TRIES_A_BAND,
    CHECK_TRIES_FOR_LIFE,
    BandEnd,
    BandForm,
    BandState,
)
from wristband.clock import now as today
from wristband.db import db, transaction
from wristband.errors import BadValue, NotFound, Refusal, TooMany
from wristband.services import binding, issuing, reaching, stocking
from wristband.values.code import BandCode, CheckCode


@pytest.fixture
def now() -> datetime:
    return today()


@pytest.fixture
def blanks(world: World, now: datetime) -> list[Band]:
    """A small batch, minted in this process."""
    batch_id = stocking.begin(BandForm.WRISTBAND, 3, now=now)
    with ThreadPoolExecutor(1) as workers:
        assert sum(stocking.mint(batch_id, workers=workers, now=now)) == 3
    return list(queries.list_minted(batch_id, 1, 3))


def bind(band: Band, world: World, now: datetime, check: CheckCode | None = None, who: int | None = None) -> int:
    return binding.bind(
        band.code,
        check or CheckCode.parse(band.check_code),
        world.elder_id,
        guardian_id=who or world.daughter_id,
        now=now,
    )


def wrong(band: Band) -> CheckCode:
    other = CheckCode.random()
    return other if other.digits != band.check_code else wrong(band)


def refused(deed: Callable[[], object]) -> str:
    with pytest.raises(Refusal) as refusal:
        deed()
    return refusal.value.code


def test_a_blank_band_reaches_nobody_until_it_is_bound(world: World, blanks: list[Band], now: datetime) -> None:
    blank = blanks[0]
    assert reaching.tell_family("a" * 22, blank.serial, language="zh-CN", low_trust=False, now=now) is None
    bind(blank, world, now)
    reach = reaching.tell_family("b" * 22, blank.serial, language="zh-CN", low_trust=False, now=now)
    assert reach is not None
    assert reach.elder_id == world.elder_id


def test_binding_is_written_down_once(world: World, blanks: list[Band], now: datetime) -> None:
    band_id = bind(blanks[1], world, now)
    rows = db.session.scalars(sa.select(AuditRow).where(AuditRow.deed == "band.bound")).all()
    assert [(row.subject, row.elder_id) for row in rows] == [(f"band:{band_id}", world.elder_id)]
    assert [db.session.get_one(Band, blank.id).state for blank in blanks] == [
        BandState.BLANK,
        BandState.ACTIVE,
        BandState.BLANK,
    ]


def test_a_wrong_code_an_unknown_band_and_one_in_use_are_refused_alike(
    world: World, blanks: list[Band], now: datetime
) -> None:
    unknown = BandCode.from_serial("000000000001")
    worn = db.session.get_one(Band, world.other.band_id)
    neighbours = CheckCode.parse(worn.check_code)
    assert refused(lambda: bind(blanks[0], world, now, wrong(blanks[0]))) == "bands.bind_refused"
    assert (
        refused(lambda: binding.bind(unknown, neighbours, world.elder_id, guardian_id=world.daughter_id, now=now))
        == "bands.bind_refused"
    )
    assert (
        refused(lambda: binding.bind(worn.code, neighbours, world.elder_id, guardian_id=world.daughter_id, now=now))
        == "bands.bind_refused"
    )


def test_a_guardian_who_guesses_is_told_to_wait_and_the_right_code_waits_too(
    world: World, blanks: list[Band], now: datetime
) -> None:
    for _ in range(BIND_TRIES_A_BAND.burst):
        with pytest.raises(BadValue):
            bind(blanks[0], world, now, wrong(blanks[0]))
    with pytest.raises(TooMany):
        bind(blanks[0], world, now)
    assert bind(blanks[0], world, now + timedelta(hours=1)) == blanks[0].id


def test_a_hundred_tries_shut_the_code_for_life(world: World, blanks: list[Band], now: datetime) -> None:
    with transaction():
        db.session.execute(sa.update(Band).where(Band.id == blanks[0].id).values(check_tries=CHECK_TRIES_FOR_LIFE))
    assert refused(lambda: bind(blanks[0], world, now)) == "bands.bind_refused"


def test_a_failed_try_stays_spent(world: World, blanks: list[Band], now: datetime) -> None:
    with pytest.raises(BadValue):
        bind(blanks[0], world, now, wrong(blanks[0]))
    db.session.rollback()
    assert db.session.get_one(Band, blanks[0].id).check_tries == 1


def test_nobody_binds_to_a_strangers_elder(world: World, blanks: list[Band], now: datetime) -> None:
    with pytest.raises(NotFound):
        bind(blanks[0], world, now, who=world.neighbour_id)
    db.session.rollback()
    assert db.session.get_one(Band, blanks[0].id).check_tries == 0


def test_a_band_is_bound_once_and_the_same_form_again_changes_nothing(
    world: World, blanks: list[Band], now: datetime
) -> None:
    band_id = bind(blanks[0], world, now)
    before = every_row()
    for _ in range(BIND_TRIES.burst + 1):
        assert bind(blanks[0], world, now) == band_id
    assert every_row() == before
    assert db.session.get_one(Band, band_id).check_tries == 0


def test_the_same_form_four_times_at_once_is_one_binding(
    app: Flask, world: World, blanks: list[Band], now: datetime
) -> None:
    band_id, code, check = blanks[0].id, blanks[0].code, CheckCode.parse(blanks[0].check_code)
    answers = together(
        app, [lambda: binding.bind(code, check, world.elder_id, guardian_id=world.daughter_id, now=now)] * 4
    )
    assert answers == [band_id] * 4
    db.session.rollback()
    assert len(db.session.scalars(sa.select(AuditRow).where(AuditRow.deed == "band.bound")).all()) == 1


def test_a_band_that_has_ended_is_not_bound_again(world: World, blanks: list[Band], now: datetime) -> None:
    bind(blanks[0], world, now)
    check = CheckCode.parse(blanks[0].check_code)
    issuing.end(blanks[0].id, BandEnd.LOST, guardian_id=world.daughter_id, now=now)
    assert refused(lambda: bind(blanks[0], world, now, check)) == "bands.bind_refused"


def test_a_right_code_costs_nothing_so_nobody_is_locked_out_by_binding(
    world: World, blanks: list[Band], now: datetime
) -> None:
    for _ in range(BIND_TRIES.burst // 3 + 1):
        for band in blanks:
            bind(band, world, now)
        with transaction():
            db.session.execute(
                sa.update(Band).where(Band.batch_id == blanks[0].batch_id).values(state=BandState.BLANK, elder_id=None)
            )
    with pytest.raises(BadValue):
        bind(blanks[0], world, now, wrong(blanks[0]))
    db.session.rollback()
    assert [db.session.get_one(Band, blank.id).check_tries for blank in blanks] == [1, 0, 0]


def test_who_guesses_at_many_bands_waits_at_every_one(world: World, blanks: list[Band], now: datetime) -> None:
    check = CheckCode.random()
    for nth in range(BIND_TRIES.burst):
        code = BandCode.from_serial(f"{nth:012d}")
        with pytest.raises(BadValue):
            binding.bind(code, check, world.elder_id, guardian_id=world.daughter_id, now=now)
    with pytest.raises(TooMany):
        bind(blanks[0], world, now)
    # Another family's is another budget.
    assert binding.bind(
        blanks[0].code,
        CheckCode.parse(blanks[0].check_code),
        world.other.elder_id,
        guardian_id=world.neighbour_id,
        now=now,
    )
    assert bind(blanks[1], world, now + timedelta(seconds=BIND_TRIES.every_s)) == blanks[1].id
