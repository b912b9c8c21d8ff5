"""An officer who looks elsewhere hears a new incident, reads it in the title of the tab, and takes it by keys."""

from __future__ import annotations

import re

import pytest

from tests.browser import Arrivals, Visitor
from tests.journeys.test_handed_over import tell_both
from tests.journeys.test_home_again import close_whatever_is_open, open_desk, until_it_says
from tests.server import Server

pytestmark = pytest.mark.browser

# What the page asks the loudspeaker for, noted beside it: it sounds as before.
_LISTEN = """
(() => {
  const start = OscillatorNode.prototype.start;
  window.heard = [];
  OscillatorNode.prototype.start = function (at) {
    window.heard.push(this.frequency.value);
    return start.call(this, at);
  };
})();
"""
_TITLES = """
(() => {
  window.titles = [];
  const note = () => window.titles.push(document.title);
  document.addEventListener("DOMContentLoaded", () => {
    new MutationObserver(note).observe(document.querySelector("title"), { childList: true });
  });
})();
"""


def press(officer: Visitor, key: str) -> None:
    officer.page.keyboard.press(key)


def until_heard(officer: Visitor, pitches: list[int]) -> None:
    """Two rising tones each time."""
    officer.page.wait_for_function("pitches => String(window.heard) === String(pitches)", arg=pitches)


def test_a_new_incident_is_heard_and_flashes_and_is_accepted_without_a_mouse(arrive: Arrivals, server: Server) -> None:
    officer, finder = arrive(desk=True), arrive()
    officer.page.add_init_script(_LISTEN + _TITLES)
    open_desk(officer, server)
    close_whatever_is_open(officer)
    quiet = officer.page.title()
    officer.page.wait_for_selector("#live:text('实时')")
    press(officer, "s")
    assert officer.page.locator("#sound").get_attribute("aria-pressed") == "true"
    until_heard(officer, [660, 880])

    number = tell_both(finder, server)
    until_it_says(officer, number)
    until_heard(officer, [660, 880, 660, 880])
    assert "● 有新警情" in officer.page.evaluate("window.titles")
    press(officer, "Shift")
    assert officer.page.title() == quiet

    press(officer, "?")
    keys = officer.page.get_by_role("dialog", name="快捷键")
    assert number in keys.inner_text()
    officer.check()
    press(officer, "Escape")
    assert not keys.is_visible()
    press(officer, "1")
    officer.page.wait_for_url(re.compile(r"/incidents/\d+$"))
    press(officer, "a")
    until_it_says(officer, "已受理")
    press(officer, "b")
    assert officer.page.evaluate("document.activeElement.id") == "note"
    # While somebody types, a letter is a letter.
    officer.page.keyboard.type("abc")
    assert officer.page.input_value("#note") == "abc"
    assert "已受理" in officer.page.inner_text("main")
    officer.visit("/police")
    close_whatever_is_open(officer)


def test_the_sound_an_officer_wanted_is_on_at_the_next_page(arrive: Arrivals, server: Server) -> None:
    officer = arrive(desk=True)
    open_desk(officer, server)
    press(officer, "s")
    officer.visit("/police")
    assert officer.page.locator("#sound").get_attribute("aria-pressed") == "true"
    press(officer, "s")
    officer.visit("/police")
    assert officer.page.locator("#sound").get_attribute("aria-pressed") == "false"
