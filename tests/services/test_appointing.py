"""Who keeps the staff may do what, to whom; every deed once, on the trail, and at once for whoever is signed in."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa
from flask import Flask

from tests.services.officers import appoint, become, come, live, with_passkey, with_totp
from tests.together import raised, together
from tests.world import World, every_row
from wristband.accounts import staff
from wristband.accounts.models import Officer, OfficerNotice
from wristband.accounts.queries import find_any_officer, find_officer_account
from wristband.accounts.rules import KEEPS, Door, NoticeKind, OfficerAccount, Role
from wristband.audit.models import AuditRow
from wristband.db import db
from wristband.errors import BadValue, Conflict, NotAllowed, NotFound
from wristband.services import appointing, proving, signing_in

MINUTE = timedelta(minutes=1)
ONE_ENGINE = pytest.mark.parametrize("engine", ["sqlite"], indirect=True)


@pytest.fixture
def now(world: World) -> datetime:
    return (world.now + MINUTE).replace(second=0, microsecond=0)


@pytest.fixture
def supervisor(world: World, now: datetime) -> OfficerAccount:
    return appoint("supervisor", Role.SUPERVISOR, world, now)


@pytest.fixture
def administrator(world: World, now: datetime) -> OfficerAccount:
    return appoint("admin", Role.ADMINISTRATOR, world, now, world.other_station_id)


def last_deed() -> tuple[str, str, str, dict[str, object]]:
    db.session.rollback()
    row = db.session.scalars(sa.select(AuditRow).order_by(AuditRow.i.desc())).first()
    assert row
    return row.deed, row.actor, row.subject, dict(row.facts)


def reread(officer_id: int) -> OfficerAccount:
    db.session.rollback()
    found = find_officer_account(officer_id)
    assert found
    return found


def invite(keeper: OfficerAccount | None, now: datetime, **more: object) -> appointing.Invitation:
    asked: dict[str, object] = {"name": "王敏", "role": Role.OFFICER, **more}
    return appointing.invite("wang.min", keeper=keeper, now=now, **asked)  # type: ignore[arg-type]


# ---- adding


def test_a_supervisor_adds_an_officer_of_her_station_who_has_no_password(
    world: World, now: datetime, supervisor: OfficerAccount
) -> None:
    invitation = invite(supervisor, now, station_id=world.other_station_id)
    made = find_any_officer("wang.min")
    assert made
    assert (made.station_id, made.role, made.password_hash) == (world.station_id, Role.OFFICER, "")
    assert len(invitation.code.replace("-", "")) == 20
    assert invitation.code not in str(every_row()["officer"])
    deed, actor, subject, _ = last_deed()
    assert (deed, actor, subject) == ("officer.added", supervisor.actor, f"officer:{made.id}")


def test_whoever_was_added_cannot_sign_in_before_activation(
    world: World, now: datetime, supervisor: OfficerAccount
) -> None:
    invite(supervisor, now)
    for password in ("", "four quiet wooden bridges"):
        with pytest.raises(BadValue):
            signing_in.enter_password("wang.min", password, now=now)


@ONE_ENGINE
@pytest.mark.parametrize("role", Role)
def test_a_keeper_appoints_to_the_roles_of_the_table_alone(
    world: World, now: datetime, supervisor: OfficerAccount, administrator: OfficerAccount, role: Role
) -> None:
    for keeper in (supervisor, administrator):
        username = f"new-{keeper.officer_id}"
        asked = lambda keeper=keeper, username=username: appointing.invite(  # noqa: E731
            username, name="王敏", role=role, station_id=world.station_id, keeper=keeper, now=now
        )
        if role in KEEPS[keeper.role]:
            assert asked().username == username
        else:
            with pytest.raises(NotAllowed) as refusal:
                asked()
            assert refusal.value.code == "staff.role_beyond"


def test_the_operator_makes_the_first_administrator(world: World, now: datetime) -> None:
    assert invite(None, now, role=Role.ADMINISTRATOR, station_id=world.station_id).username == "wang.min"
    assert last_deed()[1] == "operator"


def test_an_officer_appoints_nobody(world: World, now: datetime) -> None:
    with pytest.raises(NotAllowed):
        invite(world.officer, now)


def test_of_two_who_add_one_name_at_once_one_does(
    app: Flask, world: World, now: datetime, supervisor: OfficerAccount
) -> None:
    answers = together(app, [lambda: invite(supervisor, now)] * 3)
    assert [str(fault) for fault in raised(answers)] == ["accounts.username_taken"] * 2


# ---- whom


@ONE_ENGINE
def test_nobody_keeps_herself_another_station_or_a_role_above(
    world: World, now: datetime, supervisor: OfficerAccount, administrator: OfficerAccount
) -> None:
    auditor = appoint("auditor", Role.AUDITOR, world, now)
    for officer_id in (
        supervisor.officer_id,
        world.stranger.officer_id,
        administrator.officer_id,
        auditor.officer_id,
        1,
    ):
        for deed in DEEDS.values():
            before = every_row()
            with pytest.raises(NotFound) as refusal:
                deed(officer_id, supervisor, now)
            assert refusal.value.code == "staff.unknown"
            assert every_row() == before


DEEDS: dict[str, Callable[[int, OfficerAccount, datetime], object]] = {
    "role": lambda whom, keeper, now: appointing.change_role(
        whom, Role.SUPERVISOR, was=Role.OFFICER, keeper=keeper, now=now
    ),
    "disable": lambda whom, keeper, now: appointing.disable(whom, keeper=keeper, now=now),
    "enable": lambda whom, keeper, now: appointing.enable(whom, keeper=keeper, now=now),
    "factors": lambda whom, keeper, now: appointing.reset_factors(whom, keeper=keeper, now=now),
    "sign_ins": lambda whom, keeper, now: appointing.end_sign_ins(whom, keeper=keeper, now=now),
    "activation": lambda whom, keeper, now: appointing.renew_activation(whom, keeper=keeper, now=now),
}


@pytest.mark.parametrize("deed", DEEDS)
def test_who_is_no_supervisor_any_more_keeps_nobody_from_that_moment(
    world: World, now: datetime, supervisor: OfficerAccount, deed: str
) -> None:
    become(Role.OFFICER, "supervisor")
    with pytest.raises(NotAllowed):
        DEEDS[deed](world.officer.officer_id, supervisor, now)


# ---- what


def test_a_role_bites_at_once_and_its_holder_is_told(world: World, now: datetime, supervisor: OfficerAccount) -> None:
    reference = signing_in.enter_password("officer", "four quiet wooden bridges", now=now)
    DEEDS["role"](world.officer.officer_id, supervisor, now)
    account = signing_in.resume(reference, Door.POLICE, now=now)
    assert isinstance(account, OfficerAccount)
    assert account.role is Role.SUPERVISOR
    assert last_deed() == (
        "officer.role_changed",
        supervisor.actor,
        world.officer.actor,
        {"was": "officer", "role": "supervisor"},
    )
    assert db.session.scalars(sa.select(OfficerNotice.kind)).all() == [NoticeKind.ROLE_CHANGED]


def test_a_role_that_somebody_else_has_changed_is_not_changed_again(
    world: World, now: datetime, supervisor: OfficerAccount
) -> None:
    DEEDS["role"](world.officer.officer_id, supervisor, now)
    with pytest.raises(Conflict) as refusal:
        DEEDS["role"](world.officer.officer_id, supervisor, now)
    assert refusal.value.code == "staff.changed_meanwhile"


def test_disabling_ends_every_sign_in_at_once_and_can_be_undone(
    world: World, now: datetime, supervisor: OfficerAccount
) -> None:
    reference = signing_in.enter_password("officer", "four quiet wooden bridges", now=now)
    appointing.disable(world.officer.officer_id, keeper=supervisor, now=now)
    assert signing_in.resume(reference, Door.POLICE, now=now) is None
    assert live(world.officer.officer_id) == 0
    with pytest.raises(BadValue):
        signing_in.enter_password("officer", "four quiet wooden bridges", now=now)
    appointing.enable(world.officer.officer_id, keeper=supervisor, now=now)
    assert signing_in.enter_password("officer", "four quiet wooden bridges", now=now)
    assert signing_in.resume(reference, Door.POLICE, now=now) is None


@pytest.mark.parametrize(("deed", "code"), [("disable", "staff.disabled"), ("enable", "staff.enabled")])
def test_of_two_supervisors_at_once_one_does_it(
    app: Flask, world: World, now: datetime, supervisor: OfficerAccount, deed: str, code: str
) -> None:
    second = appoint("second", Role.SUPERVISOR, world, now)
    if deed == "enable":
        appointing.disable(world.officer.officer_id, keeper=None, now=now)
    both = [lambda who=who: DEEDS[deed](world.officer.officer_id, who, now) for who in (supervisor, second)]  # type: ignore[misc]
    answers = together(app, both)
    assert [str(fault) for fault in raised(answers)] == [code]


def test_two_supervisors_who_disable_each_other_are_not_both_disabled(
    app: Flask, world: World, now: datetime, supervisor: OfficerAccount
) -> None:
    second = appoint("second", Role.SUPERVISOR, world, now)
    answers = together(
        app,
        [
            lambda: appointing.disable(second.officer_id, keeper=supervisor, now=now),
            lambda: appointing.disable(supervisor.officer_id, keeper=second, now=now),
        ],
    )
    assert [str(fault) for fault in raised(answers)] == ["accounts.not_your_role"]
    db.session.rollback()
    assert db.session.scalar(sa.select(sa.func.count()).where(Officer.disabled_at.is_not(None))) == 1


def test_a_reset_takes_every_factor_and_sign_in_and_leaves_the_password(
    world: World, now: datetime, supervisor: OfficerAccount
) -> None:
    with_totp(now)
    appointing.reset_factors(world.officer.officer_id, keeper=supervisor, now=now)
    found = staff.get_factors(world.officer.officer_id)
    assert (found.any, found.codes_left, live(world.officer.officer_id)) == (False, 0, 0)
    presence = come(now)
    assert presence.account == world.officer
    assert db.session.scalars(sa.select(OfficerNotice.kind)).all() == [NoticeKind.FACTOR_RESET]
    with pytest.raises(Conflict) as refusal:
        appointing.reset_factors(world.officer.officer_id, keeper=supervisor, now=now)
    assert refusal.value.code == "staff.no_factor"


def test_a_reset_takes_passkeys_too(world: World, now: datetime, supervisor: OfficerAccount) -> None:
    with_passkey(now)
    appointing.reset_factors(world.officer.officer_id, keeper=supervisor, now=now)
    assert not staff.has_a_factor(world.officer.officer_id)


def test_ended_sign_ins_are_counted_once(world: World, now: datetime, supervisor: OfficerAccount) -> None:
    come(now)
    come(now)
    assert appointing.end_sign_ins(world.officer.officer_id, keeper=supervisor, now=now) == 2
    assert appointing.end_sign_ins(world.officer.officer_id, keeper=supervisor, now=now) == 0


def test_an_administrator_moves_an_officer_and_a_supervisor_does_not(
    world: World, now: datetime, supervisor: OfficerAccount, administrator: OfficerAccount
) -> None:
    here, there, whom = world.station_id, world.other_station_id, world.officer.officer_id
    with pytest.raises(NotAllowed):
        appointing.move(whom, there, was=here, keeper=supervisor, now=now)
    appointing.move(whom, there, was=here, keeper=administrator, now=now)
    assert reread(whom).station_id == there
    with pytest.raises(Conflict):
        appointing.move(whom, here, was=here, keeper=administrator, now=now)
    with pytest.raises(NotFound):
        appointing.move(whom, 1, was=there, keeper=administrator, now=now)


# ---- the list


def test_a_supervisor_sees_her_station_and_an_administrator_every_one(
    world: World, now: datetime, supervisor: OfficerAccount, administrator: OfficerAccount
) -> None:
    mine, _ = staff.list_members(supervisor, now=now)
    assert {member.username for member in mine} == {"officer", "supervisor"}
    every, _ = staff.list_members(administrator, now=now)
    assert {member.username for member in every} == {"officer", "supervisor", "stranger", "admin"}
    one, _ = staff.list_members(administrator, station_id=world.station_id, now=now)
    assert {member.username for member in one} == {"officer", "supervisor"}


def test_the_list_tells_how_each_account_stands(world: World, now: datetime, supervisor: OfficerAccount) -> None:
    invite(supervisor, now)
    with_totp(now)
    appoint("gone", Role.OFFICER, world, now)
    gone = find_any_officer("gone")
    assert gone
    appointing.disable(gone.id, keeper=supervisor, now=now)
    standings = {
        each.username: (each.standing.value, each.has_factor) for each in staff.list_members(supervisor, now=now)[0]
    }
    assert standings == {
        "officer": ("active", True),
        "supervisor": ("active", False),
        "wang.min": ("waiting", False),
        "gone": ("disabled", False),
    }
    later = now + timedelta(days=4)
    lapsed = [each.username for each in staff.list_members(supervisor, now=later)[0] if each.standing.value == "lapsed"]
    assert lapsed == ["wang.min"]


def test_a_proof_of_a_disabled_officer_comes_to_nothing(
    world: World, now: datetime, supervisor: OfficerAccount
) -> None:
    _, codes = with_totp(now)
    half = come(now)
    appointing.disable(world.officer.officer_id, keeper=supervisor, now=now)
    with pytest.raises(Exception, match=r"accounts\.sign_in_needed"):
        proving.by_recovery(half, codes[0], now=now)
    assert staff.get_factors(world.officer.officer_id).codes_left == 10
