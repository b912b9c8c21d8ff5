"""A desk that nobody has touched for a quarter of an hour: nothing is left to read on it, and it still calls."""

from __future__ import annotations

import contextlib
import sqlite3

import pytest

from tests.browser import Arrivals
from tests.journeys.test_desk import _LISTEN, press, until_heard
from tests.journeys.test_handed_over import tell_both
from tests.journeys.test_home_again import close_whatever_is_open, open_desk, until_it_says
from tests.server import Server

pytestmark = pytest.mark.browser


def _rest(server: Server, minutes: int) -> None:
    """So long nobody has used a page of the police door."""
    with contextlib.closing(sqlite3.connect(server.folder / "wristband.db", timeout=20)) as store, store:
        store.execute(
            "UPDATE sign_in SET seen_at = strftime('%Y-%m-%d %H:%M:%f000', 'now', ?) WHERE door = 'police'",
            (f"-{minutes} minutes",),
        )


def test_a_desk_nobody_touches_warns_locks_and_rings_on_without_a_word_of_what_came(
    arrive: Arrivals, server: Server
) -> None:
    officer = arrive(desk=True)
    officer.page.add_init_script(_LISTEN)
    open_desk(officer, server)
    close_whatever_is_open(officer)
    officer.page.wait_for_selector("#live:text('实时')")
    press(officer, "s")
    until_heard(officer, [660, 880])

    _rest(server, 14)
    tell_both(arrive(), server)  # what changes makes the page ask, and hear how long is left
    until_it_says(officer, "两分钟内会锁屏")
    officer.check()
    officer.tap("还在值班")
    officer.page.wait_for_selector("#resting", state="hidden")
    close_whatever_is_open(officer)

    officer.page.wait_for_selector("#live:text('实时')")
    press(officer, "s")
    press(officer, "s")
    officer.page.evaluate("window.heard = []")
    _rest(server, 16)
    officer.page.evaluate("window.dispatchEvent(new Event('focus'))")
    number = tell_both(arrive(), server)
    officer.page.wait_for_selector("#lock")
    assert number not in officer.page.content()
    assert "minjing1" not in officer.page.content()
    officer.page.wait_for_selector("#lock:has-text('有新警情，请登录')")
    officer.page.wait_for_selector("#lock [data-when=new]", state="visible")
    officer.page.wait_for_function("() => window.heard.length >= 2")
    officer.page.wait_for_function("() => document.title.indexOf('有新警情') > 0")
    assert number not in officer.page.content()
    with officer.page.expect_navigation():
        officer.tap("登录")
    assert officer.page.url.endswith("/police/sign-in")
