"""`wristband officers`: codes are printed, never passwords; nothing is asked; a fault is one sentence."""

from __future__ import annotations

import re

import pytest
import sqlalchemy as sa
from click.testing import CliRunner, Result
from flask import Flask

from tests.services.officers import come, with_totp
from tests.world import World
from wristband import clock
from wristband.accounts import staff
from wristband.accounts.models import Officer
from wristband.accounts.queries import find_any_officer
from wristband.accounts.rules import Role
from wristband.cli_officers import officers
from wristband.db import db
from wristband.errors import Refusal
from wristband.services import activating

pytestmark = pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
LINK = re.compile(r"/police/activate/([0-9A-Z]{5}(?:-[0-9A-Z]{5}){3})")
ADD = ("add", "Wang.Min", "--name", "王敏", "--station", "大同派出所")


def run(app: Flask, *arguments: str) -> Result:
    """The command, with nobody at the keyboard."""
    return CliRunner().invoke(officers, arguments, obj=lambda: app, input="")


def test_the_first_administrator_is_added_and_sets_her_own_password(app: Flask, world: World) -> None:
    printed = run(app, *ADD, "--role", "administrator")
    assert printed.exit_code == 0, printed.output
    code = LINK.search(printed.output)
    assert code
    made = find_any_officer("wang.min")
    assert made
    assert (made.role, made.password_hash) == (Role.ADMINISTRATOR, "")
    assert activating.activate(code[1], "seven green paper lanterns", now=clock.now())


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("add", "wang.min", "--name", "王敏", "--station", "没有这个所"), "stations.unknown"),
        (("add", "王敏", "--name", "王敏", "--station", "大同派出所"), "accounts.username"),
        (("add", "officer", "--name", "王敏", "--station", "大同派出所"), "accounts.username_taken"),
        (("disable", "nobody"), "staff.no_such_username"),
        (("reset", "nobody"), "staff.no_such_username"),
        (("enable", "officer"), "staff.enabled"),
        (("list", "--station", "没有这个所"), "stations.unknown"),
    ],
)
def test_a_fault_is_a_refusal_with_its_sentence(
    app: Flask, world: World, arguments: tuple[str, ...], code: str
) -> None:
    result = run(app, *arguments)
    assert isinstance(result.exception, Refusal)
    assert result.exception.code == code


def test_a_reset_ends_sign_ins_and_keeps_the_second_factor_unless_asked(app: Flask, world: World) -> None:
    with_totp(clock.now())
    come(clock.now())
    printed = run(app, "reset", "officer")
    assert LINK.search(printed.output)
    assert staff.has_a_factor(world.officer.officer_id)
    db.session.rollback()
    assert run(app, "reset", "officer", "--second-factor").exit_code == 0
    assert not staff.has_a_factor(world.officer.officer_id)
    assert run(app, "reset", "officer", "--second-factor").exit_code == 0


def test_an_account_is_stopped_and_let_in_again(app: Flask, world: World) -> None:
    assert run(app, "disable", "officer").exit_code == 0
    assert "已停用" in run(app, "list", "--station", "大同派出所").output
    assert run(app, "enable", "officer").exit_code == 0
    db.session.rollback()
    assert db.session.scalar(sa.select(Officer.disabled_at).where(Officer.username == "officer")) is None


def test_the_list_shows_every_account_and_no_secret(app: Flask, world: World) -> None:
    printed = run(app, "list").output
    assert "officer  officer  大同派出所  使用中  没有第二重验证" in printed
    assert "stranger" in printed
    assert "argon2" not in printed
