"""Somebody comes for the elder, in real browsers: the code, told face to face, says whether it is the family."""

from __future__ import annotations

import re

import pytest

from tests.browser import Arrivals, Visitor
from tests.journeys.test_home_again import close_whatever_is_open, open_desk, until_it_says
from tests.server import Server

pytestmark = pytest.mark.browser

# Of the demonstration: the family of an elder at the officer's station.


def band(server: Server) -> str:
    """The address of the demonstration's first band."""
    found = re.search(r"扫码\s+(\S+)", server.printed)
    assert found
    return found[1]


def tell_both(finder: Visitor, server: Server) -> str:
    """The finder tells family and police. The incident's number."""
    finder.visit(band(server))
    finder.tap("通知家人")
    finder.page.wait_for_url(re.compile(r"/s/"))
    finder.tap("报给警方")
    until_it_says(finder, "已报给警方")
    found = re.search(r"\d{6}-\d{3,}", finder.page.inner_text("main"))
    assert found
    return found[0]


def make_code(family: Visitor) -> str:
    family.visit("/family")
    family.tap("马上查看并回应")
    family.check()
    family.tap("我到了，显示交接码")
    family.page.wait_for_selector(".hand-code")
    family.check()
    return family.page.inner_text(".hand-code")


def type_code(finder: Visitor, code: str) -> None:
    finder.page.fill("#code", code)
    finder.tap("核对")


def wrong(code: str) -> str:
    return f"{(int(code.replace(' ', '')) + 1) % 10**6:06d}"


def look_with_a_reason(officer: Visitor, number: str) -> None:
    """What helps at once; address and numbers with a reason, until the page is opened again."""
    officer.page.get_by_role("link", name=number).click()
    officer.check()
    assert "怎样和老人说话" in officer.page.inner_text("main")
    assert "138 0013 8000" not in officer.page.inner_text("main")
    officer.tap("受理")
    officer.page.select_option("#reason", "reach")
    officer.tap("显示住址和电话")
    until_it_says_now(officer, "138 0013 8000")
    officer.check()
    officer.page.goto(officer.page.url.partition("/reveal")[0])
    assert "138 0013 8000" not in officer.page.inner_text("main")


def until_it_says_now(visitor: Visitor, words: str) -> None:
    """Wait for an answer that a reload would lose."""
    visitor.page.get_by_text(words).first.wait_for()


@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without scripts"])
def test_the_code_of_who_comes_lets_the_finder_hand_over_and_closes_the_incident(
    arrive: Arrivals, arrive_as_daughter: Arrivals, server: Server, scripts: bool
) -> None:
    family, finder = arrive_as_daughter(scripts=scripts), arrive(scripts=scripts)
    officer = arrive(desk=True, scripts=scripts)
    open_desk(officer, server)
    close_whatever_is_open(officer)
    number = tell_both(finder, server)
    officer.visit("/police")
    look_with_a_reason(officer, number)
    code = make_code(family)

    finder.tap("输入交接码")
    finder.page.wait_for_url(re.compile(r"/hand-over"))
    finder.check()
    type_code(finder, wrong(code))
    until_it_says_now(finder, "还可以试 4 次")
    finder.check()
    type_code(finder, code)
    finder.page.wait_for_url(re.compile(r"/s/[^/]+$"))
    assert "家人已核实，可以放心把老人交给他" in finder.page.inner_text("main")
    finder.check()

    family.visit("/family")
    family.tap("确认老人平安")
    until_it_says(family, "老人已交给来接的人")
    family.check()
    officer.visit("/police")
    closed = officer.page.get_by_role("region", name="最近办结").inner_text()
    assert number in closed


def test_an_officer_breaks_the_glass_and_another_judges_it(arrive: Arrivals, server: Server) -> None:
    officer = arrive(desk=True)
    found = re.search(r"minjing2\s+密码 (\S+)", server.printed)
    typed = re.search(r"输编号\s+\S+\s+(\S+)", server.printed)
    assert found
    assert typed
    officer.visit("/police/sign-in")
    officer.page.fill("#username", "minjing2")
    officer.page.fill("#password", found[1])
    officer.tap("登录")
    officer.page.wait_for_url(re.compile(r"/police/?$"))
    officer.tap("紧急查阅")
    officer.check()
    officer.page.fill("#code", typed[1])
    officer.page.select_option("#reason", "identity")
    officer.page.fill("#words", "独自坐在公园，说不出住哪里")
    officer.tap("查阅全部资料")
    until_it_says_now(officer, "138 0013 8000")
    officer.check()
    officer.tap("复核")
    until_it_says_now(officer, "这是您自己的查阅")
    officer.check()
