"""Passwords that officers set themselves: by the one code, or knowing the old one."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa
from flask import Flask

from tests.services.officers import appoint, come, live, presence_of, with_totp
from tests.together import raised, together
from tests.world import PASSWORD, World, every_row
from wristband.accounts import sign_ins
from wristband.accounts.models import OfficerNotice
from wristband.accounts.notices import list_unseen
from wristband.accounts.rules import ACTIVATION_LASTS, IDLE, Browser, Door, NoticeKind, OfficerAccount, Role, Stage
from wristband.db import db
from wristband.errors import BadValue, Conflict, TooMany, Unavailable
from wristband.services import activating, appointing, signing_in

MINUTE = timedelta(minutes=1)
NEW = "seven green paper lanterns"
ONE_ENGINE = pytest.mark.parametrize("engine", ["sqlite"], indirect=True)


@pytest.fixture
def now(world: World) -> datetime:
    return (world.now + MINUTE).replace(second=0, microsecond=0)


def invite(world: World, now: datetime) -> appointing.Invitation:
    return appointing.invite(
        "wang.min", name="王敏", role=Role.OFFICER, station_id=world.station_id, keeper=None, now=now
    )


# ---- activation


def test_an_activation_sets_the_password_and_signs_in(world: World, now: datetime) -> None:
    invitation = invite(world, now)
    reference = activating.activate(invitation.code, NEW, now=now)
    account = signing_in.resume(reference, Door.POLICE, now=now)
    assert isinstance(account, OfficerAccount)
    assert account.officer_id == invitation.officer_id
    assert signing_in.enter_password("wang.min", NEW, now=now)


@pytest.mark.parametrize("typed", [str.lower, lambda code: code.replace("-", " "), lambda code: code.replace("0", "o")])
def test_a_code_is_read_however_it_is_typed(world: World, now: datetime, typed: object) -> None:
    assert activating.activate(typed(invite(world, now).code), NEW, now=now)  # type: ignore[operator]


def test_a_code_is_good_once(world: World, now: datetime) -> None:
    code = invite(world, now).code
    activating.activate(code, NEW, now=now)
    with pytest.raises(BadValue) as refusal:
        activating.activate(code, "another long sentence of hers", now=now)
    assert refusal.value.code == "accounts.activation_over"


def test_a_code_sent_by_many_at_once_sets_one_password(app: Flask, world: World, now: datetime) -> None:
    code = invite(world, now).code
    answers = together(app, [lambda: activating.activate(code, NEW, now=now)] * 3)
    told = [str(fault) for fault in raised(answers)]
    # Whoever comes to no place at the gate in time comes again, and is told then.
    assert len(told) == 2
    assert set(told) <= {"accounts.activation_over", "accounts.busy"}


def test_a_code_lasts_three_days_and_not_a_moment_longer(world: World, now: datetime) -> None:
    code = invite(world, now).code
    with pytest.raises(BadValue):
        activating.activate(code, NEW, now=now + ACTIVATION_LASTS)
    assert activating.activate(code, NEW, now=now + ACTIVATION_LASTS - timedelta(seconds=1))


def test_a_new_code_closes_the_old_one_and_disabling_closes_both(world: World, now: datetime) -> None:
    first = invite(world, now)
    second = appointing.renew_activation(first.officer_id, keeper=None, now=now)
    with pytest.raises(BadValue):
        activating.activate(first.code, NEW, now=now)
    appointing.disable(first.officer_id, keeper=None, now=now)
    appointing.enable(first.officer_id, keeper=None, now=now)
    with pytest.raises(BadValue):
        activating.activate(second.code, NEW, now=now)


@ONE_ENGINE
@pytest.mark.parametrize("code", ["", "0" * 20, "x" * 100_000, "\0", "激活码"])
def test_what_is_no_code_is_refused_alike(world: World, now: datetime, code: str) -> None:
    invite(world, now)
    with pytest.raises(BadValue) as refusal:
        activating.activate(code, NEW, now=now)
    assert refusal.value.code == "accounts.activation_over"


@ONE_ENGINE
def test_codes_are_not_tried_out(world: World, now: datetime) -> None:
    for _ in range(20):
        with pytest.raises(BadValue):
            activating.activate("0" * 20, NEW, address="192.0.2.1", now=now)
    with pytest.raises(TooMany):
        activating.activate(invite(world, now).code, NEW, address="192.0.2.1", now=now)


def test_a_password_that_is_guessed_leaves_the_code_good(world: World, now: datetime) -> None:
    code = invite(world, now).code
    for password, why in (("wang.min wang.min 1", "accounts.password_guessed"), ("short", "accounts.password_length")):
        with pytest.raises(BadValue) as refusal:
            activating.activate(code, password, now=now)
        assert refusal.value.code == why
    assert activating.activate(code, NEW, now=now)


def test_a_new_password_by_code_keeps_the_second_factor_ends_sign_ins_and_is_told(world: World, now: datetime) -> None:
    with_totp(now)
    code = appointing.renew_activation(world.officer.officer_id, keeper=None, now=now).code
    reference = activating.activate(code, NEW, now=now)
    assert presence_of(reference, now).stage is Stage.HALF
    assert live(world.officer.officer_id) == 1
    assert db.session.scalars(sa.select(OfficerNotice.kind)).all() == [NoticeKind.ACCESS_RENEWED]


def test_the_old_password_is_worth_nothing_after_it(world: World, now: datetime) -> None:
    code = appointing.renew_activation(world.officer.officer_id, keeper=None, now=now).code
    assert signing_in.enter_password("officer", PASSWORD, now=now)
    activating.activate(code, NEW, now=now)
    with pytest.raises(BadValue):
        signing_in.enter_password("officer", PASSWORD, now=now)


# ---- the own password


def test_a_new_password_ends_every_other_sign_in_and_changes_the_reference(world: World, now: datetime) -> None:
    come(now)
    mine = signing_in.enter_password("officer", PASSWORD, now=now)
    new = activating.change_password(presence_of(mine, now), PASSWORD, NEW, now=now)
    assert live(world.officer.officer_id) == 1
    assert signing_in.resume(mine, Door.POLICE, now=now) is None
    assert signing_in.resume(new, Door.POLICE, now=now) == world.officer
    assert signing_in.enter_password("officer", NEW, now=now)


def test_without_the_old_password_nothing_changes(world: World, now: datetime) -> None:
    presence = come(now)
    with pytest.raises(BadValue) as refusal:
        activating.change_password(presence, "four quiet wooden fridges", NEW, now=now)
    assert refusal.value.code == "accounts.old_password_wrong"
    assert signing_in.enter_password("officer", PASSWORD, now=now)


def test_of_two_changes_at_once_one_is_made(app: Flask, world: World, now: datetime) -> None:
    presence = come(now)
    news = [NEW, "eight blue paper lanterns"]
    changes = [
        lambda new=new: activating.change_password(presence, PASSWORD, new, now=now)  # type: ignore[misc]
        for new in news
    ]
    answers = together(app, changes)
    faults = raised(answers)
    assert len(faults) == 1
    assert isinstance(faults[0], Conflict | BadValue | Unavailable)


def test_a_letter_typed_on_another_keyboard_is_the_same(world: World, now: datetime) -> None:
    activating.change_password(come(now), PASSWORD, "vier stille ho\u0308lzerne Bru\u0308cken", now=now)
    assert signing_in.enter_password("officer", "vier stille hölzerne Brücken", now=now)


# ---- where one is signed in, and what one is told


def test_sign_ins_are_listed_with_the_browser_and_ended_one_by_one(world: World, now: datetime) -> None:
    me = world.officer.officer_id
    first = signing_in.enter_password("officer", PASSWORD, browser=Browser.EDGE, now=now)
    second = signing_in.enter_password("officer", PASSWORD, browser=Browser.FIREFOX, now=now + MINUTE)
    signing_in.enter_password("stranger", PASSWORD, now=now)
    listed = sign_ins.list_live(me, idle=IDLE[Door.POLICE], now=now + MINUTE)
    assert [each.browser for each in listed] == [Browser.FIREFOX, Browser.EDGE]
    presence = presence_of(second, now + MINUTE)
    assert activating.end_own(presence, only=listed[1].id, now=now + MINUTE) == 1
    assert signing_in.resume(first, Door.POLICE, now=now + MINUTE) is None
    assert signing_in.resume(second, Door.POLICE, now=now + MINUTE) == world.officer


def test_nobody_ends_anothers_sign_in(world: World, now: datetime) -> None:
    theirs = come(now, "stranger")
    assert activating.end_own(come(now), only=theirs.sign_in_id, now=now) == 0
    assert live(world.stranger.officer_id) == 1


def test_all_others_are_ended_at_once(world: World, now: datetime) -> None:
    come(now)
    come(now)
    assert activating.end_own(come(now), now=now) == 2
    assert live(world.officer.officer_id) == 1


def test_a_language_is_one_of_ours_and_goes_along(world: World, now: datetime) -> None:
    reference = signing_in.enter_password("officer", PASSWORD, now=now)
    activating.choose_language(presence_of(reference, now), "en")
    assert presence_of(reference, now).account.language == "en"
    with pytest.raises(BadValue):
        activating.choose_language(presence_of(reference, now), "tlh")


def test_what_was_shown_is_told_once(world: World, now: datetime) -> None:
    appointing.change_role(world.officer.officer_id, Role.SUPERVISOR, was=Role.OFFICER, keeper=None, now=now)
    presence = come(now)
    assert [(each.kind, each.own) for each in list_unseen(world.officer.officer_id)] == [
        (NoticeKind.ROLE_CHANGED, True)
    ]
    activating.mark_told(presence, now=now)
    db.session.rollback()
    assert list_unseen(world.officer.officer_id) == []


def test_no_network_address_and_no_agent_is_kept(world: World, now: datetime) -> None:
    appoint("another", Role.OFFICER, world, now)
    signing_in.enter_password("officer", PASSWORD, address="192.0.2.77", browser=Browser.CHROME, now=now)
    assert "192.0.2.77" not in str(every_row())
