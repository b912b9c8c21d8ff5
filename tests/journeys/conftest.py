"""Who comes again and again signs in once: codes to one phone are few, and the next journey wants one, too."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Browser

from tests.browser import PHONE, Arrivals, Visitor
from tests.server import Server

DAUGHTER = "13800138000"


@pytest.fixture(scope="session")
def daughters_cookies(server: Server, browser: Browser) -> Any:
    return signed_in_daughter(server, browser)


def signed_in_daughter(server: Server, browser: Browser) -> Any:
    """What the browser of the demonstration's daughter keeps after she has signed in, by phone and code."""
    context = browser.new_context(locale="zh-CN", **PHONE)  # type: ignore[arg-type]
    context.set_default_timeout(10_000)
    visitor = Visitor.arrive(context, server.base_url, scripts=True, small=True)
    had = len(server.messages(f"+86{DAUGHTER}"))
    visitor.visit("/family/sign-in")
    visitor.page.fill("#phone", DAUGHTER)
    visitor.tap("发送验证码")
    code = re.search(r"\d{6}", server.next_message(f"+86{DAUGHTER}", after=had)["body"])
    assert code
    visitor.page.fill("#code", code[0])
    visitor.tap("登录")
    visitor.page.wait_for_url(re.compile(r"/family/?$"))
    kept = context.storage_state()
    context.close()
    return kept


@pytest.fixture
def arrive_as_daughter(arrive: Arrivals, daughters_cookies: Any) -> Callable[..., Visitor]:
    """She comes with a browser that is signed in already, and sees her home page."""

    def arrival(**more: Any) -> Visitor:
        visitor = arrive(storage_state=daughters_cookies, **more)
        visitor.visit("/family")
        return visitor

    return arrival
