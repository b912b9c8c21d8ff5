"""Signing in: a code by phone for guardians, a password for officers, and staying so no longer than agreed."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa
from flask import Flask

from tests.together import raised, together
from tests.world import DAUGHTER_PHONE, PASSWORD, World, every_row, last_body, new_rows
from wristband.accounts.models import Guardian, Officer, SignIn
from wristband.accounts.rules import IDLE, LASTS, Door, GuardianAccount, OfficerAccount
from wristband.audit.models import AuditRow
from wristband.db import db, transaction
from wristband.errors import BadValue, TooMany
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


def ask(now: datetime, phone: Phone = DAUGHTER, address: str = "192.0.2.1") -> str:
    """Ask for a code; the one that was sent."""
    signing_in.ask_code(phone, address=address, language="zh-CN", now=now)
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
    assert new_rows(before) == {"challenge": 1, "message": 1, "spent_budget": 2}
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
            spent.append(challenges.spend_try(ChallengePurpose.SIGN_IN, DAUGHTER_PHONE, now=now))
    wins = []
    for taken in spent:
        assert taken
        assert challenges.matches(taken, ChallengePurpose.SIGN_IN, DAUGHTER_PHONE, code)
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
    ask(now, NEWCOMER, "192.0.2.2")
    assert new_rows(before) == known


def test_an_unknown_number_becomes_a_guardian_by_its_first_right_code(world: World, now: datetime) -> None:
    code = ask(now, NEWCOMER)
    assert refused(wrong(code), now, NEWCOMER) == "accounts.code_wrong"
    before = every_row()
    enter(code, now, NEWCOMER)
    assert new_rows(before) == {"guardian": 1, "sign_in": 1, "audit_row": 2}
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
    phones = [Phone(f"+86138001381{nth:02d}") for nth in range(31)]
    for phone in phones[:30]:
        ask(now, phone)
    with pytest.raises(TooMany):
        ask(now, phones[30])
    assert ask(now, phones[30], "192.0.2.2")  # and the phone has not paid for it


def test_new_codes_do_not_give_new_guesses_for_ever(world: World, now: datetime) -> None:
    for nth in range(2):
        code = ask(now + nth * MINUTE)
        for guess in range(1, CODE_TRIES + 1):
            assert refused(wrong(code, guess), now + nth * MINUTE) == "accounts.code_wrong"
    code = ask(now + 2 * MINUTE)
    assert refused(code, now + 2 * MINUTE) == "accounts.tries_spent"


# ---- officers


def test_an_officer_signs_in_by_name_and_password(world: World, now: datetime) -> None:
    reference = signing_in.enter_password(" Officer ", PASSWORD, now=now)
    account = signing_in.resume(reference, Door.POLICE, now=now)
    assert account == world.officer
    assert deeds()[-1] == "officer.signed_in"


@pytest.mark.parametrize(
    ("username", "password"),
    [
        ("officer", "five quiet wooden bridges"),
        ("officer", ""),
        ("officer", PASSWORD + "\0"),
        ("officer", PASSWORD + "x" * 1000),
        ("nobody", PASSWORD),
        ("", PASSWORD),
        ("off\0icer", PASSWORD),
        ("民警", PASSWORD),
        ("o" * 10_000, PASSWORD),
    ],
)
def test_a_wrong_name_and_a_wrong_password_are_answered_alike(
    world: World, now: datetime, username: str, password: str
) -> None:
    before = every_row()
    with pytest.raises(BadValue) as refusal:
        signing_in.enter_password(username, password, now=now)
    assert refusal.value.code == "accounts.password_wrong"
    assert new_rows(before) == {"audit_row": 1, "spent_budget": 1}
    subject = f"officer:{world.officer.officer_id}" if username == "officer" else "officer:unknown"
    assert db.session.scalars(sa.select(AuditRow).order_by(AuditRow.id.desc())).first().subject == subject  # type: ignore[union-attr]


def test_six_wrong_passwords_shut_out_the_right_one_for_a_while(world: World, now: datetime) -> None:
    for _ in range(6):
        with pytest.raises(BadValue):
            signing_in.enter_password("officer", "", now=now)
    with pytest.raises(TooMany) as refusal:
        signing_in.enter_password("officer", PASSWORD, now=now)
    assert refusal.value.code == "accounts.tries_spent"
    assert signing_in.enter_password("officer", PASSWORD, now=now + timedelta(minutes=2))


def _disable(world: World, now: datetime) -> None:
    with transaction():
        db.session.execute(sa.update(Officer).where(Officer.id == world.officer.officer_id).values(disabled_at=now))


def test_a_disabled_officer_is_nobody_at_the_door_and_at_the_next_page(world: World, now: datetime) -> None:
    reference = signing_in.enter_password("officer", PASSWORD, now=now)
    _disable(world, now)
    assert signing_in.resume(reference, Door.POLICE, now=now) is None
    with pytest.raises(BadValue) as refusal:
        signing_in.enter_password("officer", PASSWORD, now=now)
    assert refusal.value.code == "accounts.password_wrong"
    assert signing_in.enter_password("stranger", PASSWORD, now=now)


# ---- staying signed in


@pytest.fixture
def family(world: World, now: datetime) -> str:
    return enter(ask(now), now)


@pytest.fixture
def police(world: World, now: datetime) -> str:
    return signing_in.enter_password("officer", PASSWORD, now=now)


def test_a_reference_is_long_and_never_kept(family: str) -> None:
    assert len(family) >= 43
    assert family not in str(every_row())


def test_a_sign_in_holds_at_its_own_door_only(family: str, police: str, now: datetime) -> None:
    assert signing_in.resume(family, Door.POLICE, now=now) is None
    assert signing_in.resume(police, Door.FAMILY, now=now) is None


@pytest.mark.parametrize("reference", [None, "", "x" * 43, "\0", "林"])
def test_a_reference_that_is_not_ours_is_nobody(world: World, now: datetime, reference: str | None) -> None:
    for door in Door:
        assert signing_in.resume(reference, door, now=now) is None


def test_an_officer_who_is_away_for_fifteen_minutes_is_signed_out(police: str, now: datetime) -> None:
    assert signing_in.resume(police, Door.POLICE, now=now + IDLE[Door.POLICE])
    later = now + IDLE[Door.POLICE] * 2
    assert signing_in.resume(police, Door.POLICE, now=later)  # the page in between counted
    assert signing_in.resume(police, Door.POLICE, now=later + IDLE[Door.POLICE] + MINUTE) is None


def test_a_page_a_minute_keeps_an_officer_in_but_not_longer_than_a_shift(police: str, now: datetime) -> None:
    last = now + LASTS[Door.POLICE]
    for minutes in range(10, int(LASTS[Door.POLICE].total_seconds() // 60), 10):
        assert isinstance(signing_in.resume(police, Door.POLICE, now=now + minutes * MINUTE), OfficerAccount)
    assert signing_in.resume(police, Door.POLICE, now=last) is None


def test_pages_within_a_minute_write_nothing(police: str, now: datetime) -> None:
    before = every_row()
    assert signing_in.resume(police, Door.POLICE, now=now + timedelta(seconds=59))
    assert every_row() == before


# ---- signing out


def test_signing_out_ends_this_sign_in_and_no_other(family: str, world: World, now: datetime) -> None:
    other = enter(ask(now + MINUTE), now + MINUTE)
    signing_in.sign_out(family, Door.FAMILY, now=now + MINUTE)
    assert signing_in.resume(family, Door.FAMILY, now=now + MINUTE) is None
    assert signing_in.resume(other, Door.FAMILY, now=now + MINUTE)
    assert deeds()[-1] == "sign_in.ended"


def test_signing_out_twice_is_signing_out_once(family: str, now: datetime) -> None:
    signing_in.sign_out(family, Door.FAMILY, now=now)
    before = every_row()
    signing_in.sign_out(family, Door.FAMILY, now=now + MINUTE)
    assert every_row() == before


def test_signing_out_many_times_at_once_is_signing_out_once(app: Flask, family: str, now: datetime) -> None:
    assert raised(together(app, [lambda: signing_in.sign_out(family, Door.FAMILY, now=now)] * 6)) == []
    assert deeds().count("sign_in.ended") == 1


@ONE_ENGINE
@pytest.mark.parametrize("reference", [None, "", "x" * 43])
def test_signing_out_a_stranger_changes_nothing(world: World, now: datetime, reference: str | None) -> None:
    before = every_row()
    signing_in.sign_out(reference, Door.FAMILY, now=now)
    assert every_row() == before


def test_signing_out_at_the_other_door_changes_nothing(family: str, now: datetime) -> None:
    signing_in.sign_out(family, Door.POLICE, now=now)
    assert signing_in.resume(family, Door.FAMILY, now=now)
