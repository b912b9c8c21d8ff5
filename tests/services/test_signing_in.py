"""Signing in: a code by phone, five tries, once."""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa
from flask import Flask

from tests.together import raised, together
from tests.world import DAUGHTER_PHONE, World, every_row, last_body, new_rows
from wristband.accounts.models import Guardian, SignIn
from wristband.accounts.rules import Door, GuardianAccount
from wristband.audit.models import AuditRow
from wristband.db import db, transaction
from wristband.errors import BadValue, TooMany
from wristband.house import house, install
from wristband.outbox.models import Message
from wristband.scans import challenges
from wristband.scans.models import Challenge
from wristband.scans.rules import CODE_LASTS, CODE_TRIES, ChallengePurpose
from wristband.services import signing_in
from wristband.values.phone import Phone

DAUGHTER = Phone(DAUGHTER_PHONE)
NEWCOMER = Phone("+8613800138009")
MINUTE = timedelta(minutes=1)
# What is decided before the database is asked needs no second one.
ONE_ENGINE = pytest.mark.parametrize("engine", ["sqlite"], indirect=True)


@pytest.fixture
def now(world: World) -> datetime:
    return world.now + MINUTE


def ask(now: datetime, phone: Phone = DAUGHTER, address: str = "192.0.2.1", device: str = "") -> str:
    """Ask for a code; the one that was sent."""
    signing_in.ask_code(phone, address=address, language="zh-CN", device=device, now=now)
    db.session.rollback()
    code = re.search(r"\d{6}", last_body(phone.e164))
    assert code
    return code[0]


def enter(code: str, now: datetime, phone: Phone = DAUGHTER) -> str:
    return signing_in.enter_code(phone, code, language="zh-CN", now=now)


def wrong(code: str, nth: int = 1) -> str:
    return f"{(int(code) + nth) % 1_000_000:06d}"


def refused(code: str, now: datetime, phone: Phone = DAUGHTER) -> str:
    with pytest.raises((BadValue, TooMany)) as refusal:
        enter(code, now, phone)
    return refusal.value.code


def deeds() -> list[str]:
    db.session.rollback()
    return list(db.session.scalars(sa.select(AuditRow.deed).order_by(AuditRow.id)))


# ---- the code


def test_a_code_that_was_sent_signs_its_guardian_in(world: World, now: datetime) -> None:
    reference = enter(ask(now), now)
    account = signing_in.resume(reference, Door.FAMILY, now=now)
    assert isinstance(account, GuardianAccount)
    assert account.guardian_id == world.daughter_id
    assert deeds()[-1] == "guardian.signed_in"


def test_a_code_has_six_digits_and_is_sent_once_to_the_phone_alone(world: World, now: datetime) -> None:
    before = every_row()
    assert re.fullmatch(r"\d{6}", ask(now))
    assert new_rows(before) == {"challenge": 1, "message": 1, "spent_budget": 5}
    message = db.session.scalars(sa.select(Message).order_by(Message.id.desc())).first()
    assert message
    assert (message.recipient, message.expires_at) == (DAUGHTER_PHONE, now + CODE_LASTS)


def test_five_wrong_codes_shut_out_the_right_one(world: World, now: datetime) -> None:
    code = ask(now)
    for nth in range(1, CODE_TRIES + 1):
        assert refused(wrong(code, nth), now) == "accounts.code_wrong"
    assert refused(code, now) == "accounts.code_wrong"


def test_four_wrong_codes_leave_the_right_one_open(world: World, now: datetime) -> None:
    code = ask(now)
    for nth in range(1, CODE_TRIES):
        refused(wrong(code, nth), now)
    assert enter(code, now)


def test_a_wrong_code_changes_nothing_but_the_tries(world: World, now: datetime) -> None:
    code = ask(now)
    before = every_row()
    refused(wrong(code), now)
    after = every_row()
    assert [row["tries"] for row in after["challenge"]] == [1]
    assert {name for name in after if after[name] != before[name]} == {"challenge", "spent_budget"}


def test_an_old_code_is_closed_by_a_new_one(world: World, now: datetime) -> None:
    old, new = ask(now), ask(now + MINUTE)
    assert refused(old if old != new else wrong(new), now + MINUTE) == "accounts.code_wrong"
    assert enter(new, now + MINUTE)


def test_a_code_lasts_five_minutes_and_not_a_moment_longer(world: World, now: datetime) -> None:
    code = ask(now)
    assert refused(code, now + CODE_LASTS) == "accounts.code_wrong"


def test_a_code_is_good_to_the_last_moment(world: World, now: datetime) -> None:
    assert enter(ask(now), now + CODE_LASTS - timedelta(microseconds=1))


def test_a_code_found_expired_stays_so_when_the_clock_is_set_back(world: World, now: datetime) -> None:
    code = ask(now)
    refused(code, now + CODE_LASTS)
    assert refused(code, now) == "accounts.code_wrong"


def test_a_used_code_is_used(world: World, now: datetime) -> None:
    code = ask(now)
    enter(code, now)
    assert refused(code, now) == "accounts.code_wrong"


def test_a_code_of_another_phone_is_no_code(world: World, now: datetime) -> None:
    code = ask(now, NEWCOMER)
    ask(now)
    assert refused(code, now) == "accounts.code_wrong"


@ONE_ENGINE
@pytest.mark.parametrize("code", ["", "12345", "1234567", "abcdef", "１２３４５６", "\0", "123456\n", "9" * 10_000])
def test_what_is_no_code_is_refused_like_a_wrong_one(world: World, now: datetime, code: str) -> None:
    ask(now)
    assert refused(code, now) == "accounts.code_wrong"


def test_without_a_code_asked_for_there_is_none(world: World, now: datetime) -> None:
    assert refused("000000", now) == "accounts.code_wrong"


def test_a_code_and_whom_it_was_sent_to_are_kept_as_keyed_hashes(world: World, now: datetime) -> None:
    ask(now)
    challenge = db.session.scalars(sa.select(Challenge)).one()
    assert (len(challenge.code_hash), len(challenge.holder)) == (64, 64)
    assert "138001380" not in challenge.holder


# ---- many at once


def test_a_code_used_by_many_at_once_lets_one_in(app: Flask, world: World, now: datetime) -> None:
    code = ask(now)
    answers = together(app, [lambda: enter(code, now)] * 5)
    assert len([answer for answer in answers if isinstance(answer, str)]) == 1
    assert {type(fault) for fault in raised(answers)} == {BadValue}
    db.session.rollback()
    assert db.session.scalar(sa.select(sa.func.count(SignIn.id))) == 1


def test_of_two_who_have_each_spent_a_try_on_the_right_code_one_wins(world: World, now: datetime) -> None:
    code = ask(now)
    spent = []
    for _ in range(2):
        with transaction():
            spent.append(challenges.spend_try(ChallengePurpose.SIGN_IN, f"{DAUGHTER_PHONE} ", now=now))
    wins = []
    for taken in spent:
        assert taken
        assert challenges.matches(taken, ChallengePurpose.SIGN_IN, f"{DAUGHTER_PHONE} ", code)
        with transaction():
            wins.append(challenges.win(taken[0], now=now))
    assert wins == [True, False]


def test_many_guesses_at_once_never_get_more_tries_than_there_are(app: Flask, world: World, now: datetime) -> None:
    """The tries are counted by the database: five guesses are looked at, whoever is quickest."""
    code = ask(now)
    answers = together(app, [lambda nth=nth: enter(wrong(code, nth), now) for nth in range(1, 9)])
    assert len(raised(answers)) == 8
    db.session.rollback()
    assert db.session.scalars(sa.select(Challenge.tries)).all() == [CODE_TRIES]
    assert refused(code, now) == "accounts.code_wrong"


def test_of_codes_asked_for_at_once_one_stays_open(app: Flask, world: World, now: datetime) -> None:
    def request() -> None:
        signing_in.ask_code(DAUGHTER, address="192.0.2.1", language="zh-CN", now=now)

    assert raised(together(app, [request] * 3)) == []
    db.session.rollback()
    assert db.session.scalar(sa.select(sa.func.count(Challenge.id)).where(Challenge.closed_at.is_(None))) == 1
    assert db.session.scalar(sa.select(sa.func.count(Challenge.id))) == 3


def test_a_phone_vouched_for_twice_at_once_is_one_guardian(app: Flask, world: World, now: datetime) -> None:
    answers = together(app, [lambda: signing_in.join(NEWCOMER, language="zh-CN", now=now)] * 6)
    assert raised(answers) == []
    assert len(set(answers)) == 1
    assert deeds().count("guardian.joined") == 3  # the daughter, the neighbour, the newcomer


# ---- known and unknown numbers


def test_asking_treats_known_and_unknown_numbers_alike(world: World, now: datetime) -> None:
    before = every_row()
    ask(now)
    known = new_rows(before)
    before = every_row()
    ask(now, Phone("+8613900139009"), "192.0.2.2")
    assert new_rows(before) == known | {"spent_budget": 4}  # the breaker's is one for all


def test_an_unknown_number_becomes_a_guardian_by_its_first_right_code(world: World, now: datetime) -> None:
    code = ask(now, NEWCOMER)
    assert refused(wrong(code), now, NEWCOMER) == "accounts.code_wrong"
    before = every_row()
    enter(code, now, NEWCOMER)
    assert new_rows(before) == {"guardian": 1, "data_key": 1, "sign_in": 1, "audit_row": 2}
    assert deeds()[-2:] == ["guardian.joined", "guardian.signed_in"]


def test_the_second_sign_in_makes_no_second_account(world: World, now: datetime) -> None:
    enter(ask(now), now)
    enter(ask(now + MINUTE), now + MINUTE)
    assert db.session.scalar(sa.select(sa.func.count(Guardian.id))) == 2


# ---- budgets


def test_three_codes_at_once_for_a_phone_and_then_one_every_ten_minutes(world: World, now: datetime) -> None:
    for _ in range(3):
        ask(now)
    before = every_row()
    with pytest.raises(TooMany) as refusal:
        ask(now)
    assert (refusal.value.code, refusal.value.retry_after_s) == ("accounts.codes_spent", 600)
    assert every_row() == before
    assert ask(now + timedelta(seconds=600))


def test_one_network_address_cannot_send_codes_to_the_whole_city(world: World, now: datetime) -> None:
    phones = [Phone(f"+8613800{nth:02d}8100") for nth in range(31)]
    for phone in phones[:30]:
        ask(now, phone)
    with pytest.raises(TooMany):
        ask(now, phones[30])
    assert ask(now, phones[30], "192.0.2.2")  # and the phone has not paid for it


def test_to_one_phone_go_six_codes_a_day(world: World, now: datetime) -> None:
    sent = 0
    for minutes in range(0, 24 * 60, 10):
        with suppress(TooMany):
            ask(now + minutes * MINUTE, device=f"the browser of that minute {minutes}")
            sent += 1
    assert sent == 5  # and at the day's end the sixth
    assert ask(now + timedelta(days=1))


def test_one_range_of_numbers_cannot_be_pumped(world: World, now: datetime) -> None:
    for nth in range(10):
        ask(now, Phone(f"+86138001381{nth:02d}"), f"192.0.2.{nth}")
    before = every_row()
    with pytest.raises(TooMany) as refusal:
        ask(now, Phone("+8613800138110"), "192.0.2.11")
    assert (refusal.value.code, every_row()) == ("accounts.codes_spent", before)
    assert ask(now, Phone("+8613900139000"), "192.0.2.11")


def test_everybody_together_has_sixty_codes_sent_at_once_and_one_a_second(world: World, now: datetime) -> None:
    phones = [Phone(f"+86138{nth:04d}8100") for nth in range(61)]
    for nth, phone in enumerate(phones[:60]):
        ask(now, phone, f"192.0.2.{nth}")
    with pytest.raises(TooMany) as refusal:
        ask(now, phones[60], "198.51.100.1")
    assert refusal.value.retry_after_s == 1
    assert ask(now + timedelta(seconds=1), phones[60], "198.51.100.1")


@ONE_ENGINE
@pytest.mark.parametrize("abroad", ["+447400123456", "+85251234567", "+12015550123", "+8801812345678"])
def test_no_code_goes_to_a_country_that_is_not_listed(world: World, now: datetime, abroad: str) -> None:
    before = every_row()
    with pytest.raises(BadValue) as refusal:
        ask(now, Phone(abroad))
    assert (refusal.value.code, refusal.value.facts) == ("phone.country_not_texted", {"countries": "+86"})
    assert every_row() == before


@ONE_ENGINE
def test_a_country_that_is_listed_is_texted(world: World, now: datetime) -> None:
    ours = house()
    install(replace(ours, settings=ours.settings.model_copy(update={"sms_countries": ("86", "852")})))
    assert ask(now, Phone("+85251234567"))
    with pytest.raises(BadValue) as refusal:
        ask(now, Phone("+447400123456"))
    assert refusal.value.facts == {"countries": "+86, +852"}


def test_new_codes_do_not_give_new_guesses_for_ever(world: World, now: datetime) -> None:
    for nth in range(2):
        code = ask(now + nth * MINUTE)
        for guess in range(1, CODE_TRIES + 1):
            assert refused(wrong(code, guess), now + nth * MINUTE) == "accounts.code_wrong"
    code = ask(now + 2 * MINUTE)
    assert refused(code, now + 2 * MINUTE) == "accounts.tries_spent"
