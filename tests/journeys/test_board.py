"""Finder, family and police talk on the board in real browsers: live where scripts run, by reload where not."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.browser import Arrivals, Visitor
from tests.journeys.conftest import DAUGHTER
from tests.journeys.test_handed_over import tell_both
from tests.journeys.test_home_again import open_desk, until_it_says
from tests.life import small_jpeg
from tests.server import Server

pytestmark = pytest.mark.browser


def send(visitor: Visitor, words: str) -> None:
    """Tap what sends a form, and wait for the page that answers."""
    with visitor.page.expect_navigation():
        visitor.page.get_by_role("button", name=words, exact=True).last.click()


def write(visitor: Visitor, words: str, photograph: Path | None = None) -> None:
    visitor.page.get_by_label("写几句话").first.fill(words)
    if photograph is not None:
        visitor.page.locator("input[type=file]").first.set_input_files(photograph)
    send(visitor, "发送")
    until_it_says(visitor, words)


def finder_speaks(finder: Visitor, photograph: Path) -> None:
    """A phrase with one tap on the page of the progress, then words and a photograph on the board's own page."""
    send(finder, "我和老人在一起")
    until_it_says(finder, "还没有人看")
    finder.check()
    finder.tap("写几句话、发照片")
    finder.page.wait_for_url(re.compile(r"/board"))
    finder.check()
    write(finder, "在影剧院后门，打 0592-7000000", photograph)
    finder.check()


def call_me(finder: Visitor) -> None:
    finder.page.get_by_label("您的电话").fill("138 0013 8009")
    send(finder, "请家人打给我")
    until_it_says(finder, "138****8009")
    finder.check()


def close(officer: Visitor) -> None:
    send(officer, "受理")
    officer.page.get_by_text("办结", exact=True).click()
    officer.page.select_option("#disposition", "with_family")
    send(officer, "确认办结")
    until_it_says(officer, "家属还没有确认")


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no scripts"])
def test_they_talk_and_see_what_the_others_have_read(
    server: Server, arrive: Arrivals, arrive_as_daughter: Arrivals, tmp_path: Path, scripts: bool
) -> None:
    photograph = tmp_path / "IMG_0007.JPG"
    photograph.write_bytes(small_jpeg())
    finder, family = arrive(scripts=scripts), arrive_as_daughter(scripts=scripts)
    officer = arrive(desk=True, scripts=scripts)
    open_desk(officer, server)
    number = tell_both(finder, server)
    family.visit("/family")
    family.tap("马上查看并回应")
    had = len(server.messages(f"+86{DAUGHTER}"))
    finder_speaks(finder, photograph)
    assert server.eventually(
        lambda: any("留了言" in message["body"] for message in server.messages(f"+86{DAUGHTER}")[had:])
    )

    until_it_says(family, "在影剧院后门")
    until_it_says(family, "请当心")
    assert family.page.locator(".talk-photo img").first.evaluate("image => image.naturalWidth || image.width") > 100
    assert family.page.locator("a[href*='7000000']").count() == 0
    family.check()
    if scripts:
        family.page.locator(".talk-post").last.scroll_into_view_if_needed()
    else:
        send(family, "我看过了，告诉对方")
    until_it_says(finder, "家人看过了")
    send(family, "我马上到")
    until_it_says(finder, "我马上到")

    officer.visit("/police")
    officer.page.get_by_role("link", name=number).click()
    send(officer, "民警正在赶来")
    until_it_says(officer, "民警正在赶来")
    officer.check()
    until_it_says(finder, "民警正在赶来")
    call_me(finder)
    until_it_says(family, "138 0013 8009")
    assert family.page.locator("a[href='tel:+8613800138009']").count() == 1
    family.check()
    send(finder, "收回电话")
    until_it_says(finder, "发现人收回了电话")
    until_it_says(family, "发现人收回了电话")
    assert family.page.locator("a[href='tel:+8613800138009']").count() == 0

    close(officer)
    until_it_says(finder, "留言板关了")
    until_it_says(family, "留言板关了")
    finder.check()
    assert not finder.page.get_by_label("写几句话").is_visible()
