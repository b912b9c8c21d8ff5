"""The looker at real pages sees what it is there for."""

from __future__ import annotations

import pytest

from tests.browser import Arrivals, Visitor

H1 = "document.querySelector('h1')"


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (f"{H1}.style.fontSize = '12px'", "shows text of 12 px"),
        (f"{H1}.style.width = '900px'", "scrolls sideways"),
        ("document.querySelector('button').style.minHeight = '20px'", "has a target of"),
        ("document.documentElement.removeAttribute('lang')", "axe html-has-lang"),
        (f"{H1}.style.color = '#eee'", "axe color-contrast"),
        ("fetch('http://elsewhere.example/').catch(() => 0)", "elsewhere.example"),
        ("console.error('broken')", "said in its console: broken"),
    ],
)
def test_a_spoilt_page_is_seen(phone: Visitor, spoil: str, said: str) -> None:
    phone.visit("/b")
    phone.check()
    phone.page.evaluate(f"async () => {{ {spoil} }}")
    with pytest.raises(AssertionError, match=said):
        phone.check()


def test_a_page_is_looked_at_without_scripts_too(arrive: Arrivals) -> None:
    plain = arrive(scripts=False)
    plain.visit("/stations")
    plain.check()
    assert plain.page.locator("h1").is_visible()
