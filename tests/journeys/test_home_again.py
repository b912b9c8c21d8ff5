"""From register to home, in real browsers against the real server: what the product is for."""

from __future__ import annotations

import re
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import zxingcpp
from PIL import Image

from tests.browser import Arrivals, Visitor
from tests.photographs import phone_heic, phone_jpeg
from tests.server import Server

pytestmark = pytest.mark.browser

PHONES = {True: "13800138003", False: "13800138004"}
HERE = {"latitude": 24.7205, "longitude": 118.1535, "accuracy": 35}


def sign_in(visitor: Visitor, server: Server, phone: str) -> None:
    """By phone and the code that the printing gateway was handed."""
    address = f"+86{phone}"
    had = len(server.messages(address))
    visitor.visit("/family/sign-in")
    visitor.check()
    visitor.page.fill("#phone", phone)
    visitor.tap("发送验证码")
    code = re.search(r"\d{6}", server.next_message(address, after=had)["body"])
    assert code
    visitor.page.fill("#code", code[0])
    visitor.check()
    visitor.tap("登录")
    visitor.page.wait_for_url(re.compile(r"/family/?$"))


def register(visitor: Visitor, photograph: Path) -> None:
    """An elder, with a photograph from a phone, and every consent by itself."""
    page = visitor.page
    visitor.tap("登记老人")
    page.wait_for_url("**/elders/new")
    visitor.check()
    page.fill("#name", "吴月华（演示）")
    page.fill("#called", "吴阿婆")
    page.get_by_label("女", exact=True).check()
    page.fill("#birth_year", "1939")
    page.select_option("#station_id", label="示例·大同派出所")
    page.set_input_files("#photo", photograph)
    page.fill("#guardian_name", "吴小明（演示）")
    page.select_option("#relation", "grandchild")
    for purpose in ("service", "police", "portrait", "whereabouts"):
        page.check(f"#consent-{purpose}")
    page.get_by_role("main").get_by_role("button", name="登记").click()
    page.wait_for_url(re.compile(r"/portrait$"))
    visitor.check()
    visitor.tap("就用这个方框")
    page.wait_for_url(re.compile(r"/elders/\d+$"))
    visitor.check()


def issue(visitor: Visitor, folder: Path) -> str:
    """A wristband, its PDF printed; what a decoder reads in the print."""
    visitor.tap("做这一种")
    visitor.page.wait_for_url(re.compile(r"/bands/\d+$"))
    visitor.check()
    with visitor.page.expect_download() as download:
        visitor.tap("下载 PDF")
    pdf = folder / "band.pdf"
    download.value.save_as(pdf)
    subprocess.run(["pdftoppm", "-r", "300", "-png", pdf, folder / "print"], check=True)
    with Image.open(next(folder.glob("print*.png"))) as print_:
        found = zxingcpp.read_barcodes(print_)
    assert len(found) == 1
    return str(found[0].text)


def on_this_server(payload: str, server: Server) -> str:
    """The printed address as a phone opens it: scheme and host are the same in any case."""
    assert payload.upper().startswith(f"{server.base_url}/T/".upper()), payload
    return server.base_url + payload[len(server.base_url) :]


def password(server: Server) -> str:
    """The officer's, made for this store alone and shown at the start."""
    found = re.search(r"minjing1\s+密码 (\S+)", server.printed)
    assert found
    return found[1]


def until_it_says(visitor: Visitor, words: str) -> None:
    """Wait until the page says it: by itself where scripts run, by being opened again where they do not."""
    latest = time.monotonic() + 25
    while words not in visitor.page.inner_text("main"):
        assert time.monotonic() < latest, f"the page never said {words}:\n{visitor.page.inner_text('main')}"
        visitor.page.wait_for_timeout(300)
        if not visitor.scripts:
            visitor.page.reload()


def way_to_a_station(visitor: Visitor, scripts: bool) -> None:
    """By the phone's place where it can be asked, by district where not."""
    back = visitor.page.url
    visitor.tap("最近的派出所")
    visitor.check()
    page = visitor.page
    if scripts:
        visitor.tap("用我的位置找")
        page.wait_for_selector("text=直线约")
        nearest = page.locator(".card").first.inner_text()
        assert "示例·大同派出所" in nearest
        assert re.search(r"直线约 [\d.]+ (米|公里)", nearest)
    else:
        page.select_option("#district", "同安区")
        visitor.tap("看派出所")
        page.wait_for_url("**district=**")
    amap = page.get_by_role("link", name="高德地图").first.get_attribute("href") or ""
    assert amap.startswith("https://uri.amap.com/navigation?to=118.")
    visitor.check()
    visitor.visit(back)


_SIGNED_IN: dict[str, Any] = {}
"""By server, what an officer's browser keeps after signing in: passwords by one name are few, too."""


def open_desk(officer: Visitor, server: Server) -> None:
    if server.base_url in _SIGNED_IN:
        officer.page.context.add_cookies(_SIGNED_IN[server.base_url])
        officer.visit("/police")
        officer.check()
        if not officer.page.url.endswith("/sign-in"):
            return  # else another journey has left the desk alone for too long
    officer.visit("/police/sign-in")
    officer.check()
    officer.page.fill("#username", "minjing1")
    officer.page.fill("#password", password(server))
    officer.tap("登录")
    officer.page.wait_for_url(re.compile(r"/police/?$"))
    officer.check()
    _SIGNED_IN[server.base_url] = officer.page.context.cookies()


def close_whatever_is_open(officer: Visitor) -> None:
    """What other journeys left: a second report would join it, and nothing would be new."""
    while officer.page.locator("[data-incident] a").count():
        officer.page.locator("[data-incident] a").first.click()
        officer.page.locator("details[data-key=c] summary").click()
        officer.page.select_option("#disposition", "with_family")
        officer.tap("确认办结")
        officer.visit("/police")


def tell_the_family(finder: Visitor, family: Visitor, message: Callable[[], dict[str, Any]]) -> None:
    """One tap tells the family, and the page says how far it came: sent, seen, answered."""
    finder.tap("通知家人")
    finder.page.wait_for_url(re.compile(r"/s/"))
    told = message()
    assert "有人求助" in told["body"]
    assert "吴" not in told["body"]
    until_it_says(finder, "已发给 1 位家人")
    until_it_says(finder, "还没有人看到")
    finder.check()
    family.visit("/family")
    family.check()
    family.tap("马上查看并回应")
    until_it_says(finder, "家人已经看到")
    family.tap("我正在赶来")
    until_it_says(finder, "家人说：正在赶来")


def tell_the_police(finder: Visitor, officer: Visitor) -> str:
    """One tap tells the police; the desk shows it, by itself where scripts run. The incident's number."""
    finder.tap("报给警方")
    until_it_says(finder, "已报给警方")
    number = re.search(r"\d{6}-\d{3,}", finder.page.inner_text("main"))
    assert number
    until_it_says(officer, number[0])
    officer.check()
    return number[0]


def handle(officer: Visitor, number: str) -> None:
    """The officer takes it to its end."""
    officer.page.get_by_role("link", name=number).click()
    officer.check()
    assert "吴月华（演示）" in officer.page.inner_text("main")
    for step in ("受理", "派警"):
        officer.page.get_by_role("button", name=step).click()
    officer.page.get_by_text("办结", exact=True).click()
    officer.page.select_option("#disposition", "with_family")
    officer.page.get_by_role("button", name="确认办结").click()
    until_it_says(officer, "家属还没有确认")
    officer.check()


def confirm(family: Visitor) -> None:
    family.visit("/family")
    family.tap("确认老人平安")
    family.check()
    family.tap("确认：老人平安")
    until_it_says(family, "您家已确认老人平安")
    family.check()


@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without scripts"])
def test_an_elder_is_registered_found_and_home_again(
    arrive: Arrivals, server: Server, tmp_path: Path, scripts: bool
) -> None:
    photograph = tmp_path / ("IMG_0001.JPG" if scripts else "IMG_0002.HEIC")
    photograph.write_bytes(phone_jpeg() if scripts else phone_heic())
    family, finder = arrive(scripts=scripts), arrive(scripts=scripts, geolocation=HERE, permissions=["geolocation"])
    officer = arrive(desk=True, scripts=scripts)
    address = f"+86{PHONES[scripts]}"
    sign_in(family, server, PHONES[scripts])
    register(family, photograph)
    payload = issue(family, tmp_path)
    open_desk(officer, server)

    finder.visit(on_this_server(payload, server))
    finder.check()
    had = len(server.messages(address))
    tell_the_family(finder, family, lambda: server.next_message(address, after=had))
    number = tell_the_police(finder, officer)
    assert server.eventually(lambda: any(number in message["body"] for message in server.messages(address)))
    way_to_a_station(finder, scripts)

    handle(officer, number)
    until_it_says(finder, "老人已经和家人团聚")
    finder.check()
    confirm(family)
