"""`wristband partners`: a key at a terminal, alone on standard output and never again."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from click.testing import CliRunner, Result
from flask import Flask

from tests.doors.asking import ON_SQLITE
from tests.world import World
from wristband import clock
from wristband.cli_partners import partners
from wristband.db import db
from wristband.errors import BadValue, NotFound, SignInNeeded
from wristband.services import admitting

Run = Callable[..., Result]
RIGHTS = ("--scope", "stations:read", "--scope", "bands:check")


@pytest.fixture
def run(app: Flask, world: World) -> Run:
    def one(*words: str) -> Result:
        return CliRunner().invoke(partners, list(words), obj=lambda: app, catch_exceptions=False)

    return one


def _opens(key: str) -> bool:
    db.session.rollback()
    try:
        return admitting.admit(f"Bearer {key.strip()}", now=clock.now()).name == "示例热线"
    except SignInNeeded:
        return False


@ON_SQLITE
def test_a_partner_is_added_listed_renewed_and_ended(run: Run) -> None:
    first = run("add", "示例热线", *RIGHTS, "--station", "大同派出所", "--host", "hooks.example.org").stdout
    assert _opens(first)
    listed = run("list").stdout
    assert "示例热线  1 把密钥" in listed
    assert first.strip() not in listed
    second = run("rotate", "示例热线", "--days", "30").stdout
    assert _opens(first)
    assert _opens(second)
    run("end", "示例热线")
    assert not _opens(second)
    assert "已停用" in run("list").stdout


@ON_SQLITE
def test_no_partner_without_a_scope_or_at_a_station_that_is_none(run: Run) -> None:
    assert run("add", "示例热线").exit_code == 2
    assert run("add", "示例热线", "--scope", "everything").exit_code == 2
    assert run("add", "示例热线", *RIGHTS, "--days", "731").exit_code == 2
    with pytest.raises(BadValue):
        run("add", "示例热线", *RIGHTS, "--station", "没有的派出所")


@ON_SQLITE
def test_who_is_not_there_cannot_be_renewed_or_ended(run: Run) -> None:
    for word in ("rotate", "end"):
        with pytest.raises(NotFound):
            run(word, "示例热线")
