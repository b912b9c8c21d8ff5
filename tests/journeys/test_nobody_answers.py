"""Nobody of the family answers, in real browsers: the telephone rings, the duty desk stands in, the finder sees it."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from tests.browser import DESK, PHONE, Visitor
from tests.journeys.test_handed_over import band
from tests.journeys.test_home_again import open_desk, until_it_says
from tests.server import Server
from tests.server import running as running_server

pytestmark = pytest.mark.browser
DAUGHTER = "+8613800138000"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A service whose desk is called in after seconds."""
    steps = {"WRISTBAND_ESCALATION": "call@0+15 desk@4"}
    with running_server(tmp_path_factory.mktemp("instance"), **steps) as running:
        yield running


@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without scripts"])
def test_the_family_is_telephoned_then_an_officer_stands_in_and_the_finder_is_told_each_step(
    new_context, server: Server, scripts: bool
) -> None:
    def arrive(**size) -> Visitor:
        context = new_context(locale="zh-CN", java_script_enabled=scripts, **size)
        return Visitor.arrive(context, server.base_url, scripts=scripts, small=size == PHONE)

    finder, officer = arrive(**PHONE), arrive(**DESK)
    open_desk(officer, server)
    had = len([one for one in server.messages(DAUGHTER) if one["kind"] == "voice"])
    finder.visit(band(server))
    finder.tap("通知家人")
    finder.page.wait_for_url(re.compile(r"/s/"))
    until_it_says(finder, "已给家人打电话")
    calls = [one for one in server.messages(DAUGHTER) if one["kind"] == "voice"]
    assert len(calls) > had
    assert "有人求助" in calls[-1]["body"]
    assert "http" not in calls[-1]["body"]

    until_it_says(finder, "已转给派出所值班民警")
    finder.check()
    until_it_says(officer, "家人没有回应")
    officer.check()
    officer.page.get_by_role("button", name="我来接手").first.click()
    officer.page.wait_for_url(re.compile(r"/police/incidents/\d+"))
    officer.check()
    until_it_says(finder, "值班民警已经接手")
    until_it_says(finder, "报警编号")
    finder.check()
