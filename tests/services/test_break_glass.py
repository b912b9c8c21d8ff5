"""Break-glass looks without an incident, and the second look at them: by somebody else, once, told to the family."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa
from flask import Flask

from tests.life import break_key
from tests.services.finders import deeds, owed, refused
from tests.services.lookers import WORDS, glass, looks, with_portrait
from tests.together import raised, together
from tests.world import DAUGHTER_PHONE, ELDER, World, every_row
from wristband.accounts.queries import find_officer_account
from wristband.accounts.rules import OfficerAccount, Role, reviews_district
from wristband.audit.accesses import list_accesses
from wristband.bands.rules import BandEnd
from wristband.db import db
from wristband.elders.opened import UNREADABLE
from wristband.elders.photos import PHOTO_PLACE
from wristband.house import house
from wristband.incidents import queries
from wristband.incidents.models import BreakGlassLook
from wristband.incidents.rules import Reason, Verdict
from wristband.services import issuing, looking, staffing
from wristband.stations.models import Station
from wristband.values.code import BandCode

REVIEW = "已和当事民警核对，情况属实"


@pytest.fixture
def now(world: World) -> datetime:
    return world.now + timedelta(minutes=1)


# ---- the break-glass look


def test_with_the_elders_key_broken_the_look_shows_what_opens_and_the_guardians_hear_of_it(
    world: World, now: datetime
) -> None:
    break_key(world.elder_id)
    record = glass(world, now)
    assert (record.helpful.name, record.helpful.sex, record.revealed.address) == (UNREADABLE,) * 3
    assert record.revealed.unreadable_phones == 1
    assert [look.facts["reason"] for look in looks()] == ["identity"]
    (message,) = owed("officer_broke_glass")
    assert message.recipient == DAUGHTER_PHONE
    (waits,) = queries.list_looks_to_review(
        station_id=world.other_station_id, district=False, officer_id=world.officer.officer_id
    )
    assert waits.words == WORDS


def test_any_station_sees_the_whole_record_in_an_emergency_and_it_waits_for_a_second_look(
    world: World, now: datetime
) -> None:
    with_portrait(world, now)
    record = glass(world, now)
    assert record.helpful.name == ELDER["name"]
    assert record.revealed.address == ELDER["address"]
    assert record.portrait
    assert record.portrait[:2] == b"\xff\xd8"
    look = db.session.scalars(sa.select(BreakGlassLook)).one()
    assert (look.officer_id, look.station_id, look.reason, look.words) == (
        world.stranger.officer_id,
        world.other_station_id,
        Reason.IDENTITY,
        WORDS,
    )
    assert look.reviewed_at is None
    assert WORDS not in look.words_sealed
    (row,) = looks()
    assert (row.actor, row.subject, row.elder_id) == (world.stranger.actor, f"break_glass:{look.id}", world.elder_id)
    assert row.facts["station"] == world.other_station_id
    assert WORDS not in str(row.facts)
    (message,) = owed("officer_broke_glass")
    assert "祥平派出所" in (message.body or "")


@pytest.mark.parametrize("fault", ["gone", "no picture", "no seal"])
def test_a_portrait_that_does_not_open_hides_nothing_else_of_the_record(
    world: World, now: datetime, fault: str
) -> None:
    photo_id, _ = with_portrait(world, now)
    house().files.remove(place=PHOTO_PLACE, row=photo_id)
    if fault == "no picture":
        house().files.write(b"no picture", place=PHOTO_PLACE, row=photo_id)
    elif fault == "no seal":
        house().files.write(b"x", place=PHOTO_PLACE, row=photo_id)
        (kept,) = house().settings.data_dir.rglob(f"{photo_id}.sealed")
        kept.write_bytes(kept.read_bytes()[:-1])
    record = glass(world, now)
    assert record.portrait is None
    assert record.helpful.has_portrait
    assert record.revealed.address == ELDER["address"]
    assert len(looks()) == len(owed("officer_broke_glass")) == 1


@pytest.mark.parametrize(
    ("reason", "words", "code"),
    [
        (None, WORDS, "scans.reason_missing"),
        (Reason.HEALTH, " ", "looks.words_missing"),
        (Reason.HEALTH, "字" * 301, "looks.words_long"),
    ],
)
def test_without_reason_and_words_no_glass_breaks(
    world: World, now: datetime, reason: Reason | None, words: str, code: str
) -> None:
    before = every_row()
    assert refused(lambda: glass(world, now, reason=reason, words=words)) == code
    assert every_row() == before


def test_a_code_of_no_band_and_one_without_family_are_answered_alike_and_count(world: World, now: datetime) -> None:
    issuing.end(world.other.band_id, BandEnd.LOST, guardian_id=world.neighbour_id, now=now)
    for serial in ("000000000000", world.other.serial):
        assert refused(lambda serial=serial: glass(world, now, serial=serial)) == "looks.no_such_band"
    assert [(row.deed, row.elder_id) for row in looks()] == [("break_glass.missed", None)] * 2
    assert owed("officer_broke_glass") == []
    for _ in range(18):
        refused(lambda: glass(world, now, serial="000000000000"))
    assert refused(lambda: glass(world, now)) == "looks.spent"


# ---- the second look


def hire(role: Role, station_id: int, now: datetime) -> OfficerAccount:
    username = f"{role.value}-{station_id}"
    officer_id = staffing.add_officer(
        username, name=username, password_hash="-", role=role, station_id=station_id, now=now
    )
    account = find_officer_account(officer_id)
    assert account
    return account


def break_it(world: World, officer: OfficerAccount, now: datetime) -> int:
    code = BandCode.from_serial(world.her.serial)
    looking.break_glass(code, Reason.HEALTH, "在路边发抖", officer=officer, now=now)
    db.session.rollback()
    return db.session.scalars(sa.select(BreakGlassLook.id).order_by(BreakGlassLook.id.desc())).first() or 0


def waiting(me: OfficerAccount) -> list[tuple[int, bool]]:
    db.session.rollback()
    found = queries.list_looks_to_review(
        station_id=me.station_id, district=reviews_district(me.role), officer_id=me.officer_id
    )
    return [(look.id, look.own) for look in found]


def test_a_supervisor_judges_those_of_his_station(world: World, now: datetime) -> None:
    supervisor = hire(Role.SUPERVISOR, world.station_id, now)
    look_id = break_it(world, world.officer, now)
    break_it(world, world.stranger, now)
    assert waiting(supervisor) == [(look_id, False)]
    looking.review(look_id, Verdict.JUSTIFIED, REVIEW, officer=supervisor, now=now)
    assert waiting(supervisor) == []
    look = db.session.get_one(BreakGlassLook, look_id)
    assert (look.reviewed_by, look.verdict, look.review) == (supervisor.officer_id, Verdict.JUSTIFIED, REVIEW)
    assert REVIEW not in (look.review_sealed or "")


def test_a_look_whose_words_open_no_more_is_listed_and_judged(world: World, now: datetime) -> None:
    look_id = break_it(world, world.officer, now)
    supervisor = hire(Role.SUPERVISOR, world.station_id, now)
    break_key(world.elder_id)
    (waits,) = queries.list_looks_to_review(
        station_id=world.station_id, district=False, officer_id=supervisor.officer_id
    )
    assert waits.words == UNREADABLE
    db.session.rollback()
    looking.review(look_id, Verdict.JUSTIFIED, REVIEW, officer=supervisor, now=now)
    look = db.session.get_one(BreakGlassLook, look_id)
    assert (look.verdict, look.review) == (Verdict.JUSTIFIED, REVIEW)


@pytest.mark.parametrize("verdict", Verdict)
def test_the_familys_log_shows_the_look_and_the_judgement(world: World, now: datetime, verdict: Verdict) -> None:
    supervisor = hire(Role.SUPERVISOR, world.station_id, now)
    look_id = break_it(world, world.officer, now)
    looking.review(look_id, verdict, REVIEW, officer=supervisor, now=now + timedelta(minutes=1))
    seen = list_accesses(world.elder_id)
    assert [access.deed.value for access in seen[:2]] == [f"break_glass.{verdict.value}", "break_glass.looked"]
    assert seen[1].facts["reason"] == "health"


def test_nobody_judges_his_own(world: World, now: datetime) -> None:
    supervisor = hire(Role.SUPERVISOR, world.station_id, now)
    look_id = break_it(world, supervisor, now)
    assert waiting(supervisor) == [(look_id, True)]
    said = refused(lambda: looking.review(look_id, Verdict.JUSTIFIED, REVIEW, officer=supervisor, now=now))
    assert said == "looks.own"
    assert db.session.get_one(BreakGlassLook, look_id).reviewed_at is None


@pytest.mark.parametrize("role", [Role.DISTRICT, Role.AUDITOR])
def test_district_and_audit_judge_the_whole_district_and_no_other(world: World, now: datetime, role: Role) -> None:
    keeper = hire(role, world.other_station_id, now)
    look_id = break_it(world, world.officer, now)
    assert waiting(keeper) == [(look_id, False)]
    with db.engine.begin() as connection:
        connection.execute(sa.update(Station).where(Station.id == world.station_id).values(district="翔安区"))
    assert waiting(keeper) == []
    said = refused(lambda: looking.review(look_id, Verdict.JUSTIFIED, REVIEW, officer=keeper, now=now))
    assert said == "looks.unknown"


def test_a_supervisor_of_another_station_and_no_look_at_all_are_refused_alike(world: World, now: datetime) -> None:
    elsewhere = hire(Role.SUPERVISOR, world.other_station_id, now)
    look_id = break_it(world, world.officer, now)
    before = every_row()
    for wanted in (look_id, 1, 2**70):
        said = refused(
            lambda wanted=wanted: looking.review(wanted, Verdict.JUSTIFIED, REVIEW, officer=elsewhere, now=now)
        )
        assert said == "looks.unknown"
    assert every_row() == before


@pytest.mark.parametrize(("words", "code"), [("", "looks.review_missing"), ("字" * 301, "looks.review_long")])
def test_a_judgement_needs_words(world: World, now: datetime, words: str, code: str) -> None:
    supervisor = hire(Role.SUPERVISOR, world.station_id, now)
    look_id = break_it(world, world.officer, now)
    said = refused(lambda: looking.review(look_id, Verdict.UNJUSTIFIED, words, officer=supervisor, now=now))
    assert said == code


def test_of_many_at_once_one_judges(app: Flask, world: World, now: datetime) -> None:
    supervisor = hire(Role.SUPERVISOR, world.station_id, now)
    look_id = break_it(world, world.officer, now)
    judging = [lambda: looking.review(look_id, Verdict.JUSTIFIED, REVIEW, officer=supervisor, now=now)] * 4
    answers = together(app, judging)
    assert {str(fault) for fault in raised(answers)} == {"looks.reviewed"}
    assert len(raised(answers)) == 3
    assert deeds(world.elder_id).count("break_glass.justified") == 1
