"""A finder proves that he is with the elder, and sees what that opens; the family sees him see it."""

from __future__ import annotations

import re

import pytest

from tests.browser import Arrivals, Visitor
from tests.journeys.conftest import DAUGHTER
from tests.server import Server

pytestmark = pytest.mark.browser

_KEPT = """
async () => JSON.stringify([
  Object.entries(localStorage), Object.entries(sessionStorage), document.cookie,
  (await indexedDB.databases()).map(each => each.name), await caches.keys(),
])
"""


def band_of(server: Server) -> tuple[str, str]:
    """The scan link that the terminal shows, and the check code on the inside of that band."""
    link, check = re.search(r"/t/[0-9A-Z]{25}", server.printed), re.search(r"\d{3}-\d{3}-\d{3}", server.printed)
    assert link
    assert check
    return link[0], check[0]


def tell_family(finder: Visitor, link: str) -> None:
    finder.visit(link)
    finder.tap("通知家人")
    finder.page.wait_for_selector("#progress")
    finder.tap("怎样照顾这位老人")
    finder.page.wait_for_selector("#check")
    finder.check()


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no scripts"])
def test_the_code_from_inside_the_band_opens_the_card_and_the_family_reads_of_it(
    server: Server, arrive: Arrivals, scripts: bool
) -> None:
    link, check = band_of(server)
    finder = arrive(scripts=scripts)
    tell_family(finder, link)
    finder.page.fill("#check", check)
    finder.tap("看急救卡")
    finder.page.wait_for_selector(".seen-card")
    assert "林阿姨" in finder.page.inner_text("main")
    assert finder.page.locator(".seen-card img").evaluate("image => image.naturalWidth") > 100
    bodies = [message["body"] for message in server.messages(f"+86{DAUGHTER}")]
    assert server.eventually(
        lambda: any("核对码" in message["body"] for message in server.messages(f"+86{DAUGHTER}"))
    ), bodies
    if scripts:
        kept = finder.page.evaluate(_KEPT)  # the address of the finder's own page, and the shell without network
        assert re.fullmatch(
            r'\[\[\["wristband\.page",".*"\]\],\[\],"",\["wristband-finder"\],\["finder-shell-\d+"\]\]', kept
        )
        assert not any(word in kept for word in ("林阿姨", "青霉素", "林秀英"))
    finder.visit(finder.page.url.rsplit("/", 1)[0] + "/help")
    finder.tap("再看一次")
    finder.page.wait_for_selector(".seen-card")


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no scripts"])
def test_the_family_lets_one_phone_see_by_the_two_digits_of_its_page(
    server: Server, arrive: Arrivals, arrive_as_daughter: Arrivals, scripts: bool
) -> None:
    link, _ = band_of(server)
    finder, family = arrive(scripts=scripts), arrive_as_daughter()
    tell_family(finder, link)
    finder.tap("问问家人")
    number = finder.page.inner_text(".number-match").strip()
    finder.check()
    family.visit("/family")
    family.check()
    family.tap("同意或拒绝")
    family.page.wait_for_selector("#number")
    family.check()
    family.page.fill("#number", number)
    family.page.get_by_label("我来选").check()
    family.page.get_by_label("姓名", exact=True).check()
    family.tap("同意给他看")
    family.page.wait_for_selector("text=已经同意")
    family.check()
    if not scripts:
        finder.tap("家人同意了吗")
    finder.page.wait_for_selector(".seen-card")
    seen = finder.page.inner_text(".seen-card")
    assert "林秀英" in seen
    assert "林阿姨" not in seen
    family.tap("谁看过这份资料")
    family.page.wait_for_selector("table")
    family.check()
    assert "看了姓名" in family.page.inner_text("table")
    family.tap("现在就收回")
    family.page.wait_for_selector("text=这次请求已经结束")
    finder.tap("再看一次")
    finder.page.wait_for_selector("text=家人收回了")
    finder.check()


def test_no_log_of_the_server_holds_a_word_of_anybody(server: Server) -> None:
    logs = "".join(path.read_text(errors="replace") for path in server.folder.rglob("*.log"))
    assert logs
    words = ("林秀英", "林阿姨", "青霉素", DAUGHTER, "闽南语")
    assert not [word for word in words if word in logs or ascii(word)[1:-1] in logs]
    link, check = band_of(server)
    assert check not in logs
    assert check.replace("-", "") not in logs
    assert link.rsplit("/", 1)[1] not in logs
