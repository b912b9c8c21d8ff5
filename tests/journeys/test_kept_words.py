"""Words that waited on a phone without network: once they are sent the page says so, and takes others."""

from __future__ import annotations

import pytest

from tests.browser import Visitor
from tests.journeys.test_home_again import until_it_says
from tests.journeys.test_offline_report import report, rows
from tests.server import Server

pytestmark = pytest.mark.browser


def test_what_waited_is_told_as_received_and_what_is_written_next_is_another_deed(
    server: Server, phone: Visitor
) -> None:
    report(phone, server)
    phone.visit(f"{phone.page.url.split('?')[0]}/more")
    added = rows(server, "supplement")
    key = phone.page.locator("#words input[name=key]").input_value()
    phone.page.context.set_offline(True)
    phone.page.locator("#words-words").fill("穿灰色外套")
    phone.tap("发送")
    until_it_says(phone, "还没有发出，请拨 110")
    assert phone.page.locator("#words-words").input_value() == ""
    assert phone.page.locator("#words input[name=key]").input_value() != key

    phone.page.context.set_offline(False)
    until_it_says(phone, "已收到。")
    phone.page.wait_for_timeout(6000)  # longer than the page takes to look again
    assert phone.page.locator("[data-when=sent]").is_visible()
    phone.page.locator("#words-words").fill("往车站走了")
    phone.page.locator("#words button[type=submit]").tap()
    until_it_says(phone, "已收到 2 段话")
    assert rows(server, "supplement") == added + 2
