"""Verifying: the check code from inside the band, and a code to the finder's own phone."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from functools import partial

import pytest
import sqlalchemy as sa
from flask import Flask

from tests.services.finders import (
    FINDER_PHONE,
    deeds,
    grants,
    her_check,
    met,
    next_day,
    owed,
    refused,
    wrong_check,
)
from tests.together import raised, together
from tests.world import DAUGHTER_PHONE, World, last_body, new_reference
from wristband import limits
from wristband.bands.models import Band
from wristband.bands.rules import BandEnd, BandState
from wristband.db import db, transaction
from wristband.elders.models import Consent, Elder
from wristband.elders.rules import Purpose
from wristband.outbox.models import Message
from wristband.scans.levels import GRANTS_A_BAND, GrantState, Level, Proof
from wristband.scans.rules import ELDERS_BY_PHONE
from wristband.services import approving, disclosing, issuing, reporting, signing_in, verifying
from wristband.values.code import CheckCode
from wristband.values.phone import Phone


@pytest.fixture
def now(world: World) -> datetime:
    return next_day(world)


def enter(world: World, reference: str, now: datetime, check: CheckCode | None = None) -> str:
    return verifying.enter_check_code(reference, check or her_check(world), now=now)


def test_who_has_the_band_in_hand_gets_a_grant_for_half_an_hour(world: World, now: datetime) -> None:
    enter(world, met(world, now), now)
    (grant,) = grants()
    assert (grant.proof, grant.level, grant.state) == (Proof.CHECK_CODE, Level.WITH_ELDER, GrantState.GIVEN)
    assert grant.ends_at == now + timedelta(minutes=30)
    assert grant.elder_id == world.elder_id


def test_the_grant_its_trace_and_the_familys_message_come_together(world: World, now: datetime) -> None:
    reference = met(world, now)
    enter(world, reference, now)
    assert deeds(world.elder_id)[-2:] == ["proof.tried", "grant.won"]
    (message,) = owed("card_opened")
    assert message.recipient == DAUGHTER_PHONE
    assert "现在没有报警" in (message.body or "")


def test_the_message_does_not_alarm_while_a_report_is_open(world: World, now: datetime) -> None:
    reference = met(world, now)
    reporting.report(reference, world.her.serial, language="zh-CN", low_trust=False, now=now)
    enter(world, reference, now)
    assert "没有报警" not in (owed("card_opened")[0].body or "")


def test_no_message_says_who_the_elder_is(world: World, now: datetime) -> None:
    enter(world, met(world, now), now)
    body = owed("card_opened")[0].body or ""
    assert not [word for word in ("林", "阿姨", "青霉素", "示例路") if word in body]


def test_a_token_is_kept_as_a_keyed_hash_only(world: World, now: datetime) -> None:
    token = enter(world, met(world, now), now)
    assert len(token) >= 43
    assert token not in str(vars(grants()[0]))


def test_a_wrong_code_opens_nothing_and_its_try_stays_spent(world: World, now: datetime) -> None:
    assert refused(lambda: enter(world, met(world, now), now, wrong_check(world))) == "scans.check_refused"
    assert grants() == []
    assert db.session.get_one(Band, world.her.band_id).check_tries == 1
    assert "proof.tried" in deeds(world.elder_id)


def test_a_right_code_costs_the_bands_life_nothing(world: World, now: datetime) -> None:
    enter(world, met(world, now), now)
    db.session.rollback()
    assert db.session.get_one(Band, world.her.band_id).check_tries == 0


def test_wrong_unknown_and_ended_are_answered_alike(world: World, now: datetime) -> None:
    ended, unknown, wrong = met(world, now), new_reference(), met(world, now)
    reporting.report(unknown, None, language="zh-CN", low_trust=False, now=now)
    said = {refused(lambda: enter(world, wrong, now, wrong_check(world)))}
    said.add(refused(lambda: verifying.enter_check_code(unknown, her_check(world), now=now)))
    check = her_check(world)
    issuing.end(world.her.band_id, BandEnd.LOST, guardian_id=world.daughter_id, now=now)
    said.add(refused(lambda: verifying.enter_check_code(ended, check, now=now)))
    assert said == {"scans.check_refused"}


def test_another_bands_code_fits_no_other(world: World, now: datetime) -> None:
    theirs = db.session.get_one(Band, world.other.band_id).check_code
    assert theirs is not None
    reference = met(world, now)
    assert refused(lambda: enter(world, reference, now, CheckCode.parse(theirs))) == "scans.check_refused"


def test_a_scan_that_did_nothing_proves_nothing(world: World, now: datetime) -> None:
    assert refused(lambda: enter(world, new_reference(), now)) == "scans.unknown"


def test_a_phone_that_guesses_is_told_to_wait_and_others_are_not(world: World, now: datetime) -> None:
    guesser, honest = met(world, now), met(world, now)
    for _ in range(3):
        assert refused(lambda: enter(world, guesser, now, wrong_check(world))) == "scans.check_refused"
    assert refused(lambda: enter(world, guesser, now)) == "bands.tries_spent"
    assert enter(world, honest, now)


def test_guessers_shut_the_check_code_and_neither_the_family_nor_the_police(world: World, now: datetime) -> None:
    with transaction():
        db.session.execute(sa.update(Band).where(Band.id == world.her.band_id).values(check_tries=100))
    reference = met(world, now)
    assert refused(lambda: enter(world, reference, now)) == "scans.check_refused"
    assert reporting.report(reference, world.her.serial, language="zh-CN", low_trust=False, now=now)
    assert owed("band_scanned")


def test_a_guardian_opens_a_shut_check_code_again(world: World, now: datetime) -> None:
    with transaction():
        db.session.execute(sa.update(Band).where(Band.id == world.her.band_id).values(check_tries=100))
    verifying.reopen_check(world.her.band_id, guardian_id=world.daughter_id, now=now)
    assert enter(world, met(world, now), now)
    assert refused(lambda: verifying.reopen_check(world.her.band_id, guardian_id=world.neighbour_id, now=now)) == (
        "bands.unknown"
    )


@pytest.mark.parametrize("before", [9, 49, 99])
def test_the_family_hears_of_the_tenth_the_fiftieth_and_the_hundredth(world: World, now: datetime, before: int) -> None:
    with transaction():
        db.session.execute(sa.update(Band).where(Band.id == world.her.band_id).values(check_tries=before))
    reference = met(world, now)
    refused(lambda: enter(world, reference, now, wrong_check(world)))
    assert [str(before + 1) in (message.body or "") for message in owed("check_guessed")] == [True]


def test_guesses_at_once_are_evaluated_no_oftener_than_the_budget_allows(
    world: World, app: Flask, now: datetime
) -> None:
    reference, check = met(world, now), wrong_check(world)
    answers = together(app, [lambda: verifying.enter_check_code(reference, check, now=now)] * 12)
    assert len(raised(answers)) == 12
    db.session.rollback()
    assert db.session.get_one(Band, world.her.band_id).check_tries == 3


def test_no_more_live_grants_than_three_and_the_lowest_goes_first(world: World, now: datetime) -> None:
    ask_and_enter(met(world, now), now)
    for _ in range(GRANTS_A_BAND):
        enter(world, met(world, now), now)
    live = [grant for grant in grants() if grant.state is GrantState.GIVEN]
    assert [grant.level for grant in live] == [Level.WITH_ELDER] * GRANTS_A_BAND


def test_without_the_familys_yes_the_check_code_opens_nothing(world: World, now: datetime) -> None:
    with transaction():
        db.session.execute(
            sa.update(Consent)
            .where(Consent.elder_id == world.elder_id, Consent.purpose == Purpose.CARD)
            .values(withdrawn_at=now)
        )
    reference = met(world, now)
    assert refused(lambda: enter(world, reference, now)) == "scans.card_closed"


@pytest.mark.parametrize("hours", [0, 23])
def test_a_new_registration_is_not_opened_in_its_first_day(world: World, hours: int) -> None:
    now = world.now + timedelta(hours=hours)
    reference = met(world, now)
    assert refused(lambda: enter(world, reference, now)) == "scans.card_closed"
    assert owed("band_scanned")


def test_a_dispute_shuts_every_proof_and_not_the_report(world: World, now: datetime) -> None:
    with transaction():
        db.session.execute(sa.update(Elder).where(Elder.id == world.elder_id).values(disputed_at=now))
    reference = met(world, now)
    assert refused(lambda: enter(world, reference, now)) == "scans.card_closed"
    assert refused(lambda: ask(reference, now)) == "scans.card_closed"
    assert reporting.report(reference, world.her.serial, language="zh-CN", low_trust=False, now=now)


def ask(reference: str, now: datetime, phone: str = FINDER_PHONE, address: str = "192.0.2.9") -> str:
    verifying.ask_code(reference, Phone(phone), address=address, language="zh-CN", now=now)
    db.session.rollback()
    found = re.search(r"\d{6}", last_body(phone))
    assert found
    return found[0]


def ask_and_enter(reference: str, now: datetime, phone: str = FINDER_PHONE) -> str:
    return verifying.enter_code(reference, Phone(phone), ask(reference, now, phone), now=now)


def test_a_finder_who_can_be_called_back_gets_the_first_level(world: World, now: datetime) -> None:
    ask_and_enter(met(world, now), now)
    (grant,) = grants()
    assert (grant.proof, grant.level, grant.phone) == (Proof.SMS_CODE, Level.TRACEABLE, FINDER_PHONE)
    body = owed("finder_known")[0].body or ""
    assert "138****8009" in body
    assert "13800138009" not in body


def test_a_code_fits_one_phone_one_band_and_one_purpose(world: World, now: datetime) -> None:
    mine, theirs = met(world, now), met(world, now, world.other.serial)
    code = ask(mine, now)
    assert refused(lambda: verifying.enter_code(theirs, Phone(FINDER_PHONE), code, now=now)) == "accounts.code_wrong"
    other = Phone("+8613800138007")
    assert refused(lambda: verifying.enter_code(mine, other, code, now=now)) == "accounts.code_wrong"
    assert verifying.enter_code(mine, Phone(FINDER_PHONE), code, now=now)


@pytest.mark.parametrize("typed", ["", " ", "12345", "1234567", "abcdef", "１２３", "0x1F4A"])
def test_a_slip_costs_no_try(world: World, now: datetime, typed: str) -> None:
    reference = met(world, now)
    code = ask(reference, now)
    for _ in range(6):
        said = refused(lambda: verifying.enter_code(reference, Phone(FINDER_PHONE), typed, now=now))
        assert said == "scans.code_missing"
    spaced = f" {code[:3]} {code[3:]} ".translate({48 + digit: 0xFF10 + digit for digit in range(10)})
    assert verifying.enter_code(reference, Phone(FINDER_PHONE), spaced, now=now)


def test_a_right_check_code_may_be_typed_again_and_again(world: World, now: datetime) -> None:
    reference = met(world, now)
    for _ in range(12):
        assert enter(world, reference, now)


def test_a_code_works_once(world: World, now: datetime) -> None:
    reference = met(world, now)
    code = ask(reference, now)
    verifying.enter_code(reference, Phone(FINDER_PHONE), code, now=now)
    said = refused(lambda: verifying.enter_code(reference, Phone(FINDER_PHONE), code, now=now))
    assert said == "accounts.code_wrong"


def test_an_old_code_stays_old_though_the_clock_be_set_back(world: World, now: datetime) -> None:
    reference = met(world, now)
    code = ask(reference, now)
    late = now + timedelta(minutes=6)
    assert (
        refused(lambda: verifying.enter_code(reference, Phone(FINDER_PHONE), code, now=late)) == "accounts.code_wrong"
    )
    assert refused(lambda: verifying.enter_code(reference, Phone(FINDER_PHONE), code, now=now)) == "accounts.code_wrong"


def test_many_at_once_win_once(world: World, app: Flask, now: datetime) -> None:
    reference = met(world, now)
    code = ask(reference, now)
    answers = together(app, [lambda: verifying.enter_code(reference, Phone(FINDER_PHONE), code, now=now)] * 6)
    assert len(raised(answers)) == 5
    assert len(grants()) == 1


def test_codes_spent_on_one_phone_leave_sign_in_and_owed_messages_alone(world: World, now: datetime) -> None:
    reference = met(world, now)
    for _ in range(3):
        ask(reference, now, DAUGHTER_PHONE)
    assert refused(lambda: ask(reference, now, DAUGHTER_PHONE)) == "scans.codes_spent"
    signing_in.ask_code(Phone(DAUGHTER_PHONE), address="192.0.2.1", language="zh-CN", now=now)
    met(world, now)
    assert owed("sign_in_code")
    assert len(owed("band_scanned")) == 2


def test_no_code_is_sent_abroad_or_for_a_band_of_nobody(world: World, now: datetime) -> None:
    unknown = new_reference()
    reporting.report(unknown, None, language="zh-CN", low_trust=False, now=now)
    assert refused(lambda: verifying.ask_code(unknown, Phone(FINDER_PHONE), address="", language="en", now=now)) == (
        "scans.no_family"
    )
    abroad = Phone("+447400123456")
    reference = met(world, now)
    assert refused(lambda: verifying.ask_code(reference, abroad, address="", language="en", now=now)) == (
        "phone.country_not_texted"
    )
    assert owed("finder_code") == []


def test_one_range_of_numbers_cannot_be_pumped(world: World, now: datetime) -> None:
    reference = met(world, now)

    def send(last: int) -> None:
        number = Phone(f"+86138001380{last:02d}")
        verifying.ask_code(reference, number, address=f"192.0.2.{last}", language="zh-CN", now=now)

    for last in range(10):
        send(last)
    assert {refused(partial(send, last)) for last in range(10, 15)} == {"scans.codes_spent"}
    assert len(owed("finder_code")) == 10


def test_the_message_of_a_showing_is_owed_once_however_often_it_is_looked_at(world: World, now: datetime) -> None:
    reference = met(world, now)
    token = enter(world, reference, now)
    for minute in range(3):
        disclosing.show(reference, token, now=now + timedelta(minutes=minute))
    assert deeds(world.elder_id).count("grant.shown") == 3
    assert len(owed("card_opened")) == 1


def test_a_number_left_for_a_call_is_no_verified_phone(world: World, now: datetime) -> None:
    with transaction():
        for _ in range(3):
            limits.spend(ELDERS_BY_PHONE, FINDER_PHONE, now=now)
    reference = met(world, now)
    approving.ask_family(reference, phone=Phone(FINDER_PHONE), now=now)
    assert refused(lambda: ask_and_enter(reference, now)) == "scans.elders_spent"


def test_a_failure_leaves_no_grant_and_no_message(world: World, now: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
    reference = met(world, now)
    before = db.session.scalar(sa.select(sa.func.count(Message.id)))

    def broken(*_args: object, **_more: object) -> None:
        raise OSError("the store broke")

    check = her_check(world)
    with monkeypatch.context() as fault:
        fault.setattr("wristband.outbox.family.owe", broken)
        with pytest.raises(OSError, match="broke"):
            verifying.enter_check_code(reference, check, now=now)
    assert grants() == []
    assert db.session.scalar(sa.select(sa.func.count(Message.id))) == before
    assert deeds(world.elder_id)[-1] == "proof.tried"
    assert db.session.get_one(Band, world.her.band_id).state is BandState.ACTIVE
