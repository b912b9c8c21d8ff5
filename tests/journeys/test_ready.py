"""A family gets ready: a band is tried, a drill is run, a mailbox is added; the list says so."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser

from tests.browser import Arrivals, Visitor
from tests.journeys.conftest import DAUGHTER, signed_in_daughter
from tests.server import Server
from tests.server import running as running_server

pytestmark = pytest.mark.browser

MAILBOX = "lin@example.org"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A service where no other journey has left a finder waiting or a band changed."""
    with running_server(tmp_path_factory.mktemp("instance")) as running:
        yield running


@pytest.fixture(scope="module")
def daughters_cookies(server: Server, browser: Browser) -> Any:
    return signed_in_daughter(server, browser)


def go(visitor: Visitor, words: str) -> None:
    """Follow a link of the page by its words, and look at the page it leads to."""
    visitor.page.get_by_role("link", name=words).first.click()
    visitor.page.wait_for_load_state()
    visitor.check()


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no scripts"])
def test_a_band_is_tried_with_any_phone_and_the_page_says_when_it_opened(
    server: Server, arrive: Arrivals, arrive_as_daughter: Arrivals, scripts: bool
) -> None:
    link = re.search(r"/t/[0-9A-Z]{25}", server.printed)
    assert link
    family, anybody = arrive_as_daughter(scripts=scripts), arrive(scripts=scripts)
    go(family, "资料和手环")
    family.page.locator("#bands a[href^='/family/bands/']").first.click()
    family.page.locator("#try button").click()
    family.page.wait_for_selector("text=现在用任何一台手机扫手环")
    family.check()
    before = len(server.messages(f"+86{DAUGHTER}"))
    anybody.visit(link[0])
    if not scripts:
        assert server.eventually(lambda: _asked_again(family, "看看打开了没有", "这条手环是好的"))
    family.page.wait_for_selector("text=这条手环是好的")
    family.check()
    assert len(server.messages(f"+86{DAUGHTER}")) == before


def _asked_again(visitor: Visitor, link: str, awaited: str) -> bool:
    """Whether the page tells what is awaited, asked for by its own link where it does not yet."""
    if awaited not in visitor.page.inner_text("main"):
        visitor.page.get_by_role("link", name=link).click()
        visitor.page.wait_for_load_state()
        visitor.page.reload()
    return awaited in visitor.page.inner_text("main")


def test_a_drill_shows_what_arrives_and_ends_with_one_tap(server: Server, arrive_as_daughter: Arrivals) -> None:
    before = len(server.messages(f"+86{DAUGHTER}"))
    family = arrive_as_daughter()
    go(family, "资料和手环")
    go(family, "演练一次")
    family.tap("开始演练")
    family.page.wait_for_url(re.compile(r"/family/drills/\d+"))
    family.page.wait_for_selector("text=已经发出")
    family.check()
    assert "演练" in server.next_message(f"+86{DAUGHTER}", after=before)["body"]
    drill = family.page.url
    go(family, "看看发现人看到什么")
    assert "这是演练，没有人走失" in family.page.inner_text("main")
    assert family.page.locator("form").count() == 0
    family.page.goto(drill)
    family.page.get_by_role("button", name="我收到了").click()
    family.page.wait_for_selector("text=秒后有人收到")
    family.check()
    go(family, "准备好了吗")
    assert "上次演练" in family.page.inner_text("main")


def test_a_mailbox_is_proved_by_its_code_and_gets_a_test(server: Server, arrive_as_daughter: Arrivals) -> None:
    family = arrive_as_daughter()
    go(family, "还能怎样通知您")
    family.page.fill("#mail-address", MAILBOX)
    family.page.locator("#mail button").click()
    family.page.wait_for_selector("text=等您输入验证码")
    family.check()
    sent = server.next_message(MAILBOX, after=0)
    code = re.search(r"\d{6}", sent["body"])
    assert (sent["kind"], code is not None) == ("mail", True)
    assert code
    family.page.locator("#contacts input[name=code]").fill(code[0])
    family.page.get_by_role("button", name="确认", exact=True).click()
    family.page.wait_for_selector("text=可以用")
    family.tap("发一条测试")
    family.page.wait_for_selector("text=测试已经在发了")
    family.check()
    assert "测试" in server.next_message(MAILBOX, after=1)["body"]
    family.tap("去掉")
    family.page.wait_for_selector("text=还没有加")
    family.check()
