"""Reaching the family: one tap owes each of them one message, and the answers go back to the finder."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy.exc import SQLAlchemyError

from tests.together import raised, together
from tests.world import DAUGHTER_PHONE, SON_PHONE, World, every_row, new_reference, new_rows
from wristband.audit.models import AuditRow
from wristband.bands.models import Band
from wristband.bands.rules import BandEnd, BandState
from wristband.db import db, new_id, transaction
from wristband.elders.models import Contact
from wristband.elders.rules import ContactKind
from wristband.errors import NotFound
from wristband.outbox.models import Message
from wristband.outbox.queries import state_for_reach
from wristband.outbox.rules import MessageState
from wristband.scans.models import Reach, Scan
from wristband.scans.rules import TAPS_AN_ELDER, Answer
from wristband.sealing import box
from wristband.services import issuing, reaching, reporting
from wristband.values.code import BandCode

MINUTE = timedelta(minutes=1)
# What is decided before the database is asked needs no second one.
ONE_ENGINE = pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
UNKNOWN_SERIAL = "000000000001"


@pytest.fixture
def now(world: World) -> datetime:
    return world.now + MINUTE


def tap(serial: str | None, now: datetime, reference: str | None = None) -> Reach | None:
    return reaching.tell_family(reference or new_reference(), serial, language="zh-CN", low_trust=False, now=now)


@pytest.fixture
def son(world: World) -> None:
    """A second contact of the elder's, without an account."""
    contact = Contact(
        elder_id=world.elder_id,
        kind=ContactKind.PHONE,
        address=SON_PHONE,
        address_index=box().blind(SON_PHONE, place="contact.address"),
        calling_order=2,
        added_at=world.now,
    )
    with transaction():
        db.session.add(contact)


@pytest.fixture
def reach(world: World, now: datetime) -> Reach:
    made = tap(world.her.serial, now)
    assert made
    return made


def owed(reach_id: int | None = None) -> list[str]:
    """To whom messages are owed, in the order they were."""
    db.session.rollback()
    question = sa.select(Message).order_by(Message.id)
    if reach_id is not None:
        question = question.where(Message.reach_id == reach_id)
    return [message.recipient for message in db.session.scalars(question)]


# ---- the tap


@pytest.mark.usefixtures("son")
def test_a_tap_owes_every_contact_one_message_in_calling_order(world: World, now: datetime) -> None:
    before = every_row()
    reach = tap(world.her.serial, now)
    assert reach
    assert new_rows(before) == {"scan": 1, "reach": 1, "message": 2, "step": 6, "audit_row": 1, "spent_budget": 2}
    assert owed(reach.id) == [DAUGHTER_PHONE, SON_PHONE]
    assert state_for_reach(reach.id).of == 2


def test_the_neighbours_family_is_told_nothing(reach: Reach, world: World) -> None:
    assert owed() == [DAUGHTER_PHONE]
    assert reach.elder_id == world.elder_id
    with pytest.raises(NotFound):
        reaching.see(reach.id, guardian_id=world.neighbour_id, now=reach.made_at)


def test_the_message_says_which_band_and_when_and_names_nobody(reach: Reach, world: World) -> None:
    message = db.session.scalars(sa.select(Message)).one()
    assert BandCode.from_serial(world.her.serial).tail in message.body
    assert "林" not in message.body
    assert (message.state, message.wording, message.expires_at) == (MessageState.PENDING, "band_scanned", None)


def test_the_tap_is_on_the_trail_with_ids_alone(reach: Reach, world: World) -> None:
    row = db.session.scalars(sa.select(AuditRow).where(AuditRow.deed == "family.told")).one()
    assert (row.actor, row.subject, row.elder_id) == ("finder", f"reach:{reach.id}", world.elder_id)
    assert row.facts == {"scan": reach.scan_id, "band": world.her.band_id}


def test_a_second_tap_changes_nothing(world: World, now: datetime) -> None:
    reference = new_reference()
    first = tap(world.her.serial, now, reference)
    assert first
    before = every_row()
    again = tap(world.her.serial, now + MINUTE, reference)
    assert again
    assert again.id == first.id
    assert every_row() == before


def test_many_taps_of_one_finder_at_once_are_one(app: Flask, world: World, now: datetime) -> None:
    reference = new_reference()
    answers = together(app, [lambda: tap(world.her.serial, now, reference)] * 6)
    assert raised(answers) == []
    assert len({answer.id for answer in answers}) == 1
    assert owed() == [DAUGHTER_PHONE]


def test_two_finders_owe_two_messages(reach: Reach, world: World, now: datetime) -> None:
    other = tap(world.her.serial, now + MINUTE)
    assert other
    assert other.id != reach.id
    assert owed() == [DAUGHTER_PHONE] * 2


# ---- no family behind the band


def _blank(world: World) -> str:
    serial = "000000000002"
    band = Band(
        key="blank",
        serial=serial,
        key_id="1",
        form="card",
        state=BandState.BLANK,
        design=b"",
        check_code_hash="",
        issued_at=world.now,
        issued_by="operator",
    )
    with transaction():
        db.session.add(band)
    return serial


def _ended(world: World) -> str:
    issuing.end(world.her.band_id, BandEnd.LOST, guardian_id=world.daughter_id, now=world.now)
    return world.her.serial


@pytest.mark.parametrize(
    "serial_of",
    [lambda _: None, lambda _: UNKNOWN_SERIAL, _blank, _ended],
    ids=["forged", "unknown", "blank", "ended"],
)
def test_a_band_without_a_family_owes_nothing_and_keeps_the_scan(world: World, now: datetime, serial_of) -> None:  # type: ignore[no-untyped-def]
    serial = serial_of(world)
    reference = new_reference()
    before = every_row()
    assert tap(serial, now, reference) is None
    assert tap(serial, now, reference) is None
    assert new_rows(before) == {"scan": 1}
    scan = db.session.scalars(sa.select(Scan)).one()
    assert scan.acted_at == now


# ---- many taps


def test_beyond_the_budget_a_tap_rides_on_the_last_messages(world: World, now: datetime) -> None:
    taps = [tap(world.her.serial, now) for _ in range(TAPS_AN_ELDER.burst)]
    before = every_row()
    late, later = tap(world.her.serial, now), tap(world.her.serial, now)
    assert late
    assert later
    assert taps[-1]
    assert late.told_with == later.told_with == taps[-1].id
    assert new_rows(before) == {"scan": 2, "reach": 2, "audit_row": 2}
    assert len(owed()) == TAPS_AN_ELDER.burst


def test_when_time_has_passed_a_tap_has_messages_of_its_own_again(world: World, now: datetime) -> None:
    for _ in range(TAPS_AN_ELDER.burst + 1):
        tap(world.her.serial, now)
    fresh = tap(world.her.serial, now + timedelta(seconds=TAPS_AN_ELDER.every_s))
    assert fresh
    assert fresh.told_with == fresh.id
    assert owed(fresh.id) == [DAUGHTER_PHONE]


def test_one_elders_crowd_does_not_silence_another(world: World, now: datetime) -> None:
    for _ in range(TAPS_AN_ELDER.burst + 1):
        tap(world.her.serial, now)
    other = tap(world.other.serial, now)
    assert other
    assert other.told_with == other.id


def test_second_taps_do_not_use_the_budget_up(world: World, now: datetime) -> None:
    reference = new_reference()
    for _ in range(TAPS_AN_ELDER.burst * 2):
        tap(world.her.serial, now, reference)
    other = tap(world.her.serial, now)
    assert other
    assert other.told_with == other.id


# ---- one transaction


def test_a_contact_that_does_not_open_costs_neither_the_others_nor_the_report(
    world: World, now: datetime, capsys: pytest.CaptureFixture[str]
) -> None:
    with transaction():
        db.session.add(
            Contact(
                id=(broken := new_id()),
                elder_id=world.elder_id,
                kind=ContactKind.PHONE,
                address=SON_PHONE,
                address_index="0" * 32,
                calling_order=0,
                added_at=world.now,
            )
        )
    with transaction():
        db.session.execute(sa.update(Contact).where(Contact.id == broken).values(address_sealed="v1:aesgcm:1:AAAA"))
    assert tap(world.her.serial, now)
    assert owed() == [DAUGHTER_PHONE]
    assert reporting.report(new_reference(), world.her.serial, language="zh-CN", low_trust=False, now=now)
    assert owed() == [DAUGHTER_PHONE, DAUGHTER_PHONE]
    assert '"contact_unreadable"' in capsys.readouterr().err


def test_when_owing_fails_nothing_of_the_tap_is_kept(world: World, now: datetime) -> None:
    before = every_row()
    with db.engine.begin() as store:
        store.exec_driver_sql("ALTER TABLE message RENAME TO gone")
    with pytest.raises(SQLAlchemyError):
        tap(world.her.serial, now)
    db.session.rollback()
    with db.engine.begin() as store:
        store.exec_driver_sql("ALTER TABLE gone RENAME TO message")
    assert every_row() == before


# ---- seen and answered


def test_a_guardian_who_opens_the_message_has_seen_it(reach: Reach, world: World, now: datetime) -> None:
    before = every_row()
    seen = reaching.see(reach.id, guardian_id=world.daughter_id, now=now + MINUTE)
    assert (seen.seen_at, seen.seen_by, seen.answered_at) == (now + MINUTE, world.daughter_id, None)
    assert new_rows(before) == {"reach_seen": 1, "audit_row": 1}


def test_seeing_again_changes_nothing(reach: Reach, world: World, now: datetime) -> None:
    reaching.see(reach.id, guardian_id=world.daughter_id, now=now + MINUTE)
    before = every_row()
    reaching.see(reach.id, guardian_id=world.daughter_id, now=now + 2 * MINUTE)
    assert every_row() == before


def test_seeing_many_times_at_once_is_seeing_once(app: Flask, reach: Reach, world: World, now: datetime) -> None:
    before = every_row()
    deeds = [lambda: reaching.see(reach.id, guardian_id=world.daughter_id, now=now)] * 6
    assert raised(together(app, deeds)) == []
    assert new_rows(before) == {"reach_seen": 1, "audit_row": 1}


@ONE_ENGINE
@pytest.mark.parametrize("said", Answer)
def test_an_answer_is_kept_and_counts_as_seen(reach: Reach, world: World, now: datetime, said: Answer) -> None:
    reaching.answer(reach.id, said, guardian_id=world.daughter_id, now=now + MINUTE)
    kept = db.session.scalars(sa.select(Reach)).one()
    assert (kept.answer, kept.answered_at, kept.answered_by) == (said, now + MINUTE, world.daughter_id)
    assert (kept.seen_at, kept.seen_by) == (now + MINUTE, world.daughter_id)


def test_a_later_answer_replaces_the_earlier_and_both_are_on_the_trail(
    reach: Reach, world: World, now: datetime
) -> None:
    reaching.see(reach.id, guardian_id=world.daughter_id, now=now)
    for said in (Answer.COMING, Answer.AT_HOME):
        reaching.answer(reach.id, said, guardian_id=world.daughter_id, now=now + MINUTE)
    kept = db.session.scalars(sa.select(Reach)).one()
    assert (kept.answer, kept.seen_at) == (Answer.AT_HOME, now)
    trail = db.session.scalars(
        sa.select(AuditRow.facts).where(AuditRow.deed == "family.answered").order_by(AuditRow.id)
    ).all()
    assert trail == [{"answer": "coming"}, {"answer": "at_home"}]


def test_a_strangers_reach_and_none_at_all_are_refused_alike(reach: Reach, world: World, now: datetime) -> None:
    before = every_row()
    for wanted in (reach.id, 1, 2**64):
        with pytest.raises(NotFound) as refusal:
            reaching.answer(wanted, Answer.COMING, guardian_id=world.neighbour_id, now=now)
        assert refusal.value.code == "scans.reach_unknown"
        with pytest.raises(NotFound):
            reaching.see(wanted, guardian_id=world.neighbour_id, now=now)
    assert every_row() == before
