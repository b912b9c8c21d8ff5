"""Binding at the counter: the band is proved first, then the family is looked up, then it is told."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import partial

import pytest
import sqlalchemy as sa
from flask import Flask

from tests.blanks import blanks, check_of, wrong_check
from tests.life import break_key
from tests.together import raised, together
from tests.world import DAUGHTER_PHONE, World, every_row, last_body, new_reference, new_rows
from wristband.audit.accesses import list_accesses
from wristband.audit.deeds import Deed
from wristband.audit.models import AuditRow
from wristband.bands.models import Band
from wristband.bands.rules import BIND_TRIES_A_BAND, LOOK_UPS_AN_OFFICER, BandState
from wristband.clock import now as today
from wristband.db import db
from wristband.errors import BadValue, NotFound, Refusal, TooMany
from wristband.outbox.models import Message
from wristband.services import binding, reaching, signing_in
from wristband.values.phone import Phone

THE_DAUGHTER = Phone(DAUGHTER_PHONE)
NOBODY = Phone("+8613800138044")
NEWCOMER = Phone("+8613800138045")


@pytest.fixture
def now() -> datetime:
    return today()


@pytest.fixture
def blank(world: World, now: datetime) -> Band:
    return blanks(1, now=now)[0]


def prove(band: Band, world: World, now: datetime) -> int:
    return binding.prove_at_counter(band.code, check_of(band), officer=world.officer, now=now)


def look_up(band: Band, phone: Phone, world: World, now: datetime) -> int:
    return binding.look_up_family(band.id, phone, officer=world.officer, now=now)


def give(band: Band, world: World, now: datetime, elder_id: int = 0) -> None:
    binding.bind_at_counter(
        band.id, elder_id or world.elder_id, guardian_id=world.daughter_id, officer=world.officer, now=now
    )


def refused(phone: Phone, band: Band, world: World, now: datetime) -> Refusal:
    with pytest.raises(Refusal) as refusal:
        look_up(band, phone, world, now)
    return refusal.value


def test_a_blank_is_proved_a_family_found_and_the_elder_has_a_band_that_reaches_it(
    world: World, blank: Band, now: datetime
) -> None:
    assert prove(blank, world, now) == blank.id
    assert look_up(blank, THE_DAUGHTER, world, now) == world.daughter_id
    assert reaching.tell_family(new_reference(), blank.serial, language="zh-CN", low_trust=False, now=now) is None
    give(blank, world, now)
    reach = reaching.tell_family(new_reference(), blank.serial, language="zh-CN", low_trust=False, now=now)
    assert reach
    assert reach.elder_id == world.elder_id


def test_binding_names_the_officer_and_tells_the_family_in_one_deed(world: World, blank: Band, now: datetime) -> None:
    prove(blank, world, now)
    before = every_row()
    give(blank, world, now)
    assert new_rows(before) == {"audit_row": 1, "message": 1}
    row = db.session.scalars(sa.select(AuditRow).where(AuditRow.deed == "band.bound")).one()
    assert (row.actor, row.subject, row.elder_id) == (world.officer.actor, f"band:{blank.id}", world.elder_id)
    assert row.facts == {"guardian": world.daughter_id, "station": world.station_id}
    body = last_body(DAUGHTER_PHONE)
    assert world.officer.station_name in body
    assert blank.code.tail in body


def test_the_neighbours_elder_gets_no_band_and_nobody_is_told(world: World, blank: Band, now: datetime) -> None:
    before = every_row()
    with pytest.raises(NotFound):
        give(blank, world, now, world.other.elder_id)
    db.session.rollback()
    assert every_row() == before


def test_a_band_that_somebody_else_has_bound_meanwhile_stays_where_it_is(
    world: World, blank: Band, now: datetime
) -> None:
    binding.bind(blank.code, check_of(blank), world.other.elder_id, guardian_id=world.neighbour_id, now=now)
    before = every_row()
    with pytest.raises(BadValue) as refusal:
        give(blank, world, now)
    assert refusal.value.code == "bands.bind_refused"
    db.session.rollback()
    assert every_row() == before


def test_the_same_choice_four_times_at_once_is_one_binding_and_one_message(
    app: Flask, world: World, blank: Band, now: datetime
) -> None:
    band_id = blank.id
    deed = partial(
        binding.bind_at_counter, band_id, world.elder_id, guardian_id=world.daughter_id, officer=world.officer, now=now
    )
    before = every_row()
    assert raised(together(app, [deed] * 4)) == []
    assert new_rows(before) == {"audit_row": 1, "message": 1}


def test_a_right_code_at_the_counter_costs_the_band_no_try(world: World, blank: Band, now: datetime) -> None:
    for _ in range(BIND_TRIES_A_BAND.burst + 1):
        assert prove(blank, world, now) == blank.id
    db.session.rollback()
    assert db.session.get_one(Band, blank.id, populate_existing=True).check_tries == 0


# ---- looking up


def test_a_number_that_nobody_has_is_refused_like_one_without_elders(world: World, blank: Band, now: datetime) -> None:
    signing_in.join(NEWCOMER, language="zh-CN", now=now)
    nobody, newcomer = (refused(phone, blank, world, now) for phone in (NOBODY, NEWCOMER))
    assert (type(nobody), nobody.code, nobody.facts) == (type(newcomer), newcomer.code, newcomer.facts)
    assert nobody.code == "bands.no_elders"


def test_every_look_up_is_recorded_by_ids_found_or_not(world: World, blank: Band, now: datetime) -> None:
    look_up(blank, THE_DAUGHTER, world, now)
    refused(NOBODY, blank, world, now)
    rows = db.session.scalars(
        sa.select(AuditRow).where(AuditRow.deed == "family.looked_up").order_by(AuditRow.id)
    ).all()
    assert [(row.actor, row.subject, row.elder_id, row.facts) for row in rows] == [
        (world.officer.actor, f"guardian:{world.daughter_id}", world.elder_id, {"band": blank.id}),
        (world.officer.actor, "guardian:0", None, {"band": blank.id}),
    ]


def test_the_family_that_was_looked_up_hears_of_it_in_the_same_deed_once_a_day(
    world: World, blank: Band, now: datetime
) -> None:
    before = every_row()
    look_up(blank, THE_DAUGHTER, world, now)
    assert new_rows(before) == {"audit_row": 1, "message": 1, "spent_budget": 1}
    assert "大同派出所为绑定手环查了您家登记的老人" in last_body(DAUGHTER_PHONE)
    look_up(blank, THE_DAUGHTER, world, now)
    refused(NOBODY, blank, world, now)
    assert new_rows(before)["message"] == 1
    assert [access.deed.value for access in list_accesses(world.elder_id)].count("family.looked_up") == 2
    assert Deed.FAMILY_LOOKED_UP not in {access.deed for access in list_accesses(world.other.elder_id)}


def test_a_guardian_whose_number_opens_no_more_is_looked_up_all_the_same(
    world: World, blank: Band, now: datetime
) -> None:
    break_key(world.daughter_id)
    before = every_row()
    assert look_up(blank, THE_DAUGHTER, world, now) == world.daughter_id
    assert new_rows(before) == {"audit_row": 1, "spent_budget": 1}


def test_an_officer_looks_up_thirty_families_at_once_and_thirty_an_hour(
    world: World, blank: Band, now: datetime
) -> None:
    assert (LOOK_UPS_AN_OFFICER.burst, LOOK_UPS_AN_OFFICER.every_s * 30) == (30, 3600)
    for _ in range(30):
        refused(NOBODY, blank, world, now)
    assert isinstance(refused(THE_DAUGHTER, blank, world, now), TooMany)
    assert look_up(blank, THE_DAUGHTER, world, now + timedelta(seconds=120)) == world.daughter_id
    # Another officer's is another budget.
    assert binding.look_up_family(blank.id, THE_DAUGHTER, officer=world.stranger, now=now) == world.daughter_id


# ---- proving


def test_a_guessing_officer_waits_and_an_honest_one_hands_out_many(world: World, blank: Band, now: datetime) -> None:
    for band in blanks(5, now=now):
        prove(band, world, now)
    for _ in range(BIND_TRIES_A_BAND.burst):
        with pytest.raises(BadValue):
            binding.prove_at_counter(blank.code, wrong_check(blank), officer=world.officer, now=now)
    with pytest.raises(TooMany):
        prove(blank, world, now)
    assert prove(blank, world, now + timedelta(hours=1)) == blank.id


def test_a_wrong_try_at_the_counter_stays_spent_and_binds_nothing(world: World, blank: Band, now: datetime) -> None:
    with pytest.raises(BadValue) as refusal:
        binding.prove_at_counter(blank.code, wrong_check(blank), officer=world.officer, now=now)
    assert refusal.value.code == "bands.bind_refused"
    db.session.rollback()
    kept = db.session.get_one(Band, blank.id, populate_existing=True)
    assert (kept.check_tries, kept.state, kept.elder_id) == (1, BandState.BLANK, None)
    assert db.session.scalars(sa.select(Message).where(Message.wording == "band_bound")).all() == []


def test_what_was_bound_was_in_a_hand_so_no_counter_need_print_it(world: World, blank: Band, now: datetime) -> None:
    give(blank, world, now)
    assert db.session.get_one(Band, blank.id, populate_existing=True).printed_at == blank.issued_at
