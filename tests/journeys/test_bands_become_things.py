"""Bands become things: a family prints a shoe label, a station the day's bands, an officer gives a blank away."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from tests.browser import Arrivals, Visitor
from tests.crafts.prints import pages, symbols, text_of
from tests.journeys.test_home_again import on_this_server, open_desk, until_it_says
from tests.server import Server

pytestmark = pytest.mark.browser

# Of the demonstration: the family of an elder at the officer's station.
FAMILY = "13800138000"


def read(pdf: bytes) -> list[str]:
    """What a decoder reads in a print."""
    return [str(symbol.text) for page in pages(pdf) for symbol in symbols(page)]


def download(visitor: Visitor, words: str, folder: Path) -> bytes:
    with visitor.page.expect_download() as begun:
        visitor.page.get_by_role("button", name=words, exact=True).click()
    path = folder / begun.value.suggested_filename
    begun.value.save_as(path)
    return path.read_bytes()


def open_elder(family: Visitor) -> None:
    family.visit("/family")
    family.page.get_by_role("main").locator("a[href^='/family/elders/']:not([href$='/new'])").first.click()
    family.page.wait_for_url(re.compile(r"/family/elders/\d+$"))
    family.check()


def make(family: Visitor, form: str) -> str:
    """A band of this form; its code."""
    open_elder(family)
    family.page.get_by_role("radio", name=form).check()
    family.tap("做这一种")
    family.page.wait_for_url(re.compile(r"/bands/\d+$"))
    family.check()
    found = re.search(r"[0-9A-Z]{3}-[0-9A-Z]{3}-[0-9A-Z]{3}", family.page.inner_text("h1"))
    assert found
    return found[0]


@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without scripts"])
def test_a_family_prints_a_shoe_label_that_says_nothing_of_being_lost(
    arrive: Arrivals, arrive_as_daughter: Arrivals, server: Server, tmp_path: Path, scripts: bool
) -> None:
    family, finder = arrive_as_daughter(scripts=scripts), arrive(scripts=scripts)
    code = make(family, "鞋标")
    family.page.get_by_role("radio", name="低调").check()
    pdf = download(family, "下载 PDF", tmp_path)
    assert code in text_of(pdf)
    assert "迷路" not in text_of(pdf)
    (payload,) = read(pdf)

    finder.visit(on_this_server(payload, server))
    finder.check()
    assert "请帮一把" in finder.page.inner_text("h1")
    assert code[-3:] in finder.page.inner_text("main")

    family.page.get_by_text("其他格式").click()
    family.check()
    family.page.get_by_role("radio", name="English").check()
    family.tap("用浏览器打印")
    family.page.wait_for_url(re.compile(r"/print\?"))
    family.check()
    assert "Scan to contact" in family.page.inner_text("main")


def test_an_officer_prints_the_days_bands_in_one_file(
    arrive: Arrivals, arrive_as_daughter: Arrivals, server: Server, tmp_path: Path
) -> None:
    family, officer = arrive_as_daughter(), arrive(desk=True)
    made = [make(family, "卡片") for _ in range(2)]
    open_desk(officer, server)
    officer.page.get_by_role("navigation").get_by_role("link", name="手环").click()
    officer.page.wait_for_url(re.compile(r"/police/bands$"))
    officer.page.select_option("#form", "card")
    officer.tap("显示")
    officer.page.wait_for_url(re.compile(r"form=card"))
    officer.check()
    pdf = download(officer, "打印勾选的", tmp_path)
    payloads = read(pdf)
    assert len(set(payloads)) == len(payloads) >= len(made)
    assert all(code in text_of(pdf) for code in made)
    for payload in payloads:
        finder = arrive()
        finder.visit(on_this_server(payload, server))
        assert "请帮一把" in finder.page.inner_text("h1")
    officer.tap("打印后刷新列表")
    until_it_says(officer, "都打印过了")
    officer.check()


def mint(server: Server, folder: Path) -> tuple[str, str]:
    """One blank from the print shop: the code on its outside, the check code on its inside."""
    minted = server.run("bands", "mint", "--count", "1")
    batch = re.search(r"\d{12,}", minted.stdout + minted.stderr)
    assert batch
    server.run("bands", "print", batch[0], "--out", str(folder / "stock"))
    (pdf,) = (folder / "stock").glob("*.pdf")
    told = subprocess.run(["pdftotext", pdf, "-"], check=True, capture_output=True, text=True).stdout
    outside = re.search(r"编号 ?([0-9A-Z]{3}-[0-9A-Z]{3}-[0-9A-Z]{3})", told)
    inside = re.search(r"\b(\d{3}-\d{3}-\d{3})\b", told.replace(outside[1], "")) if outside else None
    assert outside
    assert inside
    return outside[1], inside[1]


@pytest.mark.parametrize("desk", [True, False], ids=["at a desk", "on a patrol phone"])
def test_an_officer_gives_a_blank_to_an_elder_and_the_family_hears_of_it(
    arrive: Arrivals, server: Server, tmp_path: Path, desk: bool
) -> None:
    code, check = mint(server, tmp_path)
    officer, address = arrive(desk=desk), f"+86{FAMILY}"
    open_desk(officer, server)
    officer.tap("绑定")
    officer.check()
    officer.page.fill("#code", code)
    officer.page.fill("#check", check)
    officer.page.fill("#phone", "13800138049")
    officer.tap("下一步：选老人")
    until_it_says(officer, "没有登记老人")
    officer.check()
    had = len(server.messages(address))
    officer.page.fill("#phone", FAMILY)
    officer.tap("下一步：选老人")
    officer.page.wait_for_url(re.compile(r"/bind/elder$"))
    officer.check()
    officer.page.get_by_role("radio").first.check()
    officer.page.get_by_role("main").get_by_role("button", name="绑定").click()
    officer.page.wait_for_url(re.compile(r"/bind/done"))
    officer.check()
    assert server.eventually(lambda: any(code[-3:] in new["body"] for new in server.messages(address)[had:]))
    assert all("大同派出所" in new["body"] for new in server.messages(address)[had:])
